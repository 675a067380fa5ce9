//! The waveforms of `docs/interface.md` are what Icarus shows for a generated core.
//!
//! `LPRNN_UPDATE_DOCS=1 cargo test --test hardware diagrams` draws them anew.

use lprnn_hw::codegen::{Interface, Timing, Vectors};
use lprnn_hw::device::Family;
use lprnn_hw::fixed::QFormat;
use lprnn_hw::flow::{build, plan_core};
use lprnn_hw::quantize::{Layer, QuantizedModel};
use lprnn_hw::reference::Lstm;
use lprnn_hw::spec::{FoldingGoal, Implementation, MacStyle, MemoryInit, StatePolicy};
use lprnn_hw::tools::{Search, ToolKind};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// I = 3, H = 4, two units and two columns side by side, two elements a beat, 4 bits.
const INPUTS: usize = 3;
const UNITS: usize = 4;

/// What is shown, and how the core is driven.
struct Scene {
    name: &'static str,
    state: StatePolicy,
    /// Steps whose last beat carries TLAST.
    last: &'static [usize],
    /// Steps offered.
    steps: usize,
    /// Steps that start from zero state.
    fresh: &'static [usize],
    source: fn(usize) -> bool,
    sink: fn(usize) -> bool,
    clear: &'static [usize],
    cycles: std::ops::Range<usize>,
    signals: &'static [&'static str],
}

const BOTH: &[&str] = &[
    "aresetn", "s_tvalid", "s_tready", "s_tdata", "s_tlast", "m_tvalid", "m_tready", "m_tdata",
    "m_tlast",
];

const SCENES: &[Scene] = &[
    Scene {
        name: "first step",
        state: StatePolicy::Tlast,
        last: &[],
        steps: 8,
        fresh: &[0],
        source: |cycle| cycle >= 4,
        sink: |cycle| cycle >= 2,
        clear: &[],
        cycles: 0..45,
        signals: BOTH,
    },
    Scene {
        name: "back-pressure",
        state: StatePolicy::Tlast,
        last: &[],
        steps: 8,
        fresh: &[0],
        source: |cycle| cycle >= 4,
        sink: |cycle| !(66..70).contains(&cycle),
        clear: &[],
        cycles: 63..76,
        signals: &["m_tvalid", "m_tready", "m_tdata", "m_tlast"],
    },
    Scene {
        name: "tlast",
        state: StatePolicy::Tlast,
        last: &[1],
        steps: 3,
        fresh: &[0, 2],
        source: |cycle| cycle >= 4,
        sink: |_| true,
        clear: &[],
        cycles: 4..72,
        signals: &["s_tdata", "s_tlast", "m_tdata", "m_tlast"],
    },
    Scene {
        name: "host_pulse",
        state: StatePolicy::HostPulse,
        last: &[],
        steps: 4,
        fresh: &[0, 1, 3],
        source: |cycle| [4, 5, 7, 10].contains(&cycle) || cycle >= 12,
        sink: |_| true,
        clear: &[7, 26],
        cycles: 4..36,
        signals: &["state_clear", "s_tvalid", "s_tready", "s_tdata"],
    },
];

fn model() -> QuantizedModel {
    let mut seed = 11u32;
    let mut code = |most: i32| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) as i32 % (2 * most + 1) - most
    };
    let rows = 4 * UNITS;
    QuantizedModel {
        layers: vec![Layer {
            direction: lprnn_hw::quantize::Direction::Forward,
            input_size: INPUTS,
            hidden_size: UNITS,
            x: QFormat::new(4, 2),
            h: QFormat::new(4, 3),
            w_bits: 4,
            w_levels: lprnn_hw::fixed::Levels::Even,
            w_frac_ih: vec![2; 4],
            w_frac_hh: vec![2; 4],
            z: QFormat::new(8, 4),
            a_frac: 8,
            recurrence: lprnn_hw::quantize::Recurrence::Lstm {
                c: QFormat::new(16, 10),
            },
            weight_ih: (0..rows * INPUTS).map(|_| code(7) as i16).collect(),
            weight_hh: (0..rows * UNITS).map(|_| code(7) as i16).collect(),
            bias: (0..rows).map(|_| code(20)).collect(),
            row_scale: None,
        }],
        ..QuantizedModel::default()
    }
}

fn inputs(steps: usize) -> Vec<i32> {
    (0..steps * INPUTS)
        .map(|n| (n as i32 * n as i32 * 3 + n as i32 + 4) % 15 - 7)
        .collect()
}

/// The core's files in `folder`.
fn generate(scene: &Scene, model: &QuantizedModel, folder: &Path) -> Interface {
    let implementation = Implementation {
        name: "lstm".into(),
        folding: FoldingGoal::Explicit {
            units: 2,
            columns: 2,
        },
        mac: MacStyle::Lut,
        target: Family::Xc7,
        state: scene.state,
        memory_init: MemoryInit::Readmemh,
        contexts: 1,
        max_steps: None,
        stream_elements: Some(2),
    };
    let planned = plan_core(model.clone(), implementation).expect("folds");
    let mut bundle = build(&planned).expect("generates").bundle;
    let inputs = inputs(scene.steps);
    bundle
        .add_testbench(Vectors {
            inputs: &inputs,
            last: &vec![false; scene.steps],
            clear: &[],
            outputs: &Lstm::new(model).run(&inputs),
        })
        .expect("has a test bench");
    for (path, contents) in &bundle.files {
        let name = Path::new(path).file_name().expect("a file");
        std::fs::write(folder.join(name), contents).expect("written");
    }
    bundle.interface
}

/// Input beats `{TLAST, TDATA}` as hexadecimal lines; the unused byte of a step's last beat is not
/// zero, because a core must ignore it.
fn beats(scene: &Scene) -> String {
    let mut text = String::new();
    for (step, x) in inputs(scene.steps).chunks(INPUTS).enumerate() {
        let byte = |code: i32| code as u8;
        writeln!(text, "0{:02x}{:02x}", byte(x[1]), byte(x[0])).expect("a string");
        let last = u8::from(scene.last.contains(&step));
        writeln!(text, "{last}a5{:02x}", byte(x[2])).expect("a string");
    }
    text
}

/// One line of port values for every cycle.
fn simulate(scene: &Scene, folder: &Path) -> Vec<Vec<String>> {
    let sources: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("readable")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| {
            path.extension().is_some_and(|e| e == "v") && !path.ends_with("lstm_top_tb.v")
        })
        .collect();
    std::fs::write(folder.join("beats.mem"), beats(scene)).expect("written");
    let cycles = scene.cycles.end + 200;
    let masks: String = (0..cycles)
        .map(|cycle| {
            let bit = |on: bool, place: u8| u8::from(on) << place;
            // A mask acts on the registers behind it, one cycle on.
            let now = cycle + 1;
            let row = bit((scene.source)(now), 0)
                | bit((scene.sink)(now), 1)
                | bit(scene.clear.contains(&now), 2);
            [row.to_string(), "\n".into()].concat()
        })
        .collect();
    std::fs::write(folder.join("masks.mem"), masks).expect("written");
    let search = Search::from_env();
    let compiler = search.find(ToolKind::Iverilog).expect("run ./setup.sh");
    let limit = Duration::from_secs(60);
    let mut command = compiler.command();
    command
        .current_dir(folder)
        .args([
            "-g2005",
            "-o",
            "bench.vvp",
            "-s",
            "bench",
            "-DIN_W=16",
            "-DOUT_W=16",
        ])
        .arg(format!("-DBEATS={}", 2 * scene.steps))
        .arg(format!("-DCYCLES={cycles}"))
        .args((scene.state == StatePolicy::HostPulse).then_some("-DCLEAR"))
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hardware/diagrams/bench.v"))
        .args(sources);
    compiler.run(&mut command, limit).expect("compiles");
    let simulator = search.find(ToolKind::Vvp).expect("run ./setup.sh");
    let mut command = simulator.command();
    command.current_dir(folder).arg("bench.vvp");
    let output = simulator.run(&mut command, limit).expect("runs");
    let lines = output.stdout.lines();
    lines
        .filter(|line| line.starts_with(['0', '1']))
        .map(|line| line.split(' ').map(str::to_owned).collect())
        .collect()
}

/// The words that leave the core are the model's, with the state cleared as the scene says.
fn check_words(scene: &Scene, model: &QuantizedModel, cycles: &[Vec<String>]) {
    let mut lstm = Lstm::new(model);
    let mut expected = Vec::new();
    for (step, x) in inputs(scene.steps).chunks(INPUTS).enumerate() {
        if scene.fresh.contains(&step) {
            lstm.reset();
        }
        let last = scene.last.contains(&step);
        for (beat, h) in lstm.step(x).chunks(2).enumerate() {
            let word = format!("{:02x}{:02x}", h[1] as u8, h[0] as u8);
            expected.push((word, u8::from(last && beat == 1).to_string()));
        }
    }
    let taken: Vec<(String, String)> = cycles
        .iter()
        .filter(|row| row[6] == "1" && row[7] == "1")
        .map(|row| (row[9].clone(), row[8].clone()))
        .collect();
    assert!(taken.len() > 3, "{}: only {taken:?} came out", scene.name);
    assert_eq!(
        taken,
        expected[..taken.len().min(expected.len())],
        "{}",
        scene.name
    );
}

/// Latency and cycles per step, where nothing waits.
fn check_timing(timing: &Timing, cycles: &[Vec<String>], scene: &Scene) {
    if scene.name != "first step" {
        return;
    }
    let moved = |valid: usize, ready: usize| {
        let moves = move |row: &Vec<String>| row[valid] == "1" && row[ready] == "1";
        (0..cycles.len()).filter(move |&cycle| moves(&cycles[cycle]))
    };
    let first = moved(2, 3).next().expect("a beat goes in");
    let out: Vec<usize> = moved(6, 7).collect();
    assert_eq!((out[1] - first + 1) as u64, timing.latency);
    assert_eq!((out[13] - out[11]) as u64, timing.cycles_per_step);
}

/// Columns shown, and whether cycles were left out before each: of a run of equal columns the first
/// and the last stay.
fn columns(rows: &[Vec<String>]) -> Vec<(usize, bool)> {
    let same = |a: usize, b: usize| rows[a] == rows[b];
    let mut shown = Vec::new();
    let mut skipped = false;
    for index in 0..rows.len() {
        let inner =
            index > 0 && index + 1 < rows.len() && same(index - 1, index) && same(index, index + 1);
        if inner && (skipped || (index + 2 < rows.len() && same(index + 1, index + 2))) {
            skipped = true;
            continue;
        }
        shown.push((index, skipped));
        skipped = false;
    }
    shown
}

/// The drawing of a scene.
fn draw(scene: &Scene, cycles: &[Vec<String>]) -> String {
    let place = |name: &str| match name {
        "aresetn" => 0,
        "state_clear" => 1,
        "s_tvalid" => 2,
        "s_tready" => 3,
        "s_tlast" => 4,
        "s_tdata" => 5,
        "m_tvalid" => 6,
        "m_tready" => 7,
        "m_tlast" => 8,
        _ => 9,
    };
    // TDATA and TLAST mean something with TVALID only.
    let value = |row: &[String], name: &str| {
        let valid = match name {
            "s_tdata" | "s_tlast" => &row[2],
            "m_tdata" | "m_tlast" => &row[6],
            _ => "1",
        };
        if valid == "1" {
            row[place(name)].clone()
        } else {
            String::from("-")
        }
    };
    let rows: Vec<Vec<String>> = cycles[scene.cycles.clone()]
        .iter()
        .map(|row| scene.signals.iter().map(|name| value(row, name)).collect())
        .collect();
    let shown = columns(&rows);
    let mut text = format!("{:<12}", "cycle");
    for &(index, skipped) in &shown {
        let gap = if skipped { " ~" } else { "" };
        write!(text, "{gap} {:<4}", index + scene.cycles.start).expect("a string");
    }
    for (signal, name) in scene.signals.iter().enumerate() {
        write!(text, "\n{name:<12}").expect("a string");
        let mut before = String::new();
        for &(index, skipped) in &shown {
            let now = &rows[index][signal];
            let word = before.len() > 1;
            let (edge, body) = match now.as_str() {
                "-" => (if word { '|' } else { ' ' }, "    "),
                "x" => ('x', "xxxx"),
                "0" => (if before == "1" { '\\' } else { '_' }, "____"),
                "1" => (
                    if ["0", "x"].contains(&before.as_str()) {
                        '/'
                    } else {
                        '~'
                    },
                    "~~~~",
                ),
                _ if *now == before => (' ', "    "),
                word => ('|', word),
            };
            let fill = if now.len() > 1 { " " } else { &body[..1] };
            let gap = fill.repeat(if skipped { 2 } else { 0 });
            write!(text, "{gap}{edge}{body}").expect("a string");
            before.clone_from(now);
        }
    }
    text.lines()
        .flat_map(|line| ["    ", line.trim_end(), "\n"])
        .collect()
}

#[test]
fn drawings_are_what_the_core_does() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/interface.md");
    let mut document = std::fs::read_to_string(&path).expect("docs/interface.md");
    let model = model();
    for scene in SCENES {
        let folder = tempfile::tempdir().expect("a folder");
        let timing = generate(scene, &model, folder.path()).timing;
        let cycles = simulate(scene, folder.path());
        check_words(scene, &model, &cycles);
        check_timing(&timing, &cycles, scene);
        let drawing = draw(scene, &cycles);
        let marker = format!(
            "<!-- drawn by tests/hardware/diagrams.rs: {} -->\n\n",
            scene.name
        );
        let start = document
            .find(&marker)
            .unwrap_or_else(|| panic!("docs/interface.md has no drawing {:?}", scene.name))
            + marker.len();
        let length = document[start..].find("\n\n").expect("text follows") + 1;
        if std::env::var_os("LPRNN_UPDATE_DOCS").is_some() {
            document.replace_range(start..start + length, &drawing);
        } else {
            assert_eq!(
                &document[start..start + length],
                drawing,
                "{}: docs/interface.md differs; LPRNN_UPDATE_DOCS=1 draws it anew",
                scene.name
            );
        }
    }
    if std::env::var_os("LPRNN_UPDATE_DOCS").is_some() {
        std::fs::write(&path, document).expect("written");
    }
}
