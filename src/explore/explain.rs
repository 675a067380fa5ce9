//! Why nothing is left, and what would be.

use super::accuracy::Accuracies;
use super::deadline::Deadline;
use super::limits::{Limit, Shares, lut_sites};
use super::point::Point;
use super::sweep::{Judged, Sweep};
use crate::device::{Family, Part};
use crate::diagnostic::Problem;
use std::collections::BTreeMap;

/// Which limits exclude every point, and the nearest point that would be left if one were loosened;
/// `None` if there are points that meet all limits.
#[must_use]
pub fn nothing_left(sweep: &Sweep, known: Option<&Accuracies>) -> Option<Problem> {
    if sweep.judged.iter().any(Judged::kept) {
        return None;
    }
    if sweep.judged.is_empty() {
        return Some(nothing_built(sweep));
    }
    if !sweep.judged.iter().any(|judged| judged.accurate) {
        return known.map(|known| nothing_accurate(sweep, known));
    }
    let judged = || accurate(sweep);
    let fastest_fit = judged()
        .filter(|judged| judged.fits)
        .min_by_key(|judged| judged.point.cycles_per_step);
    let smallest_in_time = smallest(judged().filter(|judged| judged.in_time));
    let deadline = sweep.limits.deadline.unwrap_or(Deadline::cycles(u64::MAX));
    let goal = deadline.most();
    let found = match (fastest_fit, smallest_in_time) {
        (Some(fit), Some(timely)) => never_both(sweep, fit, timely, deadline),
        (Some(fit), None) => Problem::flag(
            deadline.option(),
            format!(
                "no point of the sweep takes at most {goal} cycles a step; the fastest that fits takes {} ({})",
                fit.point.cycles_per_step,
                describe(fit)
            ),
        )
        .help(format!(
            "allow {}, or sweep larger foldings or smaller networks",
            deadline.allowing(fit.point.cycles_per_step)
        )),
        (None, timely) => nothing_fits(sweep, timely),
    };
    Some(match sweep.limits.least_accuracy {
        Some(least) if sweep.judged.iter().any(|judged| judged.fits && judged.in_time) => {
            found.notes([format!(
                "only networks that reach {least} (--min-accuracy) are meant; others meet the other limits"
            )])
        }
        _ => found,
    })
}

/// The points whose networks are accurate enough.
fn accurate(sweep: &Sweep) -> impl Iterator<Item = &Judged> {
    sweep.judged.iter().filter(|judged| judged.accurate)
}

/// No network of the sweep is known to be accurate enough.
fn nothing_accurate(sweep: &Sweep, known: &Accuracies) -> Problem {
    let least = sweep.limits.least_accuracy.unwrap_or_default();
    let measured = |judged: &'_ Judged| Some((judged.accuracy?, judged.point.network));
    let best = (sweep.judged.iter().filter_map(measured))
        .min_by(|(a, _), (b, _)| known.cost(*a).total_cmp(&known.cost(*b)));
    let problem = format!(
        "no network of the sweep is known to reach {} {least}",
        known.metric
    );
    match best {
        Some((value, network)) => Problem::flag(
            "--min-accuracy",
            format!("{problem}; the best has {value} ({network})"),
        )
        .help(format!(
            "allow --min-accuracy {value}, or sweep wider networks or more bits"
        )),
        None => Problem::flag("--min-accuracy", problem).help("measure the networks of the sweep"),
    }
}

/// Nothing of the sweep can be built.
fn nothing_built(sweep: &Sweep) -> Problem {
    let reason = match (&sweep.first_fault, sweep.skipped.0) {
        (Some((_, super::point::PointError::Folding(error))), _) => error.to_string(),
        _ => "no width of the sweep has a DSP array on this family".to_string(),
    };
    let problem = format!("no point of the sweep can be built: {reason}");
    Problem::named("explore", problem).help("give other foldings or widths, or --mac lut")
}

/// Some points fit, others are in time, none both.
fn never_both(sweep: &Sweep, fit: &Judged, timely: &Judged, deadline: Deadline) -> Problem {
    let (whole, cycles, goal) = (whole(sweep), fit.point.cycles_per_step, deadline.most());
    let problem = format!(
        "no point does both: of those that fit {whole}, the fastest takes {cycles} cycles a step \
         ({}); of those within {goal} cycles, the smallest needs {}",
        describe(fit),
        missing(timely, sweep.limits.fill)
    );
    let larger = larger(sweep, timely);
    Problem::flag(format!("--part, {}", deadline.option()), problem)
        .help(format!("allow {}, or {larger}", deadline.allowing(cycles)))
}

/// No point fits; `timely` is the smallest of those in time, where there are any.
fn nothing_fits(sweep: &Sweep, timely: Option<&Judged>) -> Problem {
    let judged = || accurate(sweep);
    let nearest = timely.or_else(|| smallest(judged()));
    let nearest = nearest.unwrap_or(&sweep.judged[0]);
    let fastest = judged().map(|one| one.point.cycles_per_step).min();
    // Both limits exclude everything, each by itself.
    let late = match (sweep.limits.deadline, timely, fastest) {
        (Some(deadline), None, Some(cycles)) => format!(
            "; nor does any take at most {} cycles a step ({}): the fastest takes {cycles}",
            deadline.most(),
            deadline.option()
        ),
        _ => String::new(),
    };
    let option = match sweep.limits.part {
        Some(_) => "--part",
        None => "--target",
    };
    let problem = format!(
        "no point fits {}; the nearest ({}) needs {}{late}",
        whole(sweep),
        describe(nearest),
        missing(nearest, sweep.limits.fill)
    );
    Problem::flag(option, problem).help(format!(
        "{}, or sweep smaller networks, fewer bits or smaller foldings",
        larger(sweep, nearest)
    ))
}

/// The point with the smallest largest share.
fn smallest<'a>(judged: impl Iterator<Item = &'a Judged>) -> Option<&'a Judged> {
    judged.min_by(|a, b| a.worst_share().total_cmp(&b.worst_share()))
}

fn whole(sweep: &Sweep) -> &'static str {
    match sweep.limits.part {
        Some(part) => part.name,
        None => "any part of the family",
    }
}

fn describe(judged: &Judged) -> String {
    let point = &judged.point;
    format!("{}, folded {}", point.network, point.folding_text())
}

/// `31 200 LUTs of 17 680 that may be used`.
pub(super) fn missing(judged: &Judged, fill: f64) -> String {
    let (point, Some(part), Some(limit)) = (&judged.point, judged.part, judged.limited_by) else {
        return "more than there is".to_string();
    };
    let (what, used, available) = match limit {
        Limit::Lut => ("LUT sites", lut_sites(point, part), part.lut as f64 * fill),
        Limit::Ff => ("flip-flops", point.ff, part.ff as f64 * fill),
        Limit::Bram | Limit::Bandwidth => ("blocks of RAM", point.bram, part.bram as f64),
        Limit::Dsp => ("DSP blocks", point.dsp, part.dsp as f64),
    };
    let share = if fill < 1.0 && matches!(limit, Limit::Lut | Limit::Ff) {
        format!(" ({:.0} % of the part, --fill)", 100.0 * fill)
    } else {
        String::new()
    };
    format!(
        "{used} {what}, and {} has {:.0}{share}",
        part.name,
        available.floor()
    )
}

/// The smallest part of the family that would hold it; `price` says what it takes on a fabric.
pub(super) fn smallest_part(
    family: Family,
    fill: f64,
    price: impl Fn(Family) -> Option<Point>,
) -> Option<&'static Part> {
    let mut known: BTreeMap<Family, Option<Point>> = BTreeMap::new();
    Part::of_family(family).into_iter().find(|part| {
        let fabric = part.family;
        let point = known.entry(fabric).or_insert_with(|| price(fabric));
        (point.as_ref()).is_some_and(|point| Shares::of(point, part, fill).fit())
    })
}

fn larger(sweep: &Sweep, judged: &Judged) -> String {
    let spec = judged.point.spec();
    let price = |fabric| sweep.evaluator.point(&spec, fabric).ok();
    match smallest_part(sweep.target(), sweep.limits.fill, price) {
        Some(part) => format!("take --part {}", part.name),
        None => "take a part of another family: none of this one in the table holds it".to_string(),
    }
}
