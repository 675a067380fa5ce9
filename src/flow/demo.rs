//! The main job from end to end, on a model that is compiled in.

use super::build::build;
use super::check::{Checked, Checking, FAILURES, check};
use super::compute::{Wants, compute};
use super::measure::{Measurement, measure};
use super::open::{Opened, open};
use super::place::Place;
use super::plan::plan_core;
use super::quantize::QuantizeReport;
use super::watch::Watch;
use crate::codegen::Report;
use crate::cosim::Workload;
use crate::device::Family;
use crate::diagnostic::Problems;
use crate::estimate::Estimate;
use crate::files::npy;
use crate::import::{ImportOptions, read_bytes};
use crate::ptq::{FormatRequest, Sequences, quantize};
use crate::quantize::QuantizedModel;
use crate::spec::{FoldingGoal, Implementation, MacStyle};
use crate::synth::Options;
use serde::Serialize;
use std::path::Path;

/// The trained model and two recordings; `models/demo/README.md` says how they were made.
const FLOAT_MODEL: &[u8] = include_bytes!("../../models/demo/demo.safetensors");
const CALIBRATION: &[u8] = include_bytes!("../../models/demo/calib.npy");
const TEST: &[u8] = include_bytes!("../../models/demo/test.npy");

/// Bits of weights, activations and inputs.
const BITS: u32 = 4;
/// Family of the core.
const FAMILY: Family = Family::Xc7;

/// Results of all stages.
#[derive(Debug, Serialize)]
pub struct DemoReport {
    /// Number of this object's format.
    pub schema: u32,
    /// Mean squared error of the integer model's prediction of the next reading.
    pub prediction_error: f64,
    /// Formats of the model, and their quality.
    pub quantize: QuantizeReport,
    /// The generated design.
    pub design: Report,
    /// Its estimate.
    pub estimate: Estimate,
    /// The core against the model.
    pub cosim: Checked,
    /// Synthesis of the core.
    pub synth: Measurement,
}

/// The result of a stage, when it is there.
#[derive(Clone, Copy, Debug)]
pub enum Stage<'a> {
    /// The model is in integers.
    Quantized {
        /// Formats and their quality.
        report: &'a QuantizeReport,
        /// Mean squared error of the prediction of the next reading.
        error: f64,
        /// Readings that it was measured on.
        steps: usize,
    },
    /// The bundle is written.
    Generated(&'a Report),
    /// The core is estimated.
    Estimated(&'a Estimate),
    /// The core was compared with the model.
    Cosimulated(&'a Checked),
    /// The core is synthesised.
    Synthesised(&'a Measurement),
}

/// Mean squared error of the integer model's prediction of the next reading.
fn prediction_error(
    model: &QuantizedModel,
    readings: &[f32],
    codes: &[i32],
    watch: &dyn Watch,
) -> Result<f64, Problems> {
    let Some(head) = model.linear_head() else {
        return Ok(f64::NAN);
    };
    let ulp = f64::from(-head.sum_frac()).exp2();
    let size = model.layers[0].input_size;
    let wants = Wants {
        head: true,
        ..Wants::default()
    };
    let computed = compute(model, codes, &[codes.len() / size], wants, watch)?;
    let next = &readings[size..];
    let squares = computed.head.iter().zip(next).map(|(&y, &reading)| {
        let error = y as f64 * ulp - f64::from(reading);
        error * error
    });
    Ok(squares.sum::<f64>() / next.len() as f64)
}

fn implementation() -> Implementation {
    Implementation::usual(
        "demo",
        FoldingGoal::Explicit {
            units: 4,
            columns: 4,
        },
        (MacStyle::Auto, FAMILY),
    )
}

/// The demo's model in integers, and what became of its weights.
fn quantized() -> Result<(QuantizedModel, QuantizeReport), Problems> {
    let float = read_bytes(FLOAT_MODEL, &ImportOptions::default())?;
    let calibration = Sequences::one(
        npy::parse_f32(CALIBRATION)?.data,
        float.layers[0].input_size,
    );
    let wanted = FormatRequest::of(BITS, FormatRequest::default_head(&float, BITS));
    Ok(QuantizeReport::of(quantize(&float, &calibration, &wanted)))
}

/// Cosimulates the core on one sequence of `steps` steps.
pub(super) fn simulated(
    opened: &Opened,
    codes: &[i32],
    steps: usize,
    watch: &dyn Watch,
) -> Result<Checked, Problems> {
    let load = Workload::sequences(&opened.interface, codes, &[steps]);
    let patterns = opened.patterns();
    let checking = Checking {
        failures: Some(Path::new(FAILURES)),
        ..Checking::new(&load, &patterns)
    };
    check(opened, &checking, watch)
}

/// Quantises, generates into `folder`, which replaces an older bundle, estimates, cosimulates and synthesises
/// the model; `show` gets the result of each stage when it is there.
///
/// # Errors
/// A folder that cannot be written, a tool that is missing or fails, and what `show` returns.
pub fn demo(
    folder: &Path,
    watch: &dyn Watch,
    show: &dyn Fn(Stage) -> Result<(), Problems>,
) -> Result<DemoReport, Problems> {
    let place = Place::check(folder, true)?;
    let (model, quantize) = quantized()?;
    let readings = npy::parse_f32(TEST)?;
    let codes = model.input_codes(&readings.data);
    let steps = readings.shape[0];
    let prediction_error = prediction_error(&model, &readings.data, &codes, watch)?;
    show(Stage::Quantized {
        report: &quantize,
        error: prediction_error,
        steps,
    })?;

    let built = build(&plan_core(model.recurrent(), implementation())?)?;
    place.write_watched(&built.bundle.files, watch)?;
    let design = built.report;
    show(Stage::Generated(&design))?;

    let opened = open(folder)?;
    let estimate = opened.planned.estimate();
    show(Stage::Estimated(&estimate))?;
    let cosim = simulated(&opened, &codes, steps, watch)?;
    show(Stage::Cosimulated(&cosim))?;
    let synth = measure(&opened, FAMILY, &Options::default(), watch)?;
    show(Stage::Synthesised(&synth))?;
    Ok(DemoReport {
        schema: 1,
        prediction_error,
        quantize,
        design,
        estimate,
        cosim,
        synth,
    })
}
