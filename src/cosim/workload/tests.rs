//! Tests of `workload.rs`.

use super::*;
use crate::codegen::{StreamPort, Timing};
use crate::quantize::Emit;
use crate::quantize::Layer;
use crate::reference::Lstm;

fn interface(state: StatePolicy) -> Interface {
    let port = |bits: u32| StreamPort {
        kind: PortKind::Codes,
        when: Emit::Step,
        prefix: "axis".into(),
        elements: 3,
        elements_per_beat: 1,
        element_width: 8,
        beats_per_step: 3,
        format: QFormat::new(bits, 0),
    };
    Interface {
        input_offset: None,
        status_index: None,
        max_steps: None,
        status_length: None,
        schema: 1,
        top: "t".into(),
        clock: "aclk".into(),
        reset_n: "aresetn".into(),
        state_clear: (state == StatePolicy::HostPulse).then(|| "state_clear".into()),
        state,
        input: port(2),
        contexts: 1,
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
        direction: crate::quantize::Direction::Forward,
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
        cut: Vec::new(),
        contexts: 1,
        places: Vec::new(),
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
fn contexts_are_stacks_of_their_own() {
    let model = model();
    for policy in [
        StatePolicy::Tlast,
        StatePolicy::Never,
        StatePolicy::HostPulse,
        StatePolicy::FixedWindow { steps: 3 },
    ] {
        let of_three = Interface {
            contexts: 3,
            ..interface(policy)
        };
        let load = Workload::random(&of_three, 300, 5);
        let words = load.expected(&model, policy, &mut |_| {});
        let mut tracer = Tracer::new(&model, &load, policy);
        for context in 0..3 {
            // What a core of one context would be fed.
            let of = |step: usize| step % 3 == context;
            let pick = |flags: &[bool]| -> Vec<bool> {
                let all = flags.iter().enumerate();
                all.filter_map(|(step, &flag)| of(step).then_some(flag))
                    .collect()
            };
            let alone = Workload {
                inputs: (load.inputs.chunks(3).enumerate())
                    .filter(|&(step, _)| of(step))
                    .flat_map(|(_, x)| x.to_vec())
                    .collect(),
                last: pick(&load.last),
                clear: pick(&load.clear),
                cut: Vec::new(),
                contexts: 1,
                places: Vec::new(),
            };
            let own = alone.expected(&model, policy, &mut |_| {});
            let mut of_alone = Tracer::new(&model, &alone, policy);
            for step in 0..100 {
                let at = 3 * step + context;
                assert_eq!(words[at * 2..][..2], own[step * 2..][..2]);
                assert_eq!(tracer.z(at, 0, 1, 1), of_alone.z(step, 0, 1, 1));
                let whose = load.place(at).unwrap();
                assert_eq!((whose.sequence, whose.step), (context, step));
                assert_eq!(alone.place(step), None);
            }
        }
    }
}

#[test]
fn sequences_are_dealt_to_contexts_and_zeros_fill_up() {
    let of_two = Interface {
        contexts: 2,
        ..interface(StatePolicy::HostPulse)
    };
    let inputs: Vec<i32> = (0..18).map(|n| n / 3 % 2).collect();
    let load = Workload::sequences(&of_two, &inputs, &[1, 4, 1]);
    let whose: Vec<String> = (0..8)
        .map(|step| {
            load.place(step)
                .map_or("-".into(), |place| place.to_string())
        })
        .collect();
    let step = |step: usize, of: usize| format!("step {step} of sequence {of}");
    assert_eq!(
        whose,
        [
            step(0, 0),
            step(0, 1),
            step(0, 2),
            step(1, 1),
            "-".into(),
            step(2, 1),
            "-".into(),
            step(3, 1)
        ]
    );
    assert_eq!(load.inputs.len(), 24);
    assert_eq!(load.inputs[3..6], inputs[3..6]);
    assert_eq!(load.inputs[6..9], inputs[15..18]);
    assert_eq!(load.inputs[12..15], [0, 0, 0]);
    let on = |flags: &[bool]| (0..8).filter(|&at| flags[at]).collect::<Vec<_>>();
    assert_eq!(on(&load.last), [0, 2, 4, 6, 7]);
    assert_eq!(on(&load.clear), [0, 1, 2, 4, 6]);
}

#[test]
fn sequences_end_with_tlast_and_begin_with_the_pulse() {
    let load = Workload::sequences(&interface(StatePolicy::HostPulse), &[0; 12], &[1, 3]);
    assert_eq!(load.last, [true, false, false, true]);
    assert_eq!(load.clear, [true, true, false, false]);
    let interface = interface(StatePolicy::Never);
    let mut load = Workload::sequences(&interface, &[0; 12], &[4]);
    assert!(load.clear.is_empty());
    load.truncate(&interface, 2);
    assert_eq!((load.inputs.len(), load.last), (6, vec![false, true]));
}

#[test]
fn sequences_that_are_too_long_are_cut_where_the_core_cuts_them() {
    let of_five = Interface {
        max_steps: Some(5),
        ..interface(StatePolicy::Tlast)
    };
    let load = Workload::random(&of_five, 300, 9);
    let free = Workload::random(&interface(StatePolicy::Tlast), 300, 9);
    let mut length = 0;
    let (mut cut, mut ended) = (0, 0);
    for step in 0..300 {
        length += 1;
        // What ends a sequence of its own accord ends it, and nothing else does before the fifth step.
        assert_eq!(load.last[step], free.last[step] || length == 5, "{step}");
        assert_eq!(load.cut[step], length == 5 && !free.last[step], "{step}");
        (cut, ended) = (
            cut + i32::from(load.cut[step]),
            ended + i32::from(free.last[step]),
        );
        if load.last[step] {
            length = 0;
        }
    }
    assert!(cut > 20 && ended > 20, "{cut} {ended}");
    let mut shorter = load.clone();
    let at = load.cut.iter().position(|&cut| cut).unwrap();
    shorter.truncate(&of_five, at + 1);
    assert!(shorter.last[at] && !shorter.cut[at]);
}

#[test]
fn a_pass_backward_takes_every_sequence_from_its_end() {
    let mut load = Workload::random(&interface(StatePolicy::Tlast), 6, 1);
    load.last = vec![false, false, true, true, false, true];
    let order = load.order();
    assert_eq!(order.sequence, [0, 0, 0, 1, 2, 2]);
    assert_eq!(order.backward, [2, 1, 0, 3, 5, 4]);
}
