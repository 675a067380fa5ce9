//! The stimulus as beats, after a look whether it fits the core.

use super::super::dut::{FLAG_CLEAR, FLAG_LAST};
use super::super::stimulus::{Stimulus, beat_bytes, pack_step};
use crate::codegen::{Interface, StreamPort};

/// Checks that stimulus and expected words are those of this core.
///
/// # Errors
/// The first that is not.
pub(super) fn check(
    interface: &Interface,
    stimulus: &Stimulus<'_>,
    expected: &[i32],
) -> Result<(), String> {
    let (input, output) = (&interface.input, &interface.output);
    let steps = stimulus.steps();
    let answers = stimulus.answers(output.when).len();
    if answers == 0 || output.elements == 0 {
        return Err("no steps: nothing would be compared".to_string());
    }
    let beats = |port: &StreamPort| port.elements.div_ceil(port.elements_per_beat.max(1));
    for (what, found, wanted) in [
        ("input words", stimulus.inputs.len(), steps * input.elements),
        ("expected words", expected.len(), answers * output.elements),
        ("beats per input step", input.beats_per_step, beats(input)),
        (
            "beats per output step",
            output.beats_per_step,
            beats(output),
        ),
    ] {
        if found != wanted {
            return Err(format!(
                "{found} {what}, should be {wanted} for {steps} steps"
            ));
        }
    }
    for port in [input, output] {
        let width = port.element_width;
        if width == 0 || width > 64 || width % 8 != 0 {
            return Err(format!("{}: elements of {width} bits", port.prefix));
        }
    }
    let clear = stimulus.clear;
    if !clear.is_empty() && clear.len() != steps {
        return Err(format!("{} flags to clear for {steps} steps", clear.len()));
    }
    if clear.contains(&true) && interface.state_clear.is_none() {
        return Err("the core has no port to clear its state".to_string());
    }
    Ok(())
}

/// Data and flags of every input beat.
pub(super) fn packed(input: &StreamPort, stimulus: &Stimulus<'_>) -> (Vec<u8>, Vec<u8>) {
    let all = stimulus.steps() * input.beats_per_step;
    let mut data = Vec::with_capacity(all * beat_bytes(input));
    let mut flags = vec![0; all];
    for (step, codes) in stimulus.inputs.chunks_exact(input.elements).enumerate() {
        pack_step(codes, input, &mut data);
        let beats = &mut flags[step * input.beats_per_step..][..input.beats_per_step];
        if stimulus.clear.get(step) == Some(&true) {
            beats[0] |= FLAG_CLEAR;
        }
        if stimulus.last[step] && stimulus.cut.get(step) != Some(&true) {
            beats[input.beats_per_step - 1] |= FLAG_LAST;
        }
    }
    (data, flags)
}
