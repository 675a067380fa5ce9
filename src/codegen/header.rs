//! Licence and version, near the beginning of every text of a bundle.

pub(super) const LICENCE: &str = concat!("SPDX-License-Identifier: ", env!("CARGO_PKG_LICENSE"));
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

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

/// Lines near the beginning of every text of a bundle: licence and version.
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
