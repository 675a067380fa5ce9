//! A second cell, `h = tanh(W x + U h + b)`: a description, and nothing else in folding, timing, cycle
//! counting, memory images and the estimate's array knows of it.

use lprnn_hw::device::Family;
use lprnn_hw::estimate::{FactorTable, of_layer};
use lprnn_hw::hardware::{
    Cell, Design, Event, LSTM, LayerDesign, LayerSpec, LayerWeights, Op, RowSum, Source, TablePort,
    count_cycles, steady_cycles,
};
use lprnn_hw::spec::{FoldingGoal, Implementation, MacStyle};

/// The plain recurrent cell.
pub static TANH: Cell = Cell::new(
    "tanh",
    &[RowSum { gate: "h" }],
    &[],
    &[
        Op::Take {
            sum: 0,
            source: Source::Both,
            to: "z",
        },
        Op::Lookup {
            port: TablePort::Gates,
            of: "z",
            to: "tanh_z",
        },
        Op::Requantize {
            of: "tanh_z",
            to: "h",
        },
        Op::Emit { of: "h" },
    ],
    &[("take_i", Event::Take(0)), ("keep_h_i", Event::Last)],
);

fn layers(
    specs: &[LayerSpec],
    (units, columns): (usize, usize),
    target: Family,
) -> Vec<LayerDesign> {
    let implementation = Implementation::usual(
        "toy",
        FoldingGoal::Explicit { units, columns },
        (MacStyle::Lut, target),
    );
    Design::layers_of(specs, &implementation, &*FactorTable::built_in()).unwrap()
}

/// Subtract, add, requantise, look up, requantise; with one sum and no product groups may follow one
/// another in every cycle.
#[test]
fn its_lane_has_five_stages_and_no_forbidden_distance() {
    for registers in [0, 1] {
        let timing = &TANH.timings(registers == 1)[0];
        assert_eq!(timing.depth(), 5 + registers);
        assert_eq!(timing.interval(), 1);
        assert_eq!(timing.forbidden().count(), 0);
        assert_eq!(timing.phase(Event::PreActivation(0)), Some(3));
        assert_eq!(timing.phase(Event::Found(0)), Some(4 + registers));
        assert_eq!(timing.phase(Event::Operands(0)), None);
    }
}

/// 7 inputs, 5 units, 2 of them and 3 columns side by side: 3 blocks of x, 3 of h (one group to a block
/// of 3 columns), none idle. Memories have a row of 2 sums, not of 8.
#[test]
fn its_memories_hold_one_sum_for_a_unit() {
    let spec = LayerSpec::ordinary(&TANH, (7, 5), (4, 4));
    let layer = &layers(&[spec], (2, 3), Family::Xc7)[0];
    let folding = layer.folding();
    assert_eq!((folding.groups, folding.blocks, folding.rows()), (3, 6, 2));
    let memory = layer.weight_memory();
    assert_eq!((memory.width, memory.depth), (2 * 3 * 4, 18));
    assert_eq!(layer.bias_memory().depth, 3 * 2);
    assert_eq!(layer.state_memory().bits(), 0);
    assert_eq!(folding.macs_per_step(), 5 * (7 + 5));

    let ih: Vec<i16> = (0..35).map(|n| n % 15 - 7).collect();
    let hh: Vec<i16> = (0..25).map(|n| 7 - n % 15).collect();
    let bias = [100, -50, 3, 0, 77];
    let weights = LayerWeights {
        ih: &ih,
        hh: &hh,
        bias: &bias,
        bias_h: &[],
        multipliers: &[],
    };
    // Every weight once, zeros elsewhere.
    let mut stored: Vec<u8> = Vec::new();
    for row in layer.weight_image(weights).hex_rows() {
        stored.extend(row.chars().map(|digit| digit.to_digit(16).unwrap() as u8));
    }
    let mut given: Vec<u8> = ih.iter().chain(&hh).map(|&w| (w & 15) as u8).collect();
    given.resize(stored.len(), 0);
    stored.sort_unstable();
    given.sort_unstable();
    assert_eq!(stored, given);

    // docs/architecture.md, "Constants in the bias": all fractions are those of 4-bit numbers below 1,
    // 3 and 3, so that nothing is aligned but z, of 4 fraction bits, which drops 2.
    let biases: Vec<String> = layer.bias_image(weights).hex_rows().collect();
    let acc = layer.widths().acc;
    for unit in 0..5 {
        let sum = |row: &[i16]| row.iter().map(|&w| i64::from(w)).sum::<i64>();
        let x = sum(&ih[7 * unit..][..7]);
        let h = sum(&hh[5 * unit..][..5]);
        let one_block = -((folding.chains * (folding.chain - 1)) as i64) + 1;
        let fresh = i64::from(bias[unit]) + 2 - 8 * x - 3 * one_block;
        let steady = fresh - 8 * h - 3 * one_block;
        for (row, wanted) in [steady, fresh].into_iter().enumerate() {
            let word = u64::from_str_radix(&biases[unit / 2 * 2 + row], 16).unwrap();
            let found = word >> (unit % 2 * acc) & ((1 << acc) - 1);
            assert_eq!(found, wanted as u64 & ((1 << acc) - 1), "{unit} {row}");
        }
    }
}

/// The first step, and the pace of one and of two layers, worked out by hand: a group ends every 6
/// cycles; its h is there 6 + 1 + 5 cycles after its last block has started (array 6, accumulators 1,
/// lane 5), and written one group to a block.
#[test]
fn its_cycles_follow_from_its_timing() {
    let spec = LayerSpec::ordinary(&TANH, (7, 5), (4, 4));
    let next = LayerSpec::ordinary(&TANH, (5, 5), (4, 4));
    let one = layers(std::slice::from_ref(&spec), (2, 3), Family::Xc7);
    let folding = one[0].folding();
    assert_eq!((folding.mac_latency, folding.group_latency()), (6, 12));
    let counted = count_cycles(&one);
    let beats = 7;
    let last_group = 1;
    assert_eq!(counted.latency, beats + 3 * 6 + 12 + last_group + 1);
    // The last group's h is in the last of 6 blocks: 5 blocks after group 0 begins, 12 + 1 after its own
    // last block; 13 - 6 + 0 cycles are lost.
    assert_eq!(counted.per_step, 3 * 6 + 13 - 6);
    let two = layers(&[spec, next], (2, 3), Family::Xc7);
    for layers in [&one, &two] {
        let (counted, steady) = (count_cycles(layers), steady_cycles(layers).unwrap());
        assert_eq!(
            (steady.latency, steady.per_step),
            (counted.latency, counted.per_step)
        );
    }
}

/// Four units of one sum make the rows of one unit of four.
#[test]
fn its_array_is_priced_by_its_rows() {
    for target in [Family::Xc7, Family::Ecp5, Family::Ice40] {
        let toy = LayerSpec::ordinary(&TANH, (8, 16), (4, 4));
        let lstm = LayerSpec::ordinary(&LSTM, (8, 16), (4, 4));
        let toy = &layers(&[toy], (4, 4), target)[0];
        let lstm = &layers(&[lstm], (1, 4), target)[0];
        assert_eq!(toy.folding().rows(), lstm.folding().rows());
        let [toy, lstm] = [toy, lstm].map(|layer| of_layer(target, layer, None));
        assert_eq!(toy.lut[..3], lstm.lut[..3]);
        assert_eq!(toy.ff[..2], lstm.ff[..2]);
        assert_eq!(toy.carry[..2], lstm.carry[..2]);
        assert!(toy.lut[0] > 0.0 && toy.ff[1] > 0.0);
    }
}
