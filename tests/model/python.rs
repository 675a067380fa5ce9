//! `python/lprnn_quant` computes the words of `lprnn-hw run`, and loses nothing of a state dict.
//! `PyTorch` is not there: `tests/python/test_torch.py` and its likes are run by hand (`docs/pytorch.md`).

use std::path::Path;
use std::process::{Command, Output};

fn python(script: &str, arguments: &[&str]) -> Output {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = root.join(".tools/bin/python");
    assert!(
        python.exists(),
        "no {}: run ./setup.sh, which installs NumPy there",
        python.display()
    );
    let output = Command::new(python)
        .arg("-B")
        .arg(root.join("tests/python").join(script))
        .args(arguments)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let problem = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script}: {text}{problem}");
    output
}

#[test]
fn python_computes_the_same_words() {
    let output = python("parity.py", &[env!("CARGO_BIN_EXE_lprnn-hw")]);
    let text = String::from_utf8_lossy(&output.stdout);
    // Were nothing compared, this would not be there.
    assert!(
        text.starts_with(
            "12 width mixes of LSTMs and 7 of GRUs, 29600 steps, 1108790 words, none different"
        ),
        "{text}"
    );
}

#[test]
fn state_dicts_and_model_files_lose_nothing() {
    let output = python("test_models.py", &[]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("Ran 29 tests"), "{text}");
}
