//! The page of a sweep.

use super::accuracy::ACCURACIES;
use super::{home, json, output};

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
        [
            "files.sha256",
            "index.html",
            "points.csv",
            "points.json",
            "summary.md"
        ]
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
        "--bits 4 --hidden 64 --part xc7a35t --accuracy results.csv --metric </script><b> --accuracy-direction smaller -o odd",
    );
    let page = std::fs::read_to_string(home.path().join("odd/index.html")).unwrap();
    assert!(!page.contains("<b>") && page.matches("</script>").count() == 2);
}
