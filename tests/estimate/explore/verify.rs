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
    // Two runs of 32 steps of 8 words.
    assert_eq!(one["words"], 2 * 32 * 8);
    assert_eq!(
        one["cycles_per_step"],
        found["recommended"][0]["cycles_per_step"]
    );
    // The same figures for people.
    let read = |file: &str| std::fs::read_to_string(home.path().join("sweep").join(file)).unwrap();
    let (summary, page) = (read("summary.md"), read("index.html"));
    let section = summary.split("\n## Verified\n").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    assert!(section.contains("| all 512 | yes | "), "{section}");
    let sites = figures
        .iter()
        .find(|figure| figure["what"] == "LUT sites in all")
        .unwrap();
    let (estimated, measured) = (&sites["estimated"], &sites["synthesised"]);
    assert!(
        section.contains(&format!("| {estimated} | {measured} |")),
        "{section}"
    );
    let beside = format!("<td class=\"p\">{estimated}</td><td>{measured}</td>");
    let section = page.split("<h2>Verified</h2>").nth(1).unwrap();
    assert!(section.contains(&beside), "{section}");
    let clock = format!("<td>{:.1}</td></tr>", one["fmax_mhz"].as_f64().unwrap());
    assert!(section.contains(&clock), "{section}");
    // A sweep of which nothing was built has no such section.
    let plain = "--bits 4 --hidden 8 --units 1 --columns 1 --part ice40up5k -o plain";
    super::output(home.path(), plain);
    for file in ["summary.md", "index.html"] {
        let text = std::fs::read_to_string(home.path().join("plain").join(file)).unwrap();
        assert!(!text.contains("Verified"), "{file}");
    }
}
