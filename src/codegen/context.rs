//! Values for the template of the top module, each rendered.

use super::interface::{Interface, StreamPort};
use super::layer::LayerContext;
use super::leaves::Leaves;
use super::library::library_prefix;
use super::parameters::{assignment, parameters};
use crate::hardware::{Design, Image, bits_for, element_width};
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

/// The table before the first layer, where there is one.
#[derive(Debug, Default, Serialize)]
struct EmbeddingContext {
    here: bool,
    last_row: usize,
    summary: String,
    parameters: String,
    addr_msb: usize,
    data_msb: usize,
}

impl EmbeddingContext {
    fn new(leaves: Leaves<'_>, index_w: usize) -> Self {
        let Some(parameters) = leaves.embedding(index_w) else {
            return Self::default();
        };
        let (spec, memory) = (leaves.layer.spec(), leaves.layer.embedding_memory());
        let rows = spec.vocabulary.unwrap_or(1);
        Self {
            here: true,
            last_row: rows - 1,
            summary: format!("{rows} rows of {} elements, {}", spec.input_size, spec.x),
            parameters: assignment(&parameters, 4),
            addr_msb: bits_for(memory.depth - 1) - 1,
            data_msb: memory.width - 1,
        }
    }
}

/// What finds the largest sum, where something does.
#[derive(Debug, Default, Serialize)]
struct ArgmaxContext {
    here: bool,
    count: usize,
    parameters: String,
}

impl ArgmaxContext {
    fn new(leaves: Leaves<'_>) -> Self {
        let Some(parameters) = leaves.argmax() else {
            return Self::default();
        };
        Self {
            here: true,
            count: leaves.layer.spec().hidden_size,
            parameters: assignment(&parameters, 4),
        }
    }
}

/// What ends the sequences that are too long, where something has to hold them.
#[derive(Debug, Default, Serialize)]
struct CutContext {
    here: bool,
    steps: usize,
    parameters: String,
}

impl CutContext {
    fn new(design: &Design, beats: usize) -> Self {
        let Some(steps) = design.max_steps() else {
            return Self::default();
        };
        Self {
            here: true,
            steps,
            parameters: assignment(&parameters! { STEPS: steps, BEATS: beats }, 4),
        }
    }
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
    output_title: &'static str,
    last_only: bool,
    cut: CutContext,
    /// TLAST of an input beat.
    last_net: &'static str,
    embedding: EmbeddingContext,
    argmax: ArgmaxContext,
    streams: Vec<Stream>,
    last_stream: usize,
    layers: Vec<LayerContext>,
}

impl TopContext {
    /// The top module of a design, whose layers `stack` names.
    #[must_use]
    pub fn new(
        interface: &Interface,
        design: &Design,
        (stack, model_digest): (String, String),
        layers: Vec<LayerContext>,
    ) -> Self {
        let leaves = |layer| Leaves {
            layer,
            small_memory_style: design.small_memory_style(),
        };
        let (first, last) = design.ends();
        // Both directions of a layer have one input.
        let all = (design.layers().iter()).filter(|layer| !layer.spec().pass.is_backward_half());
        let mut stream_widths: Vec<usize> = all
            .map(|layer| layer.folding().in_elements * element_width(layer.spec().x.bits))
            .collect();
        stream_widths.push(last.folding().out_elements * element_width(last.spec().h.bits));
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
            output_title: interface.output.title(),
            last_only: last.spec().waits_for_last(),
            last_net: if design.max_steps().is_some() {
                "last"
            } else {
                "s_axis_tlast"
            },
            cut: CutContext::new(design, interface.input.beats_per_step),
            embedding: EmbeddingContext::new(leaves(first), interface.input.element_width),
            argmax: ArgmaxContext::new(leaves(last)),
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
