//! The Verilator path and the scoreboard, on a small core written by hand.

use lprnn_hw::codegen::{Interface, StreamPort, Timing};
use lprnn_hw::cosim::{
    Core, CosimError, Difference, Dut, DutError, Oracle, Outcome, Pattern, Probes, Request,
    Stimulus, Toolchain, TracedLayer, check, compare, replay,
};
use lprnn_hw::fixed::QFormat;
use lprnn_hw::spec::StatePolicy;
use lprnn_hw::tools::{Search, ToolKind};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

fn toolchain() -> &'static Toolchain {
    static TOOLCHAIN: OnceLock<Toolchain> = OnceLock::new();
    TOOLCHAIN.get_or_init(|| {
        let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cosim");
        Toolchain::find(&Search::from_env(), Some(cache)).expect("run ./setup.sh")
    })
}

/// The accumulator core in a folder of its own.
struct Accumulator {
    folder: tempfile::TempDir,
    interface: Interface,
    weights: Vec<i32>,
}

/// How it is shaped, and what is wrong with it: Verilog put at marked places.
#[derive(Clone, Copy)]
struct Shape {
    elements: usize,
    per_beat: usize,
    width: usize,
    wait: u64,
    spoil_valid: &'static str,
    spoil_data: &'static str,
    spoil_trace: &'static str,
    extra: &'static str,
}

const SMALL: Shape = Shape {
    elements: 5,
    per_beat: 2,
    width: 16,
    wait: 9,
    spoil_valid: "",
    spoil_data: "",
    spoil_trace: "",
    extra: "",
};

impl Accumulator {
    fn new(shape: Shape) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let source = include_str!("cosim/accumulator.v")
            .replace("@ELEMENTS@", &shape.elements.to_string())
            .replace("@PER_BEAT@", &shape.per_beat.to_string())
            .replace("@WIDTH@", &shape.width.to_string())
            .replace("@WAIT@", &shape.wait.to_string())
            .replace("@SPOIL_VALID@", shape.spoil_valid)
            .replace("@SPOIL_DATA@", shape.spoil_data)
            .replace("@SPOIL_TRACE@", shape.spoil_trace)
            .replace("@EXTRA@", shape.extra);
        std::fs::write(folder.path().join("accumulator_top.v"), source).unwrap();
        let weights: Vec<i32> = (0..shape.elements).map(|e| (e * 7 % 31) as i32).collect();
        let core = Self {
            folder,
            interface: interface(shape),
            weights,
        };
        core.write_weights(shape.elements);
        core
    }

    fn write_weights(&self, count: usize) {
        let words: Vec<String> = self.weights[..count]
            .iter()
            .map(|w| format!("{w:x}"))
            .collect();
        let lines = words.join("\n") + "\n";
        std::fs::write(self.folder.path().join("w.mem"), lines).unwrap();
    }

    fn core(&self) -> Core<'_> {
        Core {
            folder: self.folder.path(),
            interface: &self.interface,
        }
    }

    /// What it should compute, as `[steps, elements]`.
    fn model(&self, stimulus: Stimulus<'_>) -> Vec<i32> {
        let shift = 32 - self.interface.output.element_width.min(32);
        let mut state = vec![0i32; self.weights.len()];
        let mut words = Vec::new();
        for (step, x) in stimulus.inputs.chunks(state.len()).enumerate() {
            if stimulus.clear.get(step) == Some(&true) || step > 0 && stimulus.last[step - 1] {
                state.fill(0);
            }
            for ((state, x), w) in state.iter_mut().zip(x).zip(&self.weights) {
                *state = state.wrapping_add(*x).wrapping_add(*w) << shift >> shift;
            }
            words.extend(&state);
        }
        words
    }

    fn compare(
        &self,
        dut: &mut dyn Dut,
        stimulus: Stimulus<'_>,
        expected: &[i32],
        pattern: Pattern,
    ) -> Result<Outcome, CosimError> {
        compare(
            dut,
            &self.interface,
            stimulus,
            expected,
            (pattern, 11),
            &mut |_| {},
        )
    }

    /// Compiles it and compares `steps` steps.
    fn check(&self, steps: usize, pattern: Pattern) -> Result<Outcome, CosimError> {
        let inputs = inputs(&self.interface, steps);
        let last: Vec<bool> = (0..steps).map(|step| step % 7 == 6).collect();
        let stimulus = Stimulus {
            inputs: &inputs,
            last: &last,
            clear: &[],
        };
        let mut model = toolchain().model(self.core(), Probes::default(), 1)?;
        self.compare(&mut model, stimulus, &self.model(stimulus), pattern)
    }
}

fn interface(shape: Shape) -> Interface {
    let beats = shape.elements.div_ceil(shape.per_beat);
    let port = |prefix: &str| StreamPort {
        prefix: prefix.to_string(),
        elements: shape.elements,
        elements_per_beat: shape.per_beat,
        element_width: shape.width,
        beats_per_step: beats,
        format: QFormat::new(shape.width as u32, 0),
    };
    Interface {
        schema: 1,
        top: "accumulator_top".to_string(),
        clock: "aclk".to_string(),
        reset_n: "aresetn".to_string(),
        state_clear: Some("state_clear".to_string()),
        state: StatePolicy::Tlast,
        input: port("s_axis"),
        output: port("m_axis"),
        timing: Timing {
            cycles_per_step: 2 * beats as u64 + shape.wait,
            filling: Vec::new(),
            repeating: vec![2 * beats as u64 + shape.wait],
            latency: 2 * beats as u64 + shape.wait,
            macs_per_step: 1,
            macs_per_cycle: 1,
        },
        sources: vec!["accumulator_top.v".to_string()],
        memories: vec!["w.mem".to_string()],
    }
}

fn inputs(interface: &Interface, steps: usize) -> Vec<i32> {
    let mut state = 12345u32;
    let bits = interface.input.element_width.min(32) as u32;
    (0..steps * interface.input.elements)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state as i32 >> (32 - bits)
        })
        .collect()
}

fn equal(outcome: Result<Outcome, CosimError>) -> lprnn_hw::cosim::Agreement {
    match outcome {
        Ok(Outcome::Equal(agreement)) => agreement,
        other => panic!("{other:?}"),
    }
}

fn difference(outcome: Result<Outcome, CosimError>) -> Difference {
    match outcome {
        Ok(Outcome::Different(difference)) => difference,
        other => panic!("{other:?}"),
    }
}

const RANDOM: Pattern = Pattern::Random {
    offer: 60,
    take: 40,
};

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
    };
    for pattern in [Pattern::AlwaysReady, RANDOM] {
        let mut model = toolchain()
            .model(core.core(), Probes::default(), 5)
            .unwrap();
        equal(core.compare(&mut model, stimulus, &core.model(stimulus), pattern));
    }
}

#[test]
fn wrong_word_is_named() {
    let core = Accumulator::new(SMALL);
    let inputs = inputs(&core.interface, 9);
    let stimulus = Stimulus {
        inputs: &inputs,
        last: &[false; 9],
        clear: &[],
    };
    let mut expected = core.model(stimulus);
    let right = expected[6 * 5 + 3];
    expected[6 * 5 + 3] ^= 1;
    let mut model = toolchain()
        .model(core.core(), Probes::default(), 1)
        .unwrap();
    let difference = difference(core.compare(&mut model, stimulus, &expected, RANDOM));
    assert_eq!(
        difference.to_string(),
        format!("step 6 output 3: hardware {right}, model {}", right ^ 1)
    );
}

#[test]
fn weights_are_read_at_run_time_from_the_folder_of_the_core() {
    let one = Accumulator::new(SMALL);
    let mut two = Accumulator::new(SMALL);
    two.weights.iter_mut().for_each(|w| *w += 1);
    two.write_weights(5);
    equal(one.check(10, RANDOM));
    equal(two.check(10, RANDOM));
    // A flipped weight bit must be seen.
    two.weights[4] ^= 1;
    assert!(matches!(
        difference(two.check(10, RANDOM)),
        Difference::Word { element: 4, .. }
    ));
}

#[test]
fn memory_beside_the_sources_is_found_by_its_bare_name() {
    let mut core = Accumulator::new(SMALL);
    let folder = core.folder.path();
    std::fs::create_dir(folder.join("rtl")).unwrap();
    std::fs::rename(folder.join("w.mem"), folder.join("rtl/w.mem")).unwrap();
    core.interface.memories = vec!["rtl/w.mem".to_string()];
    equal(core.check(5, RANDOM));
}

#[test]
fn missing_memory_file_is_an_error_with_its_name() {
    let core = Accumulator::new(SMALL);
    std::fs::remove_file(core.folder.path().join("w.mem")).unwrap();
    let error = core.check(3, RANDOM).unwrap_err().to_string();
    assert!(
        error.contains("w.mem") && error.contains("file not found"),
        "{error}"
    );
}

#[test]
fn short_memory_file_is_an_error_with_its_name() {
    let core = Accumulator::new(SMALL);
    core.write_weights(4);
    let error = core.check(3, RANDOM).unwrap_err().to_string();
    assert!(
        error.contains("w.mem") && error.contains("ended before"),
        "{error}"
    );
}

#[test]
fn core_that_stops_itself_is_an_error_and_other_models_live_on() {
    let stop = "if (take && s_axis_tlast) begin $display(\"weights are stale\"); $stop; end";
    let core = Accumulator::new(Shape {
        extra: stop,
        ..SMALL
    });
    let error = core.check(20, RANDOM).unwrap_err();
    assert!(matches!(error, CosimError::Dut(DutError::Stopped { .. })));
    let text = error.to_string();
    assert!(
        text.contains("weights are stale") && text.contains("accumulator_top.v"),
        "{text}"
    );
    equal(Accumulator::new(SMALL).check(5, RANDOM));
}

#[test]
fn model_that_stopped_stays_stopped() {
    let core = Accumulator::new(Shape {
        extra: "if (take) $finish;",
        ..SMALL
    });
    let mut model = toolchain()
        .model(core.core(), Probes::default(), 1)
        .unwrap();
    let inputs = inputs(&core.interface, 1);
    let stimulus = Stimulus {
        inputs: &inputs,
        last: &[true],
        clear: &[],
    };
    let expected = core.model(stimulus);
    for _ in 0..2 {
        let error = core
            .compare(&mut model, stimulus, &expected, RANDOM)
            .unwrap_err();
        assert!(error.to_string().contains("$finish"), "{error}");
    }
}

#[test]
fn hanging_core_is_an_error() {
    let hang = "if (give && acc[0][3:0] == 4'd5) begin giving_q <= 0; waiting_q <= 1; \
                wait_q <= 16'hffff; beat_q <= 16'hff00; end wait_q <= wait_q;";
    let core = Accumulator::new(Shape {
        extra: hang,
        ..SMALL
    });
    let error = core.check(200, RANDOM).unwrap_err();
    assert!(matches!(error, CosimError::Hang { .. }), "{error}");
    assert!(
        error
            .to_string()
            .starts_with("the core hangs: no transfer for"),
        "{error}"
    );
}

#[test]
fn stream_rules_are_checked() {
    let core = Accumulator::new(Shape {
        spoil_valid: "&& m_axis_tready",
        ..SMALL
    });
    equal(core.check(5, RANDOM)); // waiting for ready is allowed to a sink's partner, if unwise
    let impatient = "if (giving_q && !m_axis_tready) giving_q <= 0;";
    let core = Accumulator::new(Shape {
        extra: impatient,
        ..SMALL
    });
    let text = difference(core.check(50, RANDOM)).to_string();
    assert!(text.contains("m_axis_tvalid fell"), "{text}");
    let core = Accumulator::new(Shape {
        spoil_data: "+ s_axis_tdata[0]",
        ..SMALL
    });
    assert!(matches!(
        difference(core.check(50, RANDOM)),
        Difference::Word { .. } | Difference::Protocol { .. }
    ));
}

#[test]
fn stated_cycles_that_are_wrong_are_a_difference() {
    let mut core = Accumulator::new(SMALL);
    core.interface.timing.latency += 1;
    assert!(matches!(
        difference(core.check(8, Pattern::AlwaysReady)),
        Difference::Latency { .. }
    ));
    core.interface.timing.latency -= 1;
    core.interface.timing.repeating[0] -= 1;
    let difference = difference(core.check(8, Pattern::AlwaysReady));
    assert_eq!(
        difference,
        Difference::CyclesPerStep {
            step: 1,
            measured: 15,
            stated: 14
        }
    );
}

#[test]
fn ports_that_are_not_as_stated_are_named() {
    let mut core = Accumulator::new(SMALL);
    core.interface.output.element_width = 24;
    core.interface.input.element_width = 16;
    let error = core.check(3, RANDOM).unwrap_err().to_string();
    assert_eq!(
        error,
        "port m_axis_tdata of accumulator_top is 32 bits wide, interface.json says 48"
    );
    let mut core = Accumulator::new(SMALL);
    core.interface.clock = "clk".to_string();
    let error = core.check(3, RANDOM).unwrap_err().to_string();
    assert_eq!(
        error,
        "accumulator_top has no port clk, which interface.json names"
    );
    core.interface.clock = "a\nclk".to_string();
    assert!(
        core.check(3, RANDOM)
            .unwrap_err()
            .to_string()
            .contains("interface.clock")
    );
}

#[test]
fn verilog_that_does_not_compile_shows_the_place() {
    let core = Accumulator::new(Shape {
        extra: "nonsense here",
        ..SMALL
    });
    let error = core.check(3, RANDOM).unwrap_err().to_string();
    assert!(
        error.starts_with("Verilator failed with exit status"),
        "{error}"
    );
    assert!(error.contains("accumulator_top.v:"), "{error}");
}

#[test]
fn vcd_is_written_by_a_model_made_for_it_only() {
    let core = Accumulator::new(SMALL);
    let inputs = inputs(&core.interface, 3);
    let stimulus = Stimulus {
        inputs: &inputs,
        last: &[true; 3],
        clear: &[],
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

/// `check` with trace ports and packages; what the model says of z, as (step, gate, unit).
fn checked(
    core: &Accumulator,
    expected: impl Fn(&mut Vec<i32>),
    failures: &Path,
) -> lprnn_hw::cosim::Verdict {
    let steps = 30;
    let inputs = inputs(&core.interface, steps);
    let last: Vec<bool> = (0..steps).map(|step| step % 11 == 10).collect();
    let stimulus = Stimulus {
        inputs: &inputs,
        last: &last,
        clear: &[],
    };
    let words = core.model(stimulus);
    let mut spoilt = words.clone();
    expected(&mut spoilt);
    let layers = [TracedLayer {
        hidden_size: 4,
        units: 2,
        z_bits: 11,
    }];
    let mut z = |step: usize, _: usize, gate: usize, unit: usize| {
        i64::from((words[step * 5 + unit] + gate as i32) << 21 >> 21)
    };
    let request = Request {
        core: core.core(),
        stimulus,
        expected: &spoilt,
        pattern: RANDOM,
        seed: 3,
        vcd: None,
        oracle: Some(Oracle {
            layers: &layers,
            z: &mut z,
        }),
        failures: Some(failures),
        progress: &mut |_| {},
    };
    check(toolchain(), request).unwrap()
}

/// Wrong from step 17 on, in the trace and in the output.
const FROM_17: Shape = Shape {
    wait: 9,
    spoil_data: "^ (step_q >= 17 && beat_q == 1 && i == 1)",
    extra: "if (give && end_of_step) step_q <= step_q + 1;",
    ..SMALL
};

#[test]
fn difference_is_followed_to_the_gate() {
    let failures = tempfile::tempdir().unwrap();
    let trace = "^ (step_q >= 17 && wait_q[1:0] == 1 && wait_q[2])";
    let core = Accumulator::new(Shape {
        spoil_trace: trace,
        ..FROM_17
    });
    let verdict = checked(&core, |_| {}, failures.path());
    let Outcome::Different(difference) = verdict.outcome else {
        panic!("equal")
    };
    let text = difference.to_string();
    assert!(
        text.starts_with("step 17 layer 0 gate f unit 3: hardware "),
        "{text}"
    );
    let Difference::Gate {
        hardware, model, ..
    } = difference
    else {
        panic!("{text}")
    };
    assert_eq!(hardware ^ 1, model);
}

#[test]
fn equal_gates_leave_h() {
    let failures = tempfile::tempdir().unwrap();
    let verdict = checked(&Accumulator::new(FROM_17), |_| {}, failures.path());
    let Outcome::Different(difference) = verdict.outcome else {
        panic!("equal")
    };
    let text = difference.to_string();
    assert!(
        text.starts_with("step 17 layer 0 h unit 3: hardware "),
        "{text}"
    );
}

#[test]
fn difference_is_a_package_that_replays() {
    let failures = tempfile::tempdir().unwrap();
    let root = failures.path().join("lprnn-hw-fail");
    let core = Accumulator::new(SMALL);
    let spoil = |words: &mut Vec<i32>| words[12 * 5 + 4] ^= 2;
    let verdict = checked(&core, spoil, &root);
    let folder = verdict.package.unwrap();
    assert_eq!(folder.parent(), Some(root.as_path()));
    for name in [
        "failure.json",
        "inputs.txt",
        "expected.txt",
        "got.txt",
        "waves.vcd",
        "bundle/accumulator_top.v",
        "bundle/w.mem",
        "bundle/interface.json",
    ] {
        assert!(folder.join(name).metadata().unwrap().len() > 0, "{name}");
    }
    // What the hardware gave is what the unspoilt model says, up to the failing step.
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let (got, expected) = (read("got.txt"), read("expected.txt"));
    let differing: Vec<usize> = got
        .lines()
        .zip(expected.lines())
        .enumerate()
        .filter(|(_, (a, b))| a != b)
        .map(|(s, _)| s)
        .collect();
    assert_eq!((got.lines().count(), differing), (13, vec![12]));
    // The original is gone, the package alone shows the same.
    drop(core);
    let again = replay(toolchain(), &folder).unwrap();
    assert!(matches!(
        again,
        Outcome::Different(Difference::Word {
            step: 12,
            element: 4,
            ..
        })
    ));
    // Mended, it agrees.
    std::fs::write(folder.join("expected.txt"), &got).unwrap();
    assert!(matches!(
        replay(toolchain(), &folder).unwrap(),
        Outcome::Equal(_)
    ));
    // Cut short, it is refused.
    std::fs::write(folder.join("expected.txt"), &got[..got.len() / 2]).unwrap();
    replay(toolchain(), &folder).unwrap_err();
    assert_eq!(std::fs::read_dir(&root).unwrap().count(), 1);
}

#[test]
fn same_failure_is_the_same_package() {
    let failures = tempfile::tempdir().unwrap();
    let core = Accumulator::new(SMALL);
    let spoil = |words: &mut Vec<i32>| words[7] ^= 1;
    let first = checked(&core, spoil, failures.path()).package;
    assert!(first.is_some());
    assert_eq!(first, checked(&core, spoil, failures.path()).package);
    let agreed = checked(&core, |_| {}, failures.path());
    assert!(matches!(agreed.outcome, Outcome::Equal(_)) && agreed.package.is_none());
}

#[test]
fn core_without_trace_ports_still_names_the_word() {
    let failures = tempfile::tempdir().unwrap();
    let core = Accumulator::new(SMALL);
    let path = core.folder.path().join("accumulator_top.v");
    let source = std::fs::read_to_string(&path)
        .unwrap()
        .replace("LPRNN_TRACE", "SOMETHING_ELSE");
    std::fs::write(path, source).unwrap();
    let verdict = checked(&core, |words| words[7] ^= 1, failures.path());
    assert!(matches!(
        verdict.outcome,
        Outcome::Different(Difference::Word {
            step: 1,
            element: 2,
            ..
        })
    ));
    assert!(verdict.package.is_some());
}
