//! Every emitted source passes what people's flows read it with, without a word: Icarus Verilog, Verilator,
//! Yosys and slang, as Verilog-2005 and as the `SystemVerilog` that most of them take by default, and
//! Verible.

mod keywords;

use crate::common::{Recipe, flows_program, tool, write};
use lprnn_hw::device::Family;
use lprnn_hw::fixed::QFormat;
use lprnn_hw::quantize::{DenseOutput, Emit};
use lprnn_hw::spec::{CellKind, DirectionKind, MacStyle, StatePolicy};
use lprnn_hw::tools::{Output, ToolKind};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use tempfile::TempDir;

/// Foldings that do and do not divide, all kinds of widths, arrays, memories and policies.
fn designs() -> Vec<Recipe> {
    let mut designs = vec![
        Recipe::new("one", &[1, 1], 4).folded(1, 1),
        Recipe::new("uneven", &[3, 5, 2], 4).folded(2, 3),
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
        Recipe::new("two", &[3, 5, 4], 4).folded(2, 3).contexts(2),
        Recipe::new("three", &[2, 3], 5)
            .contexts(3)
            .state(StatePolicy::HostPulse),
        Recipe::new("four", &[1, 1], 4)
            .folded(1, 1)
            .contexts(4)
            .state(StatePolicy::FixedWindow { steps: 3 }),
        Recipe::new("sixteenth", &[4, 6], 4)
            .contexts(16)
            .target(Family::Ecp5, MacStyle::Lut),
        Recipe::new("slow", &[4, 6], 4)
            .folded(2, 4)
            .target(Family::Ecp5, MacStyle::Lut),
        Recipe::new("small", &[4, 6], 4)
            .folded(2, 4)
            .target(Family::Ice40, MacStyle::Lut),
    ];
    for (name, bits, target) in [
        ("dsp2", 2, Family::Xc7),
        ("dsp4", 4, Family::Xcup),
        ("dsp8", 8, Family::Xc7),
        ("dsp_ecp5", 4, Family::Ecp5),
    ] {
        designs.push(
            Recipe::new(name, &[6, 5], bits)
                .folded(2, 6)
                .target(target, MacStyle::Dsp),
        );
    }
    for (name, bits, target, mac) in [
        ("odd2", 2, Family::Xc7, MacStyle::Lut),
        ("odd3", 3, Family::Ecp5, MacStyle::Lut),
        ("odd_dsp", 3, Family::Xc7, MacStyle::Dsp),
        ("odd_mult", 4, Family::Ecp5, MacStyle::Dsp),
    ] {
        let recipe = Recipe::new(name, &[6, 5], bits).odd();
        designs.push(recipe.folded(2, 3).target(target, mac));
    }
    for (name, cell, bits, target) in [
        ("gru", CellKind::Gru, 0, Family::Xc7),
        ("rows", CellKind::Lstm, 8, Family::Xc7),
        ("rows_gru", CellKind::Gru, 12, Family::Ecp5),
    ] {
        let recipe = Recipe::new(name, &[6, 5, 4], 4).of(cell).scaled(bits);
        designs.push(recipe.folded(2, 3).target(target, MacStyle::Lut));
    }
    designs.extend(whole_networks());
    designs.extend(both_directions());
    let mut coarse = Recipe::new("coarse", &[3, 4], 4);
    (coarse.z, coarse.a_frac) = (QFormat::new(8, 4), 10);
    designs.push(coarse);
    designs
}

/// Three inputs and four units.
fn small(name: &'static str, bits: u32) -> Recipe {
    Recipe::new(name, &[3, 4], bits).folded(2, 2)
}

/// With embeddings and dense layers of every kind.
fn whole_networks() -> Vec<Recipe> {
    let (sum, argmax) = (DenseOutput::Sum, DenseOutput::Argmax);
    vec![
        small("dense_sum", 4).dense(5, sum, Emit::Step),
        small("dense_last", 3)
            .embedding(6)
            .dense(5, argmax, Emit::Last),
        small("dense_odd", 2)
            .odd()
            .embedding(9)
            .hidden(3)
            .dense(4, sum, Emit::Last)
            .inline(),
        small("dense_dsp", 4)
            .hidden(5)
            .dense(2, argmax, Emit::Step)
            .target(Family::Xc7, MacStyle::Dsp),
        small("dense_one", 8)
            .embedding(1)
            .dense(1, argmax, Emit::Step)
            .target(Family::Ecp5, MacStyle::Lut),
    ]
}

/// Backward and bidirectional layers, by themselves and in a whole network.
fn both_directions() -> Vec<Recipe> {
    let mut designs = Vec::new();
    for (name, cell, direction, steps, target) in [
        (
            "back",
            CellKind::Lstm,
            DirectionKind::Backward,
            1,
            Family::Xc7,
        ),
        (
            "both",
            CellKind::Gru,
            DirectionKind::Bidirectional,
            3,
            Family::Xc7,
        ),
        (
            "both_slow",
            CellKind::Lstm,
            DirectionKind::Bidirectional,
            40,
            Family::Ecp5,
        ),
    ] {
        let recipe = Recipe::new(name, &[3, 4, 2], 3).of(cell).folded(2, 3);
        designs.push(
            recipe
                .directed(direction, steps)
                .target(target, MacStyle::Lut),
        );
    }
    designs.push(
        small("both_answer", 2)
            .odd()
            .directed(DirectionKind::Bidirectional, 5)
            .embedding(9)
            .dense(4, DenseOutput::Argmax, Emit::Last),
    );
    for (name, direction) in [
        ("back_taken", DirectionKind::Backward),
        ("both_taken", DirectionKind::Bidirectional),
    ] {
        let recipe = Recipe::new(name, &[3, 4, 2], 3).directed(direction, 3);
        designs.push(recipe.in_processing_order().folded(2, 3));
    }
    designs
}

/// A bundle of each design, in a folder of its name.
struct Bundles {
    home: TempDir,
    /// Name, and paths from `home`: sources, test bench.
    designs: Vec<(&'static str, Vec<String>, String)>,
}

fn bundles() -> Bundles {
    let home = tempfile::tempdir().unwrap();
    let designs = designs();
    let designs = designs
        .iter()
        .map(|recipe| {
            let name = recipe.name;
            let bundle = recipe.bundle(5, 3);
            write(&bundle, &home.path().join(name));
            let sources = bundle.interface.sources.iter();
            let sources = sources.map(|path| format!("{name}/{path}")).collect();
            (name, sources, format!("{name}/tb/{name}_top_tb.v"))
        })
        .collect();
    Bundles { home, designs }
}

impl Bundles {
    /// Runs a tool once for every design, with sources and test bench.
    fn each(&self, kind: ToolKind, options: &[&str], quiet: impl Fn(&str) -> bool) {
        for (name, sources, bench) in &self.designs {
            let top = format!("{name}_top_tb");
            let options = options
                .iter()
                .map(|&option| if option == "TOP" { &top } else { option });
            let sources = sources.iter().map(String::as_str);
            let arguments: Vec<_> = options.chain(sources).chain([&**bench]).collect();
            let said = all(tool(kind, self.home.path(), &arguments));
            let said: Vec<_> = said.lines().filter(|line| !quiet(line)).collect();
            assert!(said.is_empty(), "{name}: {said:#?}");
        }
    }

    /// A Yosys script that elaborates design after design, each read by `read`; every scope has a name of
    /// its own.
    fn yosys(&self, read: impl Fn(&str, &str) -> String) {
        let mut script = String::new();
        for (name, sources, _) in &self.designs {
            let read = read(name, &sources.join(" "));
            write!(
                script,
                "{read}; hierarchy -check -top {name}_top; proc; \
                 select -assert-none t:$dlatch t:$adlatch t:$dlatchsr; check -assert; \
                 flatten; select -assert-none w:*genblk* c:*genblk*; design -reset; "
            )
            .unwrap();
        }
        let said = all(tool(
            ToolKind::Yosys,
            self.home.path(),
            &["-q", "-p", &script],
        ));
        let warnings: Vec<_> = said
            .lines()
            .filter(|line| line.to_lowercase().contains("warning"))
            .filter(|line| !line.contains("Replacing memory") && !line.contains("0 warnings"))
            .collect();
        assert!(warnings.is_empty(), "{warnings:#?}");
    }

    /// All files, each once: the sources of the library are the same in every design.
    fn files(&self) -> Vec<&str> {
        let mut files = BTreeMap::new();
        for (_, sources, bench) in &self.designs {
            for path in sources.iter().chain([bench]) {
                files.entry(path.rsplit('/').next()).or_insert(&**path);
            }
        }
        files.into_values().collect()
    }
}

/// Everything that a tool said.
fn all(output: Output) -> String {
    output.stdout + &output.stderr
}

#[test]
fn icarus_has_nothing_to_say() {
    let bundles = bundles();
    for (language, define) in [
        ("-g2005", "-DLPRNN_TRACE"),
        ("-g2005", "-DLPRNN_NO_STALLS"),
        ("-g2012", "-DLPRNN_TRACE"),
    ] {
        let options = [language, "-Wall", define, "-s", "TOP", "-o", "lint.vvp"];
        bundles.each(ToolKind::Iverilog, &options, |_| false);
    }
}

/// As Verilog-2005, and as what it takes a `.v` file for when nobody says anything: `SystemVerilog`.
#[test]
fn verilator_has_nothing_to_say() {
    let waivers = concat!(env!("CARGO_MANIFEST_DIR"), "/sim/verilator.vlt");
    let options = [
        "--lint-only",
        "--timing",
        "-Wall",
        "--top-module",
        "TOP",
        waivers,
    ];
    let bundles = bundles();
    // Newer versions report how long they took.
    let quiet = |line: &str| line.starts_with("- ");
    bundles.each(ToolKind::Verilator, &options, quiet);
    let options = [&options[..], &["--language", "1364-2005"]].concat();
    bundles.each(ToolKind::Verilator, &options, quiet);
}

#[test]
fn yosys_finds_no_problem() {
    bundles().yosys(|_, sources| format!("read_verilog -defer {sources}"));
}

/// Yosys with slang for a front end, which reads `SystemVerilog`.
#[test]
fn yosys_finds_no_problem_in_what_slang_reads() {
    bundles().yosys(|name, sources| format!("read_slang --top {name}_top {sources}"));
}

#[test]
fn slang_has_nothing_to_say() {
    let bundles = bundles();
    let mut lists = String::new();
    for (name, sources, bench) in &bundles.designs {
        writeln!(lists, "--top {name}_top_tb {} {bench}", sources.join(" ")).unwrap();
    }
    std::fs::write(bundles.home.path().join("lists"), lists).unwrap();
    let script = "from pyslang import driver\n\
        for line in open('lists'):\n \
            for std in '1364-2005', '1800-2023':\n  \
                d = driver.Driver()\n  \
                d.addStandardArgs()\n  \
                options = f'slang --std {std} -Wextra -Wpedantic -Wno-shadow-hierarchy -Werror '\n  \
                assert d.parseCommandLine(options + line) and d.processOptions(), line\n  \
                assert d.parseAllSources() and d.runFullCompilation(True), (std, line)\n\
        print('read')";
    let said = flows_python(bundles.home.path(), &["-c", script]);
    assert_eq!(said.trim(), "read");
}

/// Verible's default rules, less two that only `SystemVerilog` can keep to and one that wants constants
/// in camel case; lines as long as ours.
#[test]
fn verible_has_nothing_to_say() {
    let rules = "--rules=-explicit-parameter-storage-type,-unpacked-dimensions-range-ordering,\
                 -parameter-name-style,line-length=length:120";
    let bundles = bundles();
    for (program, options) in [
        ("verible-verilog-syntax", None),
        ("verible-verilog-lint", Some(rules)),
    ] {
        let arguments: Vec<_> = options.into_iter().chain(bundles.files()).collect();
        let said = flows_program(program, bundles.home.path(), &arguments);
        assert_eq!(said, "", "{program}");
    }
}

/// What a script says in the Python that has slang.
fn flows_python(folder: &Path, arguments: &[&str]) -> String {
    flows_program("python", folder, arguments)
}

/// The emitted script itself, to the netlist.
#[test]
fn emitted_yosys_scripts_run() {
    for (name, target) in [
        ("a", Family::Xc7),
        ("b", Family::Ecp5),
        ("c", Family::Ice40),
        ("d", Family::Generic),
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

/// Cells of each kind that Yosys finds in a module, flattened, when it has removed what does nothing.
fn cells(folder: &Path, read: &str, top: &str) -> BTreeMap<String, u64> {
    let script = format!(
        "{read}; hierarchy -check -top {top}; proc; flatten; opt -full; simplemap t:$*dff*; opt_clean -purge; \
         tee -q -o cells.json stat -json -top {top}"
    );
    tool(ToolKind::Yosys, folder, &["-q", "-p", &script]);
    let text = std::fs::read_to_string(folder.join("cells.json")).unwrap();
    let stat: serde_json::Value = serde_json::from_str(&text).unwrap();
    let cells = stat["design"]["num_cells_by_type"].as_object().unwrap();
    (cells.iter())
        .map(|(kind, count)| (kind.clone(), count.as_u64().unwrap()))
        .collect()
}

/// The valid of weights in a ROM vanishes: a core without it has the same cells.
#[test]
fn a_valid_that_is_constant_costs_no_cell() {
    let recipe = Recipe::new("valid", &[3, 4], 3).folded(2, 3);
    let mut found = Vec::new();
    for (from, to) in [("", ""), ("h_ready & weight_valid_i &", "h_ready &")] {
        let folder = tempfile::tempdir().unwrap();
        let mut bundle = recipe.bundle(5, 3);
        let sequencer = bundle.files.iter_mut();
        let sequencer = sequencer.filter(|(path, _)| path.ends_with("_sequencer.v"));
        for (_, contents) in sequencer {
            let text = String::from_utf8_lossy(contents).into_owned();
            assert!(text.contains(from), "{from}");
            *contents = text.replace(from, to).into_bytes();
        }
        write(&bundle, folder.path());
        let sources = bundle.interface.sources.join(" ");
        let read = format!("read_verilog -defer {sources}");
        found.push(cells(folder.path(), &read, "valid_top"));
    }
    assert!(found[0].values().sum::<u64>() > 100, "{found:?}");
    assert_eq!(found[0], found[1]);
}

/// A command of one context is no wider than its six other fields, and one of several has them as well.
#[test]
fn a_context_of_no_bits_costs_no_cell() {
    let folder = tempfile::tempdir().unwrap();
    for (file, source) in lprnn_hw::codegen::primitives() {
        std::fs::write(folder.path().join(file), source).unwrap();
    }
    let waivers = concat!(env!("CARGO_MANIFEST_DIR"), "/sim/verilator.vlt");
    let registers = |bits: u32| {
        let read = format!(
            "read_verilog -defer lprnn_delay.v lprnn_command.v; \
             chparam -set CONTEXT_W {bits} -set START 1 -set LATENCY 9 lprnn_command"
        );
        let cells = cells(folder.path(), &read, "lprnn_command");
        (cells.iter())
            .filter(|(kind, _)| kind.contains("DFF"))
            .map(|(_, count)| count)
            .sum::<u64>()
    };
    // 9 bits of a weight row and 4 of a vector row, a cycle; six fields, ten cycles.
    assert_eq!(registers(0), 13 + 6 * 10);
    assert_eq!(registers(2), 13 + 8 * 10);
    for module in ["lprnn_command", "lprnn_lane_control"] {
        for bits in [0, 2] {
            let parameter = format!("-GCONTEXT_W={bits}");
            let file = format!("{module}.v");
            let arguments = [
                "--lint-only",
                "-Wall",
                "--top-module",
                module,
                &parameter,
                waivers,
                "lprnn_delay.v",
                &file,
            ];
            let said = all(tool(ToolKind::Verilator, folder.path(), &arguments));
            let said: Vec<_> = said
                .lines()
                .filter(|line| !line.starts_with("- "))
                .collect();
            assert!(said.is_empty(), "{module}: {said:#?}");
        }
    }
}
