//! The tool-neutral test bench and its vectors, from words that somebody else computed.

use super::context::hex_beat;
use super::interface::{Interface, StreamPort};
use super::library::{Renderer, TemplateError};
use serde::Serialize;
use std::collections::BTreeMap;

/// Input and expected output codes of a number of steps, one sequence.
#[derive(Clone, Copy, Debug)]
pub struct Vectors<'a> {
    /// `[steps, input elements]`.
    pub inputs: &'a [i32],
    /// `[steps, output elements]`.
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
    zero_in: String,
    has_state_clear: bool,
}

/// Renders the test bench and its two vector files, by path in the bundle.
pub fn testbench(
    renderer: &Renderer,
    interface: &Interface,
    vectors: Vectors<'_>,
) -> Result<BTreeMap<String, Vec<u8>>, TemplateError> {
    let (input, output) = (&interface.input, &interface.output);
    let steps = vectors.inputs.len() / input.elements;
    let width = |port: &StreamPort| port.elements_per_beat * port.element_width;
    let context = TestbenchContext {
        name: interface
            .top
            .strip_suffix("_top")
            .unwrap_or(&interface.top)
            .to_owned(),
        top: interface.top.clone(),
        in_beats: steps * input.beats_per_step,
        out_beats: steps * output.beats_per_step,
        out_step_beats: output.beats_per_step,
        cycles_per_step: interface.timing.cycles_per_step,
        // Distances that alternate are left to cosimulation.
        settled_steps: if interface.timing.repeating.len() == 1 {
            interface.timing.filling.len() + 1
        } else {
            steps
        },
        patience: 8 * (interface.timing.latency + interface.timing.cycles_per_step) + 1000,
        in_width: width(input),
        out_width: width(output),
        in_msb: width(input) - 1,
        out_msb: width(output) - 1,
        zero_in: super::literal::hex(width(input) + 1, "0"),
        has_state_clear: interface.state_clear.is_some(),
    };
    let mut files = BTreeMap::new();
    let text = renderer.render("testbench.v.tera", &context)?;
    files.insert(format!("tb/{}_tb.v", interface.top), text.into_bytes());
    files.insert(
        "tb/stimulus.mem".into(),
        beats(input, vectors.inputs).into_bytes(),
    );
    files.insert(
        "tb/expected.mem".into(),
        beats(output, vectors.outputs).into_bytes(),
    );
    Ok(files)
}

/// One line of hexadecimal digits per beat, TLAST above TDATA; TLAST with the last beat of all.
fn beats(port: &StreamPort, codes: &[i32]) -> String {
    let steps = codes.len() / port.elements;
    let mut text = String::new();
    for (index, step) in codes.chunks(port.elements).enumerate() {
        let count = port.beats_per_step;
        for (beat, elements) in step.chunks(port.elements_per_beat).enumerate() {
            let last = index + 1 == steps && beat + 1 == count;
            text.push_str(&hex_beat(port, elements, last));
            text.push('\n');
        }
    }
    text
}
