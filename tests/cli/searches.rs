//! `lprnn-hw search` with commands that train nothing, and with `train` itself.

use crate::program::program;
use lprnn_hw::files::npy::write_f32;
use snapbox::cmd::OutputAssert;
use std::path::Path;

/// Answers 1 - 4 / (units * bits of weights), a float network with more, and notes every run.
const TRAINER: &str = r#"awk '/"hidden"/{h=$2+0} /"weight_bits"/{w=$2+0} /"float": true/{w=99}
    END{print "{\"accuracy\": " 1-4/(h*w) "}"}' {widths.json} > {result.json}; echo run >> runs.txt"#;

const AXES: &str =
    "--weight-bits 2,4 --act-bits 4 --hidden 8,16,32 --macs 64 --mac lut --target xc7";

/// A search in `folder` with these options and this command.
fn search(folder: &Path, options: &str, trainer: &str) -> OutputAssert {
    program()
        .current_dir(folder)
        .args(["-q", "search"])
        .args(AXES.split_whitespace())
        .args(options.split_whitespace())
        .args(["--command", trainer, "-o", "found"])
        .assert()
}

/// Refused, and every one of these words said.
fn refused(ended: OutputAssert, said: &[&str]) {
    let ended = ended.code(2);
    let text = String::from_utf8_lossy(&ended.get_output().stderr).into_owned();
    for words in said {
        assert!(text.contains(words), "{text}");
    }
}

fn runs(folder: &Path) -> usize {
    let text = std::fs::read_to_string(folder.join("runs.txt"));
    text.map_or(0, |text| text.lines().count())
}

fn result(folder: &Path) -> serde_json::Value {
    let text = std::fs::read_to_string(folder.join("found/result.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn the_cheapest_that_is_good_enough_is_chosen_and_nothing_is_trained_twice() {
    let home = tempfile::tempdir().unwrap();
    let options =
        "--metric accuracy --min-accuracy 0.93 --epochs 4 --stages 2 --eta 2 --float-epochs 0";
    search(home.path(), options, TRAINER).success();
    // Six, of which four may go on: the ones with accuracies 0.875 and 0.9375 at 32 units of 4 bits are dearer than the
    // answer, or worse at its price.
    let found = result(home.path());
    let chosen: Vec<&serde_json::Value> = (found["networks"].as_array().unwrap().iter())
        .filter(|network| network["chosen"] == true)
        .collect();
    assert_eq!(chosen.len(), 1, "{found}");
    let price = |network: &serde_json::Value| network["price"].as_u64().unwrap();
    for network in found["networks"].as_array().unwrap() {
        let good = network["value"].as_f64().unwrap() >= 0.93;
        assert_eq!(network["good_enough"], good);
        assert!(!good || price(network) >= price(chosen[0]), "{network}");
    }
    assert_eq!(chosen[0]["epochs"], 4);
    let trained = runs(home.path());
    assert!((7..=9).contains(&trained), "{trained}");
    // Going on when all is done trains nothing and gives the same bytes.
    let bytes = |name: &str| std::fs::read(home.path().join("found").join(name)).unwrap();
    let names = [
        "result.json",
        "trials.csv",
        "points.csv",
        "index.html",
        "summary.md",
        "search.json",
    ];
    let before = names.map(bytes);
    search(home.path(), &format!("{options} --resume"), TRAINER).success();
    assert_eq!(runs(home.path()), trained);
    assert_eq!(names.map(bytes), before);
    // The plan is one of `explore`, the table is one of accuracies.
    program()
        .current_dir(home.path())
        .args(["-q", "explore", "collect", "found/plan"])
        .assert()
        .code(2);
    let plan = String::from_utf8(bytes("plan/plan.json")).unwrap();
    assert!(plan.contains("\"hidden\": "), "{plan}");
    let csv = String::from_utf8(bytes("trials.csv")).unwrap();
    assert_eq!(csv.lines().count(), 7, "{csv}");
    program()
        .current_dir(home.path())
        .args(["-q", "explore"])
        .args(AXES.split_whitespace())
        .args(["--accuracy", "found/trials.csv", "--metric", "accuracy"])
        .assert()
        .success();
}

#[test]
fn a_loss_is_counted_from_networks_in_real_numbers() {
    let home = tempfile::tempdir().unwrap();
    let options = "--metric accuracy --max-loss 4% --epochs 1 --stages 1 --float-epochs 2";
    search(home.path(), options, TRAINER).success();
    let found = result(home.path());
    // The best of three sizes: 1 - 4 / (32 * 99).
    assert!(
        (found["float"].as_f64().unwrap() - 0.998_737).abs() < 1e-5,
        "{found}"
    );
    let least = found["least_accuracy"].as_f64().unwrap();
    assert!((least - 0.96 * 0.998_737).abs() < 1e-5);
    assert_eq!(found["float_epochs"], 6);
    assert_eq!(runs(home.path()), 6 + 3);
}

#[test]
fn what_goes_wrong_is_named_and_what_was_trained_is_kept() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let options = "--metric accuracy --epochs 1 --stages 1 --float-epochs 0 --min-accuracy 0.9";
    let again = format!("{options} --force");
    let broken = format!(
        "if grep -q '\"hidden\": 16' {{widths.json}}; then echo no GPU >&2; exit 3; fi; {TRAINER}"
    );
    let missing = "W2A4 16 units, 1 epochs: it has written no result";
    refused(
        search(home, options, &broken),
        &[missing, "no GPU", "--resume"],
    );
    assert_eq!(runs(home), 4);
    refused(search(home, options, TRAINER), &["exists already"]);
    let resumed = search(home, &format!("{options} --resume"), TRAINER);
    refused(resumed, &["is of another search: trainer differ"]);
    search(home, &again, TRAINER).success();
    // No number, another name, and a goal that nobody reaches.
    let words = "cat {widths.json} >&2; echo '{\"accuracy\": \"good\", \"f1\": 1}' > {result.json}";
    let other = "no finite number `accuracy`, but f1; --metric names another";
    refused(search(home, &again, words), &[other]);
    let more = again.replace("0.9", "0.999");
    let nearest = "no network that was trained reaches accuracy 0.999; the best has 0.96875 (W4A4 32 units, 1 epochs)";
    refused(search(home, &more, TRAINER), &[nearest]);
    assert!(home.join("found/trials.csv").exists());
}

#[test]
fn questions_without_an_answer_are_refused_before_training() {
    let home = tempfile::tempdir().unwrap();
    for (options, trainer, said) in [
        (
            "--metric goodness --min-accuracy 1",
            TRAINER,
            "more or less of `goodness` is better is not known",
        ),
        (
            "--metric accuracy --min-accuracy 1",
            "true {widths.json}",
            "has no {result.json}",
        ),
        ("--metric accuracy", TRAINER, "--min-accuracy"),
        (
            "--metric accuracy --min-accuracy 1 --direction backward",
            TRAINER,
            "--max-steps: a backward layer holds whole sequences",
        ),
        (
            "--metric accuracy --max-loss 1 --max-cycles 1",
            TRAINER,
            "--max-cycles",
        ),
    ] {
        refused(search(home.path(), options, trainer), &[said]);
        assert!(!home.path().join("found").exists());
    }
    let ended = program()
        .current_dir(home.path())
        .arg("search")
        .args(AXES.split_whitespace())
        .args(["--max-loss", "5", "-o", "found"])
        .args(["--", "--text", "t.txt", "--hidden", "64"])
        .assert();
    refused(ended, &["--hidden: is decided by the search"]);
    let ended = program()
        .current_dir(home.path())
        .arg("search")
        .args(AXES.split_whitespace())
        .args([
            "--max-loss",
            "5",
            "--direction",
            "forward,backward",
            "--max-steps",
            "4",
        ])
        .args(["-o", "found", "--", "--task", "classify"])
        .assert();
    refused(
        ended,
        &["--direction: `train` trains forward and bidirectional layers"],
    );
}

#[test]
fn a_search_that_trains_ends_in_a_core_of_the_whole_network() {
    let home = tempfile::tempdir().unwrap();
    let words = "the cat sat on the mat and the dog ran to the red house ".repeat(40);
    std::fs::write(home.path().join("text.txt"), words).unwrap();
    let said = program()
        .current_dir(home.path())
        .args([
            "-q",
            "search",
            "--weight-bits",
            "2,4",
            "--act-bits",
            "4",
            "--hidden",
            "8",
            "--z-bits",
            "6",
        ])
        .args(["--part", "ice40up5k", "--max-time", "1ms", "--clock", "12"])
        .args([
            "--metric",
            "valid_bits",
            "--max-loss",
            "60",
            "--epochs",
            "1",
            "--stages",
            "1",
        ])
        .args([
            "-o", "found", "--", "--text", "text.txt", "--valid", "text.txt", "--level", "char",
        ])
        .args([
            "--batch",
            "4",
            "--embedding",
            "8",
            "--fit-h",
            "--head-bits",
            "8",
            "--rule",
            "adam",
        ])
        .assert()
        .success()
        .get_output()
        .stdout
        .clone();
    let said = String::from_utf8(said).unwrap();
    let core = "core: gen --model model.safetensors --part ice40up5k --smallest";
    assert!(said.contains(core), "{said}");
    let found = result(home.path());
    let sites = found["core"]["lut_total"].as_u64().unwrap();
    assert!(sites > 100, "{found}");
    let interface = std::fs::read_to_string(home.path().join("found/core/interface.json")).unwrap();
    assert!(
        interface.contains("embedding") && interface.contains("dense"),
        "{interface}"
    );
}

/// A sequence of five steps whose first element rises, or falls: two classes.
#[test]
fn a_search_of_classifiers_takes_their_accuracy_in_validation() {
    let home = tempfile::tempdir().unwrap();
    let (count, steps) = (64, 5);
    let value = |at: usize| {
        let (sequence, step) = (at / steps, at % steps);
        let sign = if sequence.is_multiple_of(2) {
            1.0
        } else {
            -1.0
        };
        sign * step as f32 + (sequence * 7 % 5) as f32
    };
    let data: Vec<f32> = (0..count * steps).map(value).collect();
    let classes: Vec<f32> = (0..count).map(|sequence| (sequence % 2) as f32).collect();
    let at = |name: &str| home.path().join(name);
    write_f32(&at("x.npy"), &[count, steps, 1], &data).unwrap();
    write_f32(&at("y.npy"), &[count], &classes).unwrap();
    program()
        .current_dir(home.path())
        .args([
            "-q",
            "search",
            "--cell",
            "gru",
            "--weight-bits",
            "2,4",
            "--act-bits",
            "4",
        ])
        .args([
            "--hidden", "6", "--target", "xc7", "--macs", "16", "--mac", "lut",
        ])
        .args(["--direction", "forward,bidirectional", "--max-steps", "5"])
        .args([
            "--metric",
            "valid_accuracy",
            "--min-accuracy",
            "0.1",
            "--epochs",
            "1",
            "--stages",
            "1",
        ])
        .args([
            "--float-epochs",
            "1",
            "-o",
            "found",
            "--",
            "--task",
            "classify",
        ])
        .args(["--data", "x.npy", "--targets", "y.npy", "--head-bits", "8"])
        .assert()
        .success();
    let found = result(home.path());
    let networks = found["networks"].as_array().unwrap();
    let both = |network: &&serde_json::Value| network["network"]["direction"] == "bidirectional";
    assert_eq!(networks.len(), 4, "{found}");
    assert_eq!(networks.iter().filter(both).count(), 2, "{found}");
    assert!(
        found["core"]["lut_total"].as_u64().unwrap() > 100,
        "{found}"
    );
    assert!(at("found/core/interface.json").exists());
}
