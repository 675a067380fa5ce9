//! Cosimulation against a plain C++ driver of the same Verilated core: `cargo bench --bench cosim`.
//!
//! Runs alternate, the best of each is printed; both must give the same bytes in as many cycles.
#![allow(clippy::print_stdout)]

use lprnn_hw::codegen::Interface;
use lprnn_hw::cosim::{
    Capture, Core, Drive, Dut, Mask, Outcome, Pattern, Probes, Stimulus, Toolchain, compare,
    pack_step, signed_field,
};
use lprnn_hw::device::Family;
use lprnn_hw::fixed::QFormat;
use lprnn_hw::flow::{build, plan_core};
use lprnn_hw::quantize::{Layer, QuantizedModel};
use lprnn_hw::spec::{FoldingGoal, Implementation, MacStyle};
use lprnn_hw::tools::{Search, ToolKind};
use std::path::Path;
use std::time::{Duration, Instant};

const ROUNDS: usize = 7;
const LIMIT: Duration = Duration::from_secs(600);

/// One layer with arbitrary weights, 4 bits everywhere.
fn model(size: usize) -> QuantizedModel {
    let mut state = 1u32;
    let mut code = |span: i32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as i32 % (2 * span + 1) - span
    };
    let layer = Layer {
        direction: lprnn_hw::quantize::Direction::Forward,
        input_size: size,
        hidden_size: size,
        x: QFormat::new(4, 3),
        h: QFormat::new(4, 3),
        w_bits: 4,
        w_levels: lprnn_hw::fixed::Levels::Even,
        w_frac_ih: vec![5; 4],
        w_frac_hh: vec![5; 4],
        z: QFormat::new(8, 4),
        a_frac: 8,
        recurrence: lprnn_hw::quantize::Recurrence::Lstm {
            c: QFormat::new(16, 10),
        },
        weight_ih: (0..4 * size * size).map(|_| code(7) as i16).collect(),
        weight_hh: (0..4 * size * size).map(|_| code(7) as i16).collect(),
        bias: (0..4 * size).map(|_| code(100)).collect(),
        row_scale: None,
    };
    QuantizedModel {
        layers: vec![layer],
        ..QuantizedModel::default()
    }
}

fn bundle(size: usize, folder: &Path) -> Interface {
    let implementation = Implementation::usual(
        "bench",
        FoldingGoal::Explicit {
            units: 1,
            columns: 16,
        },
        (MacStyle::Lut, Family::Xc7),
    );
    let model = model(size);
    let bundle = build(&plan_core(model, implementation).unwrap())
        .unwrap()
        .bundle;
    for (name, data) in &bundle.files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, data).unwrap();
    }
    bundle.interface
}

/// Compiles the plain driver in `folder`; the program.
fn plain_driver(folder: &Path, interface: &Interface) -> std::path::PathBuf {
    let search = Search::from_env();
    let verilator = search.find(ToolKind::Verilator).unwrap();
    let cxx = search.find(ToolKind::Cxx).unwrap();
    let mut verilate = verilator.command();
    verilate.current_dir(folder).args([
        "--cc",
        "--prefix",
        "Vdut",
        "-O3",
        "--no-timing",
        "-Wno-fatal",
    ]);
    verilate.args([
        "-Wno-lint",
        "-Wno-style",
        "--x-assign",
        "fast",
        "--default-language",
        "1364-2005",
        "--Mdir",
        "obj",
    ]);
    verilate
        .args(["--top-module", &interface.top])
        .args(&interface.sources);
    verilator.run(&mut verilate, LIMIT).unwrap();
    let root = verilator.environment.first().map_or_else(
        || std::path::PathBuf::from("/usr/share/verilator"),
        |(_, root)| root.clone(),
    );
    let mut compile = cxx.command();
    compile
        .current_dir(folder)
        .args(["-std=gnu++17", "-O2", "-march=native", "-w", "-pthread"]);
    compile.args([
        "-DVERILATOR=1",
        "-DVM_COVERAGE=0",
        "-DVM_SC=0",
        "-DVM_TRACE=0",
        "-DVM_TIMING=0",
    ]);
    compile
        .arg("-Iobj")
        .arg("-I")
        .arg(root.join("include"))
        .arg("-I");
    compile.arg(root.join("include/vltstd"));
    compile.arg(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/benches/plain_driver.cpp"
    ));
    for entry in std::fs::read_dir(folder.join("obj")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|kind| kind == "cpp") {
            compile.arg(path);
        }
    }
    compile.args(["verilated.cpp", "verilated_threads.cpp"].map(|f| root.join("include").join(f)));
    cxx.run(compile.args(["-o", "plain"]), LIMIT).unwrap();
    folder.join("plain")
}

fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |digest, &byte| {
        (digest ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    })
}

fn measure(size: usize, steps: usize) {
    let folder = tempfile::tempdir().unwrap();
    let interface = bundle(size, folder.path());
    let core = Core {
        folder: folder.path(),
        interface: &interface,
    };
    let toolchain = Toolchain::find(&Search::from_env(), None).unwrap();
    let inputs: Vec<i32> = (0..steps * size)
        .map(|i| (i * 7919 % 16) as i32 - 8)
        .collect();
    let mut data = Vec::new();
    inputs
        .chunks(size)
        .for_each(|step| pack_step(step, &interface.input, &mut data));
    let beats = data.len();
    assert_eq!(
        interface.input.element_width * interface.input.elements_per_beat,
        8
    );
    std::fs::write(folder.path().join("beats"), &data).unwrap();

    // What the core gives, as the expected words: this measures time, other checks judge.
    let out_beats = steps * interface.output.beats_per_step;
    let always = Mask::always();
    let drive = Drive {
        data: &data,
        flags: &vec![0; beats],
        offer: &always,
        take: &always,
        out_beats,
        quiet_limit: 1 << 20,
        cycle_limit: u64::MAX,
    };
    let mut capture = Capture::default();
    let mut model = toolchain.model(core, Probes::default(), 1).unwrap();
    model.reset().unwrap();
    model.run(&drive, &mut capture).unwrap();
    let expected: Vec<i32> = (0..out_beats)
        .map(|beat| signed_field(&capture.data, beat, 8) as i32)
        .collect();
    let (bytes, cycles) = (fnv(&capture.data), capture.cycle);

    let program = plain_driver(folder.path(), &interface);
    let last = vec![false; steps];
    let stimulus = Stimulus {
        inputs: &inputs,
        last: &last,
        clear: &[],
        cut: &[],
    };
    let mut best = [f64::MAX; 3];
    for _ in 0..ROUNDS {
        let mut plain = std::process::Command::new(&program);
        plain
            .current_dir(folder.path().join("rtl"))
            .arg("../beats")
            .arg(out_beats.to_string());
        let output = String::from_utf8(plain.output().unwrap().stdout).unwrap();
        let fields: Vec<&str> = output.split_whitespace().collect();
        assert_eq!(fields[1..], [cycles.to_string(), format!("{bytes:016x}")]);
        best[0] = best[0].min(fields[0].parse().unwrap());
        let random = Pattern::Random {
            offer: 50,
            take: 50,
        };
        for (slot, pattern) in [(1, Pattern::AlwaysReady), (2, random)] {
            let start = Instant::now();
            let outcome = compare(
                &mut model,
                &interface,
                stimulus,
                &expected,
                (pattern, 1),
                &mut |_| {},
            );
            let seconds = start.elapsed().as_secs_f64();
            let Ok(Outcome::Equal(agreement)) = outcome else {
                panic!("{outcome:?}")
            };
            // Stalls cost cycles: time per cycle is what compares.
            best[slot] = best[slot].min(seconds * cycles as f64 / agreement.cycles as f64);
        }
    }
    let rate = |seconds: f64| cycles as f64 / seconds / 1e6;
    println!(
        "H = I = {size}, W4A4, 64 MACs, {steps} steps of {} cycles: plain C++ driver {:.2} \
         Mcycles/s; cosim {:.2} ({:+.1} %), with random stalls {:.2} ({:+.1} %)",
        interface.timing.cycles_per_step,
        rate(best[0]),
        rate(best[1]),
        (best[0] / best[1] - 1.0) * 100.0,
        rate(best[2]),
        (best[0] / best[2] - 1.0) * 100.0,
    );
}

fn main() {
    measure(64, 4000);
    measure(256, 300);
}
