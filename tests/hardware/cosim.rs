//! The Verilator path and the scoreboard, on a small core written by hand.

mod accumulator;
mod failures;
mod memories;
mod wrong;

use accumulator::{Accumulator, RANDOM, SMALL, Shape, difference, equal, inputs, toolchain};
use lprnn_hw::cosim::{Pattern, Probes, Stimulus, Toolchain};
use lprnn_hw::tools::{Search, ToolKind};
use std::path::{Path, PathBuf};

#[test]
fn equal_words_and_exact_cycles_at_every_port_width() {
    // 8, 24, 32, 48, 96, 144 and 320 bits: every type of port that Verilator has.
    for (elements, per_beat, width) in [
        (1, 1, 8),
        (7, 3, 8),
        (5, 2, 16),
        (4, 3, 16),
        (25, 12, 8),
        (20, 9, 16),
        (11, 10, 32),
    ] {
        let core = Accumulator::new(Shape {
            elements,
            per_beat,
            width,
            ..SMALL
        });
        let agreement = equal(core.check(50, Pattern::AlwaysReady));
        assert_eq!((agreement.steps, agreement.words), (50, 50 * elements));
        assert_eq!(agreement.latency, Some(core.interface.timing.latency));
        assert_eq!(
            agreement.cycles_per_step,
            Some(core.interface.timing.cycles_per_step)
        );
        let agreement = equal(core.check(50, RANDOM));
        assert_eq!(agreement.latency, None);
        assert!(agreement.cycles > 50 * core.interface.timing.cycles_per_step);
        equal(core.check(50, Pattern::Bursts { on: 20, off: 90 }));
    }
}

#[test]
fn broken_library_in_the_cache_is_built_again() {
    let cache = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let own = Toolchain::find(&Search::from_env(), Some(cache.path().to_path_buf())).unwrap();
    let core = Accumulator::new(SMALL);
    own.model(core.core(), Probes::default(), 1).unwrap();
    let models = || std::fs::read_dir(cache.path().join("models")).unwrap();
    let library = models().next().unwrap().unwrap().path().join("model.so");
    let whole = std::fs::read(&library).unwrap();
    // A new file: the old one may still be mapped.
    std::fs::remove_file(&library).unwrap();
    std::fs::write(&library, &whole[..whole.len() / 3]).unwrap();
    own.model(core.core(), Probes::default(), 1).unwrap();
    assert_eq!(
        (models().count(), std::fs::read(&library).unwrap().len()),
        (1, whole.len())
    );
}

#[test]
fn models_in_many_threads_do_not_meet() {
    // Same top name, different weights and shapes, all alive at once.
    std::thread::scope(|scope| {
        for thread in 0..6 {
            scope.spawn(move || {
                let mut core = Accumulator::new(Shape {
                    elements: 5 + thread % 2,
                    ..SMALL
                });
                core.weights.iter_mut().for_each(|w| *w += thread as i32);
                core.write_weights(core.weights.len());
                for _ in 0..5 {
                    equal(core.check(200, RANDOM));
                }
            });
        }
    });
}

#[test]
fn unoptimised_models_agree_too() {
    let core = Accumulator::new(SMALL);
    let inputs = inputs(&core.interface, 20);
    let stimulus = Stimulus {
        inputs: &inputs,
        last: &[true; 20],
        clear: &[],
        cut: &[],
    };
    let quick = toolchain().clone().unoptimised();
    let mut model = quick.model(core.core(), Probes::default(), 1).unwrap();
    equal(core.compare(&mut model, stimulus, &core.model(stimulus), RANDOM));
}

#[test]
fn clearing_the_state_by_pulse() {
    let core = Accumulator::new(SMALL);
    let inputs = inputs(&core.interface, 30);
    let clear: Vec<bool> = (0..30).map(|step| step % 4 == 3).collect();
    let stimulus = Stimulus {
        inputs: &inputs,
        last: &[false; 30],
        clear: &clear,
        cut: &[],
    };
    for pattern in [Pattern::AlwaysReady, RANDOM] {
        let mut model = toolchain()
            .model(core.core(), Probes::default(), 5)
            .unwrap();
        equal(core.compare(&mut model, stimulus, &core.model(stimulus), pattern));
    }
}

#[test]
fn vcd_is_written_by_a_model_made_for_it_only() {
    let core = Accumulator::new(SMALL);
    let inputs = inputs(&core.interface, 3);
    let stimulus = Stimulus {
        inputs: &inputs,
        last: &[true; 3],
        clear: &[],
        cut: &[],
    };
    let file = core.folder.path().join("waves.vcd");
    let mut plain = toolchain()
        .model(core.core(), Probes::default(), 1)
        .unwrap();
    plain.write_vcd(&file).unwrap_err();
    let probes = Probes {
        vcd: true,
        ..Probes::default()
    };
    let mut model = toolchain().model(core.core(), probes, 1).unwrap();
    model
        .write_vcd(Path::new("/nonexistent/waves.vcd"))
        .unwrap_err();
    let mut model = toolchain().model(core.core(), probes, 1).unwrap();
    model.write_vcd(&file).unwrap();
    equal(core.compare(&mut model, stimulus, &core.model(stimulus), RANDOM));
    drop(model);
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(
        text.contains("m_axis_tdata") && text.len() > 5000,
        "{} bytes",
        text.len()
    );
}

#[test]
fn uninitialised_registers_differ_from_seed_to_seed() {
    // Without a fresh start the accumulators add to what the seed put into them.
    let core = Accumulator::new(Shape {
        extra: "if (fresh_q) fresh_q <= 0;",
        ..SMALL
    });
    let inputs = inputs(&core.interface, 1);
    let stimulus = Stimulus {
        inputs: &inputs,
        last: &[false],
        clear: &[],
        cut: &[],
    };
    let first = |seed| {
        let mut model = toolchain()
            .model(core.core(), Probes::default(), seed)
            .unwrap();
        let expected = core.model(stimulus);
        difference(core.compare(&mut model, stimulus, &expected, Pattern::AlwaysReady))
    };
    assert_ne!(first(1), first(2));
    assert_eq!(first(1), first(1));
}

/// The oldest supported version (5.006 on Debian 12), which `setup.sh` does not install.
#[test]
#[ignore = "needs the distribution's Verilator: apt-get install verilator"]
fn the_distributions_verilator_passes_too() {
    let native = PathBuf::from("/usr/bin/verilator_bin");
    let search = Search::from_env().with(ToolKind::Verilator, native.to_str().unwrap());
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cosim");
    let old = Toolchain::find(&search, Some(cache)).unwrap();
    let core = Accumulator::new(Shape {
        elements: 25,
        per_beat: 12,
        width: 8,
        ..SMALL
    });
    let inputs = inputs(&core.interface, 20);
    let stimulus = Stimulus {
        inputs: &inputs,
        last: &[false; 20],
        clear: &[],
        cut: &[],
    };
    let mut model = old.model(core.core(), Probes::default(), 1).unwrap();
    equal(core.compare(&mut model, stimulus, &core.model(stimulus), RANDOM));
    core.write_weights(3);
    let mut model = old.model(core.core(), Probes::default(), 1).unwrap();
    let error = core
        .compare(&mut model, stimulus, &core.model(stimulus), RANDOM)
        .unwrap_err();
    assert!(error.to_string().contains("ended before"), "{error}");
    std::fs::remove_file(core.folder.path().join("w.mem")).unwrap();
    let mut model = old.model(core.core(), Probes::default(), 1).unwrap();
    let error = core
        .compare(&mut model, stimulus, &core.model(stimulus), RANDOM)
        .unwrap_err();
    assert!(error.to_string().contains("file not found"), "{error}");
}
