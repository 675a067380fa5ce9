//! The netlist that Yosys makes of a core, through the same test bench as the source.
//!
//! The cells' models are those that come with Yosys. Its block RAM has none, so that these designs
//! keep every memory in LUTs; a memory's contents are covered by the tests of the source. The
//! models of ECP5 declare cells twice, which Icarus refuses: that family's netlists are not run.

mod common;

use common::{Recipe, tool, write};
use lprnn_hw::spec::{MacStyle, Target};
use lprnn_hw::tools::{Search, ToolKind};
use std::path::Path;

/// Name, design, Yosys's synthesis command, folder of its cell models.
struct Case {
    recipe: Recipe,
    synthesis: &'static str,
    cells: &'static str,
}

/// The simulation models of a family's cells, in the data folder of the Yosys that is used.
fn cell_models(family: &str) -> String {
    let yosys = Search::from_env()
        .find(ToolKind::Yosys)
        .expect("run ./setup.sh")
        .path;
    let root = yosys
        .ancestors()
        .nth(2)
        .expect("a program has a folder")
        .to_path_buf();
    let mut folders = vec![root.join("share/yosys")];
    // The wheel keeps it in the Python package.
    for python in std::fs::read_dir(root.join("lib"))
        .into_iter()
        .flatten()
        .flatten()
    {
        folders.push(python.path().join("site-packages/pyosys/share"));
    }
    let models = folders
        .iter()
        .map(|folder| folder.join(family).join("cells_sim.v"))
        .find(|path| path.is_file());
    models
        .unwrap_or_else(|| panic!("no {family}/cells_sim.v in {folders:?}"))
        .display()
        .to_string()
}

const XILINX: &str = "synth_xilinx -family xc7 -flatten -noiopad -noclkbuf";

fn passes(case: &Case) {
    let folder = tempfile::tempdir().unwrap();
    let name = case.recipe.name;
    let bundle = case.recipe.bundle(7, 10);
    write(&bundle, folder.path());
    let sources = format!(" ../{}", bundle.interface.sources.join(" ../"));
    // Registers that a netlist leaves undefined start at zero on an FPGA.
    let script = format!(
        "read_verilog -defer{sources}\nhierarchy -check -top {name}_top\n{} -top {name}_top\n\
         setundef -zero -params\nwrite_verilog -noattr ../netlist.v\n",
        case.synthesis
    );
    std::fs::write(folder.path().join("rtl/netlist.ys"), script).unwrap();
    tool(
        ToolKind::Yosys,
        &folder.path().join("rtl"),
        &["-q", "-s", "netlist.ys"],
    );
    let netlist = std::fs::read_to_string(folder.path().join("netlist.v")).unwrap();
    assert!(
        !netlist.contains("RAMB") && !netlist.contains("DP16KD"),
        "{name}: a block RAM has no model"
    );
    let wants_dsp = case.recipe.mac == MacStyle::Dsp;
    let packed = netlist.matches("lprnn_dsp_cell").count();
    assert_eq!(packed > 0, wants_dsp, "{name}: {packed} packed blocks");

    let top = format!("{name}_top_tb");
    let bench = format!("tb/{top}.v");
    let cells = cell_models(case.cells);
    // Models include their neighbours.
    let include = format!("-I{}", Path::new(&cells).parent().unwrap().display());
    let arguments = [
        "-g2005-sv",
        "-s",
        &top,
        "-o",
        "netlist.vvp",
        &include,
        "netlist.v",
        &cells,
        &bench,
    ];
    tool(ToolKind::Iverilog, folder.path(), &arguments);
    let vvp = Search::from_env()
        .find(ToolKind::Vvp)
        .expect("run ./setup.sh");
    let output = std::process::Command::new(&vvp.path)
        .args(["-n", "../netlist.vvp"])
        .current_dir(folder.path().join("rtl"))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("PASS"), "{name}: {text}");
}

#[test]
fn lut_array_on_xc7() {
    passes(&Case {
        recipe: Recipe::new("lut", &[5, 6], 4)
            .folded(2, 4)
            .target(Target::Xc7, MacStyle::Lut),
        synthesis: XILINX,
        cells: "xilinx",
    });
}

#[test]
fn one_bit_weights_on_xc7() {
    passes(&Case {
        recipe: Recipe::new("onebit", &[3, 4], 1)
            .activations(4, 3)
            .folded(1, 3)
            .target(Target::Xc7, MacStyle::Lut),
        synthesis: XILINX,
        cells: "xilinx",
    });
}

/// Three rows to a block: the packing that a lost sign extension would break.
#[test]
fn four_bit_rows_in_dsp_blocks_on_xc7() {
    passes(&Case {
        recipe: Recipe::new("dspfour", &[5, 6], 4)
            .folded(2, 4)
            .target(Target::Xc7, MacStyle::Dsp),
        synthesis: XILINX,
        cells: "xilinx",
    });
}

#[test]
fn eight_bit_rows_in_dsp_blocks_on_xc7() {
    passes(&Case {
        recipe: Recipe::new("dspeight", &[4, 5], 8)
            .folded(1, 5)
            .target(Target::Xc7, MacStyle::Dsp),
        synthesis: XILINX,
        cells: "xilinx",
    });
}
