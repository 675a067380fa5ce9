//! Ports that a comparison does not use: `state_clear` in any cycle, and the trace ports.

use super::resets::Design;
use super::{SEED, spoil, toolchain};
use crate::common::icarus::{IcarusDut, Pins};
use crate::common::mutant::{Mutant, mutant};
use crate::common::{Random, Recipe};
use lprnn_hw::codegen::Bundle;
use lprnn_hw::cosim::{
    Core, Dut, Oracle, Outcome, Pattern, Probes, Request, TracedLayer, Tracer, Workload,
    beat_bytes, check, compare, pack_step, signed_field,
};
use lprnn_hw::flow::{build, plan_core};
use lprnn_hw::quantize::{Direction, QuantizedModel};
use lprnn_hw::reference::Lstm;
use lprnn_hw::spec::{CellKind, DirectionKind, StatePolicy};
use std::collections::BTreeMap;

/// Steps that are played with pulses.
const STEPS: usize = 60;

/// Plays steps with pulses in any cycle, two at once too; whether every word is that of a model which
/// starts anew with the first step whose first beat is accepted with or after a pulse.
fn pulses(recipe: &Recipe, bundle: &Bundle) -> Result<(), String> {
    let mut random = Random(SEED);
    let (input, output) = (&bundle.interface.input, &bundle.interface.output);
    let inputs = Workload::random(&bundle.interface, STEPS, SEED).inputs;
    let mut data = Vec::new();
    for codes in inputs.chunks(input.elements) {
        pack_step(codes, input, &mut data);
    }
    let beats: Vec<&[u8]> = data.chunks(beat_bytes(input)).collect();
    let mut dut = IcarusDut::new(bundle);
    dut.reset().map_err(|error| error.to_string())?;
    let (mut next, mut taken) = (0, Vec::new());
    let (mut offering, mut open, mut asked) = (false, false, true);
    let mut starts = Vec::new();
    let mut cycles = 0;
    // A source that is often slower than the core, and a pulse in about every fifth step.
    let step = bundle.interface.timing.cycles_per_step as i64;
    let (pace, longest) = (2 * step / input.beats_per_step as i64, 10 * step);
    while taken.len() < STEPS * output.beats_per_step {
        offering |= next < beats.len() && random.between(0, pace) == 0;
        // And often in the very cycle in which a beat is accepted, as far as one can tell.
        let one_in = if offering && open { 7 } else { longest };
        let pins = Pins {
            clear: random.between(0, one_in) == 0,
            valid: offering,
            ready: random.between(0, 3) > 0,
            data: beats.get(next).copied().unwrap_or_default().to_vec(),
            ..Pins::default()
        };
        let seen = dut.clock(&pins).map_err(|error| error.to_string())?;
        asked |= pins.clear;
        open = seen.ready;
        if offering && seen.ready {
            if next % input.beats_per_step == 0 {
                starts.push(std::mem::take(&mut asked));
            }
            next += 1;
            offering = false;
        }
        if seen.valid && pins.ready {
            taken.push(seen.data);
        }
        cycles += 1;
        if cycles > 50_000 {
            return Err("the core hangs".to_string());
        }
    }
    let cleared = starts.iter().filter(|start| **start).count();
    assert!(
        (10..50).contains(&cleared),
        "{cleared} of {STEPS} steps started anew"
    );
    let mut lstm = Lstm::new(&recipe.model(SEED));
    for (step, codes) in inputs.chunks(input.elements).enumerate() {
        if starts[step] {
            lstm.reset();
        }
        for (element, &want) in lstm.step(codes).iter().enumerate() {
            let (beat, place) = (
                element / output.elements_per_beat,
                element % output.elements_per_beat,
            );
            let bytes = &taken[step * output.beats_per_step + beat];
            if signed_field(bytes, place, output.element_width) != i64::from(want) {
                return Err(format!("step {step} output {element}"));
            }
        }
    }
    Ok(())
}

#[test]
fn a_pulse_in_any_cycle_clears_the_step_that_it_should() {
    let file = "lprnn_state_policy.v";
    for recipe in [
        Recipe::new("pulse", &[4, 3], 4).folded(1, 2),
        // Steps of one beat: a pulse with the first beat is one with the last.
        Recipe::new("single", &[1, 2], 4).folded(1, 1),
    ] {
        let recipe = recipe.state(StatePolicy::HostPulse);
        pulses(&recipe, &recipe.bundle(SEED, 4)).unwrap();
        for wrong in [
            mutant(
                file,
                "fresh_o    = pending_q | pulse;",
                "fresh_o    = pending_q;",
            ),
            mutant(file, ": pulse & ~(accept_i & first_beat);", ": pulse;"),
            mutant(
                file,
                ": pulse & ~(accept_i & first_beat);",
                ": pulse & ~accept_i;",
            ),
        ] {
            // With one beat a step the last two are the same.
            if recipe.name == "single" && wrong.wrong.ends_with("~accept_i;") {
                continue;
            }
            let mut bundle = recipe.bundle(SEED, 4);
            spoil(&mut bundle, &wrong);
            pulses(&recipe, &bundle).expect_err(wrong.wrong);
        }
    }
}

/// Runs a core with its trace ports, again and again after resets in mid-run: whether each run shows
/// every pre-activation of every layer once, as the model has it.
fn traced(recipe: Recipe, wrong: Option<&Mutant>) -> Result<(), String> {
    let (design, mut bundle) = Design::new(recipe);
    let model = &design.model;
    if let Some(wrong) = wrong {
        spoil(&mut bundle, wrong);
    }
    let folder = tempfile::tempdir().unwrap();
    crate::common::write(&bundle, folder.path());
    let core = Core {
        folder: folder.path(),
        interface: &bundle.interface,
    };
    let probes = Probes {
        trace_layers: model.layers.len(),
        vcd: false,
    };
    let mut dut = toolchain().model(core, probes, 1).unwrap();
    let load = Workload::random(&bundle.interface, 10, SEED);
    let expected = load.expected(model, recipe.state, &mut |_| {});
    for number in 0..8 {
        if number > 0 {
            // The comparison's reset comes at any time of this.
            design.begin(&mut dut, number)?;
            dut.take_trace();
        }
        let outcome = compare(
            &mut dut,
            &bundle.interface,
            load.stimulus(),
            &expected,
            (Pattern::AlwaysReady, 1),
            &mut |_| {},
        );
        assert!(matches!(outcome, Ok(Outcome::Equal(_))), "{outcome:?}");
        let mut tracer = Tracer::new(model, &load, recipe.state);
        let mut counts: BTreeMap<(usize, usize, usize), usize> = BTreeMap::new();
        for record in dut.take_trace() {
            let layer = &model.layers[record.layer];
            let step = counts
                .entry((record.layer, record.gate, record.group))
                .or_default();
            for lane in 0..recipe
                .units
                .min(layer.hidden_size - record.group * recipe.units)
            {
                let unit = record.group * recipe.units + lane;
                let z = signed_field(&record.z, lane, layer.z.bits as usize);
                if z != tracer.z(*step, record.layer, record.gate, unit) {
                    return Err(format!("step {step}: {record:?}"));
                }
            }
            *step += 1;
        }
        // Two groups of two units in each of the layers of 4 and 3 units, four gates.
        if counts.len() != 2 * 4 * 2 || counts.values().any(|&count| count != 10) {
            return Err(format!("{counts:?}"));
        }
    }
    Ok(())
}

#[test]
fn trace_ports_show_every_pre_activation_once() {
    let recipe = Recipe::new("traced", &[3, 4, 3], 4).folded(2, 3);
    traced(recipe, None).unwrap();
    traced(recipe.scaled(8), None).unwrap();
    let file = "lprnn_trace.v";
    for wrong in [
        mutant(
            file,
            "z_i[2] ? GATES[5:4] : GATES[7:6];",
            "z_i[2] ? GATES[7:6] : GATES[5:4];",
        ),
        mutant(
            file,
            "assign valid_o = |z_i;",
            "assign valid_o = |z_i[3:1];",
        ),
        // Only the first reset counts: registers of the compiled model start at random.
        mutant(
            file,
            "always @(posedge clk) begin\n        if (rst) begin\n            group_q <= 16'd0;",
            "reg [1:0] seen_q;\n    initial seen_q = 2'd0;\n    always @(posedge clk) begin\n        \
             seen_q <= rst ? seen_q | 2'd1 : {2{seen_q[0]}};\n        if (rst) begin\n            \
             if (~seen_q[1]) group_q <= 16'd0;",
        ),
    ] {
        traced(recipe, Some(&wrong)).expect_err(wrong.wrong);
    }
}

/// A core of another multiplier in one row: the first difference is followed to the layer, the gate and the unit
/// of that row, of a GRU's n to its part of h.
#[test]
fn another_multiplier_is_followed_to_its_row() {
    for (cell, row, said) in [
        (CellKind::Lstm, 4 + 2, "layer 0 gate f unit 2"),
        (CellKind::Gru, 4 + 1, "layer 0 gate u unit 1"),
        (CellKind::Gru, 3 * 4 + 3, "layer 0 gate n unit 3"),
    ] {
        let recipe = Recipe::new("rows", &[3, 4], 4)
            .of(cell)
            .scaled(6)
            .folded(2, 3);
        followed(&recipe, said, |other| {
            let scale = other.layers[0].row_scale.as_mut().unwrap();
            scale.multiplier[row] ^= 1 << 5;
        });
    }
}

/// A core of another bias in one direction: the first difference is followed to the direction too.
#[test]
fn another_bias_is_followed_to_its_direction() {
    let both = |layers| {
        let recipe = Recipe::new("both", layers, 4).folded(2, 3);
        recipe.directed(DirectionKind::Bidirectional, 5)
    };
    let stack = both(&[3, 4, 4]);
    followed(&stack, "layer 1 backward gate f unit 2", |other| {
        let Direction::Bidirectional(backward) = &mut other.layers[1].direction else {
            panic!("forward");
        };
        backward.bias[4 + 2] += 400;
    });
    followed(&stack, "layer 1 forward gate o unit 1", |other| {
        other.layers[1].bias[3 * 4 + 1] += 400;
    });
    let taken = both(&[3, 4, 4]).in_processing_order();
    followed(&taken, "layer 1 backward gate f unit 2", |other| {
        let Direction::Bidirectional(backward) = &mut other.layers[1].direction else {
            panic!("forward");
        };
        backward.bias[4 + 2] += 400;
    });
    let alone = Recipe::new("back", &[3, 4], 4).directed(DirectionKind::Backward, 5);
    followed(
        &alone.folded(2, 3),
        "layer 0 backward gate i unit 3",
        |other| {
            other.layers[0].bias[3] += 400;
        },
    );
}

/// Makes a core of another model than the one that it is compared with, and expects `said` of the difference.
fn followed(recipe: &Recipe, said: &str, change: impl FnOnce(&mut QuantizedModel)) {
    let model = recipe.model(SEED);
    let mut other = model.clone();
    change(&mut other);
    let planned = plan_core(other, recipe.implementation()).unwrap();
    let bundle = build(&planned).unwrap().bundle;
    let folder = tempfile::tempdir().unwrap();
    crate::common::write(&bundle, folder.path());
    let load = Workload::random(&bundle.interface, 40, SEED);
    let expected = load.expected(&model, recipe.state, &mut |_| {});
    let mut tracer = Tracer::new(&model, &load, recipe.state);
    let layers: Vec<_> = (planned.design.layers().iter())
        .map(TracedLayer::from)
        .collect();
    let order = bundle.interface.max_steps.map(|_| load.order());
    let mut z = |step, layer, gate, unit| tracer.z(step, layer, gate, unit);
    let request = Request {
        core: Core {
            folder: folder.path(),
            interface: &bundle.interface,
        },
        layers: planned.design.layers(),
        stimulus: load.stimulus(),
        expected: &expected,
        pattern: Pattern::AlwaysReady,
        seed: 3,
        vcd: None,
        oracle: Some(Oracle {
            layers: &layers,
            z: &mut z,
            order: order.as_ref(),
        }),
        failures: None,
        words: None,
        progress: &mut |_| {},
    };
    let Outcome::Different(difference) = check(&toolchain(), request).unwrap().outcome else {
        panic!("{}: equal", recipe.name);
    };
    let text = difference.to_string();
    assert!(text.contains(said), "{text}");
}
