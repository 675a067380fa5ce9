//! Tests of `locate.rs`.

use super::*;

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
        unit: 1,
        hardware: 3,
        model: 4,
    };
    let mut find = |records: &[TraceRecord], last| {
        let mut search = OriginSearch::new(
            Oracle {
                layers: &layers,
                z: &mut z,
            },
            last,
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
                gate: ['i', 'f', 'g', 'o'][gate],
                unit,
                hardware: model ^ 1,
                model
            })
        );
    }
    assert_eq!(find(&records, 0), Some(h));
}
