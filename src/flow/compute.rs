//! The reference model over many sequences.

use super::watch::Watch;
use crate::diagnostic::Problem;
use crate::ptq::split;
use crate::quantize::QuantizedModel;
use crate::reference::{Saturation, WholeNetwork};
use rayon::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Values that are kept beside h.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wants {
    /// c of the last layer.
    pub c: bool,
    /// Outputs of the dense layers.
    pub head: bool,
}

/// Words of one run of the model, sequence after sequence.
#[derive(Clone, Debug)]
pub struct Computed {
    /// h of the last layer, `[all steps, units]`.
    pub h: Vec<i32>,
    /// c of the last layer, likewise, of both directions where it has two; empty unless asked for.
    pub c: Vec<i32>,
    /// Outputs of the dense layers, `[all steps, outputs]`, or `[sequences, outputs]` where they wait for the
    /// end of a sequence; empty unless asked for.
    pub head: Vec<i64>,
    /// Counts of every pass, all sequences together.
    pub saturation: Vec<Saturation>,
}

/// Runs the reference model on sequences of these lengths, each from zero state, in parallel; `codes` are
/// those of x, `[all steps, input_size]`, or indices of tokens, `[all steps]`, of a network with an embedding.
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
    let prepared = if wants.head {
        WholeNetwork::new(model)
    } else {
        WholeNetwork::new(&model.without_head())
    };
    let size = prepared.input_size();
    let progress = watch.begin("reference model", Some(lengths.iter().sum()));
    let done = AtomicUsize::new(0);
    let step = || progress.at(done.fetch_add(1, Ordering::Relaxed) + 1);
    let run = |sequence: &[i32]| one_sequence(prepared.clone(), sequence, wants, &step);
    let sequences: Vec<&[i32]> = split(codes, size, lengths).collect();
    let parts: Option<Vec<_>> = sequences.into_par_iter().map(run).collect();
    let parts = parts.ok_or_else(|| Problem::interrupted("run"))?;
    let mut all = Computed {
        h: Vec::new(),
        c: Vec::new(),
        head: Vec::new(),
        saturation: prepared.recurrent().saturation(),
    };
    for part in parts {
        all.h.extend(part.h);
        all.c.extend(part.c);
        all.head.extend(part.head);
        for (sum, count) in all.saturation.iter_mut().zip(&part.saturation) {
            sum.add(count);
        }
    }
    Ok(all)
}

/// One sequence from zero state; `done` is called after every step. Nothing after an interruption.
fn one_sequence(
    mut network: WholeNetwork,
    sequence: &[i32],
    wants: Wants,
    done: &(dyn Fn() + Sync),
) -> Option<Computed> {
    if network.recurrent().needs_whole_sequences() {
        return whole_sequence(network, sequence, wants, done);
    }
    let size = network.input_size();
    let steps = sequence.len() / size;
    let mut words = Computed {
        h: Vec::with_capacity(steps * network.recurrent().hidden_size()),
        c: Vec::new(),
        head: Vec::new(),
        saturation: Vec::new(),
    };
    for (step, x) in sequence.chunks_exact(size).enumerate() {
        if crate::tools::interrupted() {
            return None;
        }
        let given = network.step(x, step + 1 == steps);
        if wants.head {
            words.head.extend(given.into_iter().flatten());
        }
        let recurrent = network.recurrent();
        words.h.extend_from_slice(recurrent.h());
        if wants.c {
            let state = recurrent.state().pop();
            words
                .c
                .extend(state.map(|state| state.c).unwrap_or_default());
        }
        done();
    }
    words.saturation = network.recurrent().saturation();
    Some(words)
}

/// [`one_sequence`] of a network with a backward layer.
fn whole_sequence(
    mut network: WholeNetwork,
    sequence: &[i32],
    wants: Wants,
    done: &(dyn Fn() + Sync),
) -> Option<Computed> {
    let places: Vec<_> = network.recurrent().places().collect();
    let last = places.len() - 1;
    let width = network.recurrent().hidden_size();
    let steps = sequence.len() / network.input_size();
    let mut c = vec![0; if wants.c { steps * width } else { 0 }];
    let computed = network.sequence(sequence, &mut |now| {
        if now.pass == last {
            done();
        }
        if wants.c && now.place.layer == places[last].layer {
            let second = now.pass == last && now.place.half;
            let first = now.output * width + if second { width / 2 } else { 0 };
            (c[first..].iter_mut().zip(now.state())).for_each(|(slot, code)| *slot = code);
        }
        !crate::tools::interrupted()
    })?;
    Some(Computed {
        h: computed.h,
        c,
        head: if wants.head {
            computed.given
        } else {
            Vec::new()
        },
        saturation: network.recurrent().saturation(),
    })
}
