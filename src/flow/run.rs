//! The reference model on the arrays of files.

use super::compute::{Wants, compute};
use super::inputs::ArrayLayout;
use super::place::{check_different, check_file};
use super::saturation::LayerSaturation;
use super::watch::Watch;
use crate::diagnostic::{Problem, Problems};
use crate::files::npy;
use crate::quantize::{Dense, Emit, QuantizedModel};
use crate::reference::WholeNetwork;
use crate::spec::OutputKind;
use serde::Serialize;
use std::path::Path;

/// A model, its inputs, and the files for its words.
#[derive(Clone, Copy, Debug)]
pub struct RunRequest<'a> {
    /// Quantised model file.
    pub model: &'a Path,
    /// .npy of codes of x, or of float32.
    pub input: &'a Path,
    /// The inputs are float32, to be quantised to the format of x.
    pub float_input: bool,
    /// Layout of the inputs, and of all outputs.
    pub layout: ArrayLayout<'a>,
    /// File for h of the last layer in every step, .npy of int32.
    pub output: &'a Path,
    /// File for the same as real numbers, .npy of float32.
    pub float_output: Option<&'a Path>,
    /// File for the outputs of the dense layers, of every step or of every sequence, .npy of int64.
    pub head_output: Option<&'a Path>,
    /// File for the state of the last layer in every step, .npy of int32; of both directions where it has two.
    pub state: Option<&'a Path>,
    /// Steps of the longest sequence that the core will hold, where a layer takes steps backward.
    pub max_steps: usize,
}

/// Words that were written, and how often they saturated.
#[derive(Clone, Debug, Serialize)]
pub struct StepsReport {
    /// Number of this object's format.
    pub schema: u32,
    /// Sequences.
    pub sequences: usize,
    /// Steps of each sequence, where all have as many.
    pub steps: Option<usize>,
    /// Steps of all sequences.
    pub total: usize,
    /// Words of h.
    pub words: usize,
    /// Inputs that did not fit the format of x, where they were real numbers.
    pub saturated_inputs: u64,
    /// Outputs of the head, where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head: Option<HeadOutput>,
    /// Saturation of every layer, of each direction by itself.
    pub saturation: Vec<LayerSaturation>,
}

impl HeadOutput {
    fn of(dense: &Dense) -> Self {
        Self {
            outputs: dense.outputs(),
            kind: dense.output.kind(),
            only_last: dense.when == Emit::Last,
            frac: dense.output_format().frac,
        }
    }
}

/// Size and format of the head's outputs.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct HeadOutput {
    /// Outputs of a step, or of a sequence.
    pub outputs: usize,
    /// What they are; exact sums go without saying.
    #[serde(skip_serializing_if = "OutputKind::is_sum")]
    pub kind: OutputKind,
    /// Where the layers wait for the end of a sequence.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub only_last: bool,
    /// An output q has the value `q * 2^-frac`.
    pub frac: i32,
}

/// Writes codes of h as real numbers.
fn write_real(
    path: &Path,
    shape: &[usize],
    h: &[i32],
    model: &QuantizedModel,
) -> Result<(), Problems> {
    let ulp = model.layers[model.layers.len() - 1].h.ulp();
    // At most 16 bits: exact in single precision.
    let values: Vec<f32> = h
        .iter()
        .map(|&code| (f64::from(code) * ulp) as f32)
        .collect();
    Ok(npy::write_f32(path, shape, &values)?)
}

impl RunRequest<'_> {
    /// Refuses outputs that are one file, or that are read.
    fn check_outputs(&self) -> Result<(), Problems> {
        let read = [Some(self.model), Some(self.input), self.layout.lengths];
        let outputs = [
            ("--output", Some(self.output)),
            ("--state", self.state),
            ("--head-output", self.head_output),
            ("--float-output", self.float_output),
        ];
        for (index, (option, path)) in outputs.iter().enumerate() {
            let Some(path) = path else { continue };
            check_file(path, read.iter().flatten())?;
            for (other, before) in &outputs[..index] {
                if let Some(before) = before {
                    check_different((option, path), (other, before))?;
                }
            }
        }
        Ok(())
    }

    /// Computes every sequence from zero state and writes its words; 0 stands in the padding.
    ///
    /// # Errors
    /// Outputs that are one file or are read, a file that cannot be read or written, inputs of another shape
    /// or that are no codes of x, a head that the model does not have, and an interruption.
    pub fn run(&self, watch: &dyn Watch) -> Result<StepsReport, Problems> {
        self.check_outputs()?;
        let model = QuantizedModel::read(self.model)?;
        if self.head_output.is_some() && model.head.is_empty() {
            return Err(
                Problem::flag("--head-output", "the model has no head in integers")
                    .help("leave the option out, or quantise with --head-bits B")
                    .into(),
            );
        }
        let inputs = self
            .layout
            .read(self.input, &model, self.float_input, watch)?;
        let places = &inputs.arrangement;
        if model.needs_whole_sequences() {
            WholeNetwork::check_lengths(&places.lengths, self.max_steps)?;
        }
        let wants = Wants {
            c: self.state.is_some(),
            head: self.head_output.is_some(),
        };
        let computed = compute(&model, &inputs.codes, &places.lengths, wants, watch)?;
        let units = computed.h.len() / places.total();
        let (shape, h) = places.scatter(&computed.h, units);
        npy::write_i32(self.output, &shape, &h)?;
        if let Some(path) = self.float_output {
            write_real(path, &shape, &h, &model)?;
        }
        if let Some(path) = self.state {
            let (shape, c) = places.scatter(&computed.c, units);
            npy::write_i32(path, &shape, &c)?;
        }
        let mut head = None;
        if let (Some(path), Some(of)) = (self.head_output, model.head.last()) {
            let given = HeadOutput::of(of);
            let (shape, y) = if given.only_last {
                places.of_sequences(&computed.head, given.outputs)
            } else {
                places.scatter(&computed.head, given.outputs)
            };
            npy::write_i64(path, &shape, &y)?;
            head = Some(given);
        }
        Ok(StepsReport {
            schema: 1,
            sequences: places.lengths.len(),
            steps: places.even(),
            total: places.total(),
            words: computed.h.len(),
            saturated_inputs: inputs.clamped.iter().flatten().sum(),
            head,
            saturation: LayerSaturation::all(&model, &computed.saturation),
        })
    }
}
