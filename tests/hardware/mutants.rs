//! Cores that are wrong on purpose: each must be found by the comparison that `cosim` makes.
//!
//! A mutant is one text of one file of a bundle, replaced. A text that is not there, or there twice, is
//! an error: the table follows the Verilog.

mod model;
mod ports;
mod resets;

use crate::common::Recipe;
use crate::common::icarus::IcarusDut;
use crate::common::mutant::{Mutant, mutant};
use lprnn_hw::codegen::{Bundle, library_prefix};
use lprnn_hw::cosim::{Outcome, Pattern, Pauses, Toolchain, Workload, compare_timed};
use lprnn_hw::estimate::FactorTable;
use lprnn_hw::flow::{build, plan_core};
use lprnn_hw::hardware::Design;
use lprnn_hw::quantize::QuantizedModel;
use lprnn_hw::spec::{Implementation, StatePolicy};
use lprnn_hw::tools::Search;
use std::path::PathBuf;

/// Path in a bundle of a module of `rtl/`.
fn path_of(file: &str) -> String {
    let name = file.strip_prefix("lprnn_").expect("a module of rtl/");
    format!("rtl/{}{name}", library_prefix())
}

/// The bundle has this module.
fn has_source(bundle: &Bundle, file: &str) -> bool {
    bundle.files.contains_key(&path_of(file))
}

/// The text of a hand-written module in a bundle, where its name has a version.
fn source<'a>(bundle: &'a mut Bundle, file: &str) -> &'a mut Vec<u8> {
    let path = path_of(file);
    bundle
        .files
        .get_mut(&path)
        .unwrap_or_else(|| panic!("no {path}"))
}

/// Verilator for models that run shortly, kept from one run of the tests to the next.
fn toolchain() -> Toolchain {
    let cache = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("models");
    Toolchain::find(&Search::from_env(), Some(cache))
        .expect("run ./setup.sh")
        .unoptimised()
}

/// Puts the mutant into the bundle.
fn spoil(bundle: &mut Bundle, mutant: &Mutant) {
    let text = source(bundle, mutant.file);
    *text = mutant.of(std::str::from_utf8(text).unwrap()).into_bytes();
}

/// Runs the default comparison of `cosim` on a bundle; what is found.
fn cosim(model: &QuantizedModel, design: &Design, bundle: &Bundle) -> Result<(), String> {
    let load = Workload::random(&bundle.interface, 64, 1);
    let expected = load.expected(model, bundle.interface.state, &mut |_| {});
    let following = Pattern::following(Pauses::Mixed, &bundle.interface, design.layers());
    for pattern in [Pattern::AlwaysReady, following] {
        let outcome = compare_timed(
            &mut IcarusDut::new(bundle),
            &bundle.interface,
            design.layers(),
            load.stimulus(),
            &expected,
            (pattern, 1),
            &mut |_| {},
        );
        match outcome {
            Ok(Outcome::Equal(_)) => {}
            Ok(Outcome::Different(difference)) => return Err(difference.to_string()),
            Err(error) => return Err(error.to_string()),
        }
    }
    Ok(())
}

const SEED: u64 = 7;

/// The design itself passes, and fails with each of the mutants.
fn each_is_found(recipe: Recipe, mutants: &[Mutant]) {
    each_is_found_in(&recipe.model(SEED), &recipe.implementation(), mutants);
}

fn each_is_found_in(model: &QuantizedModel, how: &Implementation, mutants: &[Mutant]) {
    let planned = plan_core(model.clone(), how.clone()).unwrap();
    let bundle = || build(&planned).unwrap().bundle;
    let design = &planned.design;
    cosim(model, design, &bundle()).unwrap();
    for mutant in mutants {
        let mut bundle = bundle();
        spoil(&mut bundle, mutant);
        cosim(model, design, &bundle).expect_err(mutant.wrong);
    }
}

/// Where results are sent faster than they are computed, no pause of a cycle or two is felt.
#[test]
fn queue_without_credit_is_found_in_a_core_that_computes_longer_than_it_sends() {
    let recipe = Recipe::new("slow", &[6, 4], 3).folded(1, 1);
    each_is_found(
        recipe,
        &[
            mutant(
                "lprnn_sequencer.v",
                "wire room_ready   = ~last_block_q | (|room_q);",
                "wire room_ready   = 1'b1;",
            ),
            mutant(
                "lprnn_sequencer.v",
                "room_q        <= ALL_RESULTS;",
                "room_q        <= ALL_RESULTS + 1'b1;",
            ),
        ],
    );
}

/// 5, 6 and 7 blocks a group: only a stall brings two groups to the lane's multiplier at once.
#[test]
fn missing_guard_of_the_lane_is_found_with_five_to_seven_blocks() {
    for (recipe, blocks) in [
        (Recipe::new("five", &[6, 4], 3), 5),
        (Recipe::new("six", &[6, 6], 3), 6),
        (Recipe::new("seven", &[8, 6], 3), 7),
    ] {
        let design = Design::new(
            &recipe.model(SEED),
            &recipe.implementation(),
            &*FactorTable::built_in(),
        )
        .unwrap();
        assert_eq!(design.layers()[0].folding().blocks, blocks);
        let open = mutant(
            "lprnn_sequencer.v",
            "assign lane_ready = ~last_block_q | ~MET[distance_q];",
            "assign lane_ready = 1'b1;",
        );
        each_is_found(recipe, &[open]);
    }
}

/// A step's last beat that is not full, at one bit, where an element too many counts.
#[test]
fn elements_beyond_the_last_are_found_at_one_bit() {
    let recipe = Recipe::new("partial", &[5, 6], 1).folded(4, 4);
    let how = Implementation {
        contexts: 1,
        max_steps: None,
        stream_elements: Some(4),
        ..recipe.implementation()
    };
    let design = Design::new(&recipe.model(SEED), &how, &*FactorTable::built_in()).unwrap();
    assert_eq!(
        (
            design.layers()[0].folding().in_beats(),
            design.layers()[0].folding().out_beats()
        ),
        (2, 2)
    );
    each_is_found_in(
        &recipe.model(SEED),
        &how,
        &[
            mutant(
                "lprnn_serializer.v",
                "if (e >= LAST_ELEMENTS)",
                "if (e > LAST_ELEMENTS)",
            ),
            mutant(
                "lprnn_operands.v",
                "*ELEMENTS + INPUT_SIZE - (BEATS - 1)*ELEMENTS;",
                "*ELEMENTS + ELEMENTS;",
            ),
        ],
    );
}

/// Windows of any length; three steps is what other tests have.
#[test]
fn windows_of_every_length_end_where_they_should() {
    for steps in [1, 2, 5] {
        let recipe = Recipe::new("window", &[2, 3], 3).state(StatePolicy::FixedWindow { steps });
        let three = mutant(
            "lprnn_state_policy.v",
            "LAST_STEP_INT = WINDOW - 1;",
            "LAST_STEP_INT = (WINDOW == 3) ? 2 : WINDOW;",
        );
        each_is_found(recipe, &[three]);
    }
}

/// Dies when the schedule forgets that a group waits for the lane: seen where the sink opens in one of the
/// two cycles that are too near the end of the group before, and then empties the queue.
#[test]
fn the_schedule_knows_the_guard_of_the_lane() {
    let recipe = Recipe::new("five", &[6, 4], 3);
    let model = recipe.model(SEED);
    let design = Design::new(&model, &recipe.implementation(), &*FactorTable::built_in()).unwrap();
    let bundle = recipe.bundle(SEED, 4);
    let load = Workload::random(&bundle.interface, 64, 1);
    let expected = load.expected(&model, recipe.state, &mut |_| {});
    // Of the first sixty seeds, four of the seven whose sink opens in such a cycle.
    for seed in [12, 15, 19, 42] {
        let outcome = compare_timed(
            &mut IcarusDut::new(&bundle),
            &bundle.interface,
            design.layers(),
            load.stimulus(),
            &expected,
            (Pattern::Bursts { on: 60, off: 250 }, seed),
            &mut |_| {},
        );
        assert!(
            matches!(outcome, Ok(Outcome::Equal(_))),
            "seed {seed}: {outcome:?}"
        );
    }
}
