//! The words that a core gave, back in the order of the sequences that it was fed.

use crate::codegen::StreamPort;
use crate::cosim::Workload;
use crate::diagnostic::Problem;
use crate::files::npy;
use crate::flow::inputs::Arrangement;
use crate::quantize::Emit;
use std::path::Path;

/// Words of every step, sequence after sequence, or of every sequence where the core gives something at its end;
/// those of steps that are nobody's are left out.
///
/// `words` are as the core gave them to `load`, whose sequences have these lengths.
fn in_order(words: &[i64], load: &Workload, lengths: &[usize], port: &StreamPort) -> Vec<i64> {
    let starts: Vec<usize> = (lengths.iter())
        .scan(0, |end, length| Some(std::mem::replace(end, *end + length)))
        .collect();
    let answers = match port.when {
        Emit::Step => lengths.iter().sum(),
        Emit::Last => lengths.len(),
    };
    let mut ordered = vec![0; answers * port.elements];
    let steps = load.stimulus().answers(port.when);
    for (step, words) in steps.into_iter().zip(words.chunks_exact(port.elements)) {
        let Some(place) = load.places[step] else {
            continue;
        };
        let answer = match port.when {
            Emit::Step => starts[place.sequence] + place.step,
            Emit::Last => place.sequence,
        };
        ordered[answer * port.elements..][..port.elements].copy_from_slice(words);
    }
    ordered
}

/// Writes all words that a core gave to sequences of a file, in the layout of the file, .npy of int64: of every
/// step, 0 for padding, or of every sequence.
///
/// # Errors
/// A file that cannot be written.
pub fn write_words(
    path: &Path,
    words: &[i64],
    (load, arrangement): (&Workload, &Arrangement),
    port: &StreamPort,
) -> Result<(), Problem> {
    let ordered = in_order(words, load, &arrangement.lengths, port);
    let (shape, words) = match port.when {
        Emit::Step => arrangement.scatter(&ordered, port.elements),
        Emit::Last => arrangement.of_sequences(&ordered, port.elements),
    };
    npy::write_i64(path, &shape, &words)
}
