//! Cores that are wrong on purpose: each must be found by the comparison that `cosim` makes.
//!
//! A mutant is one text of one file of a bundle, replaced. A text that is not there, or there twice, is
//! an error: the table follows the Verilog.

mod common;
#[path = "mutants/resets.rs"]
mod resets;

use common::Recipe;
use common::icarus::IcarusDut;
use common::mutant::{Mutant, mutant};
use lprnn_hw::codegen::{Bundle, library_prefix};
use lprnn_hw::cosim::{Outcome, Pattern, Pauses, Workload, compare_timed};
use lprnn_hw::schedule::Schedule;

/// The text of a hand-written module in a bundle, where its name has a version.
fn source<'a>(bundle: &'a mut Bundle, file: &str) -> &'a mut Vec<u8> {
    let name = file.strip_prefix("lprnn_").expect("a module of rtl/");
    let path = format!("rtl/{}{name}", library_prefix());
    bundle
        .files
        .get_mut(&path)
        .unwrap_or_else(|| panic!("no {path}"))
}

/// Puts the mutant into the bundle.
fn spoil(bundle: &mut Bundle, mutant: &Mutant) {
    let text = source(bundle, mutant.file);
    *text = mutant.of(std::str::from_utf8(text).unwrap()).into_bytes();
}

/// Runs the default comparison of `cosim` on a bundle; what is found.
fn cosim(recipe: &Recipe, bundle: &Bundle) -> Result<(), String> {
    let model = recipe.model(SEED);
    let schedule = Schedule::new(&model, &recipe.implementation()).unwrap();
    let load = Workload::random(&bundle.interface, 64, 1);
    let expected = load.expected(&model, bundle.interface.state, &mut |_| {});
    let following = Pattern::following(Pauses::Mixed, &bundle.interface, &schedule.layers);
    for pattern in [Pattern::AlwaysReady, following] {
        let outcome = compare_timed(
            &mut IcarusDut::new(bundle),
            &bundle.interface,
            &schedule.layers,
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
    cosim(&recipe, &recipe.bundle(SEED, 12)).unwrap();
    for mutant in mutants {
        let mut bundle = recipe.bundle(SEED, 12);
        spoil(&mut bundle, mutant);
        let found = cosim(&recipe, &bundle);
        let problem = found.expect_err(mutant.wrong);
        eprintln!("{} `{}`: {problem}", mutant.file, mutant.wrong);
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
        let schedule = Schedule::new(&recipe.model(SEED), &recipe.implementation()).unwrap();
        assert_eq!(schedule.layers[0].blocks, blocks);
        let open = mutant(
            "lprnn_sequencer.v",
            "assign lane_ready = ~last_block_q | ((distance_q != FIRST) & (distance_q != SECOND));",
            "assign lane_ready = 1'b1;",
        );
        each_is_found(recipe, &[open]);
    }
}
