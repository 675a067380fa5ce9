//! No word depends on what memories and registers hold when the power comes on.
//!
//! Sources are copied with a line behind every register and memory that fills it with random bits, after
//! all `initial` blocks; the emitted test bench then has to pass. Cosimulation starts Verilator's models
//! from random bits too; but what an `initial` block sets it leaves alone.

use crate::common::{Recipe, testbench, write};
use lprnn_hw::device::Family;
use lprnn_hw::spec::{DirectionKind, MacStyle, MemoryInit};
use std::fmt::Write as _;
use std::path::Path;

/// Sizes that fill their blocks, and sizes that leave places empty: in the last block of x or h, beyond
/// the last beat, beyond the last group's units, in every block.
const FULL: &[usize] = &[8, 8];
const PADDED: &[usize] = &[5, 7];

/// Every array in every way, and odd weights, which have no zero.
fn designs() -> Vec<Recipe> {
    let mut designs = Vec::new();
    for (name, bits, target, mac) in [
        ("lut4", 4, Family::Xc7, MacStyle::Lut),
        ("dsp4", 4, Family::Xc7, MacStyle::Dsp),
        ("dsp8", 8, Family::Xcup, MacStyle::Dsp),
        ("mult4", 4, Family::Ecp5, MacStyle::Dsp),
        ("digits3", 3, Family::Ecp5, MacStyle::Lut),
        ("digits2", 2, Family::Ice40, MacStyle::Lut),
        ("onebit", 1, Family::Xc7, MacStyle::Lut),
        ("onebit4", 1, Family::Ecp5, MacStyle::Lut),
        ("onebit5", 1, Family::Generic, MacStyle::Lut),
    ] {
        let recipe = Recipe::new(name, PADDED, bits).target(target, mac);
        designs.push(recipe.folded(3, 4));
        // One block of each, with columns that hold nothing at all.
        designs.push(recipe.folded(3, 7));
        // Groups wider than a block.
        designs.push(recipe.folded(5, 3));
        designs.push(Recipe {
            sizes: FULL,
            ..recipe.folded(2, 4)
        });
    }
    for (name, target, mac) in [
        ("odd2", Family::Xc7, MacStyle::Lut),
        ("odd2e", Family::Ecp5, MacStyle::Lut),
        ("odd2d", Family::Xc7, MacStyle::Dsp),
        ("odd2m", Family::Ecp5, MacStyle::Dsp),
    ] {
        let recipe = Recipe::new(name, PADDED, 2).odd().target(target, mac);
        designs.extend([recipe.folded(3, 4), recipe.folded(5, 3)]);
    }
    for (name, bits, target, mac, contexts) in [
        ("two", 4, Family::Xc7, MacStyle::Lut, 2),
        ("three", 4, Family::Ecp5, MacStyle::Dsp, 3),
        ("five", 1, Family::Ice40, MacStyle::Lut, 5),
    ] {
        let recipe = Recipe::new(name, PADDED, bits).target(target, mac);
        designs.push(recipe.contexts(contexts).folded(3, 4));
    }
    for (name, direction, target) in [
        ("back", DirectionKind::Backward, Family::Ice40),
        ("both", DirectionKind::Bidirectional, Family::Xc7),
    ] {
        let recipe = Recipe::new(name, PADDED, 4).target(target, MacStyle::Lut);
        designs.push(recipe.directed(direction, 3).folded(3, 4));
        if direction == DirectionKind::Bidirectional {
            let last = recipe.directed(direction, 3).in_processing_order();
            designs.push(last.folded(3, 4));
        }
    }
    let mixed = Recipe::new("mixed", &[5, 7, 3], 1).activations(8, 2);
    designs.push(mixed.folded(3, 4));
    designs.push(mixed.folded(3, 5).target(Family::Ice40, MacStyle::Lut));
    designs
}

/// `source` with random bits in every register and memory once all `initial` blocks are done, but not
/// in the contents of a read-only memory and what checks them.
fn powered_up(source: &str, seed: u64) -> String {
    let mut text = String::new();
    let rom = source.contains("rom_style");
    for (number, line) in source.lines().enumerate() {
        text.push_str(line);
        text.push('\n');
        let code = line.split("//").next().unwrap_or_default();
        let Some(declared) = code.trim().strip_prefix("reg ") else {
            continue;
        };
        let Some(declared) = declared.trim_end().strip_suffix(';') else {
            continue;
        };
        // `signed [range] name` or `[range] name [0:last]`.
        let (declared, last) = match declared.rsplit_once("[0:") {
            Some((front, last)) => (front.trim_end(), Some(last.trim_end_matches(']'))),
            None => (declared, None),
        };
        let name = declared.rsplit([' ', ']']).next().unwrap_or_default();
        if rom && !name.ends_with("_q") {
            continue;
        }
        let random = vec!["$random(power_seed)"; 24].join(", ");
        let fill = match last {
            Some(last) => format!(
                "for (power_row = 0; power_row <= {last}; power_row = power_row + 1) \
                 {name}[power_row] = {{{random}}};"
            ),
            None => format!("{name} = {{{random}}};"),
        };
        writeln!(
            text,
            "initial begin : power_up_{name}\ninteger power_seed;\ninteger power_row;\n\
             #1 power_seed = $random ^ {};\n{fill}\nend",
            seed.wrapping_mul(9_973) % 1_000_003 + number as u64
        )
        .unwrap();
    }
    text
}

/// Whether a file of a bundle is one of the core's sources.
fn is_source(path: &str) -> bool {
    path.starts_with("rtl/") && Path::new(path).extension().is_some_and(|end| end == "v")
}

/// What the emitted test bench of a design says, from random contents; `change` may spoil a source.
fn run(recipe: &Recipe, seed: u64, change: impl Fn(String) -> String) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut bundle = recipe.bundle(seed, 6);
    for (path, contents) in &mut bundle.files {
        if is_source(path) {
            let source = String::from_utf8(std::mem::take(contents)).unwrap();
            *contents = powered_up(&change(source), seed).into_bytes();
        }
    }
    write(&bundle, folder.path());
    testbench(folder.path(), recipe.name, &[]).0
}

#[test]
fn words_do_not_depend_on_what_memories_hold() {
    for (seed, recipe) in (1..).zip(designs()) {
        let said = run(&recipe, seed, |source| source);
        let (units, columns) = (recipe.units, recipe.columns);
        assert!(
            said.contains("PASS") && !said.contains("FAIL"),
            "{}, sizes {:?}, {units} x {columns}: {said}",
            recipe.name,
            recipe.sizes
        );
    }
}

/// Without the writes to places that hold no element, words of one-bit weights are wrong; a test bench
/// that starts from random contents finds that, one that starts from zeros did not.
#[test]
fn places_that_are_not_written_are_found() {
    for columns in [4, 5] {
        let recipe = Recipe::new("onebit", PADDED, 1).folded(3, columns);
        let said = run(&recipe, 1, |source| source.replace(".PAD (2)", ".PAD (0)"));
        assert!(said.contains("FAIL"), "{columns} columns: {said}");
    }
}

/// Nothing but the contents of read-only memories is set by an `initial` block, and where those are written
/// out, for tools that have no `initial` blocks, nothing at all.
#[test]
fn initial_blocks_are_for_read_only_memories() {
    let written_out = designs().into_iter().map(Recipe::inline);
    for recipe in designs().into_iter().chain(written_out) {
        for (path, contents) in &recipe.bundle(1, 1).files {
            let source = String::from_utf8_lossy(contents);
            let mut code = source
                .lines()
                .map(|line| line.split("//").next().unwrap_or_default());
            // Nothing is an instance of the library's ROM where contents are written out.
            let tables = path.ends_with("_tables.v") && recipe.init == MemoryInit::Readmemh;
            if is_source(path) && !tables && !path.ends_with("_rom.v") {
                let initial = code.any(|line| line.contains("initial"));
                assert!(!initial, "{}: {path}", recipe.name);
            }
            if path.ends_with("_top.v") && recipe.init == MemoryInit::Inline {
                assert!(!source.contains("_rom "), "{}: {path}", recipe.name);
            }
        }
    }
}
