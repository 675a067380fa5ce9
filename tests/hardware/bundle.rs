//! The emitted bundle: its test bench finds what is wrong and only that, and its bytes are fixed.

mod contents;
mod golden;
mod spoilt;

use crate::common::{Recipe, testbench, tool, write};
use lprnn_hw::device::Family;
use lprnn_hw::quantize::{DenseOutput, Emit};
use lprnn_hw::spec::{MacStyle, StatePolicy};
use lprnn_hw::tools::ToolKind;

const SPOILT: Recipe = Recipe::new("spoilt", &[3, 4], 4).folded(2, 2);

/// Sizes, widths, foldings, memories and policies, all small.
fn designs() -> [Recipe; 12] {
    [
        Recipe::new("one", &[1, 1], 4).folded(1, 1),
        Recipe::new("odd", &[3, 5, 2], 4).folded(2, 3),
        Recipe::new("onebit", &[5, 4], 1).folded(2, 4),
        Recipe::new("mixed", &[7, 6], 3)
            .activations(5, 2)
            .folded(3, 2),
        Recipe::new("wide", &[4, 3], 8).folded(1, 4),
        Recipe::new("inlined", &[3, 4, 3], 2).folded(2, 4).inline(),
        Recipe::new("dsp", &[6, 4], 4)
            .folded(2, 6)
            .target(Family::Xc7, MacStyle::Dsp),
        Recipe::new("slow", &[4, 6], 4)
            .folded(2, 4)
            .target(Family::Ecp5, MacStyle::Lut),
        Recipe::new("pulse", &[2, 3], 4).state(StatePolicy::HostPulse),
        Recipe::new("turns", &[3, 4], 4)
            .embedding(6)
            .dense(5, DenseOutput::Sum, Emit::Step)
            .contexts(2),
        Recipe::new("answers", &[3, 4], 4)
            .hidden(3)
            .dense(5, DenseOutput::Argmax, Emit::Last)
            .contexts(3),
        Recipe::new("front", &[3, 4], 4)
            .front(5)
            .embedding(6)
            .folded(2, 3)
            .contexts(2),
    ]
}

#[test]
fn emitted_test_benches_pass() {
    for recipe in designs() {
        let folder = tempfile::tempdir().unwrap();
        write(&recipe.bundle(7, 14), folder.path());
        for defines in [&[][..], &["-DLPRNN_NO_STALLS"]] {
            let (says, well) = testbench(folder.path(), recipe.name, defines);
            let passed = well && says.lines().any(|line| line.starts_with("PASS: "));
            assert!(passed, "{} {defines:?}: {says}", recipe.name);
            assert!(!says.contains("FAIL"), "{}: {says}", recipe.name);
        }
    }
}

#[test]
fn inline_memories_equal_files() {
    let outputs = [SPOILT, SPOILT.inline()].map(|recipe| {
        let folder = tempfile::tempdir().unwrap();
        let bundle = recipe.bundle(3, 14);
        write(&bundle, folder.path());
        let (says, _) = testbench(folder.path(), recipe.name, &["-DLPRNN_NO_STALLS"]);
        assert!(says.contains("PASS"), "{says}");
        let words = format!("tb/{}_expected.mem", recipe.name);
        (bundle.files[&words].clone(), says)
    });
    assert_eq!(outputs[0], outputs[1]);
}

#[test]
fn equal_inputs_give_equal_bytes() {
    for recipe in designs() {
        assert_eq!(recipe.bundle(7, 14).files, recipe.bundle(7, 14).files);
    }
}

#[test]
fn two_designs_share_one_project() {
    let folder = tempfile::tempdir().unwrap();
    let recipes = [
        Recipe::new("alpha", &[3, 4], 4).folded(2, 2),
        Recipe::new("beta", &[5, 2, 3], 2).inline(),
    ];
    let mut sources: Vec<String> = Vec::new();
    for recipe in recipes {
        let bundle = recipe.bundle(7, 14);
        write(&bundle, folder.path());
        for source in bundle.interface.sources {
            if !sources.contains(&source) {
                sources.push(source);
            }
        }
    }
    let wrapper = "module both(input wire clk, input wire [31:0] x);\n\
        alpha_top a (.aclk(clk), .s_axis_tdata(x[7:0]));\n\
        beta_top b (.aclk(clk), .s_axis_tdata(x[7:0]));\nendmodule\n";
    std::fs::write(folder.path().join("both.v"), wrapper).unwrap();
    let mut arguments = vec!["-g2005", "-s", "both", "-o", "both.vvp", "both.v"];
    arguments.extend(sources.iter().map(String::as_str));
    // A module that is there twice is an error.
    tool(ToolKind::Iverilog, folder.path(), &arguments);
}
