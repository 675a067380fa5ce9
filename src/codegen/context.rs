//! What the templates are filled from: one total struct per template, every value rendered.

use super::interface::{Interface, StreamPort};
use super::library::library_prefix;
use super::literal;
use super::parameters::{Parameter, layer_parameters};
use crate::hardware::{Image, LayerDesign, bits_for};
use crate::quantize::ActivationTables;
use crate::spec::{MemoryInit, StatePolicy};
use bitvec::field::BitField;
use bitvec::prelude::{Lsb0, bitvec};
use serde::Serialize;

/// One instance of a read-only memory.
#[derive(Clone, Debug, Serialize)]
pub struct Rom {
    module: String,
    parameters: Vec<Parameter>,
    instance: String,
    address: String,
    data: String,
}

/// A weight or bias memory of a layer: its name in the design and its contents.
#[derive(Clone, Debug)]
pub struct Memory {
    /// `{name}_l{layer}_weights` or `_biases`.
    pub name: String,
    /// Contents.
    pub image: Image,
    /// `block` or `distributed`.
    pub style: &'static str,
    /// Net of the address, net of the data.
    pub nets: (String, String),
}

impl Memory {
    /// File with the contents, without a folder.
    #[must_use]
    pub fn file_name(&self) -> String {
        format!("{}.mem", self.name)
    }

    fn rom(&self, init: MemoryInit) -> Rom {
        let (module, parameters) = match init {
            MemoryInit::Readmemh => (
                library_prefix() + "rom",
                vec![
                    Parameter {
                        name: "FOLDER",
                        value: "MEMORIES".into(),
                    },
                    Parameter {
                        name: "WIDTH",
                        value: self.image.width.to_string(),
                    },
                    Parameter {
                        name: "DEPTH",
                        value: self.image.rows.len().to_string(),
                    },
                    Parameter {
                        name: "ADDR_W",
                        value: bits_for(self.image.rows.len() - 1).to_string(),
                    },
                    Parameter {
                        name: "CONTENTS",
                        value: literal::string(&self.file_name()),
                    },
                    Parameter {
                        name: "DIGEST",
                        value: literal::hex(32, &format!("{:08x}", self.image.digest())),
                    },
                    Parameter {
                        name: "STYLE",
                        value: literal::string(self.style),
                    },
                ],
            ),
            MemoryInit::Inline => (self.name.clone(), Vec::new()),
        };
        let instance = format!(
            "u_{}",
            self.name
                .rsplit_once("_l")
                .map_or(&*self.name, |(_, rest)| rest)
        );
        Rom {
            module,
            parameters,
            instance: instance.replace("u_", "u_l"),
            address: self.nets.0.clone(),
            data: self.nets.1.clone(),
        }
    }

    /// Context of `inline_rom.v.tera`.
    #[must_use]
    pub fn inline_context(&self) -> InlineRomContext {
        let depth = self.image.rows.len();
        InlineRomContext {
            module: self.name.clone(),
            depth,
            width: self.image.width,
            addr_msb: bits_for(depth - 1) - 1,
            data_msb: self.image.width - 1,
            addr_w: bits_for(depth - 1),
            zero: literal::hex(self.image.width, "0"),
            style: self.style,
            yosys_style: yosys_style(self.style),
            syn_style: syn_style(self.style),
            rows: self
                .image
                .hex_rows()
                .map(|digits| literal::hex(self.image.width, &digits))
                .collect(),
        }
    }
}

/// The style as Yosys takes it, which calls a table of LUTs "logic".
fn yosys_style(style: &'static str) -> &'static str {
    if style == "distributed" {
        "logic"
    } else {
        style
    }
}

/// The style as Synplify and Gowin take it.
fn syn_style(style: &'static str) -> &'static str {
    if style == "distributed" {
        "logic"
    } else {
        "block_rom"
    }
}

/// Context of `inline_rom.v.tera`.
#[derive(Debug, Serialize)]
pub struct InlineRomContext {
    module: String,
    depth: usize,
    width: usize,
    addr_msb: usize,
    addr_w: usize,
    data_msb: usize,
    zero: String,
    style: &'static str,
    yosys_style: &'static str,
    syn_style: &'static str,
    rows: Vec<String>,
}

/// Context of `activation_rom.v.tera` and of `inline_tables.v.tera`.
#[derive(Debug, Serialize)]
pub struct ActivationRomContext {
    module: String,
    tanh_start: usize,
    last_sigmoid: usize,
    z_format: String,
    a_frac: u32,
    gate_addr_w: u32,
    gate_addr_msb: u32,
    tanh_addr_msb: u32,
    data_msb: u32,
    last_row: usize,
    zero: String,
    style: &'static str,
    yosys_style: &'static str,
    syn_style: &'static str,
    rows: Vec<String>,
    tanh_rows: Vec<String>,
}

impl ActivationRomContext {
    /// The tables of `layer` as module `module`.
    #[must_use]
    pub fn new(module: String, layer: &LayerDesign, tables: &ActivationTables) -> Self {
        let spec = layer.spec();
        let width = spec.gate_width();
        let entries = tables.sigmoid.len();
        let render = |entry: &i32| literal::signed(width, (*entry).into());
        let tanh_rows: Vec<String> = tables.tanh.iter().map(render).collect();
        let sigmoid_rows = tables.sigmoid.iter().map(render);
        let style = if layer.tables_in_block_ram() {
            "block"
        } else {
            "distributed"
        };
        Self {
            module,
            tanh_start: entries,
            last_sigmoid: entries - 1,
            z_format: spec.z.to_string(),
            a_frac: spec.a_frac,
            gate_addr_w: spec.z.bits + 1,
            gate_addr_msb: spec.z.bits,
            tanh_addr_msb: spec.z.bits - 1,
            data_msb: spec.a_frac + 1,
            last_row: 2 * entries - 1,
            style,
            zero: literal::hex(width, "0"),
            yosys_style: yosys_style(style),
            syn_style: syn_style(style),
            rows: sigmoid_rows.chain(tanh_rows.clone()).collect(),
            tanh_rows,
        }
    }
}

/// The state policy's parameters.
#[derive(Clone, Debug, Serialize)]
pub struct Policy {
    number: u32,
    window: u32,
    window_w: usize,
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
            window_w: bits_for(window as usize - 1),
            clear_net,
        }
    }
}

/// One layer in `top.v.tera`.
#[derive(Debug, Serialize)]
pub struct LayerContext {
    index: usize,
    next: usize,
    summary: String,
    in_beats: usize,
    in_beat_w: usize,
    units: usize,
    trace_msb: usize,
    weight_addr_msb: usize,
    weight_msb: usize,
    bias_addr_msb: usize,
    bias_msb: usize,
    gate_addr_msb: usize,
    gate_addr_w: usize,
    tanh_addr_msb: usize,
    table_data_msb: usize,
    table_w: usize,
    z_w: usize,
    tables_module: String,
    parameters: Vec<Parameter>,
    roms: Vec<Rom>,
}

impl LayerContext {
    /// Everything the top needs to instantiate layer `index` and its memories.
    #[must_use]
    pub fn new(
        index: usize,
        layer: &LayerDesign,
        small_memory_style: &str,
        tables_module: String,
        memories: &[Memory],
        init: MemoryInit,
    ) -> Self {
        let (spec, folding) = (layer.spec(), layer.folding());
        let units = folding.units;
        let z_w = spec.z.bits as usize;
        let table_w = spec.gate_width();
        let (weights, biases) = (layer.weight_memory(), layer.bias_memory());
        Self {
            index,
            next: index + 1,
            summary: format!(
                "{} -> {} units, weights {} bit, x {}, h {}; {} units x {} columns, {} MACs a cycle",
                spec.input_size,
                spec.hidden_size,
                spec.w_bits,
                spec.x,
                spec.h,
                units,
                folding.columns,
                folding.macs_per_cycle()
            ),
            in_beats: folding.in_beats(),
            in_beat_w: bits_for(folding.in_beats() - 1),
            units,
            trace_msb: units * z_w - 1,
            weight_addr_msb: bits_for(weights.depth - 1) - 1,
            weight_msb: weights.width - 1,
            bias_addr_msb: bits_for(biases.depth - 1) - 1,
            bias_msb: biases.width - 1,
            gate_addr_msb: units * (z_w + 1) - 1,
            gate_addr_w: z_w + 1,
            tanh_addr_msb: units * z_w - 1,
            table_data_msb: units * table_w - 1,
            table_w,
            z_w,
            tables_module,
            parameters: layer_parameters(layer, small_memory_style),
            roms: memories.iter().map(|memory| memory.rom(init)).collect(),
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
    streams: Vec<Stream>,
    last_stream: usize,
    layers: Vec<LayerContext>,
}

impl TopContext {
    /// The top module of a design.
    #[must_use]
    pub fn new(
        interface: &Interface,
        model_digest: String,
        layers: Vec<LayerContext>,
        stream_widths: &[usize],
    ) -> Self {
        let width = |port: &StreamPort| port.elements_per_beat * port.element_width;
        Self {
            top: interface.top.clone(),
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
