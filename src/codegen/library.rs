//! The hand-written Verilog and the templates, compiled in.

use serde::Serialize;
use tera::{Context, Delimiters, Tera};

/// Hand-written modules, in compile order. They are the same bytes in every design.
pub const PRIMITIVES: &[(&str, &str)] = &[
    ("lprnn_requant.v", include_str!("../../rtl/lprnn_requant.v")),
    ("lprnn_rom.v", include_str!("../../rtl/lprnn_rom.v")),
    (
        "lprnn_state_ram.v",
        include_str!("../../rtl/lprnn_state_ram.v"),
    ),
    (
        "lprnn_vector_buffer.v",
        include_str!("../../rtl/lprnn_vector_buffer.v"),
    ),
    ("lprnn_loader.v", include_str!("../../rtl/lprnn_loader.v")),
    (
        "lprnn_sequencer.v",
        include_str!("../../rtl/lprnn_sequencer.v"),
    ),
    ("lprnn_da_row.v", include_str!("../../rtl/lprnn_da_row.v")),
    ("lprnn_mac_lut.v", include_str!("../../rtl/lprnn_mac_lut.v")),
    (
        "lprnn_dsp_cell.v",
        include_str!("../../rtl/lprnn_dsp_cell.v"),
    ),
    ("lprnn_mac_dsp.v", include_str!("../../rtl/lprnn_mac_dsp.v")),
    (
        "lprnn_mac_mult.v",
        include_str!("../../rtl/lprnn_mac_mult.v"),
    ),
    (
        "lprnn_accumulator.v",
        include_str!("../../rtl/lprnn_accumulator.v"),
    ),
    ("lprnn_lane.v", include_str!("../../rtl/lprnn_lane.v")),
    (
        "lprnn_h_writer.v",
        include_str!("../../rtl/lprnn_h_writer.v"),
    ),
    ("lprnn_output.v", include_str!("../../rtl/lprnn_output.v")),
    ("lprnn_layer.v", include_str!("../../rtl/lprnn_layer.v")),
    (
        "lprnn_state_policy.v",
        include_str!("../../rtl/lprnn_state_policy.v"),
    ),
];

/// Templates by name. `{= =}` delimits values, so that Verilog's braces stand as they are.
const TEMPLATES: &[(&str, &str)] = &[
    ("top.v.tera", include_str!("../../templates/top.v.tera")),
    (
        "activation_rom.v.tera",
        include_str!("../../templates/activation_rom.v.tera"),
    ),
    (
        "inline_rom.v.tera",
        include_str!("../../templates/inline_rom.v.tera"),
    ),
    (
        "testbench.v.tera",
        include_str!("../../templates/testbench.v.tera"),
    ),
    (
        "fusesoc.core.tera",
        include_str!("../../templates/fusesoc.core.tera"),
    ),
    (
        "yosys.ys.tera",
        include_str!("../../templates/yosys.ys.tera"),
    ),
    (
        "vivado.tcl.tera",
        include_str!("../../templates/vivado.tcl.tera"),
    ),
    (
        "clock.xdc.tera",
        include_str!("../../templates/clock.xdc.tera"),
    ),
    (
        "report.md.tera",
        include_str!("../../templates/report.md.tera"),
    ),
];

/// A template that did not take its context: a defect of this program, named with its place.
#[derive(Debug, thiserror::Error)]
#[error("template {template}: {source}")]
pub struct TemplateError {
    /// File name of the template.
    pub template: String,
    /// What tera says, with line and column.
    pub source: tera::Error,
}

/// Renders templates from total, serialisable contexts.
pub struct Renderer {
    tera: Tera,
}

impl Renderer {
    /// Loads all templates.
    pub fn new() -> Result<Self, TemplateError> {
        let fail = |source| TemplateError {
            template: "library".into(),
            source,
        };
        let mut tera = Tera::new();
        tera.autoescape_on(Vec::<&str>::new());
        tera.set_delimiters(Delimiters {
            variable_start: "{=".into(),
            variable_end: "=}".into(),
            ..Delimiters::default()
        })
        .map_err(fail)?;
        tera.add_raw_templates(TEMPLATES.iter().copied())
            .map_err(fail)?;
        Ok(Self { tera })
    }

    /// Renders one template.
    pub fn render<T: Serialize>(
        &self,
        template: &str,
        context: &T,
    ) -> Result<String, TemplateError> {
        let fail = |source| TemplateError {
            template: template.into(),
            source,
        };
        let context = Context::from_serialize(context).map_err(fail)?;
        self.tera.render(template, &context).map_err(fail)
    }
}
