//! The tool-neutral test bench and its vectors, from words that somebody else computed.

use super::context::hex_beat;
use super::interface::{Interface, StreamPort};
use super::render::{TemplateError, render};
use crate::quantize::Emit;
use serde::Serialize;
use std::collections::BTreeMap;

/// Input and expected output codes of a number of steps.
#[derive(Clone, Copy, Debug)]
pub struct Vectors<'a> {
    /// `[steps, input elements]`.
    pub inputs: &'a [i32],
    /// `[steps]`: whether the step ends a sequence (TLAST); the last one must.
    pub last: &'a [bool],
    /// `[steps]`: whether the step starts from zero state by a pulse on `state_clear`; empty
    /// without that port.
    pub clear: &'a [bool],
    /// `[steps, output elements]`, of the steps that give something.
    pub outputs: &'a [i32],
}

#[derive(Serialize)]
struct TestbenchContext {
    name: String,
    top: String,
    in_beats: usize,
    out_beats: usize,
    out_step_beats: usize,
    cycles_per_step: u64,
    settled_steps: usize,
    patience: u64,
    in_width: usize,
    out_width: usize,
    in_msb: usize,
    out_msb: usize,
    stimulus_msb: usize,
    zero_in: String,
    has_state_clear: bool,
    has_status_index: bool,
    /// Steps of the longest sequence; 0 where any is taken.
    max_steps: usize,
    has_memories: bool,
}

/// Renders the test bench and its two vector files, by path in the bundle.
pub fn testbench(
    interface: &Interface,
    vectors: Vectors<'_>,
) -> Result<BTreeMap<String, Vec<u8>>, TemplateError> {
    let (input, output) = (&interface.input, &interface.output);
    let steps = vectors.inputs.len() / input.elements;
    let answers = vectors.outputs.len() / output.elements;
    let (timing, waits) = (&interface.timing, output.when == Emit::Last);
    let settles = timing.repeating.len() == 1 && !waits && interface.max_steps.is_none();
    let width = |port: &StreamPort| port.elements_per_beat * port.element_width;
    let has_state_clear = interface.state_clear.is_some();
    let stimulus_msb = width(input) + usize::from(has_state_clear);
    let name = interface.top.strip_suffix("_top");
    let name = name.unwrap_or(&interface.top);
    let context = TestbenchContext {
        name: name.to_owned(),
        top: interface.top.clone(),
        in_beats: steps * input.beats_per_step,
        out_beats: answers * output.beats_per_step,
        out_step_beats: output.beats_per_step,
        cycles_per_step: timing.cycles_per_step,
        // Distances that alternate are left to cosimulation, and answers of whole sequences.
        settled_steps: if settles {
            timing.filling.len() + 1
        } else {
            steps
        },
        // Nothing may move for as long as a pass backward takes for a whole sequence.
        patience: 8 * (timing.latency + timing.cycles_per_step)
            + 1000
            + 4 * interface.max_steps.unwrap_or(0) as u64 * timing.cycles_per_step,
        in_width: width(input),
        out_width: width(output),
        in_msb: width(input) - 1,
        out_msb: width(output) - 1,
        stimulus_msb,
        zero_in: super::literal::hex(stimulus_msb + 1, "0"),
        has_state_clear,
        has_status_index: interface.status_index.is_some(),
        max_steps: interface.max_steps.unwrap_or(0),
        has_memories: !interface.memories.is_empty(),
    };
    let text = render("testbench.v.tera", &context)?;
    let mut files = vector_files(interface, vectors, (name, answers));
    files.insert(format!("tb/{}_tb.v", interface.top), text.into_bytes());
    Ok(files)
}

/// The vectors of a bench, of so many answers.
fn vector_files(
    interface: &Interface,
    vectors: Vectors<'_>,
    (name, answers): (&str, usize),
) -> BTreeMap<String, Vec<u8>> {
    let (input, output) = (&interface.input, &interface.output);
    let mut files = BTreeMap::new();
    let mut stimulus = lines(input, vectors.inputs, vectors.last);
    if interface.state_clear.is_some() {
        let pulses = pulses(input.beats_per_step, vectors.clear);
        for (line, pulse) in stimulus.iter_mut().zip(pulses) {
            line.1.push(pulse);
        }
    }
    let ends = vec![true; answers];
    let waits = output.when == Emit::Last;
    let last = if waits { &ends } else { vectors.last };
    let expected = lines(output, vectors.outputs, last);
    for (what, port, lines) in [
        ("stimulus", input, stimulus),
        ("expected", output, expected),
    ] {
        let text: String = lines
            .iter()
            .map(|(elements, flags)| hex_beat(port, elements, flags) + "\n")
            .collect();
        files.insert(format!("tb/{name}_{what}.mem"), text.into_bytes());
    }
    files
}

/// The elements of each beat, and its TLAST.
fn lines<'a>(port: &StreamPort, codes: &'a [i32], last: &[bool]) -> Vec<(&'a [i32], Vec<bool>)> {
    let steps = codes.chunks(port.elements).zip(last);
    steps
        .flat_map(|(step, &last)| {
            let beats = step.chunks(port.elements_per_beat).enumerate();
            beats.map(move |(beat, elements)| {
                (elements, vec![last && beat + 1 == port.beats_per_step])
            })
        })
        .collect()
}

/// For each beat, whether `state_clear` is high while it is offered: by turns with the first beat of
/// the step that is to start from zero, and with the last one of the step before.
fn pulses(beats_per_step: usize, clear: &[bool]) -> Vec<bool> {
    let mut pulses = vec![false; clear.len() * beats_per_step];
    let steps = (0..clear.len()).filter(|&step| clear[step]);
    for (turn, step) in steps.enumerate() {
        let early = turn % 2 == 1 && step > 0 && beats_per_step > 1;
        pulses[step * beats_per_step - usize::from(early)] = true;
    }
    pulses
}

#[cfg(test)]
mod tests {
    use super::pulses;

    #[test]
    fn pulses_come_with_the_step_and_before_it() {
        let clear = [true, false, true, true];
        let high = |beats| {
            let pulses = pulses(beats, &clear).into_iter().enumerate();
            pulses
                .filter_map(|(beat, high)| high.then_some(beat))
                .collect::<Vec<_>>()
        };
        assert_eq!(high(3), [0, 5, 9]);
        assert_eq!(high(1), [0, 2, 3]);
    }
}
