//! `--verify`: measured next to estimated.

use super::{home, json};

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
