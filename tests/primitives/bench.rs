//! Vectors from Rust through one module in Icarus Verilog, a line a cycle.

use super::common::tool;
use lprnn_hw::tools::{Search, ToolKind};
use std::fmt::Write;

/// Bits of all input ports together, lowest first, and what the output must be in that cycle.
pub struct Cycle {
    pub inputs: Vec<bool>,
    pub output: Option<Vec<bool>>,
}

/// One parameter set of a module with its vectors.
pub struct Bench {
    /// The module, a primitive of `rtl/`.
    pub module: &'static str,
    pub parameters: Vec<(&'static str, i64)>,
    pub clocked: bool,
    /// Input ports and widths, lowest bits of a cycle first.
    pub inputs: Vec<(&'static str, usize)>,
    pub output: (&'static str, usize),
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
    fn label(&self) -> String {
        let mut label = self.module.to_owned();
        for (name, value) in &self.parameters {
            let _ = write!(label, " {name}={value}");
        }
        label
    }

    fn verilog(&self, index: usize) -> String {
        let in_w: usize = self.inputs.iter().map(|port| port.1).sum();
        let (out, out_w) = self.output;
        let count = self.cycles.len();
        let parameters: Vec<_> = self
            .parameters
            .iter()
            .map(|(name, value)| format!(".{name}({value})"))
            .collect();
        let mut ports = vec![format!(".{out}(out)")];
        if self.clocked {
            ports.push(".clk(clk)".to_owned());
        }
        let mut low = 0;
        for (name, width) in &self.inputs {
            ports.push(format!(".{name}(in[{low} +: {width}])"));
            low += width;
        }
        format!(
            "module bench_{index};\n\
             reg clk = 1'b0;\n\
             reg [{in_w}-1:0] in;\n\
             wire [{out_w}-1:0] out;\n\
             reg [{in_w}-1:0] stimulus [0:{count}-1];\n\
             reg [{out_w}:0] want [0:{count}-1];\n\
             integer t, errors;\n\
             {module} #({parameters}) dut ({ports});\n\
             initial begin\n\
             $readmemh(\"stimulus_{index}.mem\", stimulus);\n\
             $readmemh(\"want_{index}.mem\", want);\n\
             errors = 0;\n\
             for (t = 0; t < {count}; t = t + 1) begin\n\
             in = stimulus[t];\n\
             #1 if (want[t][{out_w}] !== 1'b0 && out !== want[t][{out_w}-1:0]) begin\n\
             errors = errors + 1;\n\
             if (errors < 4) $display(\"{label}: cycle %0d in %h out %h want %h\", t, in, out, want[t][{out_w}-1:0]);\n\
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
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::new();
    for (index, bench) in benches.iter().enumerate() {
        let (mut stimulus, mut want) = (String::new(), String::new());
        let mut compared = 0;
        for cycle in &bench.cycles {
            let _ = writeln!(stimulus, "{}", hex(&cycle.inputs));
            let mut expected = cycle.output.clone().unwrap_or_default();
            compared += usize::from(cycle.output.is_some());
            expected.resize(bench.output.1, false);
            expected.push(cycle.output.is_some());
            let _ = writeln!(want, "{}", hex(&expected));
        }
        assert!(compared > 0, "{} compares nothing", bench.label());
        let path = |name: &str| folder.path().join(format!("{name}_{index}.mem"));
        std::fs::write(path("stimulus"), stimulus).unwrap();
        std::fs::write(path("want"), want).unwrap();
        text += &bench.verilog(index);
    }
    text += "module all;\n";
    for index in 0..benches.len() {
        let _ = writeln!(text, "bench_{index} b{index} ();");
    }
    text += "endmodule\n";
    std::fs::write(folder.path().join("bench.v"), text).unwrap();

    let sources: Vec<String> = lprnn_hw::codegen::PRIMITIVES
        .iter()
        .map(|(file, _)| format!("{}/rtl/{file}", env!("CARGO_MANIFEST_DIR")))
        .collect();
    let mut arguments = vec!["-g2005", "-s", "all", "-o", "bench.vvp", "bench.v"];
    arguments.extend(sources.iter().map(String::as_str));
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
