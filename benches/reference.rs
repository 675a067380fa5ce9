//! Speed of the reference model on one core: `cargo bench --bench reference`.
//!
//! The items of a run are multiply-accumulates, so "item/s" reads as MAC/s.

use divan::{Bencher, counter::ItemsCount};
use lprnn_hw::fixed::QFormat;
use lprnn_hw::quantize::{Layer, QuantizedModel};
use lprnn_hw::reference::Lstm;

fn main() {
    divan::main();
}

/// A layer of `size` inputs and units with weights that use their whole range.
fn model(bits: u32, size: usize) -> QuantizedModel {
    let largest = (1i64 << (bits - 1)) - 1;
    let mut noise = 0x2545_f491_4f6c_dd1du64;
    let mut code = move || {
        noise ^= noise << 13;
        noise ^= noise >> 7;
        noise ^= noise << 17;
        (noise % (2 * largest as u64 + 1)) as i64 - largest
    };
    let mut codes = |count: usize| (0..count).map(|_| code() as i16).collect::<Vec<_>>();
    let frac = bits as i32 + 1;
    QuantizedModel {
        layers: vec![Layer {
            direction: lprnn_hw::quantize::Direction::Forward,
            input_size: size,
            hidden_size: size,
            x: QFormat::new(bits, bits as i32 - 2),
            h: QFormat::new(bits, bits as i32 - 1),
            w_bits: bits,
            w_levels: lprnn_hw::fixed::Levels::Even,
            w_frac_ih: vec![frac; 4],
            w_frac_hh: vec![frac; 4],
            z: QFormat::new(8, 4),
            a_frac: 8,
            recurrence: lprnn_hw::quantize::Recurrence::Lstm {
                c: QFormat::new(16, 10),
            },
            weight_ih: codes(4 * size * size),
            weight_hh: codes(4 * size * size),
            bias: vec![0; 4 * size],
            row_scale: None,
        }],
        ..QuantizedModel::default()
    }
}

#[divan::bench(args = [(4, 64), (8, 64), (4, 300), (8, 300), (16, 300), (4, 512)])]
fn step(bencher: Bencher, (bits, size): (u32, usize)) {
    let model = model(bits, size);
    let mut lstm = Lstm::new(&model);
    let x: Vec<i32> = model.layers[0].weight_ih[..size]
        .iter()
        .map(|&code| code.into())
        .collect();
    bencher
        .counter(ItemsCount::new(8 * size * size))
        .bench_local(|| lstm.step(divan::black_box(&x)).len());
}
