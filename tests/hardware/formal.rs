//! Proofs for all time: what the header of each file in `tests/hardware/formal` says of its module.
//!
//! Yosys makes an AIGER file of module and properties, ABC's `pdr` proves that no property can fail, or
//! finds how. Wrong lines of each module must be found.

use crate::common::mutant::{Mutant, mutant};
use lprnn_hw::tools::{Search, Tool, ToolKind};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// What `pdr` says.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Proved,
    Refuted,
}

/// From Verilog with assertions to one AIGER file; registers start with any value.
const TO_AIGER: &str = "proc; flatten; memory_map; opt -full; async2sync; \
     chformal -early; formalff -clk2ff -ff2anyinit; setundef -undriven -anyseq; techmap; simplemap; \
     dffunmap; aigmap; opt_clean; write_aiger -I -B -zinit proof.aig";

/// ABC as it comes with Yosys: beside it, or in the Python package that it is part of.
fn abc(yosys: &Tool) -> PathBuf {
    let program = yosys.path.canonicalize().unwrap_or(yosys.path.clone());
    let bin = program.parent().unwrap_or(Path::new("/")).to_path_buf();
    let python = std::fs::read_dir(bin.join("../lib"))
        .into_iter()
        .flatten()
        .flatten();
    let packages = python.map(|python| python.path().join("site-packages/pyosys/yosys-abc"));
    let mut places = vec![bin.join("yosys-abc")];
    places.extend(packages);
    places
        .iter()
        .find(|path| path.is_file())
        .unwrap_or_else(|| panic!("none of {places:?} is there: run ./setup.sh"))
        .clone()
}

/// A parameter of the properties, beside its default.
type Size = Option<(&'static str, u32)>;

/// Proves or refutes the properties of the last of these modules, or of one with a wrong line.
fn ask(modules: &[&str], size: Size, wrong: Option<&Mutant>) -> Answer {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    let module = modules[modules.len() - 1];
    let read = |path: String| std::fs::read_to_string(root.join(path)).unwrap();
    let mut source = String::new();
    for module in modules {
        let text = read(format!("rtl/{module}.v"));
        let wrong = wrong.filter(|wrong| wrong.file == format!("{module}.v"));
        source += &wrong.map_or_else(|| text.clone(), |wrong| wrong.of(&text));
    }
    std::fs::write(folder.path().join("module.v"), source).unwrap();
    let properties = read(format!("tests/hardware/formal/{module}_props.v"));
    std::fs::write(folder.path().join("props.v"), properties).unwrap();
    let size = size.map_or(String::new(), |(name, value)| {
        format!("-chparam {name} {value} ")
    });
    let script = format!(
        "read_verilog -formal module.v props.v; hierarchy -check {size}-top props; {TO_AIGER}"
    );
    let yosys = Search::from_env()
        .find(ToolKind::Yosys)
        .expect("run ./setup.sh");
    let mut command = yosys.command();
    command
        .current_dir(folder.path())
        .args(["-q", "-p", &script]);
    yosys.run(&mut command, Duration::from_secs(120)).unwrap();
    let output = Command::new(abc(&yosys))
        .current_dir(folder.path())
        .args(["-c", "read_aiger proof.aig; fold; strash; pdr -T 300"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    match (
        said.contains("Property proved"),
        said.contains("was asserted in frame"),
    ) {
        (true, false) => Answer::Proved,
        (false, true) => Answer::Refuted,
        _ => panic!("{module}: {said}"),
    }
}

/// The modules keep the properties of the last one, and no mutant does.
fn holds(modules: &[&str], mutants: &[Mutant]) {
    holds_at(modules, None, mutants);
}

/// The same at another size.
fn holds_at(modules: &[&str], size: Size, mutants: &[Mutant]) {
    assert_eq!(ask(modules, size, None), Answer::Proved, "{modules:?}");
    for wrong in mutants {
        assert_eq!(
            ask(modules, size, Some(wrong)),
            Answer::Refuted,
            "{}",
            wrong.wrong
        );
    }
}

#[test]
fn every_policy_starts_the_steps_that_it_says() {
    let file = "lprnn_state_policy.v";
    holds(
        &["lprnn_state_policy"],
        &[
            mutant(
                file,
                "(POLICY == 2) & clear_i;",
                "(POLICY == 2) & clear_i & ~accept_i;",
            ),
            mutant(
                file,
                "(POLICY == 1) ? step_done & last_i",
                "(POLICY == 1) ? accept_i & last_i",
            ),
            mutant(
                file,
                "pending_q & ~(accept_i & first_beat)",
                "pending_q & ~accept_i",
            ),
        ],
    );
}

#[test]
fn every_policy_starts_the_steps_of_two_contexts_in_turn() {
    let file = "lprnn_state_policy.v";
    holds_at(
        &["lprnn_state_policy"],
        Some(("CONTEXTS", 2)),
        &[
            mutant(
                file,
                "{again, fresh_q[CONTEXTS-1:1]}",
                "{fresh_q[0], fresh_q[CONTEXTS-1:1]}",
            ),
            mutant(file, "= pulse & ~(accept_i & first_beat);", "= pulse;"),
            mutant(
                file,
                "round_done = step_done & (turn_q == LAST_TURN)",
                "round_done = step_done",
            ),
        ],
    );
}

#[test]
fn the_step_buffer_keeps_two_vectors_apart() {
    let file = "lprnn_step_buffer.v";
    holds(
        &["lprnn_step_buffer"],
        &[
            mutant(file, "free_q  <= 2'd2;", "free_q  <= 2'd3;"),
            mutant(file, "if (accept & first_beat) begin", "if (accept) begin"),
            mutant(
                file,
                "else if (~done & released_i) begin",
                "else if (released_i) begin",
            ),
        ],
    );
}

#[test]
fn the_step_buffer_goes_through_all_banks() {
    let file = "lprnn_step_buffer.v";
    holds_at(
        &["lprnn_step_buffer"],
        Some(("BANK_W", 2)),
        &[
            mutant(file, "? ~bank_q : bank_q + 1'b1", "? ~bank_q : ~bank_q"),
            mutant(
                file,
                "fresh_q[bank_q[0]] <=",
                "fresh_q[bank_q[BANK_W-1]] <=",
            ),
            mutant(
                file,
                "bank_q  <= {BANK_W{1'b0}};",
                "bank_q  <= {BANK_W{1'b1}};",
            ),
        ],
    );
}

#[test]
fn the_sequencer_starts_what_may_start_and_nothing_else() {
    let file = "lprnn_sequencer.v";
    holds(
        &["lprnn_sequencer"],
        &[
            mutant(file, "= ~last_block_q | (|room_q);", "= 1'b1;"),
            mutant(file, "= ~last_block_q | ~MET[distance_q];", "= 1'b1;"),
            mutant(file, "GAP_INT = CHAIN - 1;", "GAP_INT = CHAIN - 2;"),
            mutant(file, "h_ready & weight_valid_i &", "h_ready &"),
        ],
    );
}

#[test]
fn the_sequencer_waits_for_the_h_of_two_steps_ago() {
    let file = "lprnn_sequencer.v";
    holds_at(
        &["lprnn_sequencer"],
        Some(("CONTEXTS", 2)),
        &[
            mutant(
                file,
                "ALL_H_INT = CONTEXTS*H_BLOCKS;",
                "ALL_H_INT = H_BLOCKS;",
            ),
            mutant(
                file,
                ": bank_q + {{(BANK_W-1){1'b0}}, last_group_q};",
                ": bank_q ^ {{(BANK_W-1){1'b0}}, last_group_q};",
            ),
            mutant(file, "= ~uses_h | (|h_credit_q);", "= 1'b1;"),
        ],
    );
}

#[test]
fn the_reverser_gives_every_sequence_from_its_end() {
    let file = "lprnn_reverser.v";
    holds(
        &["lprnn_ram", "lprnn_beat_ram", "lprnn_cut", "lprnn_reverser"],
        &[
            mutant(file, "write_row_q - STEP_START", "write_next"),
            mutant(
                file,
                "~whole_q & ~(reading_q & (write_row_q == read_row_q));",
                "~whole_q;",
            ),
            mutant(file, "down_q ^ turn;", "down_q;"),
            mutant(file, "read_first_q & ~read_end;", "1'b0;"),
            mutant("lprnn_cut.v", "last_i | longest;", "last_i;"),
        ],
    );
}

#[test]
fn both_directions_leave_side_by_side() {
    let file = "lprnn_join.v";
    holds(
        &[
            "lprnn_ram",
            "lprnn_beat_ram",
            "lprnn_beat_queue",
            "lprnn_join",
        ],
        &[
            mutant(
                file,
                "m_ready_i & b_valid_i & ~second_q;",
                "m_ready_i & ~second_q;",
            ),
            mutant(
                file,
                "(beat_q == LAST_BEAT) ^ second_q;",
                "(beat_q == LAST_BEAT);",
            ),
            mutant("lprnn_beat_queue.v", "(|(count_q >> 1))", "(|count_q)"),
            mutant("lprnn_beat_queue.v", "= (count_q != FULL);", "= 1'b1;"),
        ],
    );
}

#[test]
fn the_output_queue_loses_and_repeats_nothing() {
    let file = "lprnn_serializer.v";
    holds(
        &["lprnn_ram", "lprnn_group_fifo", "lprnn_serializer"],
        &[
            mutant(file, "(~valid_q | word_done);", "(~valid_q | beat_done);"),
            mutant(file, "step_end_i ? LAST_COUNT : FULL_COUNT;", "FULL_COUNT;"),
            mutant(
                "lprnn_group_fifo.v",
                "count_q <= {(ADDR_W+1){1'b0}};",
                "count_q <= count_q;",
            ),
        ],
    );
}
