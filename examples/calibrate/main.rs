//! Calibrates the resource estimate against Yosys.
//!
//! `cargo run --release --example calibrate -- collect [COUNT]` synthesises the designs that
//! `src/estimate/data/points.csv` does not have yet, up to number COUNT; `fit` writes the factors of
//! `src/estimate/coefficients.rs` and the error table `docs/estimates.md`; `explain` prints every
//! design with its terms and errors; `write` generates one design, given as the first twelve columns
//! of its line.

#![allow(clippy::print_stdout, reason = "a program whose output is its table")]

mod design;
mod fit;
mod points;

use design::Design;
use lprnn_hw::codegen::Bundle;
use lprnn_hw::estimate::{CARRY_TERMS, FF_TERMS, LUT_TERMS};
use lprnn_hw::schedule::Schedule;
use lprnn_hw::synth::{Options, Utilization, run};
use lprnn_hw::tools::Search;
use std::collections::BTreeSet;
use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

fn table() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/estimate/data/points.csv")
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some("collect") => {
            let count = arguments.next().map_or(Ok(200), |n| n.parse())?;
            collect(count)
        }
        Some("fit") => write_fit(),
        Some("explain") => explain(),
        Some("write") => {
            let line = arguments.next().unwrap_or_default();
            let design = Design::parse(&line).ok_or_else(|| format!("no design: {line}"))?;
            write_bundle(&design, Path::new(&arguments.next().unwrap_or_default()))?;
            Ok(())
        }
        _ => Err("usage: calibrate collect [COUNT] | fit | explain | write DESIGN FOLDER".into()),
    }
}

fn collect(count: u64) -> Result<(), Box<dyn Error>> {
    let search = Search::from_env();
    let path = table();
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    let done: BTreeSet<&str> = known
        .lines()
        .filter_map(|line| line.split(',').next())
        .collect();
    let mut file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)?;
    if known.is_empty() {
        writeln!(file, "{},{}", Design::HEADER, points::MEASURED)?;
    }
    for index in 0..count {
        if done.contains(index.to_string().as_str()) {
            continue;
        }
        let design = Design::nth(index);
        let start = Instant::now();
        let line = design.line();
        match measure(&search, &design) {
            Ok(used) => {
                let cells: Vec<String> = used
                    .cells
                    .iter()
                    .map(|(cell, n)| format!("{cell}:{n}"))
                    .collect();
                let version = used
                    .source
                    .version
                    .split(' ')
                    .next()
                    .unwrap_or("")
                    .to_owned();
                writeln!(
                    file,
                    "{line},{},{},{},{},{},{},{},{},{},{version},{}",
                    used.lut,
                    used.lut_as_memory,
                    used.lut_as_shift_register,
                    used.lut_total,
                    used.ff,
                    used.carry,
                    used.bram,
                    used.ramb36,
                    used.dsp,
                    cells.join(" "),
                )?;
                eprintln!("{line}: {:?}", start.elapsed());
            }
            Err(error) => eprintln!("{line}: {error}"),
        }
    }
    Ok(())
}

/// Generates a design into a folder.
fn write_bundle(design: &Design, folder: &Path) -> Result<Bundle, Box<dyn Error>> {
    let model = design.model();
    let implementation = design.implementation();
    let schedule = Schedule::new(&model, &implementation)?;
    let bundle = Bundle::generate(&model, &schedule, &implementation, "0")?;
    for (name, bytes) in &bundle.files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap_or(folder))?;
        std::fs::write(path, bytes)?;
    }
    Ok(bundle)
}

fn measure(search: &Search, design: &Design) -> Result<Utilization, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let bundle = write_bundle(design, folder.path())?;
    let source = lprnn_hw::synth::Design {
        folder: folder.path().into(),
        top: bundle.interface.top.clone(),
        clock: bundle.interface.clock.clone(),
        sources: bundle.interface.sources.clone(),
    };
    let options = Options {
        limit: Duration::from_secs(400),
        ..Options::default()
    };
    Ok(run(search, &source, design.target, &options)?.utilization)
}

fn read_points() -> Result<Vec<points::Point>, Box<dyn Error>> {
    let text = std::fs::read_to_string(table())?;
    points::parse(&text).ok_or_else(|| "points.csv: a line that is no design".into())
}

/// Versions of Yosys in the table.
fn versions() -> Result<String, Box<dyn Error>> {
    let text = std::fs::read_to_string(table())?;
    let found: BTreeSet<&str> = text
        .lines()
        .skip(1)
        .filter_map(|line| line.split(',').nth(21))
        .collect();
    Ok(found.into_iter().collect::<Vec<_>>().join(", "))
}

fn write_fit() -> Result<(), Box<dyn Error>> {
    let points = read_points()?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let source = root.join("src/estimate/coefficients.rs");
    let text = std::fs::read_to_string(&source)?;
    let mark = "// Factors and errors.\n";
    let (head, _) = text
        .split_once(mark)
        .ok_or("coefficients.rs has lost its mark")?;
    std::fs::write(
        &source,
        format!("{head}{mark}{}", points::constants(&points)),
    )?;
    let document = points::document(&points, &versions()?);
    std::fs::write(root.join("docs/estimates.md"), &document)?;
    print!("{document}");
    Ok(())
}

fn explain() -> Result<(), Box<dyn Error>> {
    println!("terms: LUT {LUT_TERMS:?}; FF {FF_TERMS:?}; carry {CARRY_TERMS:?}");
    for point in read_points()? {
        let committed = lprnn_hw::estimate::calibration(point.design.target);
        let errors: Vec<String> = (0..4)
            .map(|figure| format!("{:+.1}", points::error(&point, committed, figure)))
            .collect();
        let terms = &point.terms;
        println!(
            "{} fit {} errors {} lut {:?} {:.0?} ff {:.0?} carry {:.0?} exact {:?} {:?}",
            point.design.line(),
            point.fitted(),
            errors.join(" "),
            point.measured.counts,
            terms.lut,
            terms.ff,
            terms.carry,
            point.measured.exact,
            (
                point.estimate.bram,
                point.estimate.ramb36,
                point.estimate.dsp
            )
        );
    }
    Ok(())
}
