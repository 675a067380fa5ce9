//! The committed calibration, its error table, and what the estimate promises to know exactly.

#[path = "../examples/calibrate/design.rs"]
#[allow(dead_code, reason = "the example uses the rest")]
mod design;
#[path = "../examples/calibrate/fit.rs"]
mod fit;
#[path = "../examples/calibrate/points.rs"]
#[allow(dead_code, reason = "the example uses the rest")]
mod points;

use design::{Design, FAMILIES};
use lprnn_hw::codegen::Bundle;
use lprnn_hw::estimate::{Estimate, LayerFormats, RowBound, Widths, calibration};
use lprnn_hw::schedule::Schedule;
use lprnn_hw::spec::MacStyle;
use lprnn_hw::synth;
use lprnn_hw::tools::Search;
use points::{Point, Statistics, calibrate, error, wrong};

const POINTS: &str = include_str!("../src/estimate/data/points.csv");

fn committed() -> Vec<Point> {
    points::parse(POINTS).expect("every line of points.csv is a design")
}

#[test]
fn the_committed_factors_and_errors_are_those_of_the_committed_points() {
    let points = committed();
    for (name, family) in FAMILIES {
        assert_eq!(
            *calibration(family),
            calibrate(&points, family),
            "{name}: run `cargo run --release --example calibrate -- fit`"
        );
    }
    let versions: std::collections::BTreeSet<&str> = POINTS
        .lines()
        .skip(1)
        .filter_map(|line| line.split(',').nth(21))
        .collect();
    let versions: Vec<&str> = versions.into_iter().collect();
    assert_eq!(
        include_str!("../docs/estimates.md"),
        points::document(&points, &versions.join(", "))
    );
}

#[test]
fn luts_and_flip_flops_of_unseen_designs_are_within_the_bars() {
    let points = committed();
    let held: Vec<&Point> = points.iter().filter(|point| !point.fitted()).collect();
    assert!(held.len() >= 40, "{} designs outside the fit", held.len());
    for (what, figure) in [("LUT", 1), ("FF", 2)] {
        let errors: Vec<f64> = held
            .iter()
            .map(|point| error(point, calibration(point.design.target), figure))
            .collect();
        let of = Statistics::new(&errors);
        assert!(of.median <= 10.0, "{what}: median {:.1} %", of.median);
        assert!(of.worst <= 20.0, "{what}: worst {:.1} %", of.worst);
        for (name, family) in FAMILIES {
            let own = held
                .iter()
                .filter(|point| point.design.target == family)
                .count();
            assert!(own >= 8, "{name}: only {own} designs outside the fit");
        }
    }
}

#[test]
fn block_ram_and_dsp_blocks_are_exact() {
    let points = committed();
    assert_eq!([0, 1, 2].map(|which| wrong(&points, which)), [0; 3]);
    assert!(points.iter().map(|p| p.measured.exact[0]).max() > Some(100));
    assert!(
        points
            .iter()
            .any(|point| point.estimate.bram == point.measured.exact[0])
    );
}

/// The estimate works all widths out on its own: they must be the generator's.
#[test]
fn widths_and_memory_bits_are_the_generators() {
    for index in 0..40 {
        let mut design = Design::nth(index);
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
            let schedule = Schedule::new(&model, &implementation).unwrap();
            let bundle = Bundle::generate(&model, &schedule, &implementation, "0").unwrap();
            for ((layer, folded), hardware) in model
                .layers
                .iter()
                .zip(&schedule.layers)
                .zip(&bundle.hardware)
            {
                let widths =
                    Widths::new(&LayerFormats::of(layer), folded, RowBound::Weights(layer));
                assert_eq!(
                    (
                        widths.act,
                        widths.chain,
                        widths.sum,
                        widths.acc,
                        widths.z_shift
                    ),
                    (
                        hardware.act_w,
                        hardware.chain_w,
                        hardware.sum_w,
                        hardware.acc_w,
                        hardware.z_shift as usize
                    ),
                    "{}",
                    design.line()
                );
                assert_eq!(
                    (
                        widths.operand,
                        widths.products,
                        widths.zc_shift,
                        widths.h_shift
                    ),
                    (
                        hardware.b_w,
                        hardware.p_w,
                        hardware.zc_shift,
                        hardware.h_shift
                    )
                );
                let shape = RowBound::Sizes(layer.input_size, layer.hidden_size);
                let guessed = Widths::new(&LayerFormats::of(layer), folded, shape);
                assert!(
                    guessed.acc.abs_diff(widths.acc) <= 3,
                    "{}: {guessed:?}",
                    design.line()
                );
            }
            let estimate = Estimate::new(&model, &schedule, &implementation);
            assert_eq!(
                estimate.cycles_per_step,
                bundle.interface.timing.cycles_per_step
            );
            assert_eq!(estimate.latency, Some(bundle.interface.timing.latency));
            // Weights and biases as they lie in the memory files, and the small memories and tables.
            let stored: usize = (model
                .layers
                .iter()
                .zip(&schedule.layers)
                .zip(&bundle.hardware))
            .map(|((layer, folded), hardware)| {
                let vectors = (folded.columns * hardware.act_w) << (hardware.block_w + 1);
                let states = folded.groups * folded.units * layer.c.bits as usize;
                let queue = (folded.units * layer.h.bits as usize + 3) << folded.queue_log2;
                let tables = (folded.units * (layer.a_frac as usize + 2)) << (layer.z.bits + 1);
                let biases = hardware.bias_rows * folded.units * hardware.acc_w;
                let weights = folded.weight_rows() * folded.weight_row_bits();
                vectors + states + queue + tables + biases + weights
            })
            .sum();
            assert_eq!(estimate.memory_bits as usize, stored, "{}", design.line());
        }
    }
}

/// Synthesised now: the committed table cannot go stale without a sign of it.
#[test]
fn fresh_designs_are_as_estimated_in_lut_and_dsp_arrays() {
    let search = Search::from_env();
    for (line, mac) in [
        ("1001,xc7,5,6,5,6,6,8,8,16,2,4", MacStyle::Dsp),
        ("1002,xcup,5,6,5,6,6,8,8,16,1,4", MacStyle::Dsp),
        ("1003,ecp5,5,12,5,6,6,8,8,16,1,4", MacStyle::Dsp),
        ("1004,ecp5,9,20,3,4,4,8,8,16,2,3", MacStyle::Lut),
    ] {
        let design = Design::parse(line).unwrap();
        let model = design.model();
        let mut implementation = design.implementation();
        implementation.mac = mac;
        let schedule = Schedule::new(&model, &implementation).unwrap();
        let bundle = Bundle::generate(&model, &schedule, &implementation, "0").unwrap();
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in &bundle.files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        let source = synth::Design {
            folder: folder.path().into(),
            top: bundle.interface.top.clone(),
            clock: bundle.interface.clock.clone(),
            sources: bundle.interface.sources.clone(),
        };
        let options = synth::Options::default();
        let used = synth::run(&search, &source, design.target, &options)
            .expect("run ./setup.sh first")
            .utilization;
        let estimate = Estimate::new(&model, &schedule, &implementation);
        assert_eq!(
            (estimate.bram, estimate.dsp),
            (used.bram, used.dsp),
            "{line} {mac:?}"
        );
        for (what, figure, counted) in [
            ("LUT", estimate.lut_total, used.lut_total),
            ("FF", estimate.ff, used.ff),
        ] {
            let off = figure.value as f64 / counted as f64 - 1.0;
            let text = format!("{line} {mac:?}: {what} {} against {counted}", figure.value);
            eprintln!("{text}: {:+.1} %", off * 100.0);
            assert!(off.abs() <= 0.2, "{text}");
        }
    }
}
