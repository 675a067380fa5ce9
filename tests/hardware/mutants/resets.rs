//! Registers whose reset is missing or late: found by resets of one cycle at any time.
//!
//! The registers are those of the Verilog itself: every assignment of every `if (rst)`. Without its reset
//! a register still starts with the same value, as it would in an FPGA, so that only a reset in the middle
//! of the work shows what is missing.

use super::{SEED, has_source, source, toolchain};
use crate::common::icarus::IcarusDut;
use crate::common::{Random, Recipe};
use crate::reset::{arrays, plain};
use lprnn_hw::codegen::{Bundle, Interface, library_prefix, primitives};
use lprnn_hw::cosim::{
    Capture, Core, Drive, Dut, DutError, FLAG_LAST, Mask, Outcome, Pattern, Probes, RunEnded,
    Workload, beat_bytes, compare_timed, pack_step, signed_field,
};
use lprnn_hw::device::Family;
use lprnn_hw::estimate::FactorTable;
use lprnn_hw::hardware;
use lprnn_hw::quantize::{DenseOutput, Emit, QuantizedModel};
use lprnn_hw::spec::{CellKind, DirectionKind, MacStyle, StatePolicy};

/// Steps of a run that is compared after a reset.
const STEPS: usize = 4;

/// A core whose reset, in the middle of what it does, is so many cycles long.
struct AfterPulse<'a> {
    dut: &'a mut dyn Dut,
    cycles: u64,
}

impl Dut for AfterPulse<'_> {
    fn reset(&mut self) -> Result<(), DutError> {
        self.dut.pulse_reset(self.cycles)
    }

    fn pulse_reset(&mut self, cycles: u64) -> Result<(), DutError> {
        self.dut.pulse_reset(cycles)
    }

    fn run(&mut self, drive: &Drive<'_>, capture: &mut Capture) -> Result<RunEnded, DutError> {
        self.dut.run(drive, capture)
    }
}

/// A design, and what it should do.
pub struct Design {
    recipe: Recipe,
    pub model: QuantizedModel,
    hardware: hardware::Design,
    pub interface: Interface,
}

impl Design {
    pub fn new(recipe: Recipe) -> (Self, Bundle) {
        let model = recipe.model(SEED);
        let hardware =
            hardware::Design::new(&model, &recipe.implementation(), &*FactorTable::built_in())
                .unwrap();
        let bundle = recipe.bundle(SEED, 4);
        let interface = bundle.interface.clone();
        let design = Self {
            recipe,
            model,
            hardware,
            interface,
        };
        (design, bundle)
    }

    fn load(&self, seed: u64) -> (Workload, Vec<i32>) {
        let steps = STEPS * self.interface.contexts;
        let mut load = Workload::random(&self.interface, steps, seed);
        load.clear.clear(); // pulses have a test of their own
        let expected = load.expected(&self.model, self.recipe.state, &mut |_| {});
        (load, expected)
    }

    /// Some cycles of work that a reset will interrupt, source and sink pausing; its words, as far as
    /// they came, are right.
    pub fn begin(&self, dut: &mut dyn Dut, seed: u64) -> Result<(), String> {
        let mut random = Random(seed);
        let (load, expected) = self.load(seed);
        let port = &self.interface.input;
        let mut data = Vec::new();
        for codes in load.inputs.chunks(port.elements) {
            pack_step(codes, port, &mut data);
        }
        let mut flags = vec![0; data.len() / beat_bytes(port)];
        for (beats, &last) in flags.chunks_mut(port.beats_per_step).zip(&load.last) {
            beats[port.beats_per_step - 1] = u8::from(last) * FLAG_LAST;
        }
        let timing = &self.interface.timing;
        let held = 2 + self.interface.max_steps.unwrap_or(0) as u64;
        let longest = (timing.latency + held * timing.cycles_per_step) as i64;
        // A sink that takes little keeps results in the queue and a beat at the port.
        let percent = [100, 60, 5][random.between(0, 2) as usize];
        let mut capture = Capture::default();
        let drive = Drive {
            data: &data,
            flags: &flags,
            offer: &Mask::random(90, seed),
            take: &Mask::random(percent, seed),
            out_beats: load.last.len() * self.interface.output.beats_per_step,
            quiet_limit: u64::MAX,
            cycle_limit: random.between(0, longest) as u64,
        };
        dut.run(&drive, &mut capture)
            .map_err(|error| error.to_string())?;
        let port = &self.interface.output;
        for (beat, bytes) in capture.data.chunks(beat_bytes(port)).enumerate() {
            let (step, place) = (beat / port.beats_per_step, beat % port.beats_per_step);
            let first = place * port.elements_per_beat;
            for element in first..(first + port.elements_per_beat).min(port.elements) {
                let word = signed_field(bytes, element - first, port.element_width);
                if word != i64::from(expected[step * port.elements + element]) {
                    return Err(format!(
                        "step {step} output {element} before a reset is {word}"
                    ));
                }
            }
        }
        Ok(())
    }

    /// Resets the core `count` times in the middle of its work, by one cycle, every eighth time by two;
    /// what follows is compared whole.
    fn resets(&self, dut: &mut dyn Dut, count: u64) -> Result<(), String> {
        let text = |error: DutError| error.to_string();
        dut.reset().map_err(text)?;
        for number in 0..count {
            if number > 0 {
                dut.pulse_reset(1).map_err(text)?; // at rest, after a comparison
            }
            self.begin(dut, number)?;
            let (load, expected) = self.load(!number);
            let outcome = compare_timed(
                &mut AfterPulse {
                    dut,
                    cycles: 1 + u64::from(number % 8 == 7),
                },
                &self.interface,
                self.hardware.layers(),
                load.stimulus(),
                &expected,
                (Pattern::AlwaysReady, number),
                &mut |_| {},
            );
            match outcome {
                Ok(Outcome::Equal(_)) => {}
                Ok(Outcome::Different(difference)) => {
                    return Err(format!("after reset {number}: {difference}"));
                }
                Err(error) => return Err(format!("after reset {number}: {error}")),
            }
        }
        Ok(())
    }
}

/// Designs that have every module with a reset between them.
fn every_module() -> [Recipe; 9] {
    [
        guarded(),
        wide(),
        idle(),
        gru(),
        turns(),
        network(),
        choice(),
        answer(),
        both(),
    ]
}

/// Every kind of array, policy, folding and stack.
fn designs() -> Vec<Recipe> {
    let mut designs = every_module().to_vec();
    designs.extend([guarded().scaled(5), gru().scaled(8)]);
    designs.extend(arrays());
    designs.extend([
        plain("stack", &[3, 4, 5], 4),
        Recipe::new("tiny", &[1, 1], 4).folded(1, 1),
        both().in_processing_order(),
    ]);
    designs
}

/// Windows of steps, several slots of a block, and groups so short that the lane has its guard.
const fn guarded() -> Recipe {
    Recipe::new("guarded", &[3, 6], 3)
        .folded(1, 2)
        .state(StatePolicy::FixedWindow { steps: 3 })
}

/// Groups over several blocks, with the registers of the LUT4 families.
const fn wide() -> Recipe {
    Recipe::new("wide", &[3, 7], 2)
        .folded(5, 2)
        .target(Family::Ecp5, MacStyle::Lut)
}

/// Idle blocks, and a chain that is longer than x takes to load.
const fn idle() -> Recipe {
    Recipe::new("idle", &[1, 8], 4)
        .folded(1, 8)
        .target(Family::Xc7, MacStyle::Dsp)
}

/// The other cell, one block of x and several of h.
const fn gru() -> Recipe {
    Recipe::new("gru", &[2, 6], 3)
        .of(CellKind::Gru)
        .folded(1, 2)
}

/// Two sequences in turn, a beat a step, windows.
const fn turns() -> Recipe {
    Recipe::new("turns", &[1, 4], 3)
        .contexts(2)
        .folded(1, 2)
        .state(StatePolicy::FixedWindow { steps: 2 })
}

/// Indices in, sums of a dense layer out.
const fn network() -> Recipe {
    Recipe::new("network", &[3, 4], 3)
        .embedding(6)
        .dense(5, DenseOutput::Sum, Emit::Step)
        .folded(1, 2)
}

/// The largest output of every step.
const fn choice() -> Recipe {
    Recipe::new("choice", &[2, 3], 3)
        .dense(7, DenseOutput::Argmax, Emit::Step)
        .folded(1, 2)
}

/// Indices in, the largest output of a chain of dense layers at the end of a sequence.
const fn answer() -> Recipe {
    Recipe::new("answer", &[3, 4], 3)
        .embedding(6)
        .hidden(3)
        .dense(5, DenseOutput::Argmax, Emit::Last)
        .folded(1, 2)
}

/// Both directions, two beats of x and three of h a step.
const fn both() -> Recipe {
    Recipe::new("both", &[2, 3], 3)
        .directed(DirectionKind::Bidirectional, 2)
        .folded(1, 2)
}

#[test]
fn forty_resets_of_every_kind_of_design_lose_the_step_and_nothing_else() {
    for recipe in designs() {
        let (design, bundle) = Design::new(recipe);
        design
            .resets(&mut IcarusDut::new(&bundle), 40)
            .unwrap_or_else(|problem| panic!("{}: {problem}", design.recipe.name));
    }
}

/// The same through Verilator, whose registers start at random.
#[test]
fn forty_resets_of_a_compiled_model() {
    let (design, bundle) = Design::new(Recipe::new("compiled", &[3, 4, 5], 4).folded(2, 3));
    let folder = tempfile::tempdir().unwrap();
    crate::common::write(&bundle, folder.path());
    let core = Core {
        folder: folder.path(),
        interface: &bundle.interface,
    };
    let mut model = toolchain().model(core, Probes::default(), 3).unwrap();
    design.resets(&mut model, 40).unwrap();
}

/// A reset in a source: the lines from an `always` to the end of its `if (rst)`.
struct Reset<'a> {
    /// Where its `always` begins.
    start: usize,
    /// Where `if (rst)` stands.
    test: usize,
    /// The assignments, from register to semicolon.
    lines: Vec<&'a str>,
}

/// All resets of a source.
fn resets_of(text: &str) -> Vec<Reset<'_>> {
    let mut found = Vec::new();
    for (test, _) in text.match_indices("if (rst) begin\n") {
        let start = text[..test].rfind("always @(posedge clk)").unwrap();
        let rest = &text[test..];
        let body = &rest[..rest.find(" end").unwrap()];
        let lines: Vec<&str> = body
            .lines()
            .skip(1)
            .map(str::trim)
            .filter_map(|line| line.split_once(';').map(|(assignment, _)| assignment))
            .collect();
        assert!(!lines.is_empty(), "no assignments in {body}");
        found.push(Reset { start, test, lines });
    }
    found
}

/// Texts with one reset missing, and texts with one late, each with its name.
fn wrong_resets(file: &str, text: &str) -> Vec<(String, String)> {
    let mut wrong = Vec::new();
    for (number, reset) in resets_of(text).iter().enumerate() {
        for line in &reset.lines {
            let (register, value) = line.split_once("<=").unwrap();
            let register = register.split('[').next().unwrap().trim();
            let (value, place) = (
                value.trim(),
                text[reset.test..].find(line).unwrap() + reset.test,
            );
            let mut spoilt = text.to_string();
            spoilt.replace_range(place..=place + line.len(), "");
            spoilt.insert_str(reset.start, &format!("initial {register} = {value};\n"));
            wrong.push((format!("{file}: no reset of {register}"), spoilt));
        }
        let mut late = text.to_string();
        late.replace_range(reset.test..reset.test + "if (rst)".len(), "if (late_q)");
        let register = "reg late_q;\nalways @(posedge clk) late_q <= rst;\n";
        late.insert_str(reset.start, register);
        wrong.push((format!("{file}: reset {number} late"), late));
    }
    wrong
}

/// What no reset of a whole core shows, each with the reason; not simulated.
const EQUIVALENT: [(&str, &str); 23] = [
    (
        "lprnn_lane_dense.v: reset 0 late",
        "no group comes in the cycle after",
    ),
    (
        "lprnn_argmax.v: reset 0 late",
        "no sum comes in the cycle after",
    ),
    (
        "lprnn_embedding.v: no reset of beyond_q",
        "it is no word; primitives/ends.rs finds it",
    ),
    (
        "lprnn_cut.v: no reset of cut_q",
        "it is no word; primitives/directions.rs finds it",
    ),
    (
        "lprnn_reverser.v: no reset of down_q",
        "a sequence is turned whichever way the memory is walked",
    ),
    (
        "lprnn_beat_queue.v: no reset of valid_q",
        "it falls in the next cycle, and until then nothing takes; primitives/directions.rs finds it",
    ),
    (
        "lprnn_beat_queue.v: reset 0 late",
        "no beat comes or leaves in the cycle after",
    ),
    (
        "lprnn_join.v: reset 0 late",
        "no beat leaves in the cycle after",
    ),
    (
        "lprnn_sequencer.v: no reset of distance_q",
        "it has run out before the first group ends",
    ),
    ("lprnn_sequencer.v: reset 0 late", "the same register"),
    (
        "lprnn_sequencer.v: no reset of started_q",
        "gap_q is 0 after reset, and no start needs more",
    ),
    (
        "lprnn_accumulator.v: reset 0 late",
        "no sum comes in the cycle after",
    ),
    (
        "lprnn_lane_lstm.v: no reset of before2_q",
        "the forget gate of a first step meets c = 0; z shows it, primitives/lane_mutants.rs",
    ),
    (
        "lprnn_lane_lstm.v: reset 0 late",
        "no group comes in the cycle after; one does in primitives/lane_mutants.rs",
    ),
    (
        "lprnn_lane_gru.v: reset 0 late",
        "no group comes in the cycle after, nor in the few that follow",
    ),
    (
        "lprnn_h_writer.v: reset 0 late",
        "no group comes in the cycle after",
    ),
    (
        "lprnn_h_writer.v: reset 1 late",
        "no group comes in the cycle after",
    ),
    (
        "lprnn_lane_control.v: reset 1 late",
        "no group closes in the cycle after",
    ),
    (
        "lprnn_lane_control.v: reset 2 late",
        "no group is in the lane in the cycle after",
    ),
    (
        "lprnn_turn.v: no reset of context_q",
        "contexts change places, all of them without a state; primitives/streams.rs finds it",
    ),
    (
        "lprnn_turn.v: reset 0 late",
        "no step ends in the cycle after",
    ),
    (
        "lprnn_trace.v: no reset of group_q",
        "under LPRNN_TRACE only, found in ports.rs",
    ),
    (
        "lprnn_trace.v: reset 0 late",
        "the same register; no group is in the lane in the cycle after",
    ),
];

#[test]
fn every_reset_that_is_missing_or_late_is_found() {
    let designs = every_module().map(|recipe| Design::new(recipe).0);
    let (mut found, mut reasoned) = (0, 0);
    let mut alive = Vec::new();
    for (file, text) in primitives() {
        for (name, wrong) in wrong_resets(file, text) {
            if EQUIVALENT.iter().any(|(equivalent, _)| *equivalent == name) {
                reasoned += 1;
                continue;
            }
            let wrong = wrong.replace("lprnn_", &library_prefix());
            let dies = designs.iter().any(|design| {
                let mut bundle = design.recipe.bundle(SEED, 4);
                // A lane is in the designs of its cell alone.
                if !has_source(&bundle, file) {
                    return false;
                }
                *source(&mut bundle, file) = wrong.clone().into_bytes();
                design.resets(&mut IcarusDut::new(&bundle), 40).is_err()
            });
            if dies {
                found += 1;
            } else {
                alive.push(name);
            }
        }
    }
    assert!(alive.is_empty(), "not found: {alive:#?}");
    assert_eq!(reasoned, EQUIVALENT.len());
    assert!(found > 40, "{found}");
}
