//! Accuracies that people bring along.

use super::{home, json, output, refused};

pub const ACCURACIES: &str = "\
# measured on a text
weights,act_bits,units,layers,valid_bpc
float,float,64,1,1.50
4,4,64,1,1.52
ternary,4,128,1,1.53
2,4,128,1,1.60
8,8,128,1,1.45
8,8,999,1,1.40
";

#[test]
fn accuracies_join_by_widths_units_and_layers() {
    let home = home();
    std::fs::write(home.path().join("results.csv"), ACCURACIES).unwrap();
    let found = json(
        home.path(),
        "--weight-bits 2,4,8 --act-bits 4,8 --hidden 64,128 --units 2 --columns 8 --mac lut --part xc7a100t \
         --accuracy results.csv",
    );
    assert_eq!(found["metric"], "valid_bpc");
    assert_eq!(found["larger_is_better"], false);
    let accuracy = |w: u64, a: u64, hidden: u64| {
        let is = |point: &&serde_json::Value| {
            point["weight_bits"] == w && point["act_bits"] == a && point["hidden"] == hidden
        };
        found["points"].as_array().unwrap().iter().find(is).unwrap()["accuracy"].as_f64()
    };
    assert_eq!(accuracy(4, 4, 64), Some(1.52));
    // The better of ternary and two-bit weights: the hardware is the same.
    assert_eq!(accuracy(2, 4, 128), Some(1.53));
    assert_eq!(accuracy(8, 8, 128), Some(1.45));
    assert_eq!(accuracy(8, 4, 128), None);
    let best = &found["recommended"][0];
    assert_eq!(
        (&best["roles"][0], &best["accuracy"]),
        (&"most_accurate".into(), &1.45.into())
    );
}

#[test]
fn levels_and_multipliers_of_rows_tell_networks_apart() {
    let home = home();
    let known = "w_bits,a_bits,hidden,levels,row_scale_bits,accuracy\n\
                 2,2,64,even,0,0.8\n2,2,64,auto,0,0.9\n2,2,64,odd,8,0.95\n2,4,64,auto,,0.96\n4,4,64,even,,0.97\n";
    std::fs::write(home.path().join("results.csv"), known).unwrap();
    let sweep = |more: &str| {
        let axes = "--weight-bits 2,4 --act-bits 2,4 --hidden 64 --units 2 --columns 8 --mac lut \
                    --part xc7a100t --accuracy results.csv --levels even,odd,auto";
        let found = json(home.path(), &format!("{axes} {more}"));
        let of = |point: &serde_json::Value| {
            let levels = point["levels"].as_str().unwrap().to_string();
            let bits =
                ["weight_bits", "act_bits", "contexts"].map(|key| point[key].as_u64().unwrap());
            (bits, levels, point["accuracy"].as_f64())
        };
        found["points"]
            .as_array()
            .unwrap()
            .iter()
            .map(of)
            .collect::<Vec<_>>()
    };
    let row = |bits, levels: &str, accuracy| (bits, levels.to_string(), accuracy);
    let found = sweep("--contexts 1,2");
    // Odd levels for all of two bits are what `auto` means.
    assert!(found.contains(&row([2, 2, 1], "even", Some(0.8))));
    assert!(found.contains(&row([2, 2, 2], "odd", Some(0.9))));
    assert!(found.contains(&row([2, 4, 1], "auto", Some(0.96))));
    assert!(found.contains(&row([4, 4, 2], "even", Some(0.97))));
    assert!(found.contains(&row([4, 4, 2], "odd", None)), "{found:?}");
    assert_eq!(found.len(), 2 * (2 + 3 + 3 + 2), "{found:?}");
    // Bits of x, where the file says them, are those of the row alone.
    let known = "w_bits,a_bits,input_bits,hidden,accuracy\n4,4,8,64,0.97\n4,4,4,64,0.9\n";
    std::fs::write(home.path().join("inputs.csv"), known).unwrap();
    let found = json(
        home.path(),
        "--bits 4 --input-bits 4,8,6 --hidden 64 --units 2 --columns 8 --mac lut --part xc7a100t --accuracy inputs.csv",
    );
    let points = found["points"].as_array().unwrap();
    let of = |point: &serde_json::Value| (point["input_bits"].as_u64(), point["accuracy"].as_f64());
    let mut found: Vec<_> = points.iter().map(of).collect();
    found.sort_by_key(|row| row.0);
    let wanted = [(4, Some(0.9)), (6, None), (8, Some(0.97))];
    assert_eq!(found, wanted.map(|(bits, value)| (Some(bits), value)));
    let scaled = sweep("--row-scale-bits 8");
    let known: Vec<_> = scaled.iter().filter(|row| row.2.is_some()).collect();
    assert_eq!(known, [&row([2, 2, 1], "odd", Some(0.95))]);
}

#[test]
fn only_networks_that_are_good_enough_are_kept() {
    let home = home();
    std::fs::write(home.path().join("results.csv"), ACCURACIES).unwrap();
    let sweep = "--weight-bits 2,4,8 --act-bits 4,8 --hidden 64,128 --units 1,2 --columns 8 --mac lut \
                 --part xc7a100t --accuracy results.csv";
    let kept = |least: &str| {
        let found = json(home.path(), &format!("{sweep} --min-accuracy {least}"));
        assert_eq!(found["least_accuracy"], least.parse::<f64>().unwrap());
        let points = found["points"].as_array().unwrap().clone();
        let of = |point: &serde_json::Value| point["accuracy"].as_f64().unwrap();
        let mut values: Vec<f64> = points.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values.dedup();
        values
    };
    // Bits a character: smaller is better, and a network that is not in the file is not known to be good.
    assert_eq!(kept("1.53"), [1.45, 1.52, 1.53]);
    assert_eq!(kept("1.5"), [1.45]);
    let errors = refused(home.path(), &format!("{sweep} --min-accuracy 1.3"));
    assert!(
        errors.contains("--min-accuracy: no network of the sweep is known to reach valid_bpc 1.3; the best has 1.45 (W8A8 128 units"),
        "{errors}"
    );
    assert!(errors.contains("allow --min-accuracy 1.45"), "{errors}");
    // Good enough, but none in time; others would be.
    let errors = refused(
        home.path(),
        &format!("{sweep} --min-accuracy 1.5 --max-time 15us"),
    );
    assert!(
        errors.contains("--max-time: no point of the sweep takes at most 1500 cycles a step")
            && errors.contains("others meet the other limits"),
        "{errors}"
    );
    let allowed = errors.split("allow --max-time ").nth(1).unwrap();
    let time = allowed.split(',').next().unwrap();
    output(
        home.path(),
        &format!("{sweep} --min-accuracy 1.5 --max-time {time}"),
    );
    for (time, problem) in [
        ("5", "give a time with its unit"),
        ("-1us", "give a time with its unit"),
        ("1ns", "0.001 us is less than a cycle at 100 MHz"),
    ] {
        let errors = refused(home.path(), &format!("{sweep} --max-time={time}"));
        assert!(errors.contains(problem), "{errors}");
    }
}

#[test]
fn accuracy_files_that_do_not_match_are_refused_with_line_and_column() {
    let home = home();
    let sweep = "--bits 4 --hidden 64 --part xc7a35t --accuracy results.csv";
    for (text, place, remedy) in [
        (
            "bits,hidden,valid_bpc\n8,64,1.5\n",
            "results.csv: no row is of a network of the sweep",
            "leave --accuracy out",
        ),
        (
            "bits,hiden,valid_bpc\n4,64,1.5\n",
            "results.csv:1: hiden: unknown column",
            "did you mean `hidden`?",
        ),
        (
            "bits,hidden,colour,valid_bpc\n4,64,red,1.5\n",
            "results.csv:1: colour: unknown column",
            "--metric",
        ),
        (
            "bits,hidden,valid_bpc\n4,64,1.5\n4,64,1.6\n",
            "results.csv:3: W4A4 64 units is already on line 2",
            "remove one",
        ),
        (
            "bits,hidden,valid_bpc\n4,64,good\n",
            "results.csv:2: valid_bpc: `good` is not a finite number",
            "measured value",
        ),
        (
            "bits,hidden,valid_bpc\n4,64,NaN\n",
            "results.csv:2: valid_bpc: `NaN`",
            "measured value",
        ),
        (
            "bits,hidden,valid_bpc\n9,64,1.5\n",
            "results.csv:2: bits: `9` is not a width",
            "ternary",
        ),
        (
            "bits,hidden,valid_bpc\n4,none,1.5\n",
            "results.csv:2: hidden: `none` is not a size",
            "1 to 4096",
        ),
        (
            "bits,hidden,valid_bpc\n4,64\n",
            "results.csv:2: has 2 fields",
            "one value per column",
        ),
        (
            "bits,hidden\n4,64\n",
            "results.csv:1: there is no column for the measure",
            "valid_bpc",
        ),
        (
            "hidden,valid_bpc\n64,1.5\n",
            "no column for the bits of weights",
            "`bits`",
        ),
        (
            "bits,hidden,valid_bpc,test_bpc\n4,64,1.5,1.5\n",
            "results.csv:1: has several measures",
            "--metric",
        ),
        (
            "bits,hidden,valid_bpc\n",
            "results.csv: holds no accuracies",
            "one row per network",
        ),
        (
            "bits,bits,hidden,valid_bpc\n4,4,64,1.5\n",
            "results.csv:1: bits: the column is there twice",
            "remove one",
        ),
        (
            "bits,hidden,layers,metric,value\n4,64,1,bpc,1.5\n4,64,1,ppw,9\n",
            "results.csv:3: metric: `ppw` after `bpc`",
            "--metric",
        ),
    ] {
        std::fs::write(home.path().join("results.csv"), text).unwrap();
        let errors = refused(home.path(), &format!("{sweep} -o sweep"));
        assert!(errors.contains(place), "{text}: {errors}");
        let help = errors
            .lines()
            .filter(|line| line.starts_with("help: "))
            .collect::<String>();
        assert!(help.contains(remedy), "{text}: {errors}");
    }
    std::fs::remove_file(home.path().join("results.csv")).unwrap();
    assert!(refused(home.path(), sweep).contains("results.csv: cannot read"));
}

#[test]
fn measures_of_other_names_are_taken_by_name_and_direction() {
    let home = home();
    let sweep = "--bits 4 --hidden 64 --part xc7a35t --accuracy results.csv";
    // A column of one's own is taken by its name, and others are left aside.
    std::fs::write(
        home.path().join("results.csv"),
        "bits,hidden,colour,f1\n4,64,red,0.9\n",
    )
    .unwrap();
    output(home.path(), &format!("{sweep} --metric f1"));
    assert!(refused(home.path(), &format!("{sweep} --metric f2")).contains("f2"));
    // Where a name does not say what is better, somebody must.
    std::fs::write(
        home.path().join("results.csv"),
        "bits,hidden,score\n4,64,0.9\n4,32,0.8\n",
    )
    .unwrap();
    let sweep = "--bits 4 --hidden 32,64 --part xc7a35t --accuracy results.csv --metric score";
    let errors = refused(home.path(), sweep);
    assert!(
        errors.contains(
            "results.csv: score: its name does not say whether larger or smaller is better"
        ),
        "{errors}"
    );
    assert!(errors.contains("help: give --accuracy-direction larger or smaller"));
    for (which, best) in [("larger", 0.9), ("smaller", 0.8)] {
        let found = json(
            home.path(),
            &format!("{sweep} --accuracy-direction {which}"),
        );
        assert_eq!(found["recommended"][0]["accuracy"], best);
    }
    // f1 was ranked upside down once.
    std::fs::write(
        home.path().join("results.csv"),
        "bits,hidden,f1\n4,64,0.9\n4,32,0.8\n",
    )
    .unwrap();
    let sweep = sweep.replace("score", "f1");
    let found = json(home.path(), &sweep);
    assert_eq!(found["larger_is_better"], true);
    assert_eq!(found["recommended"][0]["accuracy"], 0.9);
}
