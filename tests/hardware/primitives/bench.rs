//! Vectors from Rust through one module in Icarus Verilog, a line a cycle.

use crate::common::mutant::Mutant;
use crate::common::tool;
use lprnn_hw::tools::{Search, ToolKind};
use std::fmt::Write;

/// Random cycles of a bench of what decides when.
pub const CYCLES: usize = 700;

/// Bits of a number below `count`, at least one.
pub fn width_of(count: i64) -> usize {
    (count.max(2) as usize).next_power_of_two().trailing_zeros() as usize
}

/// Bits of the number of a bank of the vector buffer: `contexts` steps back is the h that a step reads.
pub fn bank_w(contexts: i64) -> usize {
    width_of(contexts + 1)
}

/// Bits of all input ports together, lowest first, and what the outputs must be in that cycle.
pub struct Cycle {
    pub inputs: Vec<bool>,
    /// Bits that are not there, and those behind the last one, may be anything.
    pub outputs: Vec<Option<bool>>,
}

impl Cycle {
    /// A cycle by the values and widths of its ports; outputs without a value may be anything.
    pub fn of(inputs: &[(i64, usize)], outputs: &[(Option<i64>, usize)]) -> Self {
        let outputs = outputs.iter().flat_map(|&(value, width)| {
            bits(value.unwrap_or(0), width).map(move |bit| value.map(|_| bit))
        });
        Self {
            inputs: (inputs.iter())
                .flat_map(|&(value, width)| bits(value, width))
                .collect(),
            outputs: outputs.collect(),
        }
    }
}

/// One parameter set of a module with its vectors.
pub struct Bench {
    /// The module, a primitive of `rtl/`.
    pub module: &'static str,
    pub parameters: Vec<(&'static str, i64)>,
    pub clocked: bool,
    /// Input ports and widths, lowest bits of a cycle first.
    pub inputs: Vec<(&'static str, usize)>,
    /// Output ports and widths, lowest bits of a cycle first.
    pub outputs: Vec<(&'static str, usize)>,
    pub cycles: Vec<Cycle>,
}

/// The `width` lowest bits of a number.
pub fn bits(value: i64, width: usize) -> impl Iterator<Item = bool> {
    (0..width).map(move |bit| value >> bit.min(63) & 1 == 1)
}

fn hex(bits: &[bool]) -> String {
    let digits = bits.chunks(4).rev().map(|chunk| {
        let value = chunk
            .iter()
            .rev()
            .fold(0, |value, &bit| 2 * value + u32::from(bit));
        char::from_digit(value, 16).unwrap()
    });
    digits.collect()
}

impl Bench {
    fn out_w(&self) -> usize {
        self.outputs.iter().map(|port| port.1).sum()
    }

    fn label(&self) -> String {
        let mut label = self.module.to_owned();
        for (name, value) in &self.parameters {
            let _ = write!(label, " {name}={value}");
        }
        label
    }

    fn verilog(&self, index: usize) -> String {
        let in_w: usize = self.inputs.iter().map(|port| port.1).sum();
        let out_w = self.out_w();
        let count = self.cycles.len();
        let parameters: Vec<_> = self
            .parameters
            .iter()
            .map(|(name, value)| format!(".{name}({value})"))
            .collect();
        let mut ports = Vec::new();
        if self.clocked {
            ports.push(".clk(clk)".to_owned());
        }
        for (word, of_module) in [("in", &self.inputs), ("out", &self.outputs)] {
            let mut low = 0;
            for (name, width) in of_module {
                ports.push(format!(".{name}({word}[{low} +: {width}])"));
                low += width;
            }
        }
        format!(
            "module bench_{index};\n\
             reg clk = 1'b0;\n\
             reg [{in_w}-1:0] in;\n\
             wire [{out_w}-1:0] out;\n\
             reg [{in_w}-1:0] stimulus [0:{count}-1];\n\
             reg [{out_w}-1:0] want [0:{count}-1];\n\
             reg [{out_w}-1:0] mask [0:{count}-1];\n\
             integer t, errors;\n\
             {module} #({parameters}) dut ({ports});\n\
             initial begin\n\
             $readmemh(\"stimulus_{index}.mem\", stimulus);\n\
             $readmemh(\"want_{index}.mem\", want);\n\
             $readmemh(\"mask_{index}.mem\", mask);\n\
             errors = 0;\n\
             for (t = 0; t < {count}; t = t + 1) begin\n\
             in = stimulus[t];\n\
             #1 if (((out ^ want[t]) & mask[t]) !== {out_w}'d0) begin\n\
             errors = errors + 1;\n\
             if (errors < 4) $display(\"{label}: cycle %0d in %h out %h want %h where %h\", t, in, out, want[t], mask[t]);\n\
             end\n\
             #1 clk = 1'b1;\n\
             #1 clk = 1'b0;\n\
             end\n\
             $display(\"DONE {index} %0d\", errors);\n\
             end\nendmodule\n",
            module = self.module,
            parameters = parameters.join(", "),
            ports = ports.join(", "),
            label = self.label(),
        )
    }
}

/// Runs all benches in one simulation; lines about differences, none when all is well.
pub fn differences(benches: &[Bench]) -> Vec<String> {
    differences_with(benches, None)
}

/// The same with one wrong line in the modules.
pub fn differences_with(benches: &[Bench], mutant: Option<&Mutant>) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::new();
    for (index, bench) in benches.iter().enumerate() {
        let [mut stimulus, mut want, mut mask] = [const { String::new() }; 3];
        let mut compared = 0;
        for cycle in &bench.cycles {
            let mut outputs = cycle.outputs.clone();
            compared += outputs.iter().flatten().count();
            outputs.resize(bench.out_w(), None);
            let _ = writeln!(stimulus, "{}", hex(&cycle.inputs));
            let values: Vec<_> = outputs.iter().map(|bit| *bit == Some(true)).collect();
            let _ = writeln!(want, "{}", hex(&values));
            let wanted: Vec<_> = outputs.iter().map(Option::is_some).collect();
            let _ = writeln!(mask, "{}", hex(&wanted));
        }
        assert!(compared > 0, "{} compares nothing", bench.label());
        for (name, lines) in [("stimulus", stimulus), ("want", want), ("mask", mask)] {
            std::fs::write(folder.path().join(format!("{name}_{index}.mem")), lines).unwrap();
        }
        text += &bench.verilog(index);
    }
    text += "module all;\n";
    for index in 0..benches.len() {
        let _ = writeln!(text, "bench_{index} b{index} ();");
    }
    text += "endmodule\n";
    std::fs::write(folder.path().join("bench.v"), text).unwrap();

    let mut arguments = vec!["-g2005", "-s", "all", "-o", "bench.vvp", "bench.v"];
    for (file, right) in lprnn_hw::codegen::primitives() {
        let spoilt = mutant.filter(|mutant| mutant.file == file);
        let text = spoilt.map_or_else(|| right.to_owned(), |mutant| mutant.of(right));
        std::fs::write(folder.path().join(file), text).unwrap();
        arguments.push(file);
    }
    tool(ToolKind::Iverilog, folder.path(), &arguments);
    let vvp = Search::from_env()
        .find(ToolKind::Vvp)
        .expect("run ./setup.sh");
    let mut command = vvp.command();
    command.current_dir(folder.path()).args(["-n", "bench.vvp"]);
    let output = vvp
        .run(&mut command, std::time::Duration::from_secs(200))
        .unwrap();
    let done = output
        .stdout
        .lines()
        .filter(|line| line.starts_with("DONE "))
        .count();
    assert_eq!(done, benches.len(), "{}", output.stdout);
    output
        .stdout
        .lines()
        .filter(|line| !(line.starts_with("DONE ") && line.ends_with(" 0")))
        .map(str::to_owned)
        .collect()
}

/// Runs all benches and expects no difference.
pub fn all_equal(benches: &[Bench]) {
    let differences = differences(benches);
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// The module is right in all benches, and with each of these lines it is wrong in one.
pub fn each_is_found(benches: &[Bench], mutants: &[Mutant]) {
    all_equal(benches);
    none_survives(benches, benches.len(), mutants);
}

/// Runs every wrong line through so many benches at a time, until one of them differs: each must.
pub fn none_survives<'a>(
    benches: &[Bench],
    at_a_time: usize,
    mutants: impl IntoIterator<Item = &'a Mutant>,
) {
    let found = |mutant: &Mutant| {
        let mut parts = benches.chunks(at_a_time);
        parts.any(|part| !differences_with(part, Some(mutant)).is_empty())
    };
    let alive: Vec<_> = (mutants.into_iter())
        .filter(|mutant| !found(mutant))
        .map(|mutant| mutant.wrong)
        .collect();
    assert!(alive.is_empty(), "not found: {alive:#?}");
}
