//! Files from outside, damaged: a reader says no, or reads what the rest of the program can work with.
//! It never panics, never hangs, and takes no memory that the file does not account for.

use crate::common::Random;
use lprnn_hw::codegen::Interface;
use lprnn_hw::device::{Family, Part};
use lprnn_hw::estimate::Coefficients;
use lprnn_hw::explore::{Evaluator, NetworkShape, Plan, Task, Work, read_accuracies};
use lprnn_hw::fit::{MeasuredPoint, Table};
use lprnn_hw::fixed::LevelRule;
use lprnn_hw::lm::Vocabulary;
use lprnn_hw::quantize::{QuantizedModel, random_model};
use lprnn_hw::spec::{CellKind, DirectionKind, FoldingGoal, MacStyle, Numerics, read_settings};

const POINTS: &str = include_str!("../../src/estimate/data/points.csv");
const COEFFICIENTS: &str = include_str!("../../src/estimate/data/coefficients.json");
const INTERFACE: &str = include_str!("../golden/odd/interface.json");

fn task(bits: u32) -> Task {
    Task {
        program: "0".into(),
        network: NetworkShape {
            cell: CellKind::Lstm,
            direction: DirectionKind::Forward,
            weight_bits: bits,
            act_bits: 4,
            input_bits: 4,
            levels: LevelRule::Even,
            row_scale_bits: None,
            z_bits: 8,
            hidden: 16,
            input_size: 8,
            layers: 1,
        },
        mac: MacStyle::Auto,
        folding: FoldingGoal::Explicit {
            units: 2,
            columns: 4,
        },
        contexts: 1,
        max_steps: None,
        target: Family::Xc7,
        part: Some("xc7a35t".into()),
        clock_mhz: 100.0,
        work: Work::Synth,
    }
}

/// One damage to a text or to bytes: what disks, editors and people do.
fn damage(random: &mut Random, good: &[u8]) -> Vec<u8> {
    let mut bytes = good.to_vec();
    let at = |random: &mut Random, length: usize| random.between(0, length as i64 - 1) as usize;
    for _ in 0..random.between(1, 3) {
        if bytes.is_empty() {
            break;
        }
        let place = at(random, bytes.len());
        match random.between(0, 6) {
            0 => bytes[place] ^= 1 << random.between(0, 7),
            1 => bytes.truncate(place),
            2 => drop(bytes.drain(place..(place + 9).min(good.len()).min(bytes.len()).max(place))),
            3 => {
                let copied: Vec<u8> = bytes[place..].iter().take(40).copied().collect();
                let to = at(random, bytes.len());
                bytes.splice(to..to, copied);
            }
            // Numbers become other numbers, in place of a digit or behind it.
            kind => {
                let digits: Vec<usize> = (0..bytes.len())
                    .filter(|&place| bytes[place].is_ascii_digit())
                    .collect();
                if digits.is_empty() {
                    continue;
                }
                let digit = digits[at(random, digits.len())];
                let words = [
                    "0",
                    "-1",
                    "99999999999999999999",
                    "1e308",
                    "NaN",
                    "null",
                    "4294967296",
                    "1e-9",
                ];
                let word = words[at(random, words.len())].bytes();
                let end = if kind == 4 { digit } else { digit + 1 };
                bytes.splice(digit..end, word);
            }
        }
    }
    bytes
}

/// Gives damaged versions of `good` to `read`, which says whether it took one.
fn fuzz(name: &str, good: &[u8], rounds: usize, mut read: impl FnMut(&[u8]) -> bool) {
    assert!(read(good), "{name}: the whole file");
    let mut random = Random(name.len() as u64);
    let refused = (0..rounds)
        .filter(|_| !read(&damage(&mut random, good)))
        .count();
    assert!(
        refused > rounds / 10,
        "{name}: {refused} of {rounds} were refused"
    );
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn documents_and_tables() {
    let numerics = Numerics::default();
    let plan = Plan::new([task(2), task(4), task(8)]).to_json();
    fuzz("plan.json", plan.as_bytes(), 1000, |bytes| {
        let Ok(plan) = Plan::from_json(&text(bytes)) else {
            return false;
        };
        for task in &plan.tasks {
            let evaluator = Evaluator::new(task.target, numerics);
            let part = task.part.as_deref().map(|name| Part::find(name).unwrap());
            let fabric = part.map_or(task.target, |part| part.family);
            // No array may be asked for, which is no panic either.
            let _ = evaluator.point(&task.spec(), fabric);
        }
        true
    });
    fuzz(
        "coefficients.json",
        COEFFICIENTS.as_bytes(),
        1000,
        |bytes| Coefficients::from_json(&text(bytes)).is_ok(),
    );
    fuzz("interface.json", INTERFACE.as_bytes(), 1000, |bytes| {
        Interface::from_json(&text(bytes)).is_ok()
    });
    fuzz(
        "vocabulary",
        b"[\"a\", \"b\", \"<unk>\", \"<eos>\"]",
        2000,
        |bytes| Vocabulary::from_json(&text(bytes)).is_ok(),
    );
    let rows = b"bits,hidden,layers,valid_bpc\n4,64,1,1.5\n8,64,1,1.4\n";
    fuzz("accuracies", rows, 1000, |bytes| {
        read_accuracies(&text(bytes), None, None).is_ok()
    });
    let settings =
        b"[network]\nhidden = 8\n[numerics]\nz.bits = 8\n[implementation]\nclock_ns = 2.5\n";
    fuzz("design.toml", settings, 1000, |bytes| {
        let settings = read_settings(&text(bytes), "x", std::path::Path::new(""));
        lprnn_hw::spec::DesignConfig::resolve(settings).is_ok()
    });
    let model = random_model(3, 6).to_bytes().unwrap();
    fuzz("model.safetensors", &model, 1000, |bytes| {
        QuantizedModel::from_bytes(bytes).is_ok()
    });
}

#[test]
fn measured_designs() {
    let few: String = POINTS.split_inclusive('\n').take(6).collect();
    fuzz("points.csv", few.as_bytes(), 120, |bytes| {
        Table::parse(&text(bytes)).is_ok_and(|table| MeasuredPoint::all(&table).is_ok())
    });
    let line = POINTS.lines().nth(1).unwrap();
    let heading = POINTS.lines().next().unwrap();
    let with = |column: usize, value: &str| {
        let mut fields: Vec<&str> = line.split(',').collect();
        fields[column] = value;
        Table::parse(&format!("{heading}\n{}\n", fields.join(",")))
    };
    with(0, "1").unwrap();
    // Input, hidden, six widths, units, columns; counts; clock: each would abort, hang, or fit nulls.
    for (column, value) in [
        (2, "0"),
        (2, "1000000000000"),
        (3, "4097"),
        (3, "4096+4096+4096"),
        (3, ""),
        (4, "0"),
        (4, "40"),
        (5, "0"),
        (6, "99"),
        (7, "1"),
        (7, "63"),
        (8, "0"),
        (8, "60"),
        (9, "64"),
        (10, "0"),
        (10, "18446744073709551615"),
        (11, "0"),
        (14, "0"),
        (17, "0"),
        (18, "0"),
        (14, "18446744073709551615"),
        (23, "NaN"),
        (23, "0"),
        (23, "-5"),
        (23, "inf"),
    ] {
        let error = with(column, value).expect_err(value);
        assert!(error.starts_with("line 2: "), "{column} {value}: {error}");
    }
}

/// What was measured once, of nothing: a width of 0, a thousand billion units.
#[test]
fn tasks_that_no_sweep_has() {
    let good = serde_json::to_value(Plan::new([task(4)])).unwrap();
    for (pointer, value, key) in [
        ("/network/hidden", "1000000000000", "network.hidden"),
        ("/network/weight_bits", "0", "network.weight_bits"),
        ("/network/act_bits", "9", "network.act_bits"),
        ("/network/input_bits", "32", "network.input_bits"),
        ("/network/input_size", "0", "network.input_size"),
        ("/network/layers", "65", "network.layers"),
        ("/folding/units", "0", "folding"),
        ("/folding/columns", "100000000000", "folding"),
        ("/clock_mhz", "0", "clock_mhz"),
        ("/clock_mhz", "1e300", "clock_mhz"),
        ("/part", "\"lfe5u-25f\"", "part"),
        ("/part", "\"xc7a35t; rm -rf /\"", "part"),
    ] {
        let mut changed = good.clone();
        let place = changed.pointer_mut(&format!("/tasks/0{pointer}"));
        *place.expect(pointer) = serde_json::from_str(value).unwrap();
        let error = Plan::from_json(&changed.to_string()).expect_err(pointer);
        assert!(error.starts_with(&format!("tasks.0.{key} ")), "{error}");
    }
    let twice = serde_json::json!({
        "schema": 1,
        "tasks": [good["tasks"][0], good["tasks"][0]],
    });
    let error = Plan::from_json(&twice.to_string()).unwrap_err();
    assert!(error.starts_with("tasks.1 is there twice"), "{error}");
}
