//! The table of families.

use super::clock::ClockClass;
use super::facts::{Carry, Facts, Multiplier, Route};
use super::ram::{
    ECP5_BLOCKS, ECP5_LUT_RAM, ICE40_BLOCKS, XC7_LUT_RAM, XCUP_LUT_RAM, XILINX_BLOCKS,
};
use crate::tools::ToolKind;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// FPGA family the sources are shaped for; all sources stay portable Verilog.
///
/// iCE40 has two rows: the same sources and words on the command line, but `UltraPlus` has DSP blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// Xilinx 7 series.
    Xc7,
    /// Xilinx `UltraScale+`.
    Xcup,
    /// Lattice ECP5.
    Ecp5,
    /// Lattice iCE40 LP and HX: no DSP blocks.
    Ice40,
    /// Lattice iCE40 `UltraPlus`: the same cells, with DSP blocks.
    Ice40Up,
    /// No family.
    Generic,
}

const XC7: Facts = Facts {
    word: "xc7",
    key: "xc7",
    title: "Xilinx 7 series",
    lut_inputs: 6,
    lut_mux: true,
    ff_behind_lut: false,
    shift_registers: true,
    carry: Carry {
        bits: 4,
        shortest: 3,
        luts: 0,
    },
    multiplier: Some(Multiplier {
        ports: (25, 18, 48),
        adder: true,
        packs: true,
        absorbs: true,
        cascades: true,
        least_bits: 0,
    }),
    auto_dsp_bits: Some(5),
    mux_register: false,
    slow_memory: false,
    small_memory_style: "distributed",
    block_ram: &XILINX_BLOCKS,
    lut_ram: &XC7_LUT_RAM,
    block_bits: 18 * 1024,
    block_name: "block RAM, 18 kb",
    yosys: "synth_xilinx -family xc7",
    yosys_core: Some(" -flatten -noiopad -noclkbuf"),
    fusesoc: Some("xilinx"),
    vivado_part: "xc7z020clg400-1",
    route: None,
    clock: None,
};

const XCUP: Facts = Facts {
    word: "xcup",
    key: "xcup",
    title: "Xilinx UltraScale+",
    // Of a DSP48E2 Yosys uses the bare multiplier.
    multiplier: Some(Multiplier {
        ports: (27, 18, 48),
        adder: true,
        packs: true,
        absorbs: false,
        cascades: false,
        least_bits: 0,
    }),
    lut_ram: &XCUP_LUT_RAM,
    yosys: "synth_xilinx -family xcup",
    fusesoc: None,
    vivado_part: "xczu7ev-ffvc1156-2-e",
    ..XC7
};

const ECP5: Facts = Facts {
    word: "ecp5",
    key: "ecp5",
    title: "Lattice ECP5",
    lut_inputs: 4,
    shift_registers: false,
    carry: Carry {
        bits: 2,
        shortest: 5,
        luts: 2,
    },
    // Yosys and nextpnr know ECP5's multiplier, and not the adder behind it.
    multiplier: Some(Multiplier {
        ports: (18, 18, 36),
        adder: false,
        packs: true,
        absorbs: false,
        cascades: false,
        least_bits: 0,
    }),
    mux_register: true,
    slow_memory: true,
    block_ram: &ECP5_BLOCKS,
    lut_ram: &ECP5_LUT_RAM,
    yosys: "synth_ecp5",
    yosys_core: Some(""),
    fusesoc: Some("ecp5"),
    route: Some(&Route {
        tool: ToolKind::NextpnrEcp5,
        unconstrained: "--lpf-allow-unconstrained",
        devices: &[
            ("85k", "CABGA756"),
            ("45k", "CABGA554"),
            ("25k", "CABGA381"),
            ("12k", "CABGA381"),
        ],
        speeds: &[6, 7, 8],
    }),
    // The table of parts has no speed grades: the slowest is meant.
    clock: Some(ClockClass::Ecp5),
    ..XC7
};

const ICE40: Facts = Facts {
    word: "ice40",
    key: "ice40",
    title: "Lattice iCE40",
    lut_mux: false,
    ff_behind_lut: true,
    carry: Carry {
        bits: 1,
        shortest: 3,
        luts: 0,
    },
    multiplier: None,
    small_memory_style: "auto",
    block_ram: &ICE40_BLOCKS,
    lut_ram: &[],
    block_bits: 4096,
    block_name: "block RAM, 4 kb",
    yosys: "synth_ice40",
    fusesoc: Some("ice40"),
    route: Some(&Route {
        tool: ToolKind::NextpnrIce40,
        unconstrained: "--pcf-allow-unconstrained",
        devices: &[
            ("hx8k", "ct256"),
            ("hx4k", "tq144"),
            ("hx1k", "tq144"),
            ("lp8k", "cm225"),
            ("lp1k", "cm121"),
            ("up5k", "sg48"),
        ],
        speeds: &[],
    }),
    clock: Some(ClockClass::Ice40Hx),
    ..ECP5
};

const ICE40_UP: Facts = Facts {
    key: "ice40 up",
    multiplier: Some(Multiplier {
        ports: (16, 16, 32),
        adder: true,
        packs: false,
        absorbs: true,
        cascades: false,
        least_bits: 11,
    }),
    yosys_core: Some(" -device u -dsp"),
    clock: Some(ClockClass::Ice40Up),
    ..ICE40
};

/// Estimates of no family in particular are those of Xilinx 7 series.
const GENERIC: Facts = Facts {
    word: "generic",
    title: "no family in particular",
    auto_dsp_bits: None,
    small_memory_style: "auto",
    lut_ram: &[],
    yosys: "synth",
    yosys_core: None,
    ..XC7
};

impl Family {
    /// All families, those with a word of their own first in its order in help texts.
    pub const ALL: [Self; 6] = [
        Self::Xc7,
        Self::Xcup,
        Self::Ecp5,
        Self::Ice40,
        Self::Ice40Up,
        Self::Generic,
    ];

    /// Row of the family.
    #[must_use]
    pub const fn facts(self) -> &'static Facts {
        match self {
            Self::Xc7 => &XC7,
            Self::Xcup => &XCUP,
            Self::Ecp5 => &ECP5,
            Self::Ice40 => &ICE40,
            Self::Ice40Up => &ICE40_UP,
            Self::Generic => &GENERIC,
        }
    }

    /// Family that a word of the command line means.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|family| family.word() == word)
    }

    /// Words of the command line: of all families, or of those whose cells Yosys counts.
    pub fn words(counted: bool) -> impl Iterator<Item = &'static str> {
        let named = Self::ALL
            .into_iter()
            .filter(|&family| family.sources() == family);
        let wanted = named.filter(move |family| !counted || family.facts().yosys_core.is_some());
        wanted.map(Self::word)
    }

    /// As options, files and reports spell it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        self.facts().word
    }

    /// As the tables of fitted factors spell it.
    #[must_use]
    pub const fn key(self) -> &'static str {
        self.facts().key
    }

    /// Family whose sources it takes.
    #[must_use]
    pub const fn sources(self) -> Self {
        match self {
            Self::Ice40Up => Self::Ice40,
            other => other,
        }
    }

    /// The row of a device of the family, as nextpnr or the table of parts names it; of the family's
    /// usual one without a device.
    #[must_use]
    pub fn with_device(self, device: Option<&str>) -> Self {
        let up = |name: &str| name.strip_prefix("ice40").unwrap_or(name).starts_with("up");
        match self.sources() {
            Self::Ice40 if device.is_some_and(up) => Self::Ice40Up,
            sources => sources,
        }
    }

    /// True where a LUT has four inputs.
    #[must_use]
    pub const fn lut4(self) -> bool {
        self.facts().lut_inputs == 4
    }
}

impl Serialize for Family {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

impl<'de> Deserialize<'de> for Family {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        let unknown = || {
            let words: Vec<_> = Self::words(false).collect();
            let expected = words.join(", ");
            serde::de::Error::custom(format!("unknown family `{word}`; expected {expected}"))
        };
        Self::of_word(&word).ok_or_else(unknown)
    }
}

impl ClockClass {
    /// The class of a device of a family, as nextpnr or the table of parts names it; of the family's
    /// usual one without a device. `None` where nothing was measured.
    #[must_use]
    pub fn of(family: Family, device: Option<&str>) -> Option<Self> {
        let lp = |name: &str| name.strip_prefix("ice40").unwrap_or(name).starts_with("lp");
        if family.sources() == Family::Ice40 && device.is_some_and(lp) {
            return None;
        }
        family.with_device(device).facts().clock
    }
}

#[cfg(test)]
mod tests;
