//! Tests of `workload.rs`.

use super::*;
use crate::codegen::{StreamPort, Timing};
use crate::quantize::Layer;

fn interface(state: StatePolicy) -> Interface {
    let port = |bits: u32| StreamPort {
        prefix: "axis".into(),
        elements: 3,
        elements_per_beat: 1,
        element_width: 8,
        beats_per_step: 3,
        format: QFormat::new(bits, 0),
    };
    Interface {
        input_offset: None,
        schema: 1,
        top: "t".into(),
        clock: "aclk".into(),
        reset_n: "aresetn".into(),
        state_clear: (state == StatePolicy::HostPulse).then(|| "state_clear".into()),
        state,
        input: port(2),
        output: port(2),
        timing: Timing {
            cycles_per_step: 1,
            filling: Vec::new(),
            repeating: vec![1],
            latency: 1,
            macs_per_step: 1,
            macs_per_cycle: 1,
        },
        sources: Vec::new(),
        memories: Vec::new(),
    }
}

#[test]
fn random_inputs_are_seeded_codes_that_reach_the_extremes() {
    let interface = interface(StatePolicy::HostPulse);
    let load = Workload::random(&interface, 100, 7);
    assert_eq!(load, Workload::random(&interface, 100, 7));
    assert_ne!(load, Workload::random(&interface, 100, 8));
    assert_eq!((load.inputs.len(), load.clear.len()), (300, 100));
    for code in -2..=1 {
        assert!(load.inputs.contains(&code));
    }
    assert!(load.inputs.iter().all(|code| (-2..=1).contains(code)));
    assert!(load.last[99] && load.last.iter().filter(|last| **last).count() > 3);
}

fn model() -> QuantizedModel {
    let layer = Layer {
        input_size: 3,
        hidden_size: 2,
        x: QFormat::new(2, 0),
        h: QFormat::new(4, 3),
        w_bits: 4,
        w_levels: crate::fixed::Levels::Even,
        w_frac_ih: vec![2; 4],
        w_frac_hh: vec![2; 4],
        z: QFormat::new(8, 4),
        a_frac: 8,
        recurrence: crate::quantize::Recurrence::Lstm {
            c: QFormat::new(16, 10),
        },
        weight_ih: (0..24).map(|n| n * 5 % 15 - 7).collect(),
        weight_hh: (0..16).map(|n| n * 11 % 15 - 7).collect(),
        bias: (0..8).collect(),
        row_scale: None,
    };
    QuantizedModel {
        layers: vec![layer],
        ..QuantizedModel::default()
    }
}

#[test]
fn expected_words_and_traces_are_those_of_each_sequence_by_itself() {
    let model = model();
    let interface = interface(StatePolicy::Tlast);
    let load = Workload::random(&interface, 3000, 1);
    let words = load.expected(&model, StatePolicy::Tlast, &mut |_| {});
    let mut tracer = Tracer::new(&model, &load, StatePolicy::Tlast);
    let ends: Vec<usize> = (0..3000).filter(|&step| load.last[step]).collect();
    let mut begin = 0;
    for &end in &ends {
        let mut lstm = Lstm::new(&model);
        let (own, trace) = lstm.run_traced(&load.inputs[begin * 3..(end + 1) * 3]);
        assert_eq!(words[begin * 2..(end + 1) * 2], own);
        for step in begin..=end {
            for (gate, unit) in [(0, 0), (1, 1), (2, 0), (3, 1)] {
                let z = trace.z(step - begin, 0, gate, unit);
                assert_eq!(tracer.z(step, 0, gate, unit), z);
            }
        }
        begin = end + 1;
    }
    assert!(ends.len() > 100);
    // Back before what is kept.
    let mut anew = Tracer::new(&model, &load, StatePolicy::Tlast);
    assert_eq!(tracer.z(1, 0, 2, 1), anew.z(1, 0, 2, 1));
}

#[test]
fn every_policy_starts_where_it_says() {
    let load = Workload {
        inputs: vec![0; 15],
        last: vec![false, true, false, false, true],
        clear: vec![false, false, false, true, false],
    };
    let starts = |policy| -> Vec<usize> {
        let starts = load.starts(policy);
        (0..5).filter(|&step| starts[step]).collect()
    };
    assert_eq!(starts(StatePolicy::Tlast), [0, 2]);
    assert_eq!(starts(StatePolicy::Never), [0]);
    assert_eq!(starts(StatePolicy::HostPulse), [0, 3]);
    assert_eq!(starts(StatePolicy::FixedWindow { steps: 2 }), [0, 2, 4]);
}

#[test]
fn sequences_end_with_tlast_and_begin_with_the_pulse() {
    let load = Workload::sequences(&interface(StatePolicy::HostPulse), vec![0; 12], &[1, 3]);
    assert_eq!(load.last, [true, false, false, true]);
    assert_eq!(load.clear, [true, true, false, false]);
    let interface = interface(StatePolicy::Never);
    let mut load = Workload::sequences(&interface, vec![0; 12], &[4]);
    assert!(load.clear.is_empty());
    load.truncate(&interface, 2);
    assert_eq!((load.inputs.len(), load.last), (6, vec![false, true]));
}
