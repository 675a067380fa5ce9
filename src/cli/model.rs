//! Models and arrays from the files that options name.

use super::error::CliError;
use crate::files::npy::{self, Array};
use crate::fixed::QFormat;
use crate::quantize::{
    ModelFileError, QuantizedModel, SeededOptions, quantize_input, seeded as draw,
};
use crate::spec::SeededNetwork;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::path::Path;

/// Reads a quantised model file.
pub fn load(path: &Path) -> Result<QuantizedModel, CliError> {
    QuantizedModel::read(path).map_err(|error| match error {
        ModelFileError::Io { path, source } => CliError::io(&path, "read", &source),
        ModelFileError::Container(_) => CliError::in_file(path, &error),
        ModelFileError::Contents(errors) => {
            let place = path.display();
            let lines = errors.iter().map(|error| format!("{place}: {error}"));
            CliError::all(lines).help("make the file anew with `lprnn-hw quantize`")
        }
    })
}

/// A model with weights from a seed.
pub fn seeded(network: &SeededNetwork) -> QuantizedModel {
    let numerics = network.numerics;
    draw(&SeededOptions {
        input_size: network.input_size,
        hidden_size: network.hidden,
        layers: network.layers,
        weight_bits: numerics.weight_bits,
        act_bits: numerics.act_bits,
        input_bits: numerics.input_bits,
        z: numerics.z,
        a_frac: numerics.gate_frac,
        c: numerics.c,
        seed: network.seed,
    })
}

/// SHA-256 in hexadecimal digits.
pub fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .fold(String::new(), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// Input codes of one or more sequences of equal length.
pub struct Inputs {
    /// `[sequences, steps, input_size]`.
    pub codes: Vec<i32>,
    /// Sequences.
    pub sequences: usize,
    /// Steps of each, at least 1.
    pub steps: usize,
    /// Sizes before the last, as the file has them.
    pub leading: Vec<usize>,
    /// Float inputs that did not fit the format.
    pub saturated: u64,
}

/// Sequences and steps of an array of input vectors; at least one step.
pub fn check_shape(path: &Path, shape: &[usize], size: usize) -> Result<(usize, usize), CliError> {
    let (sequences, steps) = match *shape {
        [steps, last] if last == size => (1, steps),
        [batch, steps, last] if last == size => (batch, steps),
        _ => {
            let problem = format!("has the shape {shape:?}");
            return Err(CliError::new(path.display(), problem).help(format!(
                "give [steps, {size}] or [batch, steps, {size}]: the model takes {size} elements"
            )));
        }
    };
    if sequences == 0 || steps == 0 {
        return Err(CliError::new(path.display(), "holds no steps").help("give at least one"));
    }
    Ok((sequences, steps))
}

/// Reads inputs for `model`: codes of x, or real numbers to be quantised with `float_input`.
pub fn read_inputs(
    path: &Path,
    model: &QuantizedModel,
    float_input: bool,
) -> Result<Inputs, CliError> {
    let (size, format) = (model.layers[0].input_size, model.layers[0].x);
    let (shape, codes, saturated) = if float_input {
        let Array { shape, data } = npy::read_f32(path)?;
        let saturated = count_saturated(&data, format);
        (shape, quantize_input(&data, format), saturated)
    } else {
        let Array { shape, data } = npy::read_i32(path)?;
        (shape, data, 0)
    };
    let (sequences, steps) = check_shape(path, &shape, size)?;
    let fits = |code: i32| format.contains(i64::from(code));
    if let Some(at) = codes.iter().position(|&code| !fits(code)) {
        let problem = format!("element {at} is {}, no code of {format}", codes[at]);
        return Err(CliError::new(path.display(), problem)
            .help("quantise the inputs, or give real numbers with --float-input"));
    }
    let mut leading = shape;
    leading.pop();
    Ok(Inputs {
        codes,
        sequences,
        steps,
        leading,
        saturated,
    })
}

/// How many values lie beyond the codes of `format`.
fn count_saturated(values: &[f32], format: QFormat) -> u64 {
    if format.bits == 1 {
        return 0; // the sign is all there is
    }
    let scale = f64::from(format.frac).exp2();
    let (low, high) = (format.min_code() as f64, format.max_code() as f64);
    let beyond = values
        .iter()
        .map(|&value| (f64::from(value) * scale).round_ties_even())
        .filter(|code| *code < low || *code > high);
    beyond.count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_beyond_the_codes_are_counted() {
        let values = [0.0, 1.75, 1.9, -2.0, -2.1, -2.2, 7.0, 1e30, -1e30];
        assert_eq!(count_saturated(&values, QFormat::new(4, 2)), 5);
        assert_eq!(count_saturated(&values, QFormat::new(1, 0)), 0);
    }
}
