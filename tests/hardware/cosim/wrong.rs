//! Cores that are wrong, and interfaces that state something else: what is said of them.

use super::accumulator::{Accumulator, RANDOM, SMALL, Shape, difference, equal, inputs, toolchain};
use lprnn_hw::cosim::{CosimError, Difference, DutError, Pattern, Probes, Stimulus};

#[test]
fn wrong_word_is_named() {
    let core = Accumulator::new(SMALL);
    let inputs = inputs(&core.interface, 9);
    let stimulus = Stimulus {
        inputs: &inputs,
        last: &[false; 9],
        clear: &[],
        cut: &[],
    };
    let mut expected = core.model(stimulus);
    let right = expected[6 * 5 + 3];
    expected[6 * 5 + 3] ^= 1;
    let mut model = toolchain()
        .model(core.core(), Probes::default(), 1)
        .unwrap();
    let difference = difference(core.compare(&mut model, stimulus, &expected, RANDOM));
    assert_eq!(
        difference.to_string(),
        format!("step 6 output 3: hardware {right}, model {}", right ^ 1)
    );
}

#[test]
fn core_that_stops_itself_is_an_error_and_other_models_live_on() {
    let stop = "if (take && s_axis_tlast) begin $display(\"weights are stale\"); $stop; end";
    let core = Accumulator::new(Shape {
        extra: stop,
        ..SMALL
    });
    let error = core.check(20, RANDOM).unwrap_err();
    assert!(matches!(error, CosimError::Dut(DutError::Stopped { .. })));
    let text = error.to_string();
    assert!(
        text.contains("weights are stale") && text.contains("accumulator_top.v"),
        "{text}"
    );
    equal(Accumulator::new(SMALL).check(5, RANDOM));
}

#[test]
fn model_that_stopped_stays_stopped() {
    let core = Accumulator::new(Shape {
        extra: "if (take) $finish;",
        ..SMALL
    });
    let mut model = toolchain()
        .model(core.core(), Probes::default(), 1)
        .unwrap();
    let inputs = inputs(&core.interface, 1);
    let stimulus = Stimulus {
        inputs: &inputs,
        last: &[true],
        clear: &[],
        cut: &[],
    };
    let expected = core.model(stimulus);
    for _ in 0..2 {
        let error = core
            .compare(&mut model, stimulus, &expected, RANDOM)
            .unwrap_err();
        assert!(error.to_string().contains("$finish"), "{error}");
    }
}

#[test]
fn hanging_core_is_an_error() {
    let hang = "if (give && acc[0][3:0] == 4'd5) begin giving_q <= 0; waiting_q <= 1; \
                wait_q <= 16'hffff; beat_q <= 16'hff00; end wait_q <= wait_q;";
    let core = Accumulator::new(Shape {
        extra: hang,
        ..SMALL
    });
    let error = core.check(200, RANDOM).unwrap_err();
    assert!(matches!(error, CosimError::Hang { .. }), "{error}");
    assert!(
        error
            .to_string()
            .starts_with("the core hangs: no transfer for"),
        "{error}"
    );
}

#[test]
fn stream_rules_are_checked() {
    let core = Accumulator::new(Shape {
        spoil_valid: "&& m_axis_tready",
        ..SMALL
    });
    equal(core.check(5, RANDOM)); // waiting for ready is allowed to a sink's partner, if unwise
    let impatient = "if (giving_q && !m_axis_tready) giving_q <= 0;";
    let core = Accumulator::new(Shape {
        extra: impatient,
        ..SMALL
    });
    let text = difference(core.check(50, RANDOM)).to_string();
    assert!(text.contains("m_axis_tvalid fell"), "{text}");
    let core = Accumulator::new(Shape {
        spoil_data: "+ s_axis_tdata[0]",
        ..SMALL
    });
    assert!(matches!(
        difference(core.check(50, RANDOM)),
        Difference::Word { .. } | Difference::Protocol { .. }
    ));
}

#[test]
fn stated_cycles_that_are_wrong_are_a_difference() {
    let mut core = Accumulator::new(SMALL);
    core.interface.timing.latency += 1;
    assert!(matches!(
        difference(core.check(8, Pattern::AlwaysReady)),
        Difference::Latency { .. }
    ));
    core.interface.timing.latency -= 1;
    core.interface.timing.repeating[0] -= 1;
    let difference = difference(core.check(8, Pattern::AlwaysReady));
    assert_eq!(
        difference,
        Difference::CyclesPerStep {
            step: 1,
            measured: 15,
            stated: 14
        }
    );
}

#[test]
fn ports_that_are_not_as_stated_are_named() {
    let mut core = Accumulator::new(SMALL);
    core.interface.output.element_width = 24;
    core.interface.input.element_width = 16;
    let error = core.check(3, RANDOM).unwrap_err().to_string();
    assert_eq!(
        error,
        "port m_axis_tdata of accumulator_top is 32 bits wide, interface.json says 48"
    );
    let mut core = Accumulator::new(SMALL);
    core.interface.clock = "clk".to_string();
    let error = core.check(3, RANDOM).unwrap_err().to_string();
    assert_eq!(
        error,
        "accumulator_top has no port clk, which interface.json names"
    );
    core.interface.clock = "a\nclk".to_string();
    assert!(
        core.check(3, RANDOM)
            .unwrap_err()
            .to_string()
            .contains("interface.clock")
    );
}

#[test]
fn verilog_that_does_not_compile_shows_the_place() {
    let core = Accumulator::new(Shape {
        extra: "nonsense here",
        ..SMALL
    });
    let error = core.check(3, RANDOM).unwrap_err().to_string();
    assert!(
        error.starts_with("Verilator failed with exit status"),
        "{error}"
    );
    assert!(error.contains("accumulator_top.v:"), "{error}");
}
