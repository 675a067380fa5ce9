//! The hand-written Verilog, compiled in, and what it is called in a bundle.

use super::header::{Comment, VERSION, header};

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
pub enum LibraryPart {
    /// Modules of every core.
    Common,
    /// The data path of an LSTM unit.
    LaneLstm,
    /// The data path of a GRU unit.
    LaneGru,
    /// The data path of a dense layer's row.
    LaneDense,
    /// The table before the first layer.
    Embedding,
    /// The index of the largest sum.
    Argmax,
    /// The array in LUTs.
    ArrayLut,
    /// The array in DSP blocks with an adder.
    ArrayDsp,
    /// The array in multipliers without one.
    ArrayMult,
    /// Memories whose contents are read from a file.
    Rom,
    /// Several sequences in turn.
    Turn,
    /// Sequences backwards.
    Reverser,
    /// Two directions side by side.
    Join,
}

impl LibraryPart {
    /// All parts, in compile order.
    pub const ALL: [Self; 13] = [
        Self::Common,
        Self::LaneLstm,
        Self::LaneGru,
        Self::LaneDense,
        Self::Embedding,
        Self::Argmax,
        Self::ArrayLut,
        Self::ArrayDsp,
        Self::ArrayMult,
        Self::Rom,
        Self::Turn,
        Self::Reverser,
        Self::Join,
    ];

    /// Name of the part's `FuseSoC` core, behind the name of the library.
    #[must_use]
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Common => "",
            Self::LaneLstm => "_lane_lstm",
            Self::LaneGru => "_lane_gru",
            Self::LaneDense => "_lane_dense",
            Self::Embedding => "_embedding",
            Self::Argmax => "_argmax",
            Self::ArrayLut => "_array_lut",
            Self::ArrayDsp => "_array_dsp",
            Self::ArrayMult => "_array_mult",
            Self::Rom => "_rom",
            Self::Turn => "_turn",
            Self::Reverser => "_reverser",
            Self::Join => "_join",
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
            Self::LaneGru => &[primitive!("lane_gru")],
            Self::LaneDense => &[primitive!("lane_dense")],
            Self::Embedding => &[primitive!("embedding")],
            Self::Argmax => &[primitive!("argmax")],
            Self::ArrayLut => &[primitive!("da_row"), primitive!("array_lut")],
            Self::ArrayDsp => &[primitive!("dsp_cell"), primitive!("array_dsp")],
            Self::ArrayMult => &[primitive!("array_mult")],
            Self::Rom => &[primitive!("rom")],
            Self::Turn => &[primitive!("turn")],
            Self::Reverser => &[
                primitive!("cut"),
                primitive!("beat_ram"),
                primitive!("reverser"),
            ],
            Self::Join => &[primitive!("beat_queue"), primitive!("join")],
        }
    }
}

/// All hand-written modules as they are in this repository, in compile order: file name and text.
pub fn primitives() -> impl Iterator<Item = (&'static str, &'static str)> {
    LibraryPart::ALL
        .into_iter()
        .flat_map(LibraryPart::primitives)
        .copied()
}

/// Licence texts, by file name.
pub(super) const LICENCES: [(&str, &str); 2] = [
    ("LICENSE-MIT", include_str!("../../LICENSE-MIT")),
    ("LICENSE-APACHE", include_str!("../../LICENSE-APACHE")),
];

/// Waivers for Verilator's `-Wall`.
const WAIVERS: &str = include_str!("../../sim/verilator.vlt");

/// Beginning of the names of the hand-written modules in this repository.
const PLAIN: &str = "lprnn_";

/// Beginning of the names of the hand-written modules and of their files in a bundle, such as
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
pub fn library_files(part: LibraryPart) -> Vec<(String, String)> {
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
