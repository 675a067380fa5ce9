//! Values for the template of the top module, each rendered.

use super::interface::{Interface, StreamPort};
use super::layer::LayerContext;
use super::library::library_prefix;
use crate::hardware::Image;
use crate::spec::StatePolicy;
use bitvec::field::BitField;
use bitvec::prelude::{Lsb0, bitvec};
use serde::Serialize;

/// The state policy's parameters.
#[derive(Clone, Debug, Serialize)]
pub struct Policy {
    number: u32,
    window: u32,
    clear_net: &'static str,
}

impl Policy {
    /// Renders `policy`.
    #[must_use]
    pub fn new(policy: StatePolicy) -> Self {
        let (number, window, clear_net) = match policy {
            StatePolicy::Never => (0, 1, "1'b0"),
            StatePolicy::Tlast => (1, 1, "1'b0"),
            StatePolicy::HostPulse => (2, 1, "state_clear"),
            StatePolicy::FixedWindow { steps } => (3, steps, "1'b0"),
        };
        Self {
            number,
            window,
            clear_net,
        }
    }
}

/// A stream between layers.
#[derive(Debug, Serialize)]
pub struct Stream {
    index: usize,
    msb: usize,
}

/// Context of `top.v.tera`.
#[derive(Debug, Serialize)]
pub struct TopContext {
    top: String,
    stack: String,
    library: String,
    model_digest: String,
    has_state_clear: bool,
    has_memories: bool,
    input: StreamPort,
    output: StreamPort,
    input_format: String,
    output_format: String,
    input_msb: usize,
    output_msb: usize,
    policy: Policy,
    contexts: usize,
    streams: Vec<Stream>,
    last_stream: usize,
    layers: Vec<LayerContext>,
}

impl TopContext {
    /// The top module of a design, whose layers `stack` names.
    #[must_use]
    pub fn new(
        interface: &Interface,
        (stack, model_digest): (String, String),
        layers: Vec<LayerContext>,
        stream_widths: &[usize],
    ) -> Self {
        let width = |port: &StreamPort| port.elements_per_beat * port.element_width;
        Self {
            top: interface.top.clone(),
            stack,
            library: library_prefix(),
            has_memories: !interface.memories.is_empty(),
            model_digest,
            has_state_clear: interface.state_clear.is_some(),
            input_format: interface.input.format.to_string(),
            output_format: interface.output.format.to_string(),
            input_msb: width(&interface.input) - 1,
            output_msb: width(&interface.output) - 1,
            input: interface.input.clone(),
            output: interface.output.clone(),
            policy: Policy::new(interface.state),
            contexts: interface.contexts,
            streams: stream_widths
                .iter()
                .enumerate()
                .map(|(index, &width)| Stream {
                    index,
                    msb: width - 1,
                })
                .collect(),
            last_stream: stream_widths.len() - 1,
            layers,
        }
    }
}

/// A beat's TDATA with `flags` above it, the lowest first, as hexadecimal digits.
#[must_use]
pub fn hex_beat(port: &StreamPort, elements: &[i32], flags: &[bool]) -> String {
    let width = port.element_width;
    let mut bits = bitvec![u32, Lsb0; 0; port.elements_per_beat * width];
    for (index, &code) in elements.iter().enumerate() {
        bits[index * width..(index + 1) * width].store_le(code as u32);
    }
    bits.extend(flags);
    Image {
        width: bits.len(),
        rows: vec![bits],
    }
    .hex_rows()
    .collect()
}
