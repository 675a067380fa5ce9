//! Random designs through Verilator against the reference model: every word, and the cycle of every
//! beat, with pauses and without.
//!
//! `LPRNN_DESIGNS` says how many of each two of the ten kinds below (default 12: 60 designs, so that a run takes minutes on
//! two cores); `LPRNN_DESIGNS=60 cargo test --release --test hardware random_designs` is the long run, 300 designs with
//! sizes to 70.

use lprnn_hw::cosim::{Core, Outcome, Pattern, Pauses, Probes, Toolchain, Workload, compare_timed};
use lprnn_hw::device::Family;
use lprnn_hw::fixed::LevelRule;
use lprnn_hw::flow::{build, plan_core};
use lprnn_hw::quantize::{
    QuantizedModel, SplitMix, random_model, random_model_directed, random_model_mixed,
    random_network, with_random_ends, with_row_scales,
};
use lprnn_hw::spec::{CellKind, FoldingGoal, Implementation, MacStyle, MemoryInit, StatePolicy};
use lprnn_hw::tools::Search;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRng, TestRunner};
use std::path::PathBuf;

fn designs() -> u32 {
    std::env::var("LPRNN_DESIGNS").map_or(12, |count| {
        count.parse().expect("LPRNN_DESIGNS is a number")
    })
}

fn toolchain() -> Toolchain {
    let cache = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("models");
    // Compiling costs more than simulating these small designs.
    Toolchain::find(&Search::from_env(), Some(cache))
        .expect("run ./setup.sh first")
        .unoptimised()
}

/// Any way to build `model`: nothing in here may change a word.
fn random_implementation(model: &QuantizedModel, noise: &mut SplitMix) -> Implementation {
    let smallest = model
        .layers
        .iter()
        .map(|layer| layer.hidden_size)
        .min()
        .unwrap_or(1);
    let longest = model.layers[0].input_size.max(model.layers[0].hidden_size);
    let mut pick = |count: i64| noise.between(0, count - 1) as usize;
    let targets = [
        Family::Xc7,
        Family::Xcup,
        Family::Ecp5,
        Family::Ice40,
        Family::Generic,
    ];
    let policies = [
        StatePolicy::Tlast,
        StatePolicy::Never,
        StatePolicy::HostPulse,
        StatePolicy::FixedWindow { steps: 3 },
    ];
    let mut built = Implementation {
        name: "random".into(),
        mac: [MacStyle::Lut, MacStyle::Dsp, MacStyle::Auto][pick(3)],
        target: targets[pick(5)],
        state: policies[pick(4)],
        memory_init: [MemoryInit::Readmemh, MemoryInit::Inline][pick(2)],
        contexts: 1,
        max_steps: None,
        stream_elements: None,
        folding: FoldingGoal::Explicit {
            units: 1 + pick(smallest.min(8) as i64),
            columns: 1 + pick(longest.min(18) as i64),
        },
    };
    // Half of them with one.
    built.contexts = [1, 1, 1, 1, 2, 3, 4, 5][pick(8)];
    built
}

/// Generates, simulates under three patterns and compares; the number of words that were equal.
fn agrees(
    model: &QuantizedModel,
    how: &Implementation,
    toolchain: &Toolchain,
    seed: u64,
) -> Result<u64, String> {
    let planned = plan_core(model.clone(), how.clone()).map_err(|error| error.to_string())?;
    let bundle = build(&planned).map_err(|error| error.to_string())?.bundle;
    let design = &planned.design;
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    for (path, bytes) in &bundle.files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a file has a folder"))
            .map_err(|error| error.to_string())?;
        std::fs::write(path, bytes).map_err(|error| error.to_string())?;
    }
    // Of whole sequences several, some of them longer than the core holds.
    let steps = if how.max_steps.is_some() { 40 } else { 14 };
    let load = Workload::random(&bundle.interface, steps * how.contexts, seed);
    let expected = load.expected(model, how.state, &mut |_| {});
    let core = Core {
        folder: folder.path(),
        interface: &bundle.interface,
    };
    let mut words = 0;
    let following = Pattern::following(Pauses::Mixed, &bundle.interface, design.layers());
    for pattern in [
        Pattern::AlwaysReady,
        Pattern::Random {
            offer: 50,
            take: 50,
        },
        following,
    ] {
        let mut dut = toolchain
            .model(core, Probes::default(), seed)
            .map_err(|error| error.to_string())?;
        let outcome = compare_timed(
            &mut dut,
            &bundle.interface,
            design.layers(),
            load.stimulus(),
            &expected,
            (pattern, seed),
            &mut |_| {},
        )
        .map_err(|error| format!("{pattern:?}: {error}"))?;
        match outcome {
            Outcome::Equal(agreement) => words += agreement.words,
            Outcome::Different(difference) => {
                return Err(format!("{pattern:?}: {difference}\n{how:?}"));
            }
        }
    }
    Ok(words as u64)
}

fn run(part: u8, model: impl Fn(u64) -> QuantizedModel) {
    let toolchain = toolchain();
    let config = Config {
        cases: designs().div_ceil(2),
        failure_persistence: None,
        max_shrink_iters: 0,
        ..Config::default()
    };
    let rng = TestRng::from_seed(config.rng_algorithm, &[part; 32]);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let words = std::cell::Cell::new(0);
    let result = runner.run(&any::<u64>(), |seed| {
        let model = model(seed);
        let mut how = random_implementation(&model, &mut SplitMix(!seed));
        if model.needs_whole_sequences() {
            (how.contexts, how.state) = (1, StatePolicy::Tlast);
            how.max_steps = Some([1, 2, 3, 5, 8, 12][(seed >> 7) as usize % 6]);
        }
        match agrees(&model, &how, &toolchain, seed) {
            Ok(equal) => {
                words.set(words.get() + equal);
                Ok(())
            }
            Err(problem) => Err(TestCaseError::fail(format!("seed {seed}: {problem}"))),
        }
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    assert!(words.get() > 0, "nothing was compared");
    eprintln!(
        "{} designs, {} words, none different",
        designs().div_ceil(2),
        words.get()
    );
}

/// Size of the largest vector: the long run goes to 70.
fn largest() -> usize {
    if designs() >= 60 { 70 } else { 24 }
}

// Two tests, so that both cores have work.
#[test]
fn random_designs_compute_what_the_model_computes_1() {
    run(1, |seed| {
        random_model_mixed(seed, largest(), &[CellKind::Lstm])
    });
}

/// All that may be odd is.
#[test]
fn random_designs_compute_what_the_model_computes_2() {
    let odd = LevelRule::Odd;
    run(2, |seed| {
        random_network(seed, largest(), odd, &[CellKind::Lstm])
    });
}

/// GRUs, alone and in stacks of both cells.
#[test]
fn random_designs_of_grus_compute_what_the_model_computes() {
    run(3, |seed| {
        random_model_mixed(seed, largest(), &[CellKind::Gru])
    });
    let both = [CellKind::Gru, CellKind::Lstm];
    run(4, |seed| random_model_mixed(seed, largest(), &both));
}

/// Networks with an embedding and dense layers of every kind around recurrent ones of both cells.
#[test]
fn random_designs_of_whole_networks_compute_what_the_model_computes() {
    let both = [CellKind::Lstm, CellKind::Gru];
    run(5, |seed| {
        with_random_ends(random_model_mixed(seed, largest(), &both), seed, largest())
    });
}

/// Layers of any direction, of both cells, and whole networks of them, rows with and without multipliers.
#[test]
fn random_designs_of_both_directions_compute_what_the_model_computes() {
    let both = [CellKind::Lstm, CellKind::Gru];
    run(8, |seed| random_model_directed(seed, largest(), &both));
    run(9, |seed| {
        let scaled = with_row_scales(random_model_directed(seed, largest(), &both), seed);
        with_random_ends(scaled, seed, largest())
    });
}

/// LSTMs, GRUs and stacks of both, whose rows have multipliers in two layers of three.
#[test]
fn random_designs_with_row_scales_compute_what_the_model_computes() {
    let cells = [CellKind::Lstm, CellKind::Gru];
    for (part, cells) in [(5, &cells[..1]), (6, &cells[1..]), (7, &cells[..])] {
        run(part, |seed| {
            with_row_scales(random_model_mixed(seed, largest(), cells), seed)
        });
    }
}

/// One model, many foldings, families and array styles: all give the model's words.
#[test]
fn words_do_not_depend_on_how_the_core_is_built() {
    let toolchain = toolchain();
    let gru = random_network(12, 16, LevelRule::Even, &[CellKind::Gru]);
    let scaled = (3..).map(|seed| with_row_scales(random_model(seed, 16), seed));
    let mut scaled = scaled.filter(|model| model.layers[0].row_scale.is_some());
    for mut model in [random_model(11, 16), gru, scaled.next().unwrap()] {
        model.layers.truncate(1);
        let mut noise = SplitMix(3);
        let mut words = std::collections::BTreeSet::new();
        for _ in 0..5 {
            let mut how = random_implementation(&model, &mut noise);
            how.state = StatePolicy::Never;
            let equal = agrees(&model, &how, &toolchain, 4);
            let equal = equal.unwrap_or_else(|problem| panic!("{problem}"));
            // Every context has as many steps.
            words.insert(equal / how.contexts as u64);
        }
        assert_eq!(
            words.len(),
            1,
            "every way of building compares the same number of words"
        );
    }
}
