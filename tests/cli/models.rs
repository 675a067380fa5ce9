//! Models and their inputs: `import`, `quantize`, `run`, and `demo` from end to end.

use super::program::{generate, home, names, program};
use snapbox::str;
use std::path::{Path, PathBuf};

/// `.npy` of version 1.0.
fn npy(kind: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({shape}), }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.bytes());
    bytes.extend(data);
    bytes
}

/// The int32 elements of an `.npy` file that `run` wrote.
fn ints(path: &Path) -> Vec<i32> {
    let bytes = std::fs::read(path).unwrap();
    let header = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let words = bytes[10 + header..].chunks_exact(4);
    words
        .map(|word| i32::from_le_bytes(word.try_into().unwrap()))
        .collect()
}

#[test]
fn run_gives_the_words_of_every_sequence_by_itself() {
    let home = home();
    let folder = generate(home.path(), &[]);
    let codes: Vec<i32> = (0..2 * 4 * 3).map(|n| n * 5 % 16 - 8).collect();
    let bytes: Vec<u8> = codes.iter().flat_map(|code| code.to_le_bytes()).collect();
    let floats: Vec<u8> = codes
        .iter()
        .flat_map(|&code| (code as f32 / 4.0).to_le_bytes())
        .collect();
    let write = |name: &str, bytes: &[u8]| std::fs::write(home.path().join(name), bytes).unwrap();
    write("both.npy", &npy("<i4", "2, 4, 3", &bytes));
    write("second.npy", &npy("<i4", "4, 3", &bytes[48..]));
    write("float.npy", &npy("<f4", "2, 4, 3", &floats));
    let run = |input: &str, output: &str, more: &[&str]| {
        program()
            .current_dir(home.path())
            .args(["run", "-q", "--model"])
            .arg(folder.join("model.safetensors"))
            .args(["--input", input, "-o", output])
            .args(more)
            .assert()
            .success()
    };
    run("both.npy", "h.npy", &["--state", "c.npy"]).stdout_eq(str![[r"
2 sequences of 4 steps: 40 words of h
  saturated in  [..]
  layer 0       [..]

"]]);
    run("second.npy", "second_h.npy", &[]);
    run("float.npy", "float_h.npy", &["--float-input"]);
    let h = ints(&home.path().join("h.npy"));
    assert_eq!(h.len(), 2 * 4 * 5);
    assert_eq!(h[20..], ints(&home.path().join("second_h.npy")));
    assert_eq!(h, ints(&home.path().join("float_h.npy")));
    assert!(h.iter().all(|code| (-8..8).contains(code)) && h.iter().any(|&code| code != 0));
    let c = ints(&home.path().join("c.npy"));
    assert!(c.len() == h.len() && c.iter().any(|code| code.abs() > 8));
    // The same inputs through the hardware.
    program()
        .current_dir(home.path())
        .args(["cosim", "-q", "lstm", "--input", "both.npy"])
        .assert()
        .success();
}

#[test]
fn inputs_that_do_not_fit_are_refused() {
    let home = home();
    let folder = generate(home.path(), &[]);
    let input = home.path().join("x.npy");
    for (bytes, more, why) in [
        (npy("<i4", "2, 4", &[0; 32]), "", "shape [2, 4]"),
        (npy("<i4", "0, 3", &[]), "", "no steps"),
        (
            npy("<i4", "1, 3", &[8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
            "",
            "no code of s4.2",
        ),
        (
            npy("<i4", "1, 3", &[0; 12]),
            "--float-input",
            "wanted real numbers",
        ),
        (npy("<f4", "1, 3", &[0; 12]), "", "--float-input"),
        (
            npy("<f4", "1, 3", &[0xff; 12]),
            "--float-input",
            "not a finite number",
        ),
        (npy("<i4", "1, 3", &[0; 11]), "", "11 bytes of data"),
        (
            npy("<i4", "9999999999, 9999999999, 3", &[]),
            "",
            "more than can be addressed",
        ),
        (b"PK\x03\x04".to_vec(), "", "damaged archive"),
        (b"\x93NUMPI".to_vec(), "", "is not a .npy file"),
    ] {
        std::fs::write(&input, bytes).unwrap();
        let mut command = program()
            .args(["run", "--model"])
            .arg(folder.join("model.safetensors"))
            .arg("--input")
            .arg(&input)
            .arg("-o")
            .arg(home.path().join("h.npy"));
        if !more.is_empty() {
            command = command.arg(more);
        }
        let output = command.output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(
            stderr.contains(why) && stderr.contains("help: "),
            "{why}: {stderr}"
        );
        assert_eq!(names(home.path()), ["lstm", "x.npy"]);
    }
}

fn demo_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("models/demo")
        .join(name)
}

#[test]
fn import_explains_every_tensor() {
    program()
        .arg("import")
        .arg(demo_file("demo.safetensors"))
        .arg("--explain")
        .assert()
        .success()
        .stderr_eq("")
        .stdout_eq(str![[r"
layer 0: 8 inputs, 32 units
head: 8 outputs, not part of the hardware
5 248 parameters of the LSTM, in the gate order i, f, g, o; biases of one gate are added up
  head.bias                [8]                                  bias of the head
  head.weight          [8, 32]                  linear head, beside the hardware
  lstm.bias_hh_l0        [128]  layer 0: bias, added up with others of the layer
  lstm.bias_ih_l0        [128]  layer 0: bias, added up with others of the layer
  lstm.weight_hh_l0  [128, 32]         layer 0: recurrent weights, gates i f g o
  lstm.weight_ih_l0   [128, 8]             layer 0: input weights, gates i f g o

"]]);
    program()
        .arg("import")
        .arg(demo_file("test.npy"))
        .assert()
        .code(2)
        .stdout_eq("")
        .stderr_eq(str![[r"
error: [..]test.npy: not a model file of a known kind (as safetensors: [..])
help: give safetensors, .pt, .ckpt, .keras, .h5 or .onnx

"]]);
}

#[test]
fn a_float_model_becomes_a_core_that_agrees() {
    let home = home();
    let quantize = |output: &str| {
        program()
            .current_dir(home.path())
            .args([
                "quantize",
                "-q",
                "--bits",
                "3",
                "--act-bits",
                "5",
                "--model",
            ])
            .arg(demo_file("demo.safetensors"))
            .arg("--calibrate")
            .arg(demo_file("calib.npy"))
            .args(["-o", output])
            .assert()
    };
    quantize("m.safetensors")
        .success()
        .stderr_eq("")
        .stdout_eq(str![[r"
  parameters            format  clamped     of  own rounding
  layers.0.weight_ih.i [..] dB
...
  head.weight [..] dB
  formats [..] x [..] z [..] gates [..] c [..] h
  layer 0 [..]
  clamped in [..]
  layer 0 [..] %
integer model against float model, 512 steps
  h: signal to noise [..] dB, error [..] (root mean square)
  head: signal to noise [..] dB, error [..] (root mean square)
...

"]]);
    quantize("again.safetensors").success();
    let read = |name: &str| std::fs::read(home.path().join(name)).unwrap();
    assert_eq!(read("m.safetensors"), read("again.safetensors"));
    quantize("no/such/folder.safetensors").code(2);
    program()
        .current_dir(home.path())
        .args(["cosim", "--model", "m.safetensors", "--units", "4", "--columns", "4", "--input"])
        .arg(demo_file("test.npy"))
        .args(["--float-input", "--steps", "40"])
        .assert()
        .success()
        .stdout_eq(str![[r"
lstm_top: Verilator [..]
  [..] inputs were clamped to the format of x
  equal without pauses: 320 words of 40 steps in [..] cycles; latency [..] as stated; [..] cycles per step as stated
  equal with pauses: 320 words of 40 steps in [..] cycles, each beat in its cycle; source idle [..], sink stalled [..], queue full [..], array waited [..]

"]]);
    assert_eq!(names(home.path()), ["again.safetensors", "m.safetensors"]);
}

#[test]
fn the_demo_goes_from_model_to_netlist() {
    let home = home();
    let demo = || {
        program()
            .current_dir(home.path())
            .args(["demo", "--format", "json"])
    };
    let output = demo().output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["cosim"]["equal"], true);
    assert_eq!(report["cosim"]["runs"].as_array().unwrap().len(), 2);
    assert_eq!(report["cosim"]["runs"][0]["words"], 512 * 32);
    assert!(report["prediction_error"].as_f64().unwrap() < 0.02);
    assert!(report["synth"]["utilization"]["lut"].as_u64().unwrap() > 100);
    assert_eq!(names(home.path()), ["lprnn-hw-demo"]);
    // What is not ours is never touched.
    std::fs::rename(home.path().join("lprnn-hw-demo"), home.path().join("other")).unwrap();
    std::fs::create_dir(home.path().join("lprnn-hw-demo")).unwrap();
    std::fs::write(home.path().join("lprnn-hw-demo/note"), "mine").unwrap();
    demo().assert().code(2).stdout_eq("");
    assert_eq!(names(&home.path().join("lprnn-hw-demo")), ["note"]);
}

/// Two bits of odd levels: the codes are odd, `run` computes them, and so does a core.
#[test]
fn odd_levels_are_quantised_run_and_built() {
    let home = home();
    program()
        .current_dir(home.path())
        .args([
            "quantize", "-q", "--bits", "2", "--levels", "odd", "--model",
        ])
        .arg(demo_file("demo.safetensors"))
        .arg("--calibrate")
        .arg(demo_file("calib.npy"))
        .args(["-o", "odd.safetensors"])
        .assert()
        .success();
    let model = lprnn_hw::quantize::QuantizedModel::read(&home.path().join("odd.safetensors"));
    let layer = &model.unwrap().layers[0];
    assert!(layer.x.is_odd() && layer.h.is_odd() && layer.weights().is_odd());
    let weights = layer.weight_ih.iter().chain(&layer.weight_hh);
    assert!(weights.clone().all(|w| [-3, -1, 1, 3].contains(w)));
    assert!(weights.clone().any(|w| w.abs() == 3) && weights.clone().any(|w| w.abs() == 1));
    program()
        .current_dir(home.path())
        .args([
            "run",
            "-q",
            "--model",
            "odd.safetensors",
            "--float-input",
            "--input",
        ])
        .arg(demo_file("test.npy"))
        .args(["-o", "h.npy"])
        .assert()
        .success();
    let h = ints(&home.path().join("h.npy"));
    assert!(h.iter().all(|code| [-3, -1, 1, 3].contains(code)) && h.contains(&3));
    for command in [
        &["gen", "-q", "-o", "core", "--model", "odd.safetensors"][..],
        &["cosim", "-q", "core", "--steps", "40"],
    ] {
        program()
            .current_dir(home.path())
            .args(command)
            .assert()
            .success();
    }
    program()
        .current_dir(home.path())
        .args([
            "gen", "-o", "other", "--hidden", "8", "--bits", "8", "--levels", "odd",
        ])
        .assert()
        .code(2)
        .stderr_eq(str![[r"
error: --levels: odd levels have 1 to 4 bits, no width here is that small
help: leave it out, or give weights, h or x fewer bits

"]]);
}
