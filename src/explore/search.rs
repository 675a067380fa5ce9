//! The best folding of one model on one part.

use super::explain::{missing, smallest_part};
use super::limits::{Limit, Limits};
use super::network::NetworkShape;
use super::point::{Evaluator, Point, Spec};
use super::sweep::{Judged, judge};
use crate::device::{Family, Part};
use crate::diagnostic::Problem;
use crate::estimate::Estimate;
use crate::fixed::LevelRule;
use crate::hardware::{Design, LayerSpec, Layers, Wanted, candidates};
use crate::quantize::QuantizedModel;
use crate::spec::{FoldingGoal, Implementation, MacStyle, Numerics};
use rayon::prelude::*;

/// Foldings whose estimate is repeated with the weights themselves before giving up.
const SECOND_LOOKS: usize = 200;

/// The folding and the kind of array with which `model` is the `wanted` one on `limits.part`, and
/// its design and the point it is. Everything else of `implementation` stays; its style decides which arrays are
/// looked at, its target becomes the part's family.
pub fn best_folding(
    model: &QuantizedModel,
    implementation: &Implementation,
    numerics: Numerics,
    part: &'static Part,
    limits: Limits,
    wanted: Wanted,
) -> Result<(Implementation, Design, Point), Problem> {
    let specs = LayerSpec::of_network(model);
    let points = designs(model, &specs[..model.layers.len()], implementation);
    let evaluator = Evaluator::new(part.family.sources(), numerics);
    let mut judged: Vec<Judged> = points
        .par_iter()
        .filter_map(|spec| evaluator.priced(spec, part.family, &specs).ok())
        .map(|point| judge(vec![point], &[part], limits))
        .collect();
    judged.sort_by(|a, b| wanted.order(&a.rated(), &b.rated()));
    // The weights decide the last bit of accumulators and biases.
    for found in judged
        .iter()
        .filter(|judged| judged.kept())
        .take(SECOND_LOOKS)
    {
        let built = Implementation {
            folding: found.point.folding,
            mac: found.point.mac,
            target: part.family.sources(),
            ..implementation.clone()
        };
        let Ok(design) = Design::new(model, &built, &*evaluator.fitted) else {
            continue;
        };
        let estimate = Estimate::new(model, &design, part.family, &evaluator.fitted);
        let point = with_weights(&found.point, &estimate);
        let again = judge(vec![point], &[part], limits);
        if again.kept() {
            return Ok((built, design, again.point));
        }
    }
    let price = |spec: &Spec, fabric| evaluator.priced(spec, fabric, &specs).ok();
    Err(refusal(&judged, part, limits, price))
}

/// Every folding that is looked at, with every kind of array that `mac` allows.
fn designs(model: &QuantizedModel, specs: &[LayerSpec], built: &Implementation) -> Vec<Spec> {
    let first = &model.layers[0];
    let network = NetworkShape {
        cell: first.recurrence.kind(),
        direction: first.direction.kind(),
        weight_bits: first.w_bits,
        act_bits: first.h.bits,
        input_bits: first.x.bits,
        hidden: (specs.iter().map(|layer| layer.hidden_size))
            .max()
            .unwrap_or(1),
        input_size: first.input_size,
        layers: specs.len(),
        // The layers' formats say it; nothing is compared by this.
        levels: LevelRule::Even,
        row_scale_bits: None,
        z_bits: first.z.bits,
    };
    let styles: &[MacStyle] = match built.mac {
        MacStyle::Lut => &[MacStyle::Lut],
        MacStyle::Dsp => &[MacStyle::Dsp],
        MacStyle::Auto => &[MacStyle::Lut, MacStyle::Dsp],
    };
    candidates(Layers::all(specs), usize::MAX)
        .flat_map(|(units, columns)| {
            styles.iter().map(move |&mac| Spec {
                network,
                mac,
                folding: FoldingGoal::Explicit { units, columns },
                contexts: built.contexts,
                max_steps: built.max_steps,
            })
        })
        .collect()
}

fn with_weights(point: &Point, estimate: &Estimate) -> Point {
    Point {
        lut: estimate.lut.value,
        lut_total: estimate.lut_total.value,
        price: estimate.price(),
        ff: estimate.ff.value,
        bram: estimate.bram,
        dsp: estimate.dsp,
        memory_bits: estimate.memory_bits,
        ..point.clone()
    }
}

/// Why there is no folding, and the nearest that there would be.
fn refusal(
    judged: &[Judged],
    part: &Part,
    limits: Limits,
    price: impl Fn(&Spec, Family) -> Option<Point>,
) -> Problem {
    let fastest = judged
        .iter()
        .filter(|judged| judged.fits)
        .min_by_key(|judged| judged.point.cycles_per_step);
    let goal = limits.deadline.map_or(u64::MAX, |deadline| deadline.most());
    if let Some(fit) = fastest {
        let cycles = fit.point.cycles_per_step;
        return Problem::flag("--part, --target-cycles", format!(
                "no folding that fits {} takes at most {goal} cycles a step; the fastest takes {cycles}",
                part.name
            )).help(format!("allow --target-cycles {cycles}, or take a larger part"));
    }
    let nearest = judged
        .iter()
        .min_by(|a, b| a.worst_share().total_cmp(&b.worst_share()));
    let Some(nearest) = nearest else {
        return Problem::flag(
            "--mac",
            "no folding of the model can be built of DSP blocks on this family",
        )
        .help("give --mac lut, or leave it out");
    };
    let memory = matches!(nearest.limited_by, Some(Limit::Bram | Limit::Bandwidth));
    let larger = match smallest_part(part.family, limits.fill, |fabric| {
        price(&nearest.point.spec(), fabric)
    }) {
        Some(part) => format!(
            "take --part {}, the smallest of the family that holds it",
            part.name
        ),
        None => "take a part of another family: none of this one in the table holds it".to_string(),
    };
    Problem::flag(
        "--part",
        format!(
            "the model does not fit {}: its nearest folding ({}) needs {}",
            part.name,
            nearest.point.folding_text(),
            missing(nearest, limits.fill)
        ),
    )
    .help(if memory {
        format!("{larger}, or quantise to fewer bits")
    } else {
        larger
    })
}
