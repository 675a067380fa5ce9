//! Tests of `locate.rs`.

use super::*;
use crate::spec::OutputOrder;

/// Two units of 4 bits per group; `z` gives the two codes.
fn record(gate: usize, group: usize, z: [i8; 2]) -> TraceRecord {
    let z = vec![(z[0] as u8 & 15) | (z[1] as u8) << 4];
    TraceRecord {
        layer: 0,
        gate,
        group,
        z,
    }
}

#[test]
fn earliest_step_then_gate_then_unit_wins_and_spare_units_do_not_count() {
    let layers = [TracedLayer {
        cell: &crate::hardware::LSTM,
        hidden_size: 3,
        units: 2,
        z_bits: 4,
        odd: false,
        pass: crate::hardware::forward_pass(0),
    }];
    let mut z = |step: usize, _: usize, gate: usize, unit: usize| (step + gate + unit) as i64 - 4;
    let mut records = Vec::new();
    for step in 0..3i8 {
        // Gates in any order: the hardware's order is not the search's.
        for gate in (0..4i8).rev() {
            records.push(record(gate as usize, 0, [step + gate - 4, step + gate - 3]));
            records.push(record(gate as usize, 1, [step + gate - 2, 7]));
        }
    }
    let word = Difference::Word {
        step: 2,
        element: 1,
        hardware: 3,
        model: 4,
    };
    let h = Difference::Hidden {
        step: 2,
        layer: 0,
        direction: None,
        unit: 1,
        hardware: 3,
        model: 4,
    };
    let mut find = |records: &[TraceRecord], last| {
        let mut search = OriginSearch::new(
            Oracle {
                layers: &layers,
                z: &mut z,
                order: None,
            },
            last,
            None,
        );
        // In pieces of any size.
        records.chunks(5).for_each(|records| search.look(records));
        search.finish(&word)
    };
    assert_eq!(find(&records, 2), Some(h.clone()));
    assert_eq!(find(&[], 2), None);
    let place = |step: usize, gate: usize, group: usize| step * 8 + (3 - gate) * 2 + group;
    for (step, gate, group) in [(2, 0, 0), (1, 3, 1), (1, 2, 0), (1, 1, 1)] {
        records[place(step, gate, group)].z[0] ^= 1;
        let unit = group * 2;
        let model = (step + gate + unit) as i64 - 4;
        assert_eq!(
            find(&records, 2),
            Some(Difference::Gate {
                step,
                layer: 0,
                direction: None,
                gate: ['i', 'f', 'g', 'o'][gate],
                unit,
                hardware: model ^ 1,
                model
            })
        );
    }
    assert_eq!(find(&records, 0), Some(h));
}

#[test]
fn of_a_layer_that_waits_for_ends_the_step_is_that_of_the_end() {
    let layer = |cell, number| TracedLayer {
        cell,
        hidden_size: 2,
        units: 2,
        z_bits: 4,
        odd: false,
        pass: crate::hardware::forward_pass(number),
    };
    let layers = [
        layer(&crate::hardware::LSTM, 0),
        layer(&crate::hardware::DENSE, 1),
    ];
    // Sequences end at steps 1 and 4; every code is 0.
    let find = |wrong: &[(usize, usize)]| {
        let mut z = |step: usize, layer: usize, _: usize, _: usize| {
            assert!(layer == 0 || [1, 4].contains(&step));
            0
        };
        let oracle = Oracle {
            layers: &layers,
            z: &mut z,
            order: None,
        };
        let mut search = OriginSearch::new(oracle, 4, Some(vec![1, 4]));
        for layer in 0..2 {
            for number in 0..[5, 3][layer] {
                let z = i8::from(wrong.contains(&(layer, number)));
                let mut record = record(0, 0, [z, 0]);
                record.layer = layer;
                search.look(&[record]);
            }
        }
        search.finish(&Difference::Padding { step: 4 })
    };
    let row = |step| Difference::Row {
        step,
        layer: 1,
        row: 0,
        hardware: 1,
        model: 0,
    };
    assert_eq!(find(&[(1, 0)]), Some(row(1)));
    assert_eq!(find(&[(1, 1)]), Some(row(4)));
    // What comes after the last end is not looked at.
    assert_eq!(find(&[(1, 2)]), None);
    // The gate that spoils the second answer comes first.
    let gate = find(&[(0, 3), (1, 1)]).unwrap();
    assert!(matches!(gate, Difference::Gate { step: 3, .. }), "{gate}");
}

/// A half of a layer of two units of both directions.
fn half(backward: bool, order: OutputOrder) -> TracedLayer {
    TracedLayer {
        cell: &crate::hardware::LSTM,
        hidden_size: 2,
        units: 2,
        z_bits: 4,
        odd: false,
        pass: PassPlace {
            layer: 0,
            backward,
            half: true,
            order,
        },
    }
}

/// The word of a step whose gates all agree is named by the step that was taken for it.
#[test]
fn an_output_in_the_order_of_processing_is_of_the_step_that_was_taken() {
    let order = SequenceOrder {
        sequence: vec![0, 0, 0],
        backward: vec![2, 1, 0],
    };
    let layers = [false, true].map(|backward| half(backward, OutputOrder::Processing));
    let named = |element| {
        let word = Difference::Word {
            step: 2,
            element,
            hardware: 0,
            model: 1,
        };
        let oracle = Oracle {
            layers: &layers,
            z: &mut |_, _, _, _| 0,
            order: Some(&order),
        };
        let mut search = OriginSearch::new(oracle, 2, None);
        search.look(&[record(0, 0, [0, 0])]);
        search.finish(&word).unwrap().to_string()
    };
    assert!(named(1).starts_with("step 2 layer 0 forward h unit 1"));
    assert!(named(3).starts_with("step 0 layer 0 backward h unit 1"));
}

/// Of a sequence of three steps and one of two, the pass backward comes to steps 2, 1, 0, 4, 3.
#[test]
fn the_step_of_a_pass_backward_is_counted_in_the_order_of_the_sequence() {
    let layers = [false, true].map(|backward| half(backward, OutputOrder::Time));
    let order = SequenceOrder {
        sequence: vec![0, 0, 0, 1, 1],
        backward: vec![2, 1, 0, 4, 3],
    };
    let mut z = |step: usize, layer: usize, _: usize, _: usize| (step + layer) as i64;
    let word = Difference::Word {
        step: 0,
        element: 3,
        hardware: 0,
        model: 1,
    };
    // The second turn of the second layer, step 1, is wrong, and so is the first of the first sequence but one.
    let mut find = |wrong: &[(usize, usize)], last: usize| {
        let oracle = Oracle {
            layers: &layers,
            z: &mut z,
            order: Some(&order),
        };
        let mut search = OriginSearch::new(oracle, last, None);
        for number in 0..2 {
            for (turn, &step) in [[0, 1, 2, 3, 4], [2, 1, 0, 4, 3]][number]
                .iter()
                .enumerate()
            {
                let right = (step + number) as i8;
                let wrong = i8::from(wrong.contains(&(number, turn)));
                let mut record = record(0, 0, [right, right ^ wrong]);
                record.layer = number;
                search.look(&[record]);
            }
        }
        search.finish(&word).unwrap().to_string()
    };
    let said = "step 1 layer 0 backward gate i unit 1: hardware 3, model 2";
    assert_eq!(find(&[(1, 1), (1, 2), (0, 3)], 0), said);
    // The step behind the one that differs is of its sequence, and is looked at too.
    assert!(find(&[(1, 0)], 0).starts_with("step 2 layer 0 backward"));
    // The other layer comes first, and a sequence behind not at all.
    assert!(find(&[(1, 1), (0, 2)], 0).starts_with("step 2 layer 0 forward"));
    assert_eq!(
        find(&[(0, 3), (1, 3)], 2),
        "step 0 layer 0 backward h unit 1: hardware 0, model 1"
    );
}
