//! Read-only memories of a layer: instances in the top module, and those whose contents are written out.

use super::library::library_prefix;
use super::literal;
use super::parameters::{assignment, parameters};
use crate::hardware::{Image, LayerDesign, bits_for};
use crate::quantize::ActivationTables;
use crate::spec::MemoryInit;
use serde::Serialize;

/// One instance of a read-only memory.
#[derive(Clone, Debug, Serialize)]
pub struct Rom {
    module: String,
    /// With a space at its end, or nothing.
    parameters: String,
    /// `weights` or `biases`.
    contents: &'static str,
    /// The same as its nets begin.
    net: &'static str,
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
    /// `weights` or `biases`, and the same as its nets begin.
    pub contents: (&'static str, &'static str),
}

impl Memory {
    /// File with the contents, without a folder.
    #[must_use]
    pub fn file_name(&self) -> String {
        format!("{}.mem", self.name)
    }

    /// The memory as an instance in the top module.
    #[must_use]
    pub fn rom(&self, init: MemoryInit) -> Rom {
        let (contents, net) = self.contents;
        let (module, parameters) = match init {
            MemoryInit::Inline => (self.name.clone(), String::new()),
            MemoryInit::Readmemh => {
                let parameters = parameters! {
                    FOLDER: "MEMORIES",
                    WIDTH: self.image.width,
                    DEPTH: self.image.rows.len(),
                    CONTENTS: literal::string(&self.file_name()),
                    DIGEST: literal::hex(32, &format!("{:08x}", self.image.digest())),
                    STYLE: literal::string(self.style),
                };
                (library_prefix() + "rom", assignment(&parameters, 4) + " ")
            }
        };
        Rom {
            module,
            parameters,
            contents,
            net,
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
