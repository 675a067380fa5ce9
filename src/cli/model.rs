//! Models and arrays from the files that options name.

use super::error::CliError;
use super::npy::{self, Elements};
use super::{model_file, seeded};
use crate::fixed::{QFormat, saturate};
use crate::quantize::QuantizedModel;
use crate::spec::SeededNetwork;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::path::Path;

/// Reads a quantised model file.
pub fn load(path: &Path) -> Result<QuantizedModel, CliError> {
    model_file::read(path)
}

/// A model with weights from a seed.
pub fn seeded(network: &SeededNetwork) -> QuantizedModel {
    seeded::model(network)
}

/// The bytes of a quantised model file.
pub fn to_bytes(model: &QuantizedModel) -> Result<Vec<u8>, CliError> {
    model_file::write(model)
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

/// Reads inputs for `model`: int32 codes of x, or float32 to be quantised with `float_input`.
pub fn read_inputs(
    path: &Path,
    model: &QuantizedModel,
    float_input: bool,
) -> Result<Inputs, CliError> {
    let wrong =
        |problem: String, remedy: &str| Err(CliError::new(path.display(), problem).help(remedy));
    let (size, format) = (model.layers[0].input_size, model.layers[0].x);
    let array = npy::read(path)?;
    let (sequences, steps) = match array.shape[..] {
        [steps, last] if last == size => (1, steps),
        [batch, steps, last] if last == size => (batch, steps),
        _ => {
            return wrong(
                format!("has the shape {:?}", array.shape),
                &format!(
                    "give [steps, {size}] or [batch, steps, {size}]: the model takes {size} elements"
                ),
            );
        }
    };
    if sequences == 0 || steps == 0 {
        return wrong("holds no steps".into(), "give at least one");
    }
    let (codes, saturated) = match (array.elements, float_input) {
        (Elements::Int(codes), false) => {
            let fits = |code: i32| format.contains(i64::from(code));
            if let Some(at) = codes.iter().position(|&code| !fits(code)) {
                let problem = format!("element {at} is {}, no code of {format}", codes[at]);
                return wrong(
                    problem,
                    "quantise the inputs, or give float32 with --float-input",
                );
            }
            (codes, 0)
        }
        (Elements::Float(values), true) => {
            if let Some(at) = values.iter().position(|value| !value.is_finite()) {
                return wrong(
                    format!("element {at} is {}", values[at]),
                    "give finite inputs",
                );
            }
            quantize(&values, format)
        }
        (Elements::Float(_), false) => {
            return wrong(
                "holds float32".into(),
                "give --float-input to have them quantised, or int32 codes",
            );
        }
        (Elements::Int(_), true) => {
            return wrong("holds int32".into(), "leave --float-input away");
        }
    };
    let mut leading = array.shape;
    leading.pop();
    Ok(Inputs {
        codes,
        sequences,
        steps,
        leading,
        saturated,
    })
}

/// Nearest codes, ties to even, and how many values did not fit.
fn quantize(values: &[f32], format: QFormat) -> (Vec<i32>, u64) {
    let scale = f64::from(format.frac).exp2();
    let mut clamped = 0;
    let codes = values
        .iter()
        .map(|&value| {
            // Far beyond any code, so that the conversion is exact.
            let limit = 2f64.powi(40);
            let scaled = (f64::from(value) * scale).clamp(-limit, limit);
            if format.bits == 1 {
                return if scaled >= 0.0 { 1 } else { -1 };
            }
            let exact = scaled.round_ties_even() as i64;
            let code = saturate(exact, format.bits);
            clamped += u64::from(code != exact);
            code as i32
        })
        .collect();
    (codes, clamped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_become_the_nearest_codes() {
        let values = [
            0.0, 0.125, 0.375, -0.125, -0.375, 0.9, 7.0, -9.0, 1e30, -1e30,
        ];
        let (codes, clamped) = quantize(&values, QFormat::new(4, 2));
        assert_eq!(codes, [0, 0, 2, 0, -2, 4, 7, -8, 7, -8]);
        assert_eq!(clamped, 4);
        let (codes, clamped) = quantize(&[-0.1, 0.0, 3.0], QFormat::new(1, 0));
        assert_eq!((codes, clamped), (vec![-1, 1, 1], 0));
    }
}
