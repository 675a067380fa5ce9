//! A difference followed to its gate, and the package that replays it.

use super::accumulator::{Accumulator, RANDOM, SMALL, Shape, inputs, toolchain};
use lprnn_hw::cosim::{Difference, Oracle, Outcome, Request, Stimulus, TracedLayer, check, replay};
use std::path::Path;

/// `check` with trace ports and packages; what the model says of z, as (step, gate, unit).
fn checked(
    core: &Accumulator,
    expected: impl Fn(&mut Vec<i32>),
    failures: &Path,
) -> lprnn_hw::cosim::Verdict {
    let steps = 30;
    let inputs = inputs(&core.interface, steps);
    let last: Vec<bool> = (0..steps).map(|step| step % 11 == 10).collect();
    let stimulus = Stimulus {
        inputs: &inputs,
        last: &last,
        clear: &[],
        cut: &[],
    };
    let words = core.model(stimulus);
    let mut spoilt = words.clone();
    expected(&mut spoilt);
    let layers = [TracedLayer {
        odd: false,
        cell: &lprnn_hw::hardware::LSTM,
        hidden_size: 4,
        units: 2,
        z_bits: 11,
        pass: lprnn_hw::hardware::forward_pass(0),
    }];
    let mut z = |step: usize, _: usize, gate: usize, unit: usize| {
        i64::from((words[step * 5 + unit] + gate as i32) << 21 >> 21)
    };
    let request = Request {
        core: core.core(),
        layers: &[],
        stimulus,
        expected: &spoilt,
        pattern: RANDOM,
        seed: 3,
        vcd: None,
        oracle: Some(Oracle {
            layers: &layers,
            z: &mut z,
            order: None,
        }),
        failures: Some(failures),
        words: None,
        progress: &mut |_| {},
    };
    check(toolchain(), request).unwrap()
}

/// Wrong from step 17 on, in the trace and in the output.
const FROM_17: Shape = Shape {
    wait: 9,
    spoil_data: "^ (step_q >= 17 && beat_q == 1 && i == 1)",
    extra: "if (give && end_of_step) step_q <= step_q + 1;",
    ..SMALL
};

#[test]
fn difference_is_followed_to_the_gate() {
    let failures = tempfile::tempdir().unwrap();
    let trace = "^ (step_q >= 17 && wait_q[1:0] == 1 && wait_q[2])";
    let core = Accumulator::new(Shape {
        spoil_trace: trace,
        ..FROM_17
    });
    let verdict = checked(&core, |_| {}, failures.path());
    let Outcome::Different(difference) = verdict.outcome else {
        panic!("equal")
    };
    let text = difference.to_string();
    assert!(
        text.starts_with("step 17 layer 0 gate f unit 3: hardware "),
        "{text}"
    );
    let Difference::Gate {
        hardware, model, ..
    } = difference
    else {
        panic!("{text}")
    };
    assert_eq!(hardware ^ 1, model);
}

#[test]
fn equal_gates_leave_h() {
    let failures = tempfile::tempdir().unwrap();
    let verdict = checked(&Accumulator::new(FROM_17), |_| {}, failures.path());
    let Outcome::Different(difference) = verdict.outcome else {
        panic!("equal")
    };
    let text = difference.to_string();
    assert!(
        text.starts_with("step 17 layer 0 h unit 3: hardware "),
        "{text}"
    );
}

#[test]
fn difference_is_a_package_that_replays() {
    let failures = tempfile::tempdir().unwrap();
    let root = failures.path().join("lprnn-hw-fail");
    let core = Accumulator::new(SMALL);
    let spoil = |words: &mut Vec<i32>| words[12 * 5 + 4] ^= 2;
    let verdict = checked(&core, spoil, &root);
    let folder = verdict.package.unwrap();
    assert_eq!(folder.parent(), Some(root.as_path()));
    for name in [
        "failure.json",
        "inputs.txt",
        "expected.txt",
        "got.txt",
        "waves.vcd",
        "bundle/accumulator_top.v",
        "bundle/w.mem",
        "bundle/interface.json",
    ] {
        assert!(folder.join(name).metadata().unwrap().len() > 0, "{name}");
    }
    // What the hardware gave is what the unspoilt model says, up to the failing step.
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let (got, expected) = (read("got.txt"), read("expected.txt"));
    let differing: Vec<usize> = got
        .lines()
        .zip(expected.lines())
        .enumerate()
        .filter(|(_, (a, b))| a != b)
        .map(|(s, _)| s)
        .collect();
    assert_eq!((got.lines().count(), differing), (13, vec![12]));
    // The original is gone, the package alone shows the same.
    drop(core);
    let again = replay(toolchain(), &folder).unwrap();
    assert!(matches!(
        again,
        Outcome::Different(Difference::Word {
            step: 12,
            element: 4,
            ..
        })
    ));
    // Mended, it agrees.
    std::fs::write(folder.join("expected.txt"), &got).unwrap();
    assert!(matches!(
        replay(toolchain(), &folder).unwrap(),
        Outcome::Equal(_)
    ));
    // Cut short, it is refused.
    std::fs::write(folder.join("expected.txt"), &got[..got.len() / 2]).unwrap();
    replay(toolchain(), &folder).unwrap_err();
    assert_eq!(std::fs::read_dir(&root).unwrap().count(), 1);
}

#[test]
fn same_failure_is_the_same_package() {
    let failures = tempfile::tempdir().unwrap();
    let core = Accumulator::new(SMALL);
    let spoil = |words: &mut Vec<i32>| words[7] ^= 1;
    let first = checked(&core, spoil, failures.path()).package;
    assert!(first.is_some());
    assert_eq!(first, checked(&core, spoil, failures.path()).package);
    let agreed = checked(&core, |_| {}, failures.path());
    assert!(matches!(agreed.outcome, Outcome::Equal(_)) && agreed.package.is_none());
}

#[test]
fn core_without_trace_ports_still_names_the_word() {
    let failures = tempfile::tempdir().unwrap();
    let core = Accumulator::new(SMALL);
    let path = core.folder.path().join("accumulator_top.v");
    let source = std::fs::read_to_string(&path)
        .unwrap()
        .replace("LPRNN_TRACE", "SOMETHING_ELSE");
    std::fs::write(path, source).unwrap();
    let verdict = checked(&core, |words| words[7] ^= 1, failures.path());
    assert!(matches!(
        verdict.outcome,
        Outcome::Different(Difference::Word {
            step: 1,
            element: 2,
            ..
        })
    ));
    assert!(verdict.package.is_some());
}
