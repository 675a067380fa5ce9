//! Designs of the series whose layers take steps backward, and such with dense layers before the recurrent ones.

use lprnn_hw::device::Family;
use lprnn_hw::estimate::FactorTable;
use lprnn_hw::fit::{FAMILIES, MeasuredPoint, SeriesDesign, Table, error};
use lprnn_hw::flow::{build, plan_core};
use lprnn_hw::spec::{CellKind, DirectionKind};

const POINTS: &str = include_str!("../../src/estimate/data/points.csv");

fn is_new(design: &SeriesDesign) -> bool {
    !design.direction.is_forward() || !design.front.is_empty()
}

/// Their points, each with the LUTs that synthesis counted as memory.
fn points() -> Vec<(MeasuredPoint, usize)> {
    let table = Table::parse(POINTS).unwrap();
    let read = MeasuredPoint::all(&table).unwrap();
    let lut_memory = |line: &str| line.split(',').nth(15)?.parse().ok();
    read.into_iter()
        .zip(table.lines())
        .filter(|(point, _)| is_new(&point.design))
        .map(|(point, line)| (point, lut_memory(line).unwrap()))
        .collect()
}

#[test]
fn lines_say_directions_and_fronts() {
    let line = "7,xc7,50:12>16r4,both24:g10+6>5al,4,4,4,8,8,16,1,2,lut,";
    let design = SeriesDesign::parse(line).unwrap();
    assert_eq!(design.line(), line);
    assert_eq!(design.direction, DirectionKind::Bidirectional);
    assert_eq!(design.cell, CellKind::Gru);
    assert_eq!(design.implementation().max_steps, Some(24));
    let model = design.model();
    assert_eq!(model.front[0].output_size, 16);
    assert_eq!(model.layers[0].input_size, 16);
    assert_eq!(model.layers[1].input_size, 20);
    assert_eq!(model.head[0].input_size, 12);
    // Weights of three gates, of both passes.
    let recurrent = 2 * 3 * (10 * (16 + 10) + 6 * (20 + 6));
    assert_eq!(design.weights(), 50 * 12 + 12 * 16 + recurrent + 12 * 5);
    plan_core(model, design.implementation()).unwrap();
    for refused in [
        "7,xc7,4,both8:4,4,4,4,8,8,16,1,2,lut/2,",
        "7,xc7,4,both0:4,4,4,4,8,8,16,1,2,lut,",
        "7,xc7,4,both70000:4,4,4,4,8,8,16,1,2,lut,",
        "7,xc7,4,side8:4,4,4,4,8,8,16,1,2,lut,",
        "7,xc7,4>3s,4,4,4,4,8,8,16,1,2,lut,",
        "7,xc7,4>3r4l,4,4,4,4,8,8,16,1,2,lut,",
    ] {
        assert!(SeriesDesign::parse(refused).is_none(), "{refused}");
    }
}

/// What the estimate counts of them is judged by designs that the fit has not seen.
#[test]
fn unseen_designs_cover_directions_and_fronts() {
    let points = points();
    let held: Vec<&SeriesDesign> = (points.iter())
        .filter(|(point, _)| !point.fitted())
        .map(|(point, _)| &point.design)
        .collect();
    for (name, family) in FAMILIES {
        let own: Vec<_> = held.iter().filter(|d| d.target == family).collect();
        let of = |kind| own.iter().filter(|d| d.direction == kind).count();
        assert!(of(DirectionKind::Bidirectional) > 0, "{name}");
        assert!(of(DirectionKind::Backward) > 0, "{name}");
        assert!(own.iter().any(|d| !d.front.is_empty()), "{name}");
    }
    let directed: Vec<_> = held.iter().filter(|d| d.max_steps > 0).collect();
    for cell in [CellKind::Lstm, CellKind::Gru] {
        assert!(directed.iter().any(|d| d.cell == cell), "{cell:?}");
    }
    assert!(directed.iter().any(|d| d.max_steps <= 16));
    assert!(directed.iter().any(|d| d.max_steps >= 512));
    assert!(directed.iter().any(|d| d.dense.iter().any(|d| d.last)));
    assert!(directed.iter().any(|d| d.codes()[2].is_odd()));
    assert!(directed.iter().any(|d| d.hidden.len() > 1));
}

/// Memories of sequences among them, and queues of a pass forward without its flags.
#[test]
fn luts_that_serve_as_memory_are_exact() {
    let points = points();
    for (point, counted) in &points {
        assert_eq!(point.terms.lut_memory, *counted, "{}", point.design.line());
    }
    let of = |family: Family| {
        points
            .iter()
            .any(|(p, n)| p.design.target == family && *n > 0)
    };
    assert!(of(Family::Xc7) && of(Family::Xcup) && of(Family::Ecp5));
}

/// Narrower than the bars, which all designs keep.
#[test]
fn unseen_ones_are_within_an_eighth() {
    let built_in = FactorTable::built_in();
    let mut judged = 0;
    for (point, _) in points().iter().filter(|(point, _)| !point.fitted()) {
        let factors = built_in.factors(point.design.fabric());
        for (what, figure) in [("LUT", 1), ("FF", 2)] {
            let off = error(point, factors, figure);
            assert!(
                off.abs() <= 12.5,
                "{what} {off:+.1} %: {}",
                point.design.line()
            );
        }
        judged += 1;
    }
    assert!(judged >= 15, "{judged}");
}

#[test]
fn cycles_are_the_generators() {
    for (point, _) in points().iter().take(5) {
        let design = &point.design;
        let planned = plan_core(design.model(), design.implementation()).unwrap();
        let timing = build(&planned).unwrap().bundle.interface.timing;
        let estimate = planned.estimate();
        assert_eq!(estimate.cycles_per_step, timing.cycles_per_step);
        assert_eq!(estimate.latency_cycles, Some(timing.latency));
    }
}
