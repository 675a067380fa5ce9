//! Resets of 1, 2 and 3 cycles in the middle of anything: the sequence that follows is right from its first
//! beat on, and no beat of the lost one comes out.

use crate::common::{Recipe, tool, write};
use lprnn_hw::codegen::Bundle;
use lprnn_hw::device::Family;
use lprnn_hw::quantize::{DenseOutput, Emit};
use lprnn_hw::spec::{MacStyle, StatePolicy};
use lprnn_hw::tools::{Search, ToolKind};
use std::path::Path;

/// Resets of each design.
const ROUNDS: usize = 40;

/// A small design without a folding of note.
pub fn plain(name: &'static str, sizes: &'static [usize], bits: u32) -> Recipe {
    Recipe::new(name, sizes, bits).folded(2, 3)
}

/// Every kind of array but that of LUT6 with more than one bit.
pub fn arrays() -> [Recipe; 4] {
    [
        plain("dsp", &[3, 5], 4).target(Family::Xc7, MacStyle::Dsp),
        plain("mult", &[3, 5], 4)
            .target(Family::Ecp5, MacStyle::Dsp)
            .state(StatePolicy::Never),
        plain("digits", &[3, 5], 3).target(Family::Ice40, MacStyle::Lut),
        plain("onebit", &[3, 5], 1).state(StatePolicy::HostPulse),
    ]
}

fn designs() -> Vec<Recipe> {
    let mut designs = vec![plain("lut", &[3, 5], 4)];
    designs.extend(arrays());
    designs.extend([
        // Groups over several blocks, two layers.
        plain("wide", &[3, 7], 2).folded(5, 2),
        plain("stack", &[3, 4, 5], 4),
        plain("turns", &[3, 5], 4).contexts(3),
        plain("network", &[3, 5], 4)
            .embedding(6)
            .dense(4, DenseOutput::Sum, Emit::Step)
            .contexts(2),
        // One beat a step, at the pace of the lane.
        plain("tiny", &[1, 1], 4).folded(1, 1),
    ]);
    designs
}

/// What the bench says of a design's core.
fn play(recipe: &Recipe, bundle: &Bundle) -> String {
    let folder = tempfile::tempdir().unwrap();
    write(bundle, folder.path());
    let interface = &bundle.interface;
    let vectors = |what: &str| format!("tb/{}_{what}.mem", recipe.name);
    let lines = |file: &str| {
        let text = std::fs::read_to_string(folder.path().join(file)).unwrap();
        text.lines().count()
    };
    let (stimulus, expected) = (vectors("stimulus"), vectors("expected"));
    let width = |port: &lprnn_hw::codegen::StreamPort| port.elements_per_beat * port.element_width;
    let (step, latency) = (interface.timing.cycles_per_step, interface.timing.latency);
    let mut defines = vec![
        format!("-DTOP={}", interface.top),
        format!("-DSTIMULUS=\"{stimulus}\""),
        format!("-DEXPECTED=\"{expected}\""),
        format!("-DIN_W={}", width(&interface.input)),
        format!("-DOUT_W={}", width(&interface.output)),
        format!("-DIN_BEATS={}", lines(&stimulus)),
        format!("-DOUT_BEATS={}", lines(&expected)),
        format!("-DROUNDS={ROUNDS}"),
        format!("-DSPAN={}", latency + 3 * step),
        String::from("-DSEED=7"),
    ];
    defines.extend((recipe.state == StatePolicy::HostPulse).then(|| "-DCLEAR".into()));
    let bench = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hardware/reset/bench.v");
    let bench = bench.display().to_string();
    let start = ["-g2012", "-s", "bench", "-o", "reset.vvp", &bench];
    let defines = defines.iter().map(String::as_str);
    let sources = interface.sources.iter().map(String::as_str);
    let arguments: Vec<&str> = start.into_iter().chain(defines).chain(sources).collect();
    tool(ToolKind::Iverilog, folder.path(), &arguments);
    let simulator = Search::from_env()
        .find(ToolKind::Vvp)
        .expect("run ./setup.sh");
    let mut command = simulator.command();
    command.current_dir(folder.path()).args(["-n", "reset.vvp"]);
    let output = simulator.run(&mut command, std::time::Duration::from_secs(120));
    output.unwrap().stdout
}

/// Resets that met a beat which waited for the sink, or what was wrong.
fn verdict(said: &str) -> Result<u32, &str> {
    let last = said.lines().last().unwrap_or_default();
    let count = last
        .strip_prefix("PASS: ")
        .and_then(|rest| rest.split(' ').next());
    count.and_then(|count| count.parse().ok()).ok_or(said)
}

#[test]
fn nothing_of_a_lost_step_comes_out() {
    for recipe in designs() {
        let said = play(&recipe, &recipe.bundle(3, 4));
        let waiting = verdict(&said).unwrap_or_else(|said| panic!("{}: {said}", recipe.name));
        assert!(
            waiting >= 3,
            "{}: only {waiting} resets met a beat",
            recipe.name
        );
    }
}

/// The same core with a reset that shuts its streams a cycle late, or that forgets a register.
#[test]
fn resets_that_do_less_are_found() {
    let recipe = Recipe::new("lut", &[3, 5], 4).folded(2, 3);
    for (file, from, to) in [
        ("lut_top.v", "aresetn & ~rst", "~rst"),
        ("lut_top.v", "aresetn & ~rst", "aresetn"),
        (
            "_group_fifo.v",
            "count_q <= {(ADDR_W+1){1'b0}};",
            "count_q <= count_q;",
        ),
        (
            "_lane_control.v",
            "phase_q <= {(DEPTH+1){1'b0}};",
            "phase_q <= {phase_q[DEPTH-1:0], 1'b0};",
        ),
    ] {
        let mut bundle = recipe.bundle(3, 4);
        let mut files = bundle.files.iter_mut();
        let found = files.find(|(path, _)| path.ends_with(file));
        let (_, contents) = found.unwrap_or_else(|| panic!("no {file}"));
        let source = String::from_utf8_lossy(contents).into_owned();
        assert!(source.contains(from), "{file}: no {from}");
        *contents = source.replace(from, to).into_bytes();
        let said = play(&recipe, &bundle);
        assert!(verdict(&said).is_err(), "{file} with {to}: {said}");
    }
}
