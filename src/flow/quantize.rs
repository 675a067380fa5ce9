//! From a float model and typical inputs to a file of integers.

use super::inputs::ArrayLayout;
use super::place::{check_file, write_file};
use super::watch::Watch;
use crate::diagnostic::{Problem, Problems};
use crate::import::{ImportOptions, read};
use crate::ptq::{
    CalibrationReport, FormatRequest, Quantized, middle, quantize, quantize_offset,
    refuse_float_head, repeated,
};
use crate::quantize::{HeadFormat, InputOffset, QuantizedModel};
use serde::Serialize;
use std::path::Path;

/// The constant that is taken off x.
#[derive(Clone, Debug, PartialEq)]
pub enum OffsetRequest {
    /// The middle of what each element spans.
    Auto,
    /// These constants: one for all elements, or one for each.
    Given(Vec<f64>),
}

/// A float model, its calibration, and the formats that are asked for.
#[derive(Clone, Debug)]
pub struct QuantizeRequest<'a> {
    /// File of the float model.
    pub model: &'a Path,
    /// Parts of the file that are wanted.
    pub import: &'a ImportOptions,
    /// Inputs to calibrate with, .npy of float32.
    pub calibration: &'a Path,
    /// Layout of that array.
    pub layout: ArrayLayout<'a>,
    /// Formats but for the head's; those left open are chosen.
    pub formats: FormatRequest,
    /// The widths in `formats` hold even where the model was trained with others.
    pub keep_widths: bool,
    /// Format of the head; where nothing is given, that of [`FormatRequest::default_head`].
    pub head: Option<HeadFormat>,
    /// Bits of the weights of linear layers before the recurrent ones; where nothing is given,
    /// [`FormatRequest::default_front`].
    pub front_bits: Option<u32>,
    /// Constant taken off x.
    pub offset: Option<OffsetRequest>,
}

/// Choices and measurements of a calibration.
#[derive(Clone, Debug, Serialize)]
pub struct QuantizeReport {
    /// Number of this object's format.
    pub schema: u32,
    /// Taken off every element of x.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_offset: Option<Vec<f64>>,
    /// Formats and their quality.
    #[serde(flatten)]
    pub report: CalibrationReport,
}

impl QuantizeReport {
    /// The report of a quantised model.
    #[must_use]
    pub fn of(quantized: Quantized) -> (QuantizedModel, Self) {
        let offset = quantized.model.input_offset.as_ref();
        let report = Self {
            schema: 2,
            input_offset: offset.map(InputOffset::values),
            report: quantized.report,
        };
        (quantized.model, report)
    }
}

impl QuantizeRequest<'_> {
    /// Quantises the model and writes it to `output`.
    ///
    /// # Errors
    /// A place that cannot be written or is read, a file that cannot be read, a model with several linear
    /// layers behind it that stay in floating point or without the head that a format is given for, numbers beyond every format, and an
    /// interruption.
    pub fn write(&self, output: &Path, watch: &dyn Watch) -> Result<QuantizeReport, Problems> {
        let read_too = [self.model, self.calibration].into_iter();
        check_file(output, read_too.chain(self.layout.lengths))?;
        let float = read(self.model, self.import)?;
        if self.head.is_some() && float.head.is_none() {
            return Err(Problem::flag("--head-bits", "the model has no linear head")
                .help("leave the option out, or save the head with the LSTM")
                .into());
        }
        if self.front_bits.is_some() && float.front.is_empty() {
            let problem = "the model has no linear layer before the recurrent ones";
            return Err(Problem::flag("--front-bits", problem)
                .help("leave the option out, or name the layer with --front")
                .into());
        }
        let size = float.input_size();
        let (inputs, _) = self.layout.read_float(self.calibration, size, watch)?;
        let offset = match &self.offset {
            None => None,
            Some(OffsetRequest::Auto) => Some(middle(&inputs)),
            Some(OffsetRequest::Given(values)) => Some(repeated(values, size)?),
        };
        let mut wanted = self.formats;
        wanted.as_trained(&float, self.keep_widths);
        let default = || FormatRequest::default_head(&float, wanted.weight_bits);
        wanted.head = self.head.unwrap_or_else(default);
        if float.head.is_none() {
            wanted.head = HeadFormat::Float;
        }
        let default = FormatRequest::default_front(wanted.weight_bits);
        wanted.front_bits = self.front_bits.unwrap_or(default);
        refuse_float_head(&float, &wanted)?;
        let progress = watch.begin("choosing formats", None);
        let (model, report) = QuantizeReport::of(match offset {
            Some(offset) => quantize_offset(&float, &inputs, offset, &wanted),
            None => quantize(&float, &inputs, &wanted),
        });
        let bytes = model.to_bytes().map_err(|error| {
            error.help(format!(
                "scale {} and {} to values between 0.001 and 1000",
                self.model.display(),
                self.calibration.display()
            ))
        })?;
        drop(progress);
        if crate::tools::interrupted() {
            return Err(Problem::interrupted("quantize").into());
        }
        write_file(output, &bytes)?;
        Ok(report)
    }
}
