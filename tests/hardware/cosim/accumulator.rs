//! A small core written by hand, its model, and ways to spoil it.

use lprnn_hw::codegen::{Interface, PortKind, StreamPort, Timing};
use lprnn_hw::cosim::{
    Core, CosimError, Difference, Dut, Outcome, Pattern, Probes, Stimulus, Toolchain, compare,
};
use lprnn_hw::fixed::QFormat;
use lprnn_hw::quantize::Emit;
use lprnn_hw::spec::StatePolicy;
use lprnn_hw::tools::Search;
use std::path::Path;
use std::sync::OnceLock;

pub fn toolchain() -> &'static Toolchain {
    static TOOLCHAIN: OnceLock<Toolchain> = OnceLock::new();
    TOOLCHAIN.get_or_init(|| {
        let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cosim");
        Toolchain::find(&Search::from_env(), Some(cache)).expect("run ./setup.sh")
    })
}

/// The accumulator core in a folder of its own.
pub struct Accumulator {
    pub folder: tempfile::TempDir,
    pub interface: Interface,
    pub weights: Vec<i32>,
}

/// How it is shaped, and what is wrong with it: Verilog put at marked places.
#[derive(Clone, Copy)]
pub struct Shape {
    pub elements: usize,
    pub per_beat: usize,
    pub width: usize,
    pub wait: u64,
    pub spoil_valid: &'static str,
    pub spoil_data: &'static str,
    pub spoil_trace: &'static str,
    pub extra: &'static str,
}

pub const SMALL: Shape = Shape {
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
    pub fn new(shape: Shape) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let source = include_str!("accumulator.v")
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

    pub fn write_weights(&self, count: usize) {
        let words: Vec<String> = self.weights[..count]
            .iter()
            .map(|w| format!("{w:x}"))
            .collect();
        let lines = words.join("\n") + "\n";
        std::fs::write(self.folder.path().join("w.mem"), lines).unwrap();
    }

    pub fn core(&self) -> Core<'_> {
        Core {
            folder: self.folder.path(),
            interface: &self.interface,
        }
    }

    /// What it should compute, as `[steps, elements]`.
    pub fn model(&self, stimulus: Stimulus<'_>) -> Vec<i32> {
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

    pub fn compare(
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
    pub fn check(&self, steps: usize, pattern: Pattern) -> Result<Outcome, CosimError> {
        let inputs = inputs(&self.interface, steps);
        let last: Vec<bool> = (0..steps).map(|step| step % 7 == 6).collect();
        let stimulus = Stimulus {
            inputs: &inputs,
            last: &last,
            clear: &[],
            cut: &[],
        };
        let mut model = toolchain().model(self.core(), Probes::default(), 1)?;
        self.compare(&mut model, stimulus, &self.model(stimulus), pattern)
    }
}

pub fn interface(shape: Shape) -> Interface {
    let beats = shape.elements.div_ceil(shape.per_beat);
    let port = |prefix: &str| StreamPort {
        kind: PortKind::Codes,
        when: Emit::Step,
        prefix: prefix.to_string(),
        elements: shape.elements,
        elements_per_beat: shape.per_beat,
        element_width: shape.width,
        beats_per_step: beats,
        format: QFormat::new(shape.width as u32, 0),
    };
    Interface {
        status_index: None,
        max_steps: None,
        status_length: None,
        schema: 1,
        top: "accumulator_top".to_string(),
        clock: "aclk".to_string(),
        reset_n: "aresetn".to_string(),
        state_clear: Some("state_clear".to_string()),
        state: StatePolicy::Tlast,
        input: port("s_axis"),
        input_offset: None,
        contexts: 1,
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

pub fn inputs(interface: &Interface, steps: usize) -> Vec<i32> {
    let mut state = 12345u32;
    let bits = interface.input.element_width.min(32) as u32;
    (0..steps * interface.input.elements)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state as i32 >> (32 - bits)
        })
        .collect()
}

pub fn equal(outcome: Result<Outcome, CosimError>) -> lprnn_hw::cosim::Agreement {
    match outcome {
        Ok(Outcome::Equal(agreement)) => agreement,
        other => panic!("{other:?}"),
    }
}

pub fn difference(outcome: Result<Outcome, CosimError>) -> Difference {
    match outcome {
        Ok(Outcome::Different(difference)) => difference,
        other => panic!("{other:?}"),
    }
}

pub const RANDOM: Pattern = Pattern::Random {
    offer: 60,
    take: 40,
};
