//! `lprnn-hw explore` as a user meets it: what it prints and writes, and what it says to bad input.

use snapbox::cmd::{Command, cargo_bin};
use std::path::Path;

fn program(home: &Path) -> Command {
    Command::new(cargo_bin!("lprnn-hw"))
        .current_dir(home)
        .env("COLUMNS", "100")
        .arg("explore")
}

fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

/// Standard output of a sweep that must succeed.
fn output(home: &Path, line: &str) -> String {
    let ran = program(home).args(words(line)).output().unwrap();
    let errors = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert_eq!(ran.status.code(), Some(0), "{line}: {errors}");
    String::from_utf8(ran.stdout).unwrap()
}

/// Standard error of a sweep that must end with 2 and leave nothing behind.
fn refused(home: &Path, line: &str) -> String {
    let ran = program(home).args(words(line)).output().unwrap();
    let errors = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert_eq!(ran.status.code(), Some(2), "{line}: {errors}");
    assert!(ran.stdout.is_empty(), "{line}");
    assert!(!home.join("sweep").exists(), "{line}");
    errors
}

fn json(home: &Path, line: &str) -> serde_json::Value {
    serde_json::from_str(&output(home, &format!("{line} --format json"))).unwrap()
}

fn home() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn a_sweep_keeps_what_fits_and_recommends() {
    let home = home();
    let found = json(home.path(), "--bits 2..4 --hidden 64,128 --part xc7a35t");
    let points = found["points"].as_array().unwrap();
    assert_eq!(
        points.len() as u64,
        found["counts"]["kept"].as_u64().unwrap()
    );
    assert!(points.len() > 100);
    for point in points {
        assert_eq!(
            (&point["fits"], &point["in_time"]),
            (&true.into(), &true.into())
        );
        assert!(point["lut_total"].as_u64().unwrap() <= 20_800 * 85 / 100);
        assert!(point["bram"].as_u64().unwrap() <= 100 && point["dsp"].as_u64().unwrap() <= 90);
    }
    let cycles = |point: &serde_json::Value| point["cycles_per_step"].as_u64().unwrap();
    let role = |name: &str| {
        let has = |entry: &&serde_json::Value| {
            entry["roles"]
                .as_array()
                .unwrap()
                .iter()
                .any(|role| role == name)
        };
        found["recommended"]
            .as_array()
            .unwrap()
            .iter()
            .find(has)
            .unwrap()
    };
    assert_eq!(
        cycles(role("fastest")),
        points.iter().map(cycles).min().unwrap()
    );
    assert_eq!(role("largest_network")["hidden"], 128);
    assert_eq!(role("largest_network")["weight_bits"], 4);
    assert!(role("knee")["pareto"].as_bool().unwrap());
    // Errors of the estimates and their source go with them.
    assert!(
        found["estimate"]["source"]
            .as_str()
            .unwrap()
            .contains("Yosys 0.")
    );
    assert!(found["estimate"]["lut_total"][1].as_f64().unwrap() > 0.0);
    assert_eq!(found["networks"].as_array().unwrap().len(), 6);
}

/// What the sweep says of a point is what `estimate` says of the same design.
#[test]
fn a_point_is_what_estimate_says_of_it() {
    let home = home();
    let found = json(
        home.path(),
        "--weight-bits 4 --act-bits 3 --hidden 48 --layers 2 --units 4 --columns 8 --mac lut --target ecp5",
    );
    let point = &found["points"][0];
    let arguments = point["gen_arguments"].as_str().unwrap();
    let ran = Command::new(cargo_bin!("lprnn-hw"))
        .arg("estimate")
        .args(words(arguments))
        .args(["--format", "json"])
        .output()
        .unwrap();
    let full: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    let estimate = &full["estimate"];
    for (ours, theirs) in [
        ("cycles_per_step", &estimate["cycles_per_step"]),
        ("latency_cycles", &estimate["latency"]),
        ("dsp", &estimate["dsp"]),
        ("bram", &estimate["bram"]),
        ("macs_per_step", &estimate["macs_per_step"]),
    ] {
        assert_eq!(&point[ours], theirs, "{ours}: {arguments}");
    }
    let off =
        point["lut_total"].as_f64().unwrap() / estimate["lut_total"]["value"].as_f64().unwrap();
    assert!((off - 1.0).abs() < 0.03, "{off}");
}

#[test]
fn a_family_names_the_smallest_part_that_holds_a_point() {
    let home = home();
    let found = json(
        home.path(),
        "--bits 4 --hidden 32 --units 1,16 --columns 16 --mac lut --target ecp5",
    );
    let parts: Vec<&str> = found["points"]
        .as_array()
        .unwrap()
        .iter()
        .map(|point| point["part"].as_str().unwrap())
        .collect();
    assert_eq!(parts, ["lfe5u-12f", "lfe5u-85f"]);
}

/// Multipliers are DSP blocks on `UltraPlus` and LUTs on the rest of iCE40: a point is priced on each
/// part as it would be built there.
#[test]
fn ultra_plus_takes_its_dsp_blocks() {
    let home = home();
    let sweep = "--bits 4 --hidden 40 --units 1,2 --columns 4,16 --layers 1,2";
    let on = |part: &str| json(home.path(), &format!("{sweep} --part {part} --all"));
    let (up, hx) = (on("ice40up5k"), on("ice40hx8k"));
    let figure = |point: &serde_json::Value, name: &str| point[name].as_u64().unwrap();
    let pairs = |one: &serde_json::Value, other: &serde_json::Value| -> Vec<_> {
        let of = |found: &serde_json::Value| found["points"].as_array().unwrap().clone();
        of(one).into_iter().zip(of(other)).collect()
    };
    for (up, hx) in pairs(&up, &hx) {
        let units: u64 = up["folding"]
            .as_str()
            .unwrap()
            .split('x')
            .next()
            .unwrap()
            .parse()
            .unwrap();
        let lanes = units * figure(&up, "layers");
        assert_eq!((figure(&up, "dsp"), figure(&hx, "dsp")), (lanes, 0), "{up}");
        assert_eq!(figure(&up, "bram"), figure(&hx, "bram"));
        // A multiplier of 10 by 16 bits, and the sum behind it.
        let saved = (figure(&hx, "lut") - figure(&up, "lut")) / lanes;
        assert!((300..600).contains(&saved), "{saved} LUTs a lane");
        assert!(figure(&hx, "ff") > figure(&up, "ff"));
    }
    // The family's parts are of both kinds: a point has the figures of the part that is named.
    let family = json(home.path(), &format!("{sweep} --target ice40"));
    let mut seen = std::collections::BTreeSet::new();
    for point in family["points"].as_array().unwrap() {
        let part = point["part"].as_str().unwrap();
        let own = if part.starts_with("ice40up") {
            &up
        } else {
            &hx
        };
        let same = |other: &&serde_json::Value| {
            ["layers", "folding"]
                .iter()
                .all(|key| other[*key] == point[*key])
        };
        let own = own["points"].as_array().unwrap().iter().find(same).unwrap();
        for name in ["lut_total", "ff", "bram", "dsp"] {
            assert_eq!(point[name], own[name], "{name} on {part}");
        }
        seen.insert(part.starts_with("ice40up"));
    }
    assert_eq!(seen.len(), 2, "both kinds of parts are named");
    // `estimate` says the same of a design on the part.
    let arguments = up["points"][0]["gen_arguments"].as_str().unwrap();
    let estimate = |part: &str| -> serde_json::Value {
        let ran = Command::new(cargo_bin!("lprnn-hw"))
            .arg("estimate")
            .args(words(arguments))
            .args(["--part", part, "--format", "json"])
            .output()
            .unwrap();
        serde_json::from_slice(&ran.stdout).unwrap_or_default()
    };
    assert_eq!(
        estimate("ice40up5k")["estimate"]["dsp"],
        up["points"][0]["dsp"]
    );
    assert_eq!(
        estimate("ice40up5k")["estimate"]["clock"]["class"],
        "ice40 up"
    );
    assert_eq!(estimate("ice40hx8k")["estimate"]["dsp"], 0);
    assert!(estimate("xc7a35t").is_null());
    // Too small, and the part of the other kind that is proposed holds it.
    let point = "--bits 4 --hidden 40 --units 1 --columns 16";
    let errors = refused(home.path(), &format!("{point} --part ice40up5k"));
    assert!(
        errors.contains("LUT sites, and ice40up5k has 4488"),
        "{errors}"
    );
    assert!(errors.contains("take --part ice40hx8k"), "{errors}");
    output(home.path(), &format!("{point} --part ice40hx8k"));
}

/// `synth` maps a core to the device that is named, and shows the estimate for that device.
#[test]
fn synth_maps_to_the_device() {
    let home = home();
    let run = |line: &str| {
        Command::new(cargo_bin!("lprnn-hw"))
            .current_dir(home.path())
            .args(words(line))
            .output()
            .unwrap()
    };
    for target in ["ice40", "xc7"] {
        let gen_line =
            format!("gen --bits 2 --hidden 4 --units 1 --columns 1 --target {target} -o {target}");
        assert!(run(&gen_line).status.success());
    }
    for (line, dsp) in [("synth ice40", 0), ("synth ice40 --device up5k", 1)] {
        let ran = run(&format!("{line} --format json"));
        let found: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
        assert_eq!(found["utilization"]["dsp"], dsp, "{line}");
        for figure in found["compared"].as_array().unwrap() {
            let of = |name: &str| figure[name].as_f64().unwrap();
            let off = (of("estimated") - of("synthesised")).abs();
            let most = match figure["what"].as_str().unwrap() {
                "DSP blocks" | "block RAM, 4 kb" => 0.0,
                // Small counts.
                "carry cells" => 0.4,
                _ => 0.2,
            };
            assert!(off <= most * of("synthesised"), "{line}: {figure}");
        }
    }
    for (line, why) in [
        ("synth ice40 --device 99k", "ice40 has no device `99k`"),
        (
            "synth xc7 --device xc7a35t",
            "all devices of xc7 are mapped alike",
        ),
    ] {
        let ran = run(line);
        let errors = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert_eq!(ran.status.code(), Some(2), "{line}");
        assert!(
            errors.contains("--device") && errors.contains(why),
            "{errors}"
        );
    }
}

#[test]
fn the_same_sweep_gives_the_same_bytes() {
    let home = home();
    let sweep = "--bits 2..6 --hidden 64..128:32 --layers 1,2 --part xc7z020";
    let first = output(home.path(), sweep);
    assert_eq!(first, output(home.path(), sweep));
    for name in ["one", "two"] {
        output(home.path(), &format!("{sweep} -o {name}"));
    }
    for file in ["points.csv", "points.json"] {
        let read = |folder: &str| std::fs::read(home.path().join(folder).join(file)).unwrap();
        assert!(read("one") == read("two"), "{file}");
    }
    // A folder of ours is replaced by force only, anything else never.
    let again = program(home.path())
        .args(words(sweep))
        .args(["-o", "one"])
        .output()
        .unwrap();
    assert_eq!(again.status.code(), Some(2));
    output(home.path(), &format!("{sweep} -o one --force"));
    std::fs::create_dir(home.path().join("thesis")).unwrap();
    std::fs::write(home.path().join("thesis/text"), "").unwrap();
    let other = program(home.path())
        .args(words(sweep))
        .args(["-o", "thesis", "--force"])
        .output()
        .unwrap();
    assert_eq!(other.status.code(), Some(2));
}

#[test]
fn bad_input_is_refused_with_place_and_remedy() {
    let home = home();
    let good = "--bits 4 --hidden 64";
    for (line, place, remedy) in [
        (
            format!("{good} --part xc7a34t"),
            "--part: there is no part `xc7a34t`",
            "xc7a35t",
        ),
        (format!("{good} --part up5k"), "no part `up5k`", "ice40up5k"),
        (
            format!("{good} --target virtex"),
            "--target: `virtex`",
            "xc7, xcup, ecp5 or ice40",
        ),
        (good.to_string(), "--part: no device", "--target"),
        (
            "--bits 8..2 --hidden 64 --part xc7a35t".into(),
            "--bits: `8..2` is empty",
            "smaller end first",
        ),
        (
            "--bits 9 --hidden 64 --part xc7a35t".into(),
            "--bits: 9 is out of range",
            "1 to 8, or 16",
        ),
        (
            "--bits four --hidden 64 --part xc7a35t".into(),
            "--bits: `four`",
            "2..8",
        ),
        (
            "--bits -4 --hidden 64 --part xc7a35t".into(),
            "--bits: `-4`",
            "2..8",
        ),
        (
            "--bits 4 --hidden 0 --part xc7a35t".into(),
            "--hidden: 0 is out of range",
            "1 to 4096",
        ),
        (
            "--bits 4 --hidden 64,, --part xc7a35t".into(),
            "--hidden: `64,,` has an empty place",
            "2,4,8",
        ),
        (
            "--hidden 64 --part xc7a35t".into(),
            "--bits: no widths",
            "--bits 2..8",
        ),
        (
            "--weight-bits 4 --hidden 64 --part xc7a35t".into(),
            "--act-bits",
            "--bits too",
        ),
        (
            format!("{good} --units 128 --part xc7a35t"),
            "no folding is left",
            "units up to --hidden",
        ),
        (
            format!("{good} --macs 2 --part xc7a35t"),
            "--macs: 2 is out of range",
            "4 to 65 536",
        ),
        (
            format!("{good} --mac gpu --part xc7a35t"),
            "--mac: `gpu`",
            "lut, dsp",
        ),
        (
            format!("{good} --input-size 3,4 --part xc7a35t"),
            "--input-size: is one number",
            "give one",
        ),
        (
            "--bits 1..8 --hidden 1..4096 --layers 1..64 --part xc7a35t".into(),
            "more than 2000000 points",
            "with a step",
        ),
        (
            "--bits 1 --hidden 64 --mac dsp --part xc7a35t".into(),
            "no width of the sweep has a DSP array",
            "--mac lut",
        ),
    ] {
        let errors = refused(home.path(), &format!("{line} -o sweep"));
        assert!(errors.contains(place), "{line}: {errors}");
        let help = errors
            .lines()
            .filter(|line| line.starts_with("help: "))
            .collect::<String>();
        assert!(help.contains(remedy), "{line}: {errors}");
    }
    // Everything that is wrong is said at once.
    let errors = refused(home.path(), "--bits 0 --hidden 9999 --part nothing");
    assert_eq!(errors.matches("error: ").count(), 3, "{errors}");
}

#[test]
fn limits_that_exclude_everything_are_told_with_the_nearest_point() {
    let home = home();
    // The part alone.
    let errors = refused(home.path(), "--bits 8 --hidden 512 --part ice40up5k");
    assert!(
        errors.contains("--part: no point fits ice40up5k; the nearest (W8A8 512 units"),
        "{errors}"
    );
    assert!(
        errors.contains("blocks of RAM, and ice40up5k has 30"),
        "{errors}"
    );
    // The cycles alone.
    let errors = refused(
        home.path(),
        "--bits 4 --hidden 64 --units 1 --columns 1 --part xc7a35t --max-cycles 100",
    );
    assert!(
        errors.contains("--max-cycles: no point of the sweep takes at most 100"),
        "{errors}"
    );
    assert!(errors.contains("help: allow --max-cycles 8192"), "{errors}");
    // Each by itself.
    let errors = refused(
        home.path(),
        "--bits 4 --hidden 512 --part xc7a35t --max-cycles 10",
    );
    assert!(
        errors.contains("no point fits xc7a35t; the nearest")
            && errors.contains("(--max-cycles): the fastest takes "),
        "{errors}"
    );
    // One against the other.
    let errors = refused(
        home.path(),
        "--bits 4 --hidden 64 --mac lut --part xc7s15 --max-cycles 100",
    );
    assert!(
        errors.contains("--part, --max-cycles: no point does both"),
        "{errors}"
    );
    assert!(errors.contains("the fastest takes"), "{errors}");
    assert!(errors.contains("take --part xc7"), "{errors}");
    // And what it proposes is true.
    let line = errors
        .lines()
        .find(|line| line.starts_with("help: "))
        .unwrap();
    let cycles = line
        .split("--max-cycles ")
        .nth(1)
        .unwrap()
        .split(',')
        .next()
        .unwrap();
    output(
        home.path(),
        &format!("--bits 4 --hidden 64 --mac lut --part xc7s15 --max-cycles {cycles}"),
    );
    let part = line.split("--part ").nth(1).unwrap();
    output(
        home.path(),
        &format!("--bits 4 --hidden 64 --mac lut --part {part} --max-cycles 100"),
    );
}

const ACCURACIES: &str = "\
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
fn accuracy_files_that_do_not_match_are_refused_with_line_and_column() {
    let home = home();
    let sweep = "--bits 4 --hidden 64 --part xc7a35t --accuracy results.csv";
    for (text, place, remedy) in [
        (
            "bits,hidden,valid_bpc\n8,64,1.5\n",
            "results.csv: no row is of a network of the sweep",
            "leave --accuracy away",
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
            "results.csv:3: W4A4 64 units stands on line 2",
            "leave one",
        ),
        (
            "bits,hidden,valid_bpc\n4,64,good\n",
            "results.csv:2: valid_bpc: `good` is no finite number",
            "measured value",
        ),
        (
            "bits,hidden,valid_bpc\n4,64,NaN\n",
            "results.csv:2: valid_bpc: `NaN`",
            "measured value",
        ),
        (
            "bits,hidden,valid_bpc\n9,64,1.5\n",
            "results.csv:2: bits: `9` is no width",
            "ternary",
        ),
        (
            "bits,hidden,valid_bpc\n4,none,1.5\n",
            "results.csv:2: hidden: `none` is no size",
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
            "leave one",
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
    // A column of one's own is taken by its name, and others are left aside.
    std::fs::write(
        home.path().join("results.csv"),
        "bits,hidden,colour,f1\n4,64,red,0.9\n",
    )
    .unwrap();
    output(home.path(), &format!("{sweep} --metric f1"));
    assert!(refused(home.path(), &format!("{sweep} --metric f2")).contains("f2"));
}

/// A page of a thousand points: small, whole, and without any other file or host.
#[test]
fn a_thousand_points_make_a_page_under_two_megabytes_that_needs_no_network() {
    let home = home();
    std::fs::write(home.path().join("results.csv"), ACCURACIES).unwrap();
    let sweep =
        "--bits 2,4,8 --hidden 64,128,256 --target xc7 --accuracy results.csv -o sweep --all";
    let found = json(home.path(), sweep);
    assert!(found["points"].as_array().unwrap().len() >= 1000);
    let folder = home.path().join("sweep");
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(
        names,
        ["index.html", "points.csv", "points.json", "summary.md"]
    );
    let page = std::fs::read_to_string(folder.join("index.html")).unwrap();
    assert!(page.len() < 2_000_000, "{} bytes", page.len());
    for outside in ["http:", "https:", "src=", "@import", "url(", "<link"] {
        assert!(!page.contains(outside), "{outside}");
    }
    for part in [
        "Memory against accuracy",
        "LUTs against latency",
        "What limits each point",
        "valid_bpc",
        "Yosys 0.",
    ] {
        assert!(page.contains(part), "{part}");
    }
    for (open, close) in [
        ("<svg", "</svg>"),
        ("<use", "</use>"),
        ("<table", "</table>"),
        ("<figure", "</figure>"),
    ] {
        let closed = page.matches(close).count()
            + if open == "<use" {
                page.matches("\"/></svg>").count()
            } else {
                0
            };
        assert_eq!(page.matches(open).count(), closed, "{open}");
    }
    let csv = std::fs::read_to_string(folder.join("points.csv")).unwrap();
    assert_eq!(
        csv.lines().count(),
        found["points"].as_array().unwrap().len() + 1
    );
    let summary = std::fs::read_to_string(folder.join("summary.md")).unwrap();
    assert!(summary.contains("| most accurate") && summary.contains("lprnn-hw gen --hidden"));
    // A name of a measure cannot break the page.
    std::fs::write(
        home.path().join("results.csv"),
        "bits,hidden,</script><b>\n4,64,1.5\n",
    )
    .unwrap();
    output(
        home.path(),
        "--bits 4 --hidden 64 --part xc7a35t --accuracy results.csv --metric </script><b> -o odd",
    );
    let page = std::fs::read_to_string(home.path().join("odd/index.html")).unwrap();
    assert!(!page.contains("<b>") && page.matches("</script>").count() == 2);
}

fn generate(home: &Path, line: &str) -> std::process::Output {
    Command::new(cargo_bin!("lprnn-hw"))
        .current_dir(home)
        .args(words(&format!(
            "gen --bits 4 --hidden 64 {line} --format json"
        )))
        .output()
        .unwrap()
}

#[test]
fn gen_searches_the_folding_for_a_part() {
    let home = home();
    let design = |line: &str| -> serde_json::Value {
        let ran = generate(home.path(), line);
        assert!(
            ran.status.success(),
            "{}",
            String::from_utf8_lossy(&ran.stderr)
        );
        serde_json::from_slice(&ran.stdout).unwrap()
    };
    let cycles = |design: &serde_json::Value| design["timing"]["cycles_per_step"].as_u64().unwrap();
    let macs = |design: &serde_json::Value| design["timing"]["macs_per_cycle"].as_u64().unwrap();
    let fastest = design("--part xc7a35t --out fastest");
    assert_eq!(
        fastest,
        design("--part XC7A35TCPG236-1 --fastest --out again")
    );
    // No point of the sweep of powers of two is faster.
    let sweep = json(home.path(), "--bits 4 --hidden 64 --part xc7a35t");
    let best = sweep["networks"][0]["cycles_per_step"].as_u64().unwrap();
    assert!(
        cycles(&fastest) <= best,
        "{} against {best}",
        cycles(&fastest)
    );
    let smallest = design("--part lfe5u-25f --smallest --out smallest");
    assert_eq!(smallest["implementation"]["target"], "ecp5");
    assert!(macs(&smallest) < macs(&fastest));
    let in_time = design("--part lfe5u-25f --smallest --target-cycles 300 --out in_time");
    assert!(cycles(&in_time) <= 300 && macs(&in_time) > macs(&smallest));
    // What the folder says is what was chosen.
    let text = std::fs::read_to_string(home.path().join("in_time/design.toml")).unwrap();
    assert!(
        text.contains("target = \"ecp5\"") && text.contains("units = "),
        "{text}"
    );
}

#[test]
fn gen_refuses_a_part_that_is_too_small_or_at_odds_with_other_options() {
    let home = home();
    for (line, place, remedy) in [
        (
            "--part ice40lp1k --out x",
            "--part: the model does not fit ice40lp1k",
            "part of another family",
        ),
        (
            "--part nothing --out x",
            "--part: there is no part `nothing`",
            "--target",
        ),
        (
            "--part xc7a35t --smallest --target-cycles 20 --out x",
            "the fastest takes",
            "allow --target-cycles",
        ),
        (
            "--part xc7a35t --target-cycles 300 --out x",
            "--target-cycles: a goal of cycles beside",
            "give --smallest",
        ),
        (
            "--part xc7a35t --units 2 --columns 4 --out x",
            "--units: the folding is given",
            "leave one",
        ),
        (
            "--part xc7a35t --max-macs 64 --out x",
            "--max-macs: the folding is given",
            "leave one",
        ),
        (
            "--part xc7a35t --target ecp5 --out x",
            "--target: xc7a35t is of the family xc7",
            "or give xc7",
        ),
        ("--smallest --out x", "--part <PART>", ""),
        (
            "--part ice40up5k --mac dsp --out x",
            "--mac: no folding of the model can be built",
            "--mac lut",
        ),
    ] {
        let ran = generate(home.path(), line);
        let errors = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert_eq!(ran.status.code(), Some(2), "{line}: {errors}");
        assert!(
            errors.contains(place) && errors.contains(remedy),
            "{line}: {errors}"
        );
        assert!(!home.path().join("x").exists(), "{line}");
    }
}

/// The whole way for a small network: equal words, a routed design that fits, the clock that was asked.
#[test]
fn verify_builds_what_is_recommended() {
    let home = home();
    let found = json(
        home.path(),
        "--bits 4 --hidden 8 --input-size 4 --units 1 --columns 1,2 --part ice40up5k --clock 12 --verify 1 -o sweep",
    );
    let one = &found["verified"][0];
    assert_eq!(
        (&one["cosim_equal"], &one["fits"]),
        (&true.into(), &true.into()),
        "{one}"
    );
    assert!(one["problem"].is_null());
    assert!(one["fmax_mhz"].as_f64().unwrap() > 12.0 * 0.85, "{one}");
    let estimated = one["estimated_fmax_mhz"].as_f64().unwrap();
    let off = estimated / one["fmax_mhz"].as_f64().unwrap() - 1.0;
    assert!(off.abs() < 0.25, "{one}");
    let figures = one["compared"].as_array().unwrap();
    let exact = figures
        .iter()
        .find(|figure| figure["what"] == "block RAM, 4 kb")
        .unwrap();
    assert_eq!(exact["estimated"], exact["synthesised"]);
    for figure in figures {
        let of = |name: &str| figure[name].as_f64().unwrap();
        let off = of("estimated") / of("synthesised") - 1.0;
        // The lane's multiplier is a DSP block, in the estimate as in the netlist.
        let exact = figure["what"] == "DSP blocks";
        assert!(if exact { off == 0.0 } else { off.abs() < 0.2 }, "{figure}");
    }
    assert!(home.path().join("sweep/index.html").is_file());
}
