//! The error table, `docs/estimates.md`.

use super::points::{FIGURES, MeasuredPoint};
use super::solve::{Statistics, clock_error, error};
use super::{FABRICS, SeriesDesign};
use crate::device::ClockClass;
use crate::estimate::Coefficients;
use std::fmt::Write;

/// Errors of the points in the fit, and of the others.
type Errors = [Vec<f64>; 2];

/// The document with the error tables.
#[must_use]
pub fn document(points: &[MeasuredPoint], fitted: &Coefficients) -> String {
    let mut text = format!(
        "# How good the estimates are\n\n\
         Written by `lprnn-hw fit coefficients src/estimate/data > docs/estimates.md` from the designs in\n\
         `src/estimate/data/points.csv`, which `lprnn-hw fit collect src/estimate/data` measures; a test\n\
         compares it with the code. Synthesis: Yosys {}, with the commands of `lprnn-hw synth`; `ice40` is LP\n\
         and HX without DSP blocks, `ice40 up` is UltraPlus with them. Clocks: nextpnr {}, seed 1, the core in a frame of registers.\n\n\
         The terms of the estimate are counts that follow from the Verilog; the fit only weighs them, with a pull\n\
         towards 1 (clocks: towards typical delays) whose strength leave-one-out within the fit decides. Two of\n\
         five designs are used for it. The structure of the terms was found with designs of both kinds at hand;\n\
         the factors never saw the held-out ones. Errors are (estimate / measured - 1), in percent.\n\n\
         | family | figure | fit: n | median | worst | held out: n | median | p90 | worst | bias |\n\
         |---|---|---|---|---|---|---|---|---|---|\n",
        fitted.yosys, fitted.nextpnr
    );
    let mut all: [Errors; 4] = Default::default();
    for fabric in FABRICS {
        let name = fabric.key();
        let factors = &fitted.families[name];
        for (figure, title) in FIGURES.into_iter().enumerate() {
            let of = points
                .iter()
                .filter(|point| point.design.fabric() == fabric);
            let errors = divide(of.map(|point| (point.fitted(), error(point, factors, figure))));
            for (all, own) in all[figure].iter_mut().zip(&errors) {
                all.extend(own);
            }
            row(&mut text, name, title, &errors);
        }
    }
    for (title, errors) in FIGURES.into_iter().zip(&all) {
        row(&mut text, "all", title, errors);
    }
    for class in ClockClass::ALL {
        let Some(clock) = fitted.clocks.get(&class) else {
            continue;
        };
        let of = points
            .iter()
            .filter(|point| point.clock_class() == Some(class));
        let errors =
            divide(of.filter_map(|point| Some((point.fitted(), clock_error(point, clock)?))));
        row(&mut text, class.name(), "clock, MHz", &errors);
    }
    let wrong = |which: usize| {
        let differs = |point: &&MeasuredPoint| point.exact()[which] != point.measured.exact[which];
        points.iter().filter(differs).count()
    };
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "\nExact figures, wrong in how many of {} designs: block RAM {}, RAMB36 among it {}, DSP blocks {}.",
        points.len(),
        wrong(0),
        wrong(1),
        wrong(2)
    );
    text
}

fn divide(errors: impl Iterator<Item = (bool, f64)>) -> Errors {
    let mut divided = Errors::default();
    for (fitted, error) in errors {
        divided[usize::from(!fitted)].push(error);
    }
    divided
}

fn row(text: &mut String, family: &str, figure: &str, errors: &Errors) {
    let [fitted, held] = [0, 1].map(|kind: usize| Statistics::new(&errors[kind]));
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "| {family} | {figure} | {} | {:.1} | {:.1} | {} | {:.1} | {:.1} | {:.1} | {:+.1} |",
        errors[0].len(),
        fitted.median,
        fitted.worst,
        errors[1].len(),
        held.median,
        held.p90,
        held.worst,
        held.bias
    );
}

/// Every design with its errors in percent, a line each.
#[must_use]
pub fn designs(points: &[MeasuredPoint], fitted: &Coefficients) -> String {
    let mut head = vec![SeriesDesign::HEADER.to_string(), "in_fit".to_string()];
    for name in FIGURES.into_iter().chain(["clock, MHz"]) {
        let name = name.replace(", ", " ");
        head.push(name.clone());
        head.push(name + " off %");
    }
    let mut lines = vec![head.join(",")];
    for point in points {
        let mut cells = vec![point.design.line(), point.fitted().to_string()];
        let family = point.design.fabric().key();
        for (figure, count) in point.measured.counts.iter().enumerate() {
            let off = error(point, &fitted.families[family], figure);
            cells.extend([count.to_string(), format!("{off:.1}")]);
        }
        let class: Option<ClockClass> = point.clock_class();
        let clock = class.and_then(|class| fitted.clocks.get(&class));
        let off = clock.and_then(|clock| clock_error(point, clock));
        let fmax = point.measured.fmax_mhz;
        cells.push(fmax.map_or(String::new(), |mhz| mhz.to_string()));
        cells.push(off.map_or(String::new(), |off| format!("{off:.1}")));
        lines.push(cells.join(","));
    }
    lines.join("\n") + "\n"
}
