//! The synthesised designs of `src/estimate/data/points.csv`, beside what is estimated for them.

use crate::design::{Design, FAMILIES};
use crate::fit::fit_left_out;
use lprnn_hw::estimate::{
    Calibration, Error, Estimate, LayerFormats, RowBound, Terms, Widths, of_layer,
};
use lprnn_hw::schedule::Schedule;
use lprnn_hw::spec::Target;
use std::fmt::Write;

/// Columns of the table after those of the design.
pub const MEASURED: &str = "lut,lut_memory,srl,lut_total,ff,carry,bram,bram36,dsp,yosys,cells";

/// What synthesis counted.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// LUTs of logic, all LUT sites, flip-flops, carry cells.
    pub counts: [f64; 4],
    /// Block RAM, double blocks among them, DSP blocks.
    pub exact: [u64; 3],
}

/// A synthesised design.
pub struct Point {
    /// Its numbers.
    pub design: Design,
    /// What synthesis counted.
    pub measured: Measured,
    /// What it is made of.
    pub terms: Terms,
    /// The estimate with the committed factors.
    pub estimate: Estimate,
}

impl Point {
    /// Whether the fit sees it: two of five do.
    pub fn fitted(&self) -> bool {
        self.design.seed / 4 % 5 < 2
    }

    /// Reads one line of the table.
    pub fn parse(line: &str) -> Option<Self> {
        let fields: Vec<&str> = line.split(',').collect();
        let (design, measured) = fields.split_at_checked(12)?;
        let design = Design::parse(&design.join(","))?;
        let numbers: Vec<u64> = measured
            .get(..9)?
            .iter()
            .map(|f| f.parse().ok())
            .collect::<Option<_>>()?;
        let [lut, _, _, lut_total, ff, carry, bram, bram36, dsp] = numbers[..] else {
            return None;
        };
        let model = design.model();
        let implementation = design.implementation();
        let schedule = Schedule::new(&model, &implementation).ok()?;
        let mut terms = Terms::default();
        for (layer, folded) in model.layers.iter().zip(&schedule.layers) {
            let widths = Widths::new(&LayerFormats::of(layer), folded, RowBound::Weights(layer));
            terms.add(&of_layer(design.target, &widths, folded));
        }
        Some(Self {
            measured: Measured {
                counts: [lut, lut_total, ff, carry].map(|n| n as f64),
                exact: [bram, bram36, dsp],
            },
            terms,
            estimate: Estimate::new(&model, &schedule, &implementation),
            design,
        })
    }
}

/// Reads the table.
pub fn parse(text: &str) -> Option<Vec<Point>> {
    text.lines().skip(1).map(Point::parse).collect()
}

/// Fits one family, and measures it on the designs outside the fit.
pub fn calibrate(points: &[Point], family: Target) -> Calibration {
    let of: Vec<&Point> = points
        .iter()
        .filter(|point| point.design.target == family)
        .collect();
    let seen: Vec<&&Point> = of.iter().filter(|point| point.fitted()).collect();
    let rounded = |weight: f64| (weight * 1e3).round() / 1e3;
    let lut: Vec<_> = seen
        .iter()
        .map(|p| (p.terms.lut, p.measured.counts[0]))
        .collect();
    let ff: Vec<_> = seen
        .iter()
        .map(|p| (p.terms.ff, p.measured.counts[2]))
        .collect();
    let carry: Vec<_> = seen
        .iter()
        .map(|p| (p.terms.carry, p.measured.counts[3]))
        .collect();
    let mut calibration = Calibration {
        lut: fit_left_out(&lut).map(rounded),
        ff: fit_left_out(&ff).map(rounded),
        carry: fit_left_out(&carry).map(rounded),
        luts_of_carry: if family == Target::Ecp5 { 2 } else { 0 },
        errors: [Error {
            median: 0.0,
            worst: 0.0,
        }; 4],
    };
    calibration.errors = std::array::from_fn(|figure| {
        let held: Vec<f64> = of
            .iter()
            .filter(|point| !point.fitted())
            .map(|point| error(point, &calibration, figure))
            .collect();
        let of = Statistics::new(&held);
        let tenth = |percent: f64| (percent * 10.0).round() / 10.0;
        Error {
            median: tenth(of.median),
            worst: tenth(of.worst),
        }
    });
    calibration
}

/// Relative error in percent: figure 0 LUTs of logic, 1 all LUT sites, 2 flip-flops, 3 carry cells.
pub fn error(point: &Point, calibration: &Calibration, figure: usize) -> f64 {
    let weighed = calibration.weigh(&point.terms);
    let got = [weighed.lut, weighed.lut_total, weighed.ff, weighed.carry][figure];
    (got / point.measured.counts[figure] - 1.0) * 100.0
}

/// Statistics of signed errors, percent.
pub struct Statistics {
    /// Median of the absolute error.
    pub median: f64,
    /// 90 % of the absolute errors are at most this.
    pub p90: f64,
    /// Largest absolute error.
    pub worst: f64,
    /// Mean of the signed error.
    pub bias: f64,
}

impl Statistics {
    /// Of at least one error.
    pub fn new(errors: &[f64]) -> Self {
        let mut sorted: Vec<f64> = errors.iter().map(|e| e.abs()).collect();
        sorted.sort_by(f64::total_cmp);
        let at = |share: f64| {
            let place =
                ((sorted.len() as f64 * share).ceil() as usize).clamp(1, sorted.len().max(1));
            sorted.get(place - 1).copied().unwrap_or(f64::NAN)
        };
        Self {
            median: at(0.5),
            p90: at(0.9),
            worst: at(1.0),
            bias: errors.iter().sum::<f64>() / errors.len() as f64,
        }
    }
}

const FIGURES: [&str; 4] = [
    "LUTs of logic",
    "all LUT sites",
    "flip-flops",
    "carry cells",
];

/// The document with the error tables.
pub fn document(points: &[Point], versions: &str) -> String {
    let mut text = format!(
        "# How good the estimates are\n\n\
         Written by `cargo run --release --example calibrate -- fit` from the synthesised designs in\n\
         `src/estimate/data/points.csv` (which `... -- collect COUNT` extends); a test compares it with the code.\n\
         Synthesis: Yosys {versions}, with the commands of `lprnn-hw synth` (ice40 without DSP blocks).\n\n\
         The terms of the estimate are counts that follow from the Verilog; the fit only weighs them, with a pull\n\
         towards 1 whose strength leave-one-out within the fit decides. Two of five designs are used for it. The structure of the terms was found with the cell\n\
         counts of single modules and of designs of both kinds at hand; the factors never saw the held-out ones.\n\
         DSP arrays are not in the table; a test synthesises three and finds them within 20 %, blocks exact.\n\
         Errors are (estimate / synthesis - 1), in percent.\n\n\
         | family | figure | fit: n | median | worst | held out: n | median | p90 | worst | bias |\n\
         |---|---|---|---|---|---|---|---|---|---|\n"
    );
    let mut all: [[Vec<f64>; 2]; 4] = Default::default();
    let mut row = |family: &str, figure: usize, errors: &[Vec<f64>; 2]| {
        let [fitted, held] = [0, 1].map(|kind: usize| Statistics::new(&errors[kind]));
        let _ = writeln!(
            text,
            "| {family} | {} | {} | {:.1} | {:.1} | {} | {:.1} | {:.1} | {:.1} | {:+.1} |",
            FIGURES[figure],
            errors[0].len(),
            fitted.median,
            fitted.worst,
            errors[1].len(),
            held.median,
            held.p90,
            held.worst,
            held.bias
        );
    };
    for (name, family) in FAMILIES {
        let calibration = calibrate(points, family);
        for figure in 0..4 {
            let mut errors: [Vec<f64>; 2] = Default::default();
            for point in points.iter().filter(|point| point.design.target == family) {
                let kind = usize::from(!point.fitted());
                errors[kind].push(error(point, &calibration, figure));
            }
            for (all, own) in all[figure].iter_mut().zip(&errors) {
                all.extend(own);
            }
            row(name, figure, &errors);
        }
    }
    for (figure, errors) in all.iter().enumerate() {
        row("all", figure, errors);
    }
    let _ = writeln!(
        text,
        "\nExact figures, wrong in how many of {} designs: block RAM {}, RAMB36 among it {}, DSP blocks {}.",
        points.len(),
        wrong(points, 0),
        wrong(points, 1),
        wrong(points, 2)
    );
    text
}

/// Designs whose block RAM (0), double blocks (1) or DSP blocks (2) are not what synthesis counted.
pub fn wrong(points: &[Point], which: usize) -> usize {
    let got = |p: &Point| [p.terms.blocks, p.terms.double_blocks, p.terms.dsp][which] as u64;
    points
        .iter()
        .filter(|point| got(point) != point.measured.exact[which])
        .count()
}

/// The generated part of `coefficients.rs`.
pub fn constants(points: &[Point]) -> String {
    let mut text = String::new();
    let list = |values: &[f64]| -> String {
        values
            .iter()
            .map(|v| format!("{v:?}"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    for (name, family) in FAMILIES {
        let of = calibrate(points, family);
        let errors: Vec<String> = of
            .errors
            .iter()
            .map(|e| format!("        error({:?}, {:?}),\n", e.median, e.worst))
            .collect();
        let _ = write!(
            text,
            "\nconst {}: Calibration = Calibration {{\n    lut: [{}],\n    ff: [{}],\n    carry: [{}],\n    \
             luts_of_carry: {},\n    errors: [\n{}    ],\n}};\n",
            name.to_uppercase(),
            list(&of.lut),
            list(&of.ff),
            list(&of.carry),
            of.luts_of_carry,
            errors.concat()
        );
    }
    text
}
