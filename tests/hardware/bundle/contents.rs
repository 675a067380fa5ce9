//! The files of a bundle agree with one another.

use super::designs;
use lprnn_hw::codegen::{Interface, library_prefix, primitives};
use lprnn_hw::spec::MacStyle;

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
        // Lanes have formats of everything; a GRU's has two kinds of sums, and one parameter more for them.
        let most = match file {
            "lprnn_lane_gru.v" => 14,
            "lprnn_lane_lstm.v" => 13,
            _ => 12,
        };
        assert!((1..=most).contains(&count), "{file} has {count} parameters");
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
