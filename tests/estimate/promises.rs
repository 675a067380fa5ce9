//! The committed factors, its error table, and what the estimate promises to know exactly.

use lprnn_hw::codegen::Bundle;
use lprnn_hw::device::{ClockClass, Family};
use lprnn_hw::estimate::{Coefficients, Estimate, FactorTable};
use lprnn_hw::fit::{
    FABRICS, FAMILIES, FIGURES, MeasuredPoint, SeriesDesign, Statistics, Table, clock_error,
    document, error, fit, measure,
};
use lprnn_hw::flow::{build, plan_core};
use lprnn_hw::hardware;
use lprnn_hw::spec::MacStyle;
use lprnn_hw::tools::Search;

const POINTS: &str = include_str!("../../src/estimate/data/points.csv");

fn committed() -> Vec<MeasuredPoint> {
    let table = Table::parse(POINTS).expect("every line of points.csv is a design");
    MeasuredPoint::all(&table).expect("every design can be folded")
}

fn held_out(points: &[MeasuredPoint]) -> impl Iterator<Item = &MeasuredPoint> {
    points.iter().filter(|point| !point.fitted())
}

#[test]
fn the_committed_factors_and_errors_are_those_of_the_committed_points() {
    let points = committed();
    let fitted = fit(&points).unwrap();
    let again = "run `lprnn-hw fit coefficients src/estimate/data > docs/estimates.md`";
    assert_eq!(*FactorTable::built_in().coefficients(), fitted, "{again}");
    let text = include_str!("../../docs/estimates.md");
    assert!(text == document(&points, &fitted), "{again}");
}

#[test]
fn the_committed_points_are_of_the_series() {
    let table = Table::parse(POINTS).unwrap();
    let series = SeriesDesign::series();
    let found = series.iter().filter(|design| table.has(design)).count();
    assert_eq!(found, table.lines().count());
    let seeds: std::collections::BTreeSet<u64> = series.iter().map(|d| d.seed).collect();
    assert_eq!(seeds.len(), series.len());
    assert_eq!(table.to_csv(), POINTS);
}

#[test]
fn luts_and_flip_flops_of_unseen_designs_are_within_the_bars() {
    let points = committed();
    let held: Vec<&MeasuredPoint> = held_out(&points).collect();
    assert!(held.len() >= 60, "{} designs outside the fit", held.len());
    for (what, figure) in [("LUT", 1), ("FF", 2)] {
        let of = |points: &[&MeasuredPoint]| {
            let off = |point: &&MeasuredPoint| {
                error(
                    point,
                    FactorTable::built_in().factors(point.design.fabric()),
                    figure,
                )
            };
            Statistics::new(&points.iter().map(off).collect::<Vec<f64>>())
        };
        for fabric in FABRICS {
            let name = fabric.key();
            let own: Vec<&MeasuredPoint> = held
                .iter()
                .copied()
                .filter(|point| point.design.fabric() == fabric)
                .collect();
            assert!(
                own.len() >= 15,
                "{name}: only {} designs outside the fit",
                own.len()
            );
            let of = of(&own);
            assert!(
                of.median <= 10.0,
                "{name} {what}: median {:.1} %",
                of.median
            );
            assert!(of.worst <= 20.0, "{name} {what}: worst {:.1} %", of.worst);
        }
    }
}

/// The corners that make an estimate go wrong are among the designs that judge it.
#[test]
fn unseen_designs_cover_the_corners() {
    let points = committed();
    for (name, family) in FAMILIES {
        let own: Vec<&SeriesDesign> = held_out(&points)
            .map(|point| &point.design)
            .filter(|design| design.fabric() == family)
            .collect();
        let macs = |d: &&SeriesDesign| 4 * d.units * d.columns;
        assert!(own.iter().any(|d| d.bits[0] == 1), "{name}: 1 bit");
        assert!(own.iter().any(|d| d.bits[0] == 16), "{name}: 16 bits");
        assert!(own.iter().any(|d| d.hidden == [1]), "{name}: one unit");
        assert!(own.iter().any(|d| d.hidden == [1024]), "{name}: 1024 units");
        assert!(
            own.iter().any(|d| macs(d) == 4),
            "{name}: one multiplier a gate"
        );
        assert!(
            own.iter().any(|d| macs(d) >= 2048),
            "{name}: thousands of multipliers"
        );
        assert!(
            own.iter().any(|d| d.hidden.len() == 4),
            "{name}: four layers"
        );
    }
    assert_eq!(FIGURES.len(), 4);
}

/// Multipliers in DSP blocks are judged by designs of every width and number of lanes.
#[test]
fn unseen_designs_cover_ultra_plus() {
    let points = committed();
    let own: Vec<&MeasuredPoint> = held_out(&points)
        .filter(|point| point.design.fabric() == Family::Ice40Up && point.design.seed >= 5000)
        .collect();
    for bits in [1, 2, 3, 4, 5, 6, 7, 8, 16] {
        assert!(own.iter().any(|p| p.design.bits[0] == bits), "{bits} bits");
    }
    for units in 1..=8 {
        assert!(own.iter().any(|p| p.design.units == units), "{units} units");
    }
    // More than one block to a multiplier, and none.
    let dsp = |p: &&&MeasuredPoint| p.measured.exact[2];
    let lanes = |p: &&&MeasuredPoint| (p.design.units * p.design.hidden.len()) as u64;
    assert!(own.iter().any(|p| dsp(&p) == 2 * lanes(&p)));
    assert!(own.iter().any(|p| dsp(&p) == 0));
}

#[test]
fn block_ram_and_dsp_blocks_are_exact() {
    let points = committed();
    for point in &points {
        let (counted, line) = (point.measured.exact, point.design.line());
        assert_eq!(point.exact(), counted, "{line}");
    }
    assert!(points.iter().map(|p| p.measured.exact[0]).max() > Some(500));
}

#[test]
fn clocks_of_unseen_designs_are_near() {
    let points = committed();
    for class in ClockClass::ALL {
        let fitted = FactorTable::built_in().coefficients().clocks[&class];
        let errors: Vec<f64> = held_out(&points)
            .filter(|point| point.clock_class() == Some(class))
            .filter_map(|point| clock_error(point, &fitted))
            .collect();
        assert!(errors.len() >= 6, "{class:?}: {} designs", errors.len());
        let of = Statistics::new(&errors);
        assert!(of.median <= 10.0 && of.worst <= 21.0, "{class:?}: {of:?}");
    }
}

#[test]
fn damaged_tables_and_coefficients_are_refused() {
    let lines: Vec<&str> = POINTS.lines().collect();
    let table = |lines: &[&str]| Table::parse(&(lines.join("\n") + "\n"));
    assert!(table(&lines[1..]).unwrap_err().contains("line 1"));
    assert!(
        table(&[lines[0], lines[1], lines[1]])
            .unwrap_err()
            .contains("line 3")
    );
    assert!(
        table(&[lines[0], &lines[1][..40]])
            .unwrap_err()
            .contains("line 2")
    );
    let cut = format!("{}\n{}", lines[0], lines[1]);
    assert!(
        Table::parse(&cut)
            .unwrap_err()
            .contains("line 2: is cut off")
    );
    let few = MeasuredPoint::all(&table(&lines[..4]).unwrap()).unwrap();
    assert!(fit(&few).unwrap_err().contains("at least 4"));

    let text = FactorTable::built_in().coefficients().to_json();
    assert_eq!(
        Coefficients::from_json(&text).unwrap(),
        *FactorTable::built_in().coefficients()
    );
    let other = text.replace("\"schema\": 1", "\"schema\": 2");
    assert!(
        Coefficients::from_json(&other)
            .unwrap_err()
            .contains("schema")
    );
    let without = text.replace("\"xcup\"", "\"virtex\"");
    assert!(
        Coefficients::from_json(&without)
            .unwrap_err()
            .contains("xcup")
    );
}

/// Cycles as the core's signature states them, and the bits of the memory files as they are written.
#[test]
fn cycles_and_memory_bits_are_the_generators() {
    for index in 0..40 {
        let mut design = SeriesDesign::nth(index);
        design
            .hidden
            .iter_mut()
            .for_each(|units| *units = (*units).min(24).max(design.units));
        design.columns = design
            .columns
            .min(design.hidden.iter().copied().min().unwrap_or(1));
        for mac in [MacStyle::Lut, MacStyle::Dsp] {
            let model = design.model();
            let mut implementation = design.implementation();
            implementation.mac = mac;
            let planned = plan_core(model, implementation).unwrap();
            let bundle = build(&planned).unwrap().bundle;
            let (estimate, numbers) = (planned.estimate(), &planned.design);
            let implementation = &planned.config.implementation;
            let timing = &bundle.interface.timing;
            assert_eq!(estimate.cycles_per_step, timing.cycles_per_step);
            assert_eq!(estimate.latency_cycles, Some(timing.latency));
            let mut bits = 0;
            for (index, layer) in numbers.layers().iter().enumerate() {
                let (spec, folding) = (layer.spec(), layer.folding());
                for suffix in ["weights", "biases"] {
                    bits += file_bits(
                        &bundle,
                        &format!("{}_l{index}_{suffix}", implementation.name),
                    );
                }
                let (units, block_w) = (
                    folding.units,
                    usize::BITS - (folding.blocks - 1).leading_zeros(),
                );
                let act_w = spec.x.bits.max(spec.h.bits) as usize;
                bits += (folding.used_columns() * act_w) << (block_w + 1);
                bits += folding.groups * units * spec.c.bits as usize;
                bits += (units * spec.h.bits as usize + 3) << folding.queue_log2;
                bits += (units * (spec.a_frac as usize + 2)) << (spec.z.bits + 1);
            }
            assert_eq!(estimate.memory_bits as usize, bits, "{}", design.line());
        }
    }
}

/// Bits of a memory: rows of its file, by the width that the top module gives its instance.
fn file_bits(bundle: &Bundle, name: &str) -> usize {
    let text = |path: &str| std::str::from_utf8(&bundle.files[path]).unwrap();
    let rows = text(&format!("rtl/{name}.mem")).lines().count();
    let top = text(bundle.interface.sources.last().unwrap());
    let at = top.find(&format!("\"{name}.mem\"")).unwrap();
    let (_, width) = top[..at].rsplit_once(".WIDTH").unwrap();
    let digits: String = width
        .chars()
        .skip_while(|c| !c.is_ascii_digit())
        .take_while(char::is_ascii_digit)
        .collect();
    rows * digits.parse::<usize>().unwrap()
}

/// Synthesised now: the committed table cannot go stale without a sign of it.
#[test]
fn fresh_designs_are_as_estimated_in_lut_and_dsp_arrays() {
    let search = Search::from_env();
    for line in [
        "1001,xc7,5,6,5,6,6,8,8,16,2,4,dsp,",
        "1002,xcup,5,6,5,6,6,8,8,16,1,4,dsp,",
        "1003,ecp5,5,12,5,6,6,8,8,16,1,4,dsp,",
        "1004,ecp5,9,20,3,4,4,8,8,16,2,3,lut,",
    ] {
        let design = SeriesDesign::parse(line).unwrap();
        let used = measure(&search, &design)
            .expect("run ./setup.sh first")
            .utilization;
        let (model, implementation) = (design.model(), design.implementation());
        let numbers =
            hardware::Design::new(&model, &implementation, &*FactorTable::built_in()).unwrap();
        let estimate = Estimate::new(&model, &numbers, design.target, &FactorTable::built_in());
        assert_eq!(
            (estimate.bram, estimate.dsp),
            (used.bram, used.dsp),
            "{line}"
        );
        for (what, figure, counted) in [
            ("LUT", estimate.lut_total, used.lut_total),
            ("FF", estimate.ff, used.ff),
        ] {
            let off = figure.value as f64 / counted as f64 - 1.0;
            let text = format!("{line}: {what} {} against {counted}", figure.value);
            eprintln!("{text}: {:+.1} %", off * 100.0);
            assert!(off.abs() <= 0.2, "{text}");
        }
    }
}
