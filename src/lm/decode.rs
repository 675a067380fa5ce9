//! A decoder made ready, and what it says of the next tokens.

use super::model::Decoder;
use super::product::{Matrix, Packed, product};
use super::softmax::negative_log_probability;
use crate::fixed::QFormat;
use crate::quantize::Dense;
use rayon::prelude::*;

/// Rows that are decoded together: a fixed number, so that results do not depend on threads.
const BLOCK: usize = 64;

/// Integers up to here are exact in single precision.
const EXACT_F32: i64 = 1 << 24;

/// A decoder with its weights as the product takes them.
pub(super) struct PreparedDecoder<'a> {
    hidden: usize,
    outputs: usize,
    weights: Weights<'a>,
}

enum Weights<'a> {
    /// Floating point: weights `[H, V]`, bias `[V]`.
    Float(Packed<f32>, &'a [f32]),
    /// Codes whose sums are all exact in single precision, and the bias with its ulp.
    Short(Packed<f32>, &'a [i32], f64, f64),
    /// Codes that want double precision, which holds the sums of every valid head.
    Long(Packed<f64>, &'a [i32], f64, f64),
}

impl<'a> PreparedDecoder<'a> {
    /// Prepares a decoder for h of format `h`; a float LSTM, without one, has float decoders only.
    pub(super) fn new(decoder: &'a Decoder, hidden: usize, h: Option<QFormat>) -> Self {
        let weights = match decoder {
            Decoder::Float(head) => {
                let weight = Matrix::of_columns(&head.weight, hidden).t().pack();
                Weights::Float(weight, &head.bias)
            }
            Decoder::Integer(head) => integer(head, hidden, h.unwrap_or(QFormat::new(16, 0))),
        };
        Self {
            hidden,
            outputs: decoder.outputs(),
            weights,
        }
    }

    /// `-ln p` of every one of `targets` from the h before it, `[targets, H]`, in parallel; memory
    /// for a block of rows per thread.
    pub(super) fn nats(&self, h: &[f32], targets: &[u32]) -> Vec<f64> {
        h.par_chunks(BLOCK * self.hidden)
            .zip(targets.par_chunks(BLOCK))
            .map_init(Vec::new, |logits, (h, targets)| {
                logits.resize(targets.len() * self.outputs, 0.0);
                self.logits(h, logits);
                let rows = logits.chunks_exact(self.outputs).zip(targets);
                rows.map(|(row, &target)| negative_log_probability(row, target as usize))
                    .collect::<Vec<f64>>()
            })
            .flatten_iter()
            .collect()
    }

    /// Outputs `[rows, V]` of h `[rows, H]`.
    fn logits(&self, h: &[f32], logits: &mut [f32]) {
        let (rows, hidden, outputs) = (h.len() / self.hidden, self.hidden, self.outputs);
        match &self.weights {
            Weights::Float(weight, bias) => {
                product(logits, Matrix::new(h, rows, hidden), weight);
                for row in logits.chunks_exact_mut(outputs) {
                    row.iter_mut().zip(*bias).for_each(|(y, bias)| *y += bias);
                }
            }
            Weights::Short(weight, bias, weight_ulp, ulp) => {
                product(logits, Matrix::new(h, rows, hidden), weight);
                for row in logits.chunks_exact_mut(outputs) {
                    for (y, &bias) in row.iter_mut().zip(*bias) {
                        *y = (f64::from(*y) * weight_ulp + f64::from(bias) * ulp) as f32;
                    }
                }
            }
            Weights::Long(weight, bias, weight_ulp, ulp) => {
                let h: Vec<f64> = h.iter().map(|&value| value.into()).collect();
                let mut sums = vec![0.0f64; logits.len()];
                product(&mut sums, Matrix::new(&h, rows, hidden), weight);
                let biases = bias.iter().cycle();
                for ((y, sum), &bias) in logits.iter_mut().zip(sums).zip(biases) {
                    *y = (sum * weight_ulp + f64::from(bias) * ulp) as f32;
                }
            }
        }
    }
}

/// The codes of an integer head. h comes as real numbers, its codes times a power of two, so sums
/// are exact whenever those of the codes are.
fn integer(head: &Dense, hidden: usize, h: QFormat) -> Weights<'_> {
    let weight_ulp = QFormat::new(head.w_bits, head.w_frac).ulp();
    let ulp = weight_ulp * h.ulp();
    let row_sum = |row: &[i16]| row.iter().map(|&w| i64::from(w).abs()).sum::<i64>();
    let largest = head.weight.chunks(hidden).map(row_sum).max().unwrap_or(0);
    if largest * -h.min_code() < EXACT_F32 {
        let weight: Vec<f32> = head.weight.iter().map(|&w| w.into()).collect();
        let weight = Matrix::of_columns(&weight, hidden).t().pack();
        Weights::Short(weight, &head.bias, weight_ulp, ulp)
    } else {
        let weight: Vec<f64> = head.weight.iter().map(|&w| w.into()).collect();
        let weight = Matrix::of_columns(&weight, hidden).t().pack();
        Weights::Long(weight, &head.bias, weight_ulp, ulp)
    }
}
