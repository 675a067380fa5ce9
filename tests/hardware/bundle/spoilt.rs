//! The test bench of a bundle never passes with a wrong file.

use super::SPOILT;
use crate::common::{Recipe, testbench, write};
use lprnn_hw::spec::DirectionKind;

/// Changes one file of a good bundle and expects that the test bench no longer passes; what it says.
fn spoiled(recipe: Recipe, path: &str, change: impl FnOnce(String) -> Option<String>) -> String {
    let folder = tempfile::tempdir().unwrap();
    write(&recipe.bundle(7, 14), folder.path());
    let target = folder.path().join(path);
    let text = std::fs::read_to_string(&target).unwrap();
    match change(text.clone()) {
        None => std::fs::remove_file(&target).unwrap(),
        Some(changed) => {
            assert_ne!(changed, text, "nothing was changed in {path}");
            std::fs::write(&target, changed).unwrap();
        }
    }
    let (says, well) = testbench(folder.path(), recipe.name, &[]);
    assert!(!says.contains("PASS"), "{path}: {says}");
    assert!(says.contains("FAIL: ") && !well, "{path}: {says}");
    says
}

/// Flips the last bit of the last digit of line `line`.
fn flip(text: &str, line: usize) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let digit = lines[line].pop().unwrap().to_digit(16).unwrap() ^ 1;
    lines[line].push(char::from_digit(digit, 16).unwrap());
    lines.join("\n") + "\n"
}

fn without_last_line(text: &str) -> String {
    let count = text.lines().count();
    assert!(count > 1);
    text.lines()
        .take(count - 1)
        .map(|line| line.to_owned() + "\n")
        .collect()
}

#[test]
fn a_wrong_memory_never_passes() {
    for memory in ["rtl/spoilt_l0_weights.mem", "rtl/spoilt_l0_biases.mem"] {
        spoiled(SPOILT, memory, |_| None);
        spoiled(SPOILT, memory, |_| Some(String::new()));
        spoiled(SPOILT, memory, |text| Some(flip(&text, 0)));
        spoiled(SPOILT, memory, |text| Some(without_last_line(&text)));
    }
}

#[test]
fn wrong_vectors_never_pass() {
    for vectors in ["tb/spoilt_stimulus.mem", "tb/spoilt_expected.mem"] {
        spoiled(SPOILT, vectors, |_| None);
        spoiled(SPOILT, vectors, |text| Some(without_last_line(&text)));
    }
    spoiled(SPOILT, "tb/spoilt_expected.mem", |text| {
        Some(flip(&text, 20))
    });
}

/// A sequence that is longer than the core holds is said to be one.
#[test]
fn vectors_of_too_long_sequences_never_pass() {
    let recipe = Recipe::new("long", &[1, 2], 4).directed(DirectionKind::Bidirectional, 4);
    let says = spoiled(recipe, "tb/long_stimulus.mem", |text| {
        // TLAST is the bit above TDATA; the last one stays.
        let lines = text.lines().count();
        let kept = |(line, beat): (usize, &str)| {
            let flag = if line + 1 == lines { &beat[..1] } else { "0" };
            format!("{flag}{}\n", &beat[1..])
        };
        Some(text.lines().enumerate().map(kept).collect())
    });
    assert!(says.contains("status_length is high"), "{says}");
}

#[test]
fn a_flipped_weight_bit_in_the_sources_fails() {
    // Inline memories have no digest: here the words of h must differ.
    let recipe = Recipe::new("inlined", &[3, 4], 4).folded(2, 2).inline();
    spoiled(recipe, "rtl/inlined_l0_weights.v", |text| {
        let at = text.find("'d0: data_q <= ").unwrap();
        let end = at + text[at..].find(';').unwrap();
        // The sign of row 3's second weight: the output gate of the second column.
        let digit = end - 8;
        let old = text[digit..=digit]
            .chars()
            .next()
            .unwrap()
            .to_digit(16)
            .unwrap();
        let new = char::from_digit(old ^ 8, 16).unwrap();
        Some(format!("{}{new}{}", &text[..digit], &text[digit + 1..]))
    });
}
