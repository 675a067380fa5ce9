//! The templates, compiled in, and how they are filled.

use super::header::{Comment, LICENCE, VERSION, header};
use serde::Serialize;
use tera::{Context, Delimiters, Tera};

/// The text of a template with its [`header`].
fn with_header(template: &str, text: String) -> String {
    let name = template.strip_suffix(".tera").unwrap_or(template);
    match name.rsplit_once('.').map_or(name, |(_, ending)| ending) {
        "v" => header(Comment::Verilog) + &text,
        "md" | "svg" => format!("<!-- {LICENCE}, lprnn-hw {VERSION} -->\n\n{text}"),
        // FuseSoC knows its files by the first line.
        "core" => match text.split_once('\n') {
            Some((first, rest)) => format!("{first}\n{}{rest}", header(Comment::Hash)),
            None => text,
        },
        _ => header(Comment::Hash) + &text,
    }
}

/// Templates by name. `{= =}` delimits values, so that Verilog's braces stand as they are.
const TEMPLATES: &[(&str, &str)] = &[
    ("top.v.tera", include_str!("../../templates/top.v.tera")),
    ("layer.v.tera", include_str!("../../templates/layer.v.tera")),
    (
        "activation_rom.v.tera",
        include_str!("../../templates/activation_rom.v.tera"),
    ),
    (
        "inline_tables.v.tera",
        include_str!("../../templates/inline_tables.v.tera"),
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
        "library.core.tera",
        include_str!("../../templates/library.core.tera"),
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
    (
        "block.svg.tera",
        include_str!("../../templates/block.svg.tera"),
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

impl From<TemplateError> for crate::diagnostic::Problem {
    fn from(error: TemplateError) -> Self {
        Self::new(error.to_string())
    }
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
        let text = self.tera.render(template, &context).map_err(fail)?;
        Ok(with_header(template, text))
    }
}
