//! The hand-written Verilog and the templates, compiled in, and what both are called in a bundle.

use serde::Serialize;
use tera::{Context, Delimiters, Tera};

/// A source of `rtl/`: its file name and its text.
macro_rules! primitive {
    ($name:literal) => {
        (
            concat!("lprnn_", $name, ".v"),
            include_str!(concat!("../../rtl/lprnn_", $name, ".v")),
        )
    };
}

/// A part of the library: modules that a design has all of or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// What every core is made of.
    Common,
    /// The data path of an LSTM unit.
    LaneLstm,
    /// The array in LUTs.
    ArrayLut,
    /// The array in DSP blocks with an adder.
    ArrayDsp,
    /// The array in multipliers without one.
    ArrayMult,
    /// Memories whose contents are read from a file.
    Rom,
}

impl Part {
    /// All parts, in compile order.
    pub const ALL: [Self; 6] = [
        Self::Common,
        Self::LaneLstm,
        Self::ArrayLut,
        Self::ArrayDsp,
        Self::ArrayMult,
        Self::Rom,
    ];

    /// What the part's `FuseSoC` core is called, behind the name of the library.
    #[must_use]
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Common => "",
            Self::LaneLstm => "_lane_lstm",
            Self::ArrayLut => "_array_lut",
            Self::ArrayDsp => "_array_dsp",
            Self::ArrayMult => "_array_mult",
            Self::Rom => "_rom",
        }
    }

    /// Its sources as they are in this repository, in compile order: file name and text.
    #[must_use]
    pub const fn primitives(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Common => &[
                primitive!("delay"),
                primitive!("ram"),
                primitive!("add_tree"),
                primitive!("requant"),
                primitive!("step_buffer"),
                primitive!("operands"),
                primitive!("vector_buffer"),
                primitive!("h_writer"),
                primitive!("sequencer"),
                primitive!("command"),
                primitive!("accumulator"),
                primitive!("lane_control"),
                primitive!("group_fifo"),
                primitive!("serializer"),
                primitive!("state_policy"),
                primitive!("trace"),
            ],
            Self::LaneLstm => &[primitive!("lane_lstm")],
            Self::ArrayLut => &[primitive!("da_row"), primitive!("array_lut")],
            Self::ArrayDsp => &[primitive!("dsp_cell"), primitive!("array_dsp")],
            Self::ArrayMult => &[primitive!("array_mult")],
            Self::Rom => &[primitive!("rom")],
        }
    }
}

/// All hand-written modules as they are in this repository, in compile order: file name and text.
pub fn primitives() -> impl Iterator<Item = (&'static str, &'static str)> {
    Part::ALL
        .into_iter()
        .flat_map(|part| part.primitives())
        .copied()
}

/// Licence texts, by file name.
pub(super) const LICENCES: [(&str, &str); 2] = [
    ("LICENSE-MIT", include_str!("../../LICENSE-MIT")),
    ("LICENSE-APACHE", include_str!("../../LICENSE-APACHE")),
];

/// Waivers for Verilator's `-Wall`.
const WAIVERS: &str = include_str!("../../sim/verilator.vlt");

const LICENCE: &str = concat!("SPDX-License-Identifier: ", env!("CARGO_PKG_LICENSE"));
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What the names of the hand-written modules begin with in this repository.
const PLAIN: &str = "lprnn_";

/// What the names of the hand-written modules and of their files begin with in a bundle, such as
/// `lprnn_0_1_0_`: with the version in them, designs of two versions can be in one project.
#[must_use]
pub fn library_prefix() -> String {
    prefix_of(VERSION)
}

fn prefix_of(version: &str) -> String {
    let parts = version.split(|letter: char| !letter.is_ascii_alphanumeric());
    let parts = parts.filter(|part| !part.is_empty());
    parts.fold(PLAIN.to_owned(), |prefix, part| prefix + part + "_")
}

/// `text` with `prefix` instead of the `lprnn_` that identifiers begin with.
fn renamed(text: &str, prefix: &str) -> String {
    let in_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '$';
    let mut result = String::with_capacity(text.len() + text.len() / 16);
    let mut inside = false;
    let mut skip = 0;
    for (at, letter) in text.char_indices() {
        if !inside && text[at..].starts_with(PLAIN) {
            result.push_str(prefix);
            skip = at + PLAIN.len();
        }
        inside = in_name(letter);
        if at >= skip {
            result.push(letter);
        }
    }
    result
}

/// A part of the library as it is in a bundle, in compile order, as file name and text: the same bytes in
/// every design of one version that has it.
#[must_use]
pub fn library_files(part: Part) -> Vec<(String, String)> {
    let prefix = library_prefix();
    let files = part.primitives().iter().map(|(file, text)| {
        let origin = format!("// From rtl/{file}; the same in every design of this version.\n");
        let text = header(Comment::Verilog) + &origin + &renamed(text, &prefix);
        (renamed(file, &prefix), text)
    });
    files.collect()
}

/// The waivers for `verilator -Wall` as they are in a bundle, as file name and text.
pub(super) fn library_waivers() -> (String, String) {
    let prefix = library_prefix();
    // The word that makes it a file of waivers must come first.
    let (first, rest) = WAIVERS.split_once('\n').unwrap_or((WAIVERS, ""));
    let text = format!("{first}\n{}{rest}", header(Comment::Slashes));
    (format!("{}.vlt", prefix.trim_end_matches('_')), text)
}

/// How a file's comments begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comment {
    /// `//`, in a Verilog source.
    Verilog,
    /// `//`, elsewhere.
    Slashes,
    /// `#`.
    Hash,
}

/// What every text of a bundle has near its beginning: licence and version.
///
/// No source has a timescale, which would go for the files behind it too. Verilator takes it for a
/// mistake where other files have one, so sources say that it is meant.
#[must_use]
pub fn header(comment: Comment) -> String {
    let mark = match comment {
        Comment::Hash => "#",
        Comment::Verilog | Comment::Slashes => "//",
    };
    let mut text = format!("{mark} {LICENCE}\n{mark} lprnn-hw {VERSION}\n");
    if comment == Comment::Verilog {
        text += "// verilator lint_off TIMESCALEMOD\n";
    }
    text
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_names_are_renamed() {
        let text =
            "lprnn_rom u_lprnn_rom (); error_lprnn_rom_bad x(lprnn_lane.v, $lprnn_q, LPRNN_TRACE);";
        assert_eq!(
            renamed(text, "lprnn_1_2_3_"),
            "lprnn_1_2_3_rom u_lprnn_rom (); error_lprnn_rom_bad x(lprnn_1_2_3_lane.v, $lprnn_q, LPRNN_TRACE);"
        );
    }

    #[test]
    fn every_version_has_a_prefix_that_is_a_name() {
        assert_eq!(prefix_of("0.1.0"), "lprnn_0_1_0_");
        assert_eq!(prefix_of("1.20.3-rc.1+x"), "lprnn_1_20_3_rc_1_x_");
    }
}
