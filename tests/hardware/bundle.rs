//! The emitted bundle: its test bench finds what is wrong and only that, and its bytes are fixed.

use crate::common::{Recipe, testbench, tool, write};
use lprnn_hw::codegen::{Interface, library_prefix, primitives};
use lprnn_hw::device::Family;
use lprnn_hw::spec::{MacStyle, StatePolicy};
use lprnn_hw::tools::ToolKind;
use std::path::Path;

/// Sizes, widths, foldings, memories and policies, all small.
fn designs() -> [Recipe; 9] {
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

/// Changes one file of a good bundle and expects that the test bench no longer passes.
fn spoiled(recipe: Recipe, path: &str, change: impl FnOnce(String) -> Option<String>) {
    let folder = tempfile::tempdir().unwrap();
    write(&recipe.bundle(7, 14), folder.path());
    let target = folder.path().join(path);
    let text = std::fs::read_to_string(&target).unwrap();
    match change(text.clone()) {
        None => std::fs::remove_file(&target).unwrap(),
        Some(changed) => {
            assert_ne!(changed, text, "nothing was changed in {path}");
            std::fs::write(&target, changed).unwrap();
        }
    }
    let (says, well) = testbench(folder.path(), recipe.name, &[]);
    assert!(!says.contains("PASS"), "{path}: {says}");
    assert!(says.contains("FAIL: ") && !well, "{path}: {says}");
}

/// Flips the last bit of the last digit of line `line`.
fn flip(text: &str, line: usize) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let digit = lines[line].pop().unwrap().to_digit(16).unwrap() ^ 1;
    lines[line].push(char::from_digit(digit, 16).unwrap());
    lines.join("\n") + "\n"
}

fn without_last_line(text: &str) -> String {
    let count = text.lines().count();
    assert!(count > 1);
    text.lines()
        .take(count - 1)
        .map(|line| line.to_owned() + "\n")
        .collect()
}

const SPOILT: Recipe = Recipe::new("spoilt", &[3, 4], 4).folded(2, 2);

#[test]
fn a_wrong_memory_never_passes() {
    for memory in ["rtl/spoilt_l0_weights.mem", "rtl/spoilt_l0_biases.mem"] {
        spoiled(SPOILT, memory, |_| None);
        spoiled(SPOILT, memory, |_| Some(String::new()));
        spoiled(SPOILT, memory, |text| Some(flip(&text, 0)));
        spoiled(SPOILT, memory, |text| Some(without_last_line(&text)));
    }
}

#[test]
fn wrong_vectors_never_pass() {
    for vectors in ["tb/spoilt_stimulus.mem", "tb/spoilt_expected.mem"] {
        spoiled(SPOILT, vectors, |_| None);
        spoiled(SPOILT, vectors, |text| Some(without_last_line(&text)));
    }
    spoiled(SPOILT, "tb/spoilt_expected.mem", |text| {
        Some(flip(&text, 20))
    });
}

#[test]
fn a_flipped_weight_bit_in_the_sources_fails() {
    // Inline memories have no digest: here the words of h must differ.
    let recipe = Recipe::new("inlined", &[3, 4], 4).folded(2, 2).inline();
    spoiled(recipe, "rtl/inlined_l0_weights.v", |text| {
        let at = text.find("'d0: data_q <= ").unwrap();
        let end = at + text[at..].find(';').unwrap();
        // The sign of row 3's second weight: the output gate of the second column.
        let digit = end - 8;
        let old = text[digit..=digit]
            .chars()
            .next()
            .unwrap()
            .to_digit(16)
            .unwrap();
        let new = char::from_digit(old ^ 8, 16).unwrap();
        Some(format!("{}{new}{}", &text[..digit], &text[digit + 1..]))
    });
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

#[test]
fn descriptions_agree_with_the_files() {
    for recipe in designs() {
        let bundle = recipe.bundle(7, 14);
        let text = |path: &str| String::from_utf8(bundle.files[path].clone()).unwrap();
        let interface: Interface = serde_json::from_str(&text("interface.json")).unwrap();
        assert_eq!(interface, bundle.interface);
        let list = text(&format!("{}.f", recipe.name));
        assert_eq!(list.lines().collect::<Vec<_>>(), interface.sources);
        for path in interface.sources.iter().chain(&interface.memories) {
            assert!(bundle.files.contains_key(path), "{path}");
        }
        let of_core = |path: &&String| matches!(path.rsplit_once('.'), Some((_, "core")));
        let cores = bundle.files.keys().filter(of_core);
        let core: String = cores.map(|path| text(path)).collect();
        let tcl = text("syn/vivado.tcl");
        for (path, contents) in &bundle.files {
            let listed = matches!(path.rsplit_once('.'), Some((_, "v" | "mem")));
            assert!(
                !listed || core.contains(path.as_str()),
                "{path} is not in the core"
            );
            let synthesised = listed && path.starts_with("rtl/");
            assert!(
                !synthesised || tcl.contains(path.as_str()),
                "{path} is not in the Tcl"
            );
            let Ok(text) = std::str::from_utf8(contents) else {
                assert_eq!(path, "model.safetensors");
                continue;
            };
            assert!(!text.contains("{=") && !text.contains("{%"), "{path}");
            assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{path}");
            // What has comments says its licence and its version.
            let plain = matches!(
                path.rsplit_once('.'),
                None | Some((_, "mem" | "json" | "f"))
            );
            let stated = text.contains("SPDX-License-Identifier: MIT OR Apache-2.0")
                && text.contains(concat!("lprnn-hw ", env!("CARGO_PKG_VERSION")));
            assert!(plain || stated, "{path}: licence or version is missing");
        }
        let report: serde_json::Value = serde_json::from_str(&text("report.json")).unwrap();
        assert_eq!(
            report["timing"]["cycles_per_step"],
            interface.timing.cycles_per_step
        );
        let markdown = text("report.md");
        assert!(markdown.contains(&interface.top));
    }
}

/// A core of LUTs has no file of an array in DSP blocks, and the other way round; what is missing does not
/// elaborate.
#[test]
fn a_bundle_has_no_module_that_it_does_not_use() {
    let prefix = library_prefix();
    for recipe in designs() {
        let bundle = recipe.bundle(7, 14);
        let text = |path: &String| String::from_utf8(bundle.files[path].clone()).unwrap();
        let sources: Vec<String> = bundle.interface.sources.iter().map(text).collect();
        let library = format!("rtl/{prefix}");
        let of_library = bundle.interface.sources.iter();
        let of_library: Vec<_> = of_library
            .filter_map(|path| path.strip_prefix(&library)?.strip_suffix(".v"))
            .collect();
        for module in &of_library {
            let instance = format!(" {prefix}{module} #(");
            assert!(
                sources.iter().any(|source| source.contains(&instance)),
                "{}: nothing is a {module}",
                recipe.name
            );
        }
        let arrays: Vec<_> = of_library
            .into_iter()
            .filter(|module| module.starts_with("array_"))
            .collect();
        let dsp = recipe.mac == MacStyle::Dsp;
        assert_eq!(arrays, [if dsp { "array_dsp" } else { "array_lut" }]);
    }
}

/// A layer is instances and wires, and no hand-written module is told a number that it can derive.
#[test]
fn layers_are_structure_and_leaves_have_few_parameters() {
    for recipe in designs() {
        let bundle = recipe.bundle(7, 14);
        for layer in 0..recipe.sizes.len() - 1 {
            let source = &bundle.files[&format!("rtl/{}_l{layer}.v", recipe.name)];
            let source = String::from_utf8_lossy(source);
            for word in ["always", "reg ", "assign m_", " ? ", "if ("] {
                assert!(!source.contains(word), "{}: {word}", recipe.name);
            }
        }
    }
    for (file, source) in primitives() {
        let count = source.matches("\n    parameter ").count();
        assert!((1..=12).contains(&count), "{file} has {count} parameters");
    }
}

/// Texts name no file that is not there.
#[test]
fn named_files_exist() {
    let kinds = [
        "v",
        "mem",
        "toml",
        "json",
        "md",
        "ys",
        "tcl",
        "xdc",
        "f",
        "core",
        "vlt",
        "safetensors",
    ];
    for recipe in designs() {
        let bundle = recipe.bundle(7, 14);
        let base = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
        let mut known: Vec<String> = bundle.files.keys().map(|path| base(path)).collect();
        // The scripts write these.
        known
            .extend([".json", "_netlist.v", "_period.xdc"].map(|end| recipe.name.to_owned() + end));
        let mut named = 0;
        let texts = bundle
            .files
            .iter()
            .filter(|(path, _)| !path.contains(".vlt"));
        for (path, contents) in texts {
            let text = String::from_utf8_lossy(contents);
            let lines = text
                .lines()
                .filter(|line| !line.starts_with("// From rtl/"));
            let split = |letter: char| !letter.is_ascii_alphanumeric() && !"_./-".contains(letter);
            for word in lines.flat_map(|line| line.split(split)) {
                let Some((_, ending)) = word.rsplit_once('.') else {
                    continue;
                };
                if kinds.contains(&ending) {
                    named += 1;
                    assert!(known.contains(&base(word)), "{path} names {word}");
                }
            }
        }
        assert!(named > 50, "{named}");
    }
}

/// Reported sizes of memories are those of the files.
#[test]
fn reported_memories_are_the_files() {
    let bundle = designs()[1].bundle(7, 14);
    let report: serde_json::Value = serde_json::from_slice(&bundle.files["report.json"]).unwrap();
    let mut checked = 0;
    for memory in report["memories"].as_array().unwrap() {
        let file = memory["file"].as_str().unwrap();
        if !bundle.interface.memories.iter().any(|path| path == file) {
            continue;
        }
        let text = String::from_utf8(bundle.files[file].clone()).unwrap();
        assert_eq!(memory["rows"], text.lines().count(), "{file}");
        let digits = memory["width"].as_u64().unwrap().div_ceil(4) as usize;
        assert!(text.lines().all(|line| line.len() == digits), "{file}");
        checked += 1;
    }
    assert_eq!(checked, 4);
}

/// Designs whose every byte is kept under `tests/golden`; `LPRNN_UPDATE_GOLDEN=1` writes them anew.
#[test]
fn golden_bundles() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let update = std::env::var_os("LPRNN_UPDATE_GOLDEN").is_some();
    for recipe in &designs()[..3] {
        let folder = root.join(recipe.name);
        let mut bundle = recipe.bundle(7, 4);
        // The primitives are the files in rtl/ of this repository.
        bundle
            .files
            .retain(|path, _| !path.starts_with("rtl/lprnn_"));
        if update {
            let _ = std::fs::remove_dir_all(&folder);
            write(&bundle, &folder);
        }
        for (path, contents) in &bundle.files {
            let golden = std::fs::read(folder.join(path)).unwrap_or_default();
            if &golden != contents {
                let (old, new) = (
                    String::from_utf8_lossy(&golden),
                    String::from_utf8_lossy(contents),
                );
                let line = old.lines().zip(new.lines()).position(|(a, b)| a != b);
                panic!(
                    "{}/{path} differs from its golden file, first in line {}; if that is meant, \
                     run LPRNN_UPDATE_GOLDEN=1 cargo test --test hardware golden and read the diff",
                    recipe.name,
                    line.map_or("(only in length)".to_owned(), |line| (line + 1).to_string()),
                );
            }
        }
        let mut files = Vec::new();
        list(&folder, &folder, &mut files);
        let stray: Vec<_> = files
            .iter()
            .filter(|file| !bundle.files.contains_key(*file))
            .collect();
        assert!(
            stray.is_empty(),
            "{}: no longer generated: {stray:?}",
            recipe.name
        );
    }
}

fn list(root: &Path, folder: &Path, files: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            list(root, &path, files);
        } else {
            files.push(
                path.strip_prefix(root)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned(),
            );
        }
    }
}
