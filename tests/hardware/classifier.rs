//! A classifier of sequences that was trained elsewhere: the Verilog has as many right as `run` and as the Python
//! module, sequence by sequence. `tests/hardware/classifier/README.md` says where the models come from.

use lprnn_hw::files::npy::read_i32;
use snapbox::cmd::{Command, cargo_bin};
use std::path::{Path, PathBuf};

fn fixture(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("tests/hardware/classifier").join(name)
}

fn run(command: Command, what: &str) {
    let output = command.output().unwrap();
    let problem = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{what}: {problem}");
}

fn program(home: &Path, line: &str) {
    let command = Command::new(cargo_bin!("lprnn-hw"));
    let command = command.current_dir(home).arg("-q");
    run(command.args(line.split_whitespace()), line);
}

/// The classes that `lprnn_quant` computes with `NumPy` alone.
fn classes_of_python(home: &Path, model: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let script = "import sys, numpy as np, lprnn_quant as lq\n\
                  model = lq.Model.load(sys.argv[1])\n\
                  np.save('python.npy', model.run_outputs(model.quantize_input(np.load(sys.argv[2]))))\n";
    let command = Command::new(root.join(".tools/bin/python"))
        .current_dir(home)
        .env("PYTHONPATH", root.join("python"))
        .args(["-B", "-c", script])
        .args([fixture(model), fixture("x.npy")]);
    run(command, "python: run ./setup.sh, which installs NumPy");
}

#[test]
fn the_verilog_is_right_as_often_as_run_and_the_module() {
    let right_classes = read_i32(&fixture("y.npy")).unwrap().data;
    // How many of the 40 the module of PyTorch has right, of which the files hold the integers.
    for (model, units, right) in [("gru_3bit", "3", 35), ("lstm_3bit", "2", 37)] {
        let home = tempfile::tempdir().unwrap();
        let home = home.path();
        let file = format!("{model}.safetensors");
        let (path, x) = (fixture(&file), fixture("x.npy"));
        let (path, x) = (path.display(), x.display());
        classes_of_python(home, &file);
        program(
            home,
            &format!("run --model {path} --float-input --input {x} -o h.npy --head-output run.npy"),
        );
        let mut files = vec!["python.npy".to_string(), "run.npy".to_string()];
        for contexts in ["1", units] {
            let core = format!("core{contexts}");
            program(
                home,
                &format!("gen --model {path} --contexts {contexts} --max-macs 48 -o {core}"),
            );
            let words = format!("{core}.npy");
            program(
                home,
                &format!("cosim {core} --float-input --input {x} --words {words}"),
            );
            files.push(words);
        }
        let of_python = read_i32(&home.join("python.npy")).unwrap();
        assert_eq!(of_python.shape, [40, 1]);
        for file in files {
            let found = read_i32(&home.join(&file)).unwrap();
            assert_eq!(found, of_python, "{model}, {file}");
            let pairs = found.data.iter().zip(&right_classes);
            assert_eq!(pairs.filter(|(found, right)| found == right).count(), right);
        }
    }
}

/// Of a core that gives something at every step, for one context and for several, with padding.
#[test]
fn words_of_every_step_stand_where_the_inputs_stood() {
    use lprnn_hw::files::npy::write_i64;
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    write_i64(
        &home.join("lengths.npy"),
        &[40],
        &(0..40).map(|n| 1 + n % 8).collect::<Vec<_>>(),
    )
    .unwrap();
    let (path, x) = (fixture("lstm_3bit.safetensors"), fixture("x.npy"));
    let (path, x) = (path.display(), x.display());
    let inputs = format!("--float-input --input {x} --lengths lengths.npy");
    program(home, &format!("run --model {path} {inputs} -o run.npy"));
    let wanted = read_i32(&home.join("run.npy")).unwrap();
    assert_eq!(wanted.shape, [40, 8, 12]);
    for contexts in [1, 3] {
        program(
            home,
            &format!("gen --model {path} --core recurrent --contexts {contexts} -o core{contexts}"),
        );
        program(
            home,
            &format!("cosim core{contexts} {inputs} --stalls none --words core.npy"),
        );
        assert_eq!(read_i32(&home.join("core.npy")).unwrap(), wanted);
    }
}
