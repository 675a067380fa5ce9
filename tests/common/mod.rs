//! Small designs with seeded weights, on disk, and Icarus Verilog to run them.

// Every test program takes what it needs.
#![allow(dead_code)]

pub mod icarus;
pub mod mutant;

use lprnn_hw::codegen::Bundle;
use lprnn_hw::device::Family;
use lprnn_hw::fixed::{LevelRule, QFormat};
use lprnn_hw::flow::{BenchInputs, build_with, plan_core};
use lprnn_hw::quantize::{
    Dense, DenseOutput, Direction, Embedding, Emit, Layer, QuantizedModel, Recurrence, RowScale,
    SplitMix,
};
use lprnn_hw::spec::{
    CellKind, DirectionKind, FoldingGoal, Implementation, MacStyle, MemoryInit, OutputOrder,
    StatePolicy,
};
use lprnn_hw::tools::{Output, Search, ToolKind};
use std::path::Path;
use std::time::Duration;

/// The generator `SplitMix64`.
pub struct Random(pub u64);

impl Random {
    pub fn word(&mut self) -> u64 {
        let mut next = SplitMix(self.0);
        let word = next.next_u64();
        self.0 = next.0;
        word
    }

    /// A number of `low..=high`.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        low + (self.word() % (high - low + 1) as u64) as i64
    }

    /// A code of `bits` bits; every fourth one of the two extremes.
    pub fn code(&mut self, bits: u32) -> i64 {
        let format = QFormat::new(bits, 0);
        if bits == 1 || self.word().is_multiple_of(4) {
            let (low, high) = (format.min_code(), format.max_code());
            return if self.word().is_multiple_of(2) {
                low
            } else {
                high
            };
        }
        self.between(format.min_code(), format.max_code())
    }

    /// A weight: like a code, but symmetric.
    fn weight(&mut self, bits: u32) -> i16 {
        let max = QFormat::new(bits, 0).max_code();
        self.code(bits).max(-max) as i16
    }

    /// An odd weight.
    fn odd_weight(&mut self, bits: u32) -> i16 {
        let max = QFormat::odd(bits, 0).max_code();
        (self.between(-max, max) | 1) as i16
    }
}

/// One small design.
#[derive(Clone, Copy)]
pub struct Recipe {
    pub name: &'static str,
    pub cell: CellKind,
    /// Elements of x, then units of every layer.
    pub sizes: &'static [usize],
    pub w_bits: u32,
    pub x_bits: u32,
    pub h_bits: u32,
    /// Levels of weights, x and h.
    pub levels: LevelRule,
    /// Bits of a multiplier for every row; 0: rows have none.
    pub row_bits: u32,
    pub z: QFormat,
    pub a_frac: u32,
    pub units: usize,
    pub columns: usize,
    pub mac: MacStyle,
    pub target: Family,
    pub init: MemoryInit,
    pub state: StatePolicy,
    pub contexts: usize,
    /// Direction of every layer, and steps of the longest sequence where it is not forward.
    pub direction: DirectionKind,
    pub max_steps: Option<usize>,
    /// Order of the outputs of what takes steps backward.
    pub output_order: OutputOrder,
    /// Rows of an embedding.
    pub vocabulary: Option<usize>,
    /// Elements that a dense layer before the recurrent ones takes.
    pub front: Option<usize>,
    /// Rows of a dense layer that gives codes behind a `ReLU`.
    pub hidden: Option<usize>,
    /// Dense layer at the end: rows, and what it gives when.
    pub head: Option<(usize, DenseOutput, Emit)>,
}

impl Recipe {
    pub const fn new(name: &'static str, sizes: &'static [usize], bits: u32) -> Self {
        Self {
            name,
            cell: CellKind::Lstm,
            sizes,
            w_bits: bits,
            x_bits: bits,
            h_bits: bits,
            levels: LevelRule::Even,
            row_bits: 0,
            z: QFormat::new(5, 2),
            a_frac: 6,
            units: 1,
            columns: 2,
            mac: MacStyle::Lut,
            target: Family::Xc7,
            init: MemoryInit::Readmemh,
            state: StatePolicy::Tlast,
            contexts: 1,
            direction: DirectionKind::Forward,
            max_steps: None,
            output_order: OutputOrder::Time,
            vocabulary: None,
            front: None,
            hidden: None,
            head: None,
        }
    }

    pub const fn embedding(mut self, rows: usize) -> Self {
        self.vocabulary = Some(rows);
        self
    }

    pub const fn front(mut self, elements: usize) -> Self {
        self.front = Some(elements);
        self
    }

    pub const fn hidden(mut self, rows: usize) -> Self {
        self.hidden = Some(rows);
        self
    }

    pub const fn dense(mut self, rows: usize, output: DenseOutput, when: Emit) -> Self {
        self.head = Some((rows, output, when));
        self
    }

    pub const fn of(mut self, cell: CellKind) -> Self {
        self.cell = cell;
        self
    }

    pub const fn folded(mut self, units: usize, columns: usize) -> Self {
        self.units = units;
        self.columns = columns;
        self
    }

    pub const fn activations(mut self, x_bits: u32, h_bits: u32) -> Self {
        self.x_bits = x_bits;
        self.h_bits = h_bits;
        self
    }

    /// With odd levels where the bits allow them.
    pub const fn odd(mut self) -> Self {
        self.levels = LevelRule::Odd;
        self
    }

    /// With a multiplier of so many bits for every row.
    pub const fn scaled(mut self, bits: u32) -> Self {
        self.row_bits = bits;
        self
    }

    pub const fn target(mut self, target: Family, mac: MacStyle) -> Self {
        self.target = target;
        self.mac = mac;
        self
    }

    pub const fn state(mut self, state: StatePolicy) -> Self {
        self.state = state;
        self
    }

    pub const fn contexts(mut self, contexts: usize) -> Self {
        self.contexts = contexts;
        self
    }

    /// Whose layers give what they take backward in the order in which they take it.
    pub const fn in_processing_order(mut self) -> Self {
        self.output_order = OutputOrder::Processing;
        self
    }

    /// With layers of this direction, for sequences of up to so many steps.
    pub const fn directed(mut self, direction: DirectionKind, max_steps: usize) -> Self {
        self.direction = direction;
        self.max_steps = Some(max_steps);
        self
    }

    pub const fn inline(mut self) -> Self {
        self.init = MemoryInit::Inline;
        self
    }

    pub fn implementation(&self) -> Implementation {
        Implementation {
            state: self.state,
            memory_init: self.init,
            contexts: self.contexts,
            max_steps: self.max_steps,
            ..Implementation::usual(
                self.name,
                FoldingGoal::Explicit {
                    units: self.units,
                    columns: self.columns,
                },
                (self.mac, self.target),
            )
        }
    }

    /// Seeded weights of moderate gain, different fractions in every gate.
    pub fn model(&self, seed: u64) -> QuantizedModel {
        let mut random = Random(seed);
        let mut x = self.levels.of(self.x_bits).at(self.x_bits as i32 - 2);
        let mut input_size = self.sizes[0];
        let mut layers = Vec::new();
        for &hidden_size in &self.sizes[1..] {
            let mut layer = self.pass(&mut random, (input_size, hidden_size), x);
            let operands = (input_size, hidden_size);
            let other = || self.pass(&mut random, operands, x);
            layer.direction = Direction::ordered(self.direction, self.output_order, other);
            (input_size, x) = (layer.output_size(), layer.h);
            layers.push(layer);
        }
        let mut model = QuantizedModel {
            layers,
            ..QuantizedModel::default()
        };
        self.add_ends(&mut model, seed);
        model
    }

    /// A layer, or a direction of one.
    fn pass(
        &self,
        random: &mut Random,
        (input_size, hidden_size): (usize, usize),
        x: QFormat,
    ) -> Layer {
        let weights_of = self.levels.of(self.w_bits);
        let gates = self.cell.gates().len();
        let mut weights = |count: usize| -> Vec<i16> {
            let weight = |random: &mut Random| {
                if weights_of.is_usual() {
                    random.weight(self.w_bits)
                } else {
                    random.odd_weight(self.w_bits)
                }
            };
            (0..count).map(|_| weight(random)).collect()
        };
        let weight_ih = weights(gates * hidden_size * input_size);
        let weight_hh = weights(gates * hidden_size * hidden_size);
        let base = self.w_bits as i32;
        let mut layer = Layer {
            direction: Direction::Forward,
            input_size,
            hidden_size,
            x,
            h: self.levels.of(self.h_bits).at(self.h_bits as i32 - 1),
            w_bits: self.w_bits,
            w_levels: weights_of.levels,
            w_frac_ih: [base, base + 1, base - 1, base][..gates].to_vec(),
            w_frac_hh: [base + 1, base, base, base + 1][..gates].to_vec(),
            z: self.z,
            a_frac: self.a_frac,
            recurrence: match self.cell {
                CellKind::Lstm => Recurrence::Lstm {
                    c: QFormat::new(12, 8),
                },
                CellKind::Gru => Recurrence::Gru {
                    v: QFormat::new(self.z.bits + 3, self.z.frac + 3),
                    s: QFormat::new(12, 10),
                    bias_n_h: (0..hidden_size).map(|n| 17 * n as i32 % 50 - 25).collect(),
                },
            },
            weight_ih,
            weight_hh,
            bias: (0..gates * hidden_size)
                .map(|_| random.between(-60, 60) as i32)
                .collect(),
            row_scale: None,
        };
        if self.row_bits > 0 {
            let rows = layer.scaled_sums() as u32;
            let multiplier = (0..rows).map(|row| (37 * row + 5) % (1 << self.row_bits));
            layer.row_scale = Some(RowScale {
                bits: self.row_bits,
                frac: self.row_bits as i32 - 1,
                multiplier: multiplier.collect(),
            });
        }
        layer
    }

    fn add_ends(&self, model: &mut QuantizedModel, seed: u64) {
        let mut noise = SplitMix(seed);
        let weights = self.levels.of(self.w_bits);
        let (size, format) = model.first_input();
        if let Some(elements) = self.front {
            let x = self.levels.of(self.x_bits).at(self.x_bits as i32 - 1);
            let kind = (
                DenseOutput::Code {
                    format,
                    relu: false,
                },
                Emit::Step,
            );
            let dense = Dense::drawn((elements, x), size, weights, kind, &mut noise);
            model.front.push(dense);
        }
        let (size, x) = model.first_input();
        let embedding = (self.vocabulary).map(|rows| Embedding::drawn(rows, size, x, &mut noise));
        model.embedding = embedding;
        let last = model.layers.last().unwrap();
        let mut before = (last.output_size(), last.h);
        let codes = DenseOutput::Code {
            format: self.levels.of(self.h_bits).at(self.h_bits as i32 - 2),
            relu: true,
        };
        let hidden = self.hidden.map(|rows| (rows, codes, Emit::Step));
        for (rows, output, when) in hidden.into_iter().chain(self.head) {
            let dense = Dense::drawn(before, rows, weights, (output, when), &mut noise);
            before = (rows, dense.output_format());
            model.head.push(dense);
        }
    }

    /// The whole bundle, with a test bench of `steps` steps of every context.
    pub fn bundle(&self, seed: u64, steps: usize) -> Bundle {
        let planned = plan_core(self.model(seed), self.implementation()).unwrap();
        let seed = seed ^ 1;
        let steps = steps * self.contexts;
        let built = build_with(&planned, BenchInputs { steps, seed });
        built.unwrap().bundle
    }
}

/// Writes all files of a bundle below `folder`.
pub fn write(bundle: &Bundle, folder: &Path) {
    for (path, contents) in &bundle.files {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, contents).unwrap();
    }
}

/// Runs a tool in `folder`; panics when it fails.
pub fn tool(kind: ToolKind, folder: &Path, arguments: &[&str]) -> Output {
    let tool = Search::from_env().find(kind).expect("run ./setup.sh");
    let mut command = tool.command();
    command.current_dir(folder).args(arguments);
    tool.run(&mut command, Duration::from_secs(240))
        .unwrap_or_else(|error| panic!("in {}: {error}", folder.display()))
}

/// What a program of `.tools/flows` says, which `setup.sh` fills for the tests; panics when it fails.
pub fn flows_program(name: &str, folder: &Path, arguments: &[&str]) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join(".tools/flows/bin").join(name);
    assert!(path.exists(), "no {}: run ./setup.sh", path.display());
    let output = std::process::Command::new(&path)
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let said = text(&output.stdout) + &text(&output.stderr);
    assert!(output.status.success(), "{name}: {said}");
    said
}

/// Compiles and runs the emitted test bench as its header says; what it prints, and whether its exit
/// status was 0.
pub fn testbench(folder: &Path, name: &str, defines: &[&str]) -> (String, bool) {
    let top = format!("{name}_top_tb");
    let list = format!("{name}.f");
    let bench = format!("tb/{top}.v");
    let mut arguments = vec!["-s", &top, "-o", "sim.vvp", "-f", &list, &bench];
    arguments.extend(defines);
    tool(ToolKind::Iverilog, folder, &arguments);
    let vvp = Search::from_env()
        .find(ToolKind::Vvp)
        .expect("run ./setup.sh");
    let output = std::process::Command::new(&vvp.path)
        .args(["-N", "sim.vvp"])
        .current_dir(folder)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    (text, output.status.success())
}
