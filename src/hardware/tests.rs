//! Columns of the memories and the cell's timing, against counts that are made another way.

use super::{Design, Event, Image, LSTM, MacArray, RomColumns};
use crate::device::Family;
use crate::quantize::{SplitMix, random_model};
use crate::spec::{FoldingGoal, Implementation, MacStyle, MemoryInit, StatePolicy};
use std::collections::BTreeSet;

/// Small models, folded at random for random families.
fn designs(count: u64) -> impl Iterator<Item = (crate::quantize::QuantizedModel, Design)> {
    let mut noise = SplitMix(7);
    (0..count).filter_map(move |seed| {
        let model = random_model(seed, 24);
        let targets = [Family::Xc7, Family::Ecp5, Family::Ice40, Family::Xcup];
        let implementation = Implementation {
            name: "x".into(),
            mac: [MacStyle::Lut, MacStyle::Dsp][noise.between(0, 1) as usize],
            target: targets[noise.between(0, 3) as usize],
            folding: FoldingGoal::Explicit {
                units: noise.between(1, 3) as usize,
                columns: noise.between(1, 9) as usize,
            },
            state: StatePolicy::Tlast,
            memory_init: MemoryInit::Readmemh,
            stream_elements: None,
        };
        let design = Design::new(&model, &implementation).ok()?;
        Some((model, design))
    })
}

/// Columns that vary, counted without the images, against the images.
#[test]
fn columns_are_counted_as_the_images_have_them() {
    let mut kinds = BTreeSet::new();
    for (model, design) in designs(120) {
        for (index, counted) in design.rom_columns(&model).into_iter().enumerate() {
            let (layer, own) = (&model.layers[index], &design.layers()[index]);
            kinds.insert((layer.w_bits, matches!(own.folding().mac, MacArray::Dsp(_))));
            let images = [own.weight_image(layer), own.bias_image(layer)];
            let shapes = [own.weight_memory(), own.bias_memory()];
            for (image, shape) in images.iter().zip(shapes) {
                assert_eq!((image.width, image.rows.len()), (shape.width, shape.depth));
            }
            let [weights, biases] = images.each_ref().map(Image::varying_columns);
            let two_tables = false;
            assert_eq!(
                counted,
                RomColumns {
                    weights,
                    biases,
                    two_tables,
                }
            );
        }
    }
    assert!(kinds.len() > 12, "{kinds:?}");
}

/// The phases that the header of `rtl/lprnn_lane.v` lists, for every delay.
#[test]
fn the_lstm_is_timed_as_its_verilog_says() {
    for (register, delay) in [0, 1]
        .iter()
        .flat_map(|&r| [0, 1, 2, 3].map(|d| (r, r + d)))
    {
        let (first, last) = (register, register + delay);
        let timing = &LSTM.timings(register == 1)[delay - register];
        assert_eq!(timing.gate_registers(), register);
        assert_eq!(timing.state_registers(), delay);
        for turn in 0..4 {
            let phase = |event| timing.phase(event).unwrap();
            assert_eq!(phase(Event::Take(turn)), turn);
            assert_eq!(phase(Event::Bias(turn)), 1 + turn);
            assert_eq!(phase(Event::PreActivation(turn)), 3 + turn);
            assert_eq!(phase(Event::Found(turn)), 4 + first + turn);
        }
        for (event, phase) in [
            (Event::Operands(0), 5 + first),
            (Event::Load(0), 6 + first),
            (Event::Operands(1), 6 + first),
            (Event::Sum(0), 7 + first),
            (Event::Sum(1), 8 + first),
            (Event::Store(0), 10 + first),
            (Event::Found(4), 12 + last),
            (Event::Operands(2), 12 + last),
            (Event::Sum(2), 14 + last),
            (Event::Last, 15 + last),
        ] {
            assert_eq!(timing.phase(event), Some(phase), "{event:?}");
        }
        assert_eq!(timing.events().count(), 4 * 4 + 10);
        assert_eq!(timing.depth(), 16 + last);
        assert_eq!(timing.interval(), 5 + delay);
        let forbidden: Vec<_> = timing.forbidden().collect();
        assert_eq!(forbidden, [6 + delay, 7 + delay]);
        assert_eq!(timing.forbidden_mask(), 0b11 << (6 + delay));
        assert_eq!(timing.far(), 8 + delay);
        for blocks in 1..40 {
            let divides = (6 + delay) % blocks == 0 || (7 + delay) % blocks == 0;
            assert_eq!(timing.fits(blocks), blocks >= 5 + delay && !divides);
        }
    }
    assert_eq!(LSTM.turns().collect::<Vec<_>>(), [2, 0, 1, 3]);
}
