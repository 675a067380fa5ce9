//! Every emitted source passes three tools without a word: Icarus Verilog, Verilator, Yosys.

mod common;

use common::{Recipe, tool, write};
use lprnn_hw::fixed::QFormat;
use lprnn_hw::spec::{MacStyle, StatePolicy, Target};
use lprnn_hw::tools::ToolKind;
use std::path::Path;

/// Foldings that do and do not divide, all kinds of widths, arrays, memories and policies.
fn designs() -> Vec<Recipe> {
    let mut designs = vec![
        Recipe::new("one", &[1, 1], 4).folded(1, 1),
        Recipe::new("odd", &[3, 5, 2], 4).folded(2, 3),
        Recipe::new("onebit", &[5, 4], 1).folded(2, 4),
        Recipe::new("mixed", &[7, 6], 3)
            .activations(5, 2)
            .folded(3, 2),
        Recipe::new("flat", &[9, 10], 2).folded(10, 3),
        Recipe::new("long", &[40, 3], 4).folded(1, 40),
        Recipe::new("binary_input", &[6, 5], 4)
            .activations(1, 8)
            .folded(2, 6),
        Recipe::new("sixteen", &[3, 4], 16).folded(1, 4),
        Recipe::new("never", &[2, 3], 5).state(StatePolicy::Never),
        Recipe::new("pulse", &[2, 3], 5).state(StatePolicy::HostPulse),
        Recipe::new("window", &[2, 3], 5).state(StatePolicy::FixedWindow { steps: 3 }),
        Recipe::new("inlined", &[3, 4, 3], 2).folded(2, 4).inline(),
        Recipe::new("slow", &[4, 6], 4)
            .folded(2, 4)
            .target(Target::Ecp5, MacStyle::Lut),
        Recipe::new("small", &[4, 6], 4)
            .folded(2, 4)
            .target(Target::Ice40, MacStyle::Lut),
    ];
    for (name, bits, target) in [
        ("dsp2", 2, Target::Xc7),
        ("dsp4", 4, Target::Xcup),
        ("dsp8", 8, Target::Xc7),
        ("dsp_ecp5", 4, Target::Ecp5),
    ] {
        designs.push(
            Recipe::new(name, &[6, 5], bits)
                .folded(2, 6)
                .target(target, MacStyle::Dsp),
        );
    }
    let mut coarse = Recipe::new("coarse", &[3, 4], 4);
    (coarse.z, coarse.a_frac) = (QFormat::new(8, 4), 10);
    designs.push(coarse);
    designs
}

fn for_all(check: impl Fn(&Recipe, &Path, &[String])) {
    for recipe in designs() {
        let folder = tempfile::tempdir().unwrap();
        let bundle = recipe.bundle(5, 3);
        write(&bundle, folder.path());
        check(&recipe, folder.path(), &bundle.interface.sources);
    }
}

fn arguments<'a>(before: &[&'a str], sources: &'a [String]) -> Vec<&'a str> {
    let mut arguments = before.to_vec();
    arguments.extend(sources.iter().map(String::as_str));
    arguments
}

#[test]
fn icarus_has_nothing_to_say() {
    for_all(|recipe, folder, sources| {
        let top = format!("{}_top_tb", recipe.name);
        let bench = format!("tb/{top}.v");
        for defines in ["-DLPRNN_TRACE", "-DLPRNN_NO_STALLS"] {
            let start = ["-g2005", "-Wall", "-Wno-timescale", defines, "-s", &top];
            let start = [&start[..], &["-o", "lint.vvp", &bench]].concat();
            let output = tool(ToolKind::Iverilog, folder, &arguments(&start, sources));
            assert_eq!(output.stdout + &output.stderr, "", "{}", recipe.name);
        }
    });
}

#[test]
fn verilator_has_nothing_to_say() {
    let waivers = concat!(env!("CARGO_MANIFEST_DIR"), "/sim/verilator.vlt");
    for_all(|recipe, folder, sources| {
        let top = format!("{}_top", recipe.name);
        let start = [
            "--lint-only",
            "-Wall",
            "--language",
            "1364-2005",
            "--top-module",
            &top,
            waivers,
        ];
        let output = tool(ToolKind::Verilator, folder, &arguments(&start, sources));
        let text = output.stdout + &output.stderr;
        // Newer versions report how long they took.
        let warnings: Vec<&str> = text
            .lines()
            .filter(|line| !line.starts_with("- "))
            .collect();
        assert!(warnings.is_empty(), "{}: {warnings:?}", recipe.name);
    });
}

#[test]
fn yosys_finds_no_problem() {
    for_all(|recipe, folder, sources| {
        let script = format!(
            "read_verilog -defer {}; hierarchy -check -top {}_top; proc; \
             select -assert-none t:$dlatch t:$adlatch t:$dlatchsr; check -assert",
            sources.join(" "),
            recipe.name
        );
        let output = tool(ToolKind::Yosys, folder, &["-q", "-p", &script]);
        let said = output.stdout + &output.stderr;
        let warnings: Vec<_> = said
            .lines()
            .filter(|line| line.contains("Warning") && !line.contains("Replacing memory"))
            .collect();
        assert!(warnings.is_empty(), "{}: {warnings:#?}", recipe.name);
    });
}

/// The emitted script itself, to the netlist.
#[test]
fn emitted_yosys_scripts_run() {
    for (name, target) in [
        ("a", Target::Xc7),
        ("b", Target::Ecp5),
        ("c", Target::Ice40),
        ("d", Target::Generic),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let recipe = Recipe::new(name, &[2, 2], 2)
            .folded(1, 2)
            .target(target, MacStyle::Lut);
        write(&recipe.bundle(5, 3), folder.path());
        let script = format!("syn/{name}.ys");
        tool(ToolKind::Yosys, folder.path(), &["-q", "-s", &script]);
        let netlist = std::fs::read_to_string(folder.path().join(format!("syn/{name}_netlist.v")));
        assert!(netlist.unwrap().contains(&format!("module {name}_top")));
        let json = std::fs::read(folder.path().join(format!("syn/{name}.json"))).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
        assert!(json["modules"][format!("{name}_top")].is_object());
    }
}

/// The gate sees what it is there for.
#[test]
fn a_missing_memory_stops_synthesis() {
    let folder = tempfile::tempdir().unwrap();
    let recipe = Recipe::new("gone", &[2, 2], 2).folded(1, 2);
    write(&recipe.bundle(5, 3), folder.path());
    std::fs::remove_file(folder.path().join("rtl/gone_l0_weights.mem")).unwrap();
    let gone =
        std::panic::catch_unwind(|| tool(ToolKind::Yosys, folder.path(), &["-s", "syn/gone.ys"]));
    let message = *gone.unwrap_err().downcast::<String>().unwrap();
    assert!(message.contains("gone_l0_weights.mem"), "{message}");
}
