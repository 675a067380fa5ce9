//! The options that describe a design, shared by `gen`, `estimate` and `cosim`.

use crate::diagnostic::Problems;
use crate::flow::read_design;
use crate::ptq::FormatRequest;
use crate::quantize::HeadFormat;
use crate::spec::{DesignConfig, Numerics, Settings, Value};
use std::path::PathBuf;

/// Most bits of c that options take.
const MOST_C_BITS: i64 = 24;

/// Widths of numbers.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Number formats")]
pub struct NumericsArgs {
    /// Bits of weights, activations and inputs alike: 1 to 8, or 16 [default: 8]
    #[arg(long, value_name = "B", allow_negative_numbers = true)]
    bits: Option<i64>,
    /// Bits of a weight, where they differ from --bits
    #[arg(long, value_name = "B", allow_negative_numbers = true)]
    weight_bits: Option<i64>,
    /// Bits of h, the hidden state and output
    #[arg(long, value_name = "B", allow_negative_numbers = true)]
    act_bits: Option<i64>,
    /// Bits of x, the input of the first layer
    #[arg(long, value_name = "B", allow_negative_numbers = true)]
    input_bits: Option<i64>,
    /// Bits of the pre-activation z, which addresses the tables [default: 8]
    #[arg(long, value_name = "B", allow_negative_numbers = true)]
    z_bits: Option<i64>,
    /// Fraction bits of z [default: 4]
    #[arg(long, value_name = "F", allow_negative_numbers = true)]
    z_frac: Option<i64>,
    /// Fraction bits of the outputs of sigmoid and tanh [default: 8]
    #[arg(long, value_name = "F", allow_negative_numbers = true)]
    gate_frac: Option<i64>,
    /// Bits of the cell state c [default: 16]
    #[arg(long, value_name = "B", allow_negative_numbers = true)]
    c_bits: Option<i64>,
    /// Fraction bits of c [default: 10]
    #[arg(long, value_name = "F", allow_negative_numbers = true)]
    c_frac: Option<i64>,
}

impl NumericsArgs {
    fn add_to(&self, settings: &mut Settings) {
        for (path, value) in [
            ("numerics.bits", self.bits),
            ("numerics.weight_bits", self.weight_bits),
            ("numerics.act_bits", self.act_bits),
            ("numerics.input_bits", self.input_bits),
            ("numerics.z.bits", self.z_bits),
            ("numerics.z.frac", self.z_frac),
            ("numerics.gate_frac", self.gate_frac),
            ("numerics.c.bits", self.c_bits),
            ("numerics.c.frac", self.c_frac),
        ] {
            settings.flag(path, value.map(Value::Integer));
        }
    }

    /// Whether any width of weights, h or x is given.
    pub fn gives_width(&self) -> bool {
        let widths = [self.bits, self.weight_bits, self.act_bits, self.input_bits];
        widths.iter().any(Option::is_some)
    }

    /// What calibration chooses where nothing is said, of all that these options ask for.
    pub fn wanted(&self, head: HeadFormat) -> Result<FormatRequest, Problems> {
        let mut settings = Settings::default();
        self.add_to(&mut settings);
        // What is left open must not quarrel with what is given.
        for (path, open, value) in [
            ("numerics.c.bits", self.c_bits.is_none(), MOST_C_BITS),
            ("numerics.c.frac", self.c_frac.is_none(), 0),
        ] {
            settings.flag(path, open.then_some(Value::Integer(value)));
        }
        let numerics = Numerics::resolve(settings)?;
        let bits = |value: Option<i64>| value.map(|bits| bits as u32);
        let frac = |value: Option<i64>| value.map(|frac| frac as i32);
        Ok(FormatRequest {
            weight_bits: numerics.weight_bits,
            act_bits: numerics.act_bits,
            input_bits: numerics.input_bits,
            x_frac: None,
            h_frac: None,
            z_bits: bits(self.z_bits),
            z_frac: frac(self.z_frac),
            a_frac: bits(self.gate_frac),
            c_bits: bits(self.c_bits),
            c_frac: frac(self.c_frac),
            head,
        })
    }

    /// The number formats that these options ask for.
    pub fn resolve(&self) -> Result<Numerics, Problems> {
        let mut settings = Settings::default();
        self.add_to(&mut settings);
        Numerics::resolve(settings)
    }
}

/// Network, number formats and implementation of a design.
#[derive(clap::Args, Debug)]
pub struct DesignArgs {
    /// Settings from a TOML file; options given here win over it
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    #[command(flatten)]
    network: NetworkArgs,
    #[command(flatten)]
    numerics: NumericsArgs,
    #[command(flatten)]
    implementation: ImplementationArgs,
}

/// Which network.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Network")]
struct NetworkArgs {
    /// Quantised model file (from `quantize`); sizes and widths come from it
    #[arg(long, value_name = "FILE")]
    model: Option<String>,
    /// Without a model: units of every layer; the weights are drawn from --seed
    #[arg(long, value_name = "UNITS", allow_negative_numbers = true)]
    hidden: Option<i64>,
    /// Elements of the input vector x [default: as --hidden]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    input_size: Option<i64>,
    /// LSTM layers, stacked [default: 1]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    layers: Option<i64>,
    /// Seed of the weights [default: 1]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    seed: Option<i64>,
}

/// How it is built.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Implementation (never changes an output word)")]
struct ImplementationArgs {
    /// Prefix of the generated modules; the top module is NAME_top [default: lstm]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// FPGA family the sources are shaped for: xc7, xcup, ecp5, ice40, generic [default: xc7]
    #[arg(long, value_name = "FAMILY")]
    target: Option<String>,
    /// Multiply-accumulate array from LUTs, from DSP blocks, or as fits: lut, dsp, auto [default: auto]
    #[arg(long, value_name = "KIND")]
    mac: Option<String>,
    /// Units computed side by side; each takes 4 rows of the array (with --columns)
    #[arg(long, value_name = "U", allow_negative_numbers = true)]
    units: Option<i64>,
    /// Vector elements multiplied side by side in each row (with --units)
    #[arg(long, value_name = "S", allow_negative_numbers = true)]
    columns: Option<i64>,
    /// Smallest array that takes at most so many cycles per step in every layer
    #[arg(long, value_name = "CYCLES", allow_negative_numbers = true)]
    target_cycles: Option<i64>,
    /// Fastest array of at most so many multiply-accumulates per layer [default: 64]
    #[arg(long, value_name = "MACS", allow_negative_numbers = true)]
    max_macs: Option<i64>,
    /// When h and c go back to zero: tlast (after TLAST), never (only by reset),
    /// host_pulse (by a port), fixed_window (every --window steps) [default: tlast]
    #[arg(long, value_name = "POLICY")]
    state_policy: Option<String>,
    /// Steps of a window, with --state-policy fixed_window
    #[arg(long, value_name = "STEPS", allow_negative_numbers = true)]
    window: Option<i64>,
    /// Weights by $readmemh of files beside the sources, or inline in the Verilog:
    /// readmemh, inline [default: readmemh]
    #[arg(long, value_name = "HOW")]
    memory_init: Option<String>,
    /// Vector elements in one beat of the streams [default: as many as keep the array busy]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    stream_elements: Option<i64>,
    /// Clock period in ns, for constraints and throughput [default: 10]
    #[arg(long, value_name = "NS", allow_negative_numbers = true)]
    clock_ns: Option<f64>,
}

impl DesignArgs {
    /// Decides the design from these options and the design file.
    pub fn resolve(&self) -> Result<DesignConfig, Problems> {
        DesignConfig::resolve(self.given()?)
    }

    /// What was given, by option or by the design file.
    pub fn given(&self) -> Result<Settings, Problems> {
        let settings = self.settings();
        Ok(match &self.config {
            Some(path) => settings.over(read_design(path)?),
            None => settings,
        })
    }

    /// Whether any option of a design is given.
    pub fn is_given(&self) -> bool {
        self.config.is_some() || !self.settings().is_empty()
    }

    /// The files that are read for it.
    pub fn files(&self) -> impl Iterator<Item = PathBuf> {
        let model = self.network.model.as_ref().map(PathBuf::from);
        self.config.clone().into_iter().chain(model)
    }

    fn settings(&self) -> Settings {
        let mut settings = Settings::default();
        let (network, built) = (&self.network, &self.implementation);
        for (path, value) in [
            ("network.hidden", network.hidden),
            ("network.input_size", network.input_size),
            ("network.layers", network.layers),
            ("network.seed", network.seed),
            ("implementation.units", built.units),
            ("implementation.columns", built.columns),
            ("implementation.target_cycles", built.target_cycles),
            ("implementation.max_macs", built.max_macs),
            ("implementation.window", built.window),
            ("implementation.stream_elements", built.stream_elements),
        ] {
            settings.flag(path, value.map(Value::Integer));
        }
        for (path, value) in [
            ("network.model", &network.model),
            ("implementation.name", &built.name),
            ("implementation.target", &built.target),
            ("implementation.mac", &built.mac),
            ("implementation.state_policy", &built.state_policy),
            ("implementation.memory_init", &built.memory_init),
        ] {
            settings.flag(path, value.clone().map(Value::Text));
        }
        settings.flag("implementation.clock_ns", built.clock_ns.map(Value::Number));
        self.numerics.add_to(&mut settings);
        settings
    }
}
