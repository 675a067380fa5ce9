//! The templates, compiled in, and how they are filled.

use super::header::{Comment, LICENCE, VERSION, header};
use serde::Serialize;
use std::sync::LazyLock;
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
    (
        "directions.v.tera",
        include_str!("../../templates/directions.v.tera"),
    ),
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
#[error("template {template}: {problem}")]
pub struct TemplateError {
    /// File name of the template.
    pub template: String,
    /// The words of tera, with line and column.
    pub problem: String,
}

impl From<TemplateError> for crate::diagnostic::Problem {
    fn from(error: TemplateError) -> Self {
        Self::new(error.to_string())
    }
}

/// The templates, read once in a run of the program.
static LIBRARY: LazyLock<Result<Tera, tera::Error>> = LazyLock::new(|| {
    let mut tera = Tera::new();
    tera.autoescape_on(Vec::<&str>::new());
    tera.set_delimiters(Delimiters {
        variable_start: "{=".into(),
        variable_end: "=}".into(),
        ..Delimiters::default()
    })?;
    tera.add_raw_templates(TEMPLATES.iter().copied())?;
    Ok(tera)
});

/// A template filled with a total, serialisable context.
pub(super) fn render<T: Serialize>(template: &str, context: &T) -> Result<String, TemplateError> {
    let fail = |problem: &tera::Error| TemplateError {
        template: template.into(),
        problem: problem.to_string(),
    };
    let tera = LIBRARY.as_ref().map_err(fail)?;
    let context = Context::from_serialize(context).map_err(|error| fail(&error))?;
    let text = tera
        .render(template, &context)
        .map_err(|error| fail(&error))?;
    Ok(with_header(template, text))
}
