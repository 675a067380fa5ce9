//! `python/lprnn_quant.py` computes the words of `lprnn-hw run`, from model files of its own.

use std::path::Path;
use std::process::Command;

#[test]
fn python_computes_the_same_words() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = root.join(".tools/bin/python");
    assert!(
        python.exists(),
        "no {}: run ./setup.sh, which installs NumPy there",
        python.display()
    );
    let output = Command::new(python)
        .arg("-B")
        .arg(root.join("tests/python/parity.py"))
        .arg(env!("CARGO_BIN_EXE_lprnn-hw"))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let problem = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{problem}");
    // Were nothing compared, this would not be there.
    assert!(
        text.starts_with("8 width mixes, 16000 steps, 446220 words, none different"),
        "{text}"
    );
}
