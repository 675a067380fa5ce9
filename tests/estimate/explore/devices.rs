//! Devices of one family that are built differently.

use super::{home, json, output, refused, words};
use snapbox::cmd::{Command, cargo_bin};

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
