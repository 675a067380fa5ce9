//! The reference model over many sequences.

use super::watch::Watch;
use crate::diagnostic::Problem;
use crate::ptq::split;
use crate::quantize::QuantizedModel;
use crate::reference::{Lstm, Saturation};
use rayon::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Values that are kept beside h.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wants {
    /// c of the last layer.
    pub c: bool,
    /// Outputs of the head.
    pub head: bool,
}

/// Words of one run of the model, sequence after sequence.
#[derive(Clone, Debug)]
pub struct Computed {
    /// h of the last layer, `[all steps, units]`.
    pub h: Vec<i32>,
    /// c of the last layer, likewise; empty unless asked for.
    pub c: Vec<i32>,
    /// Outputs of the head, `[all steps, outputs]`, exact; empty unless asked for.
    pub head: Vec<i64>,
    /// Counts of every layer, all sequences together.
    pub saturation: Vec<Saturation>,
}

/// Runs the reference model on sequences of these lengths, each from zero state, in parallel; `codes` are
/// those of x, `[all steps, input_size]`.
///
/// # Errors
/// An interruption.
pub fn compute(
    model: &QuantizedModel,
    codes: &[i32],
    lengths: &[usize],
    wants: Wants,
    watch: &dyn Watch,
) -> Result<Computed, Problem> {
    let prepared = Lstm::new(model);
    let size = prepared.input_size();
    let progress = watch.begin("reference model", Some(lengths.iter().sum()));
    let done = AtomicUsize::new(0);
    let run = |sequence: &[i32]| {
        let mut lstm = prepared.clone();
        let steps = sequence.len() / size;
        let mut h = Vec::with_capacity(steps * lstm.hidden_size());
        let (mut c, mut y) = (Vec::new(), Vec::new());
        for x in sequence.chunks_exact(size) {
            if crate::tools::interrupted() {
                return None;
            }
            h.extend_from_slice(lstm.step(x));
            if wants.c {
                c.extend(lstm.state().pop().map(|state| state.c).unwrap_or_default());
            }
            if wants.head {
                y.extend(lstm.head().unwrap_or_default());
            }
            progress.at(done.fetch_add(1, Ordering::Relaxed) + 1);
        }
        Some((h, c, y, lstm.saturation()))
    };
    let sequences: Vec<&[i32]> = split(codes, size, lengths).collect();
    let parts: Option<Vec<_>> = sequences.into_par_iter().map(run).collect();
    let parts = parts.ok_or_else(|| Problem::interrupted("run"))?;
    let mut all = Computed {
        h: Vec::new(),
        c: Vec::new(),
        head: Vec::new(),
        saturation: prepared.saturation(),
    };
    for (h, c, y, saturation) in parts {
        all.h.extend(h);
        all.c.extend(c);
        all.head.extend(y);
        for (sum, count) in all.saturation.iter_mut().zip(&saturation) {
            sum.add(count);
        }
    }
    Ok(all)
}
