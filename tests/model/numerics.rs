//! The arithmetic contract against independent oracles.

use lprnn_hw::fixed::{Codes, LevelRule, Levels, QFormat, requantize, requantize_odd, rne};
use lprnn_hw::quantize::{ActivationTables, quantize_input, random_model, random_model_of};
use lprnn_hw::reference::{Lstm, run_batch};
use proptest::prelude::*;

/// `value / 2^shift` rounded half to even, by rational arithmetic in 128 bits.
fn exact_rne(value: i64, shift: i32) -> i128 {
    let value = i128::from(value);
    if shift <= 0 {
        return value << -shift;
    }
    let divisor = 1i128 << shift;
    let floor = value.div_euclid(divisor);
    let twice_rest = 2 * value.rem_euclid(divisor);
    match twice_rest.cmp(&divisor) {
        std::cmp::Ordering::Less => floor,
        std::cmp::Ordering::Greater => floor + 1,
        std::cmp::Ordering::Equal => floor + floor.rem_euclid(2),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn rounding_is_the_exact_one(value in any::<i64>(), shift in 0i32..100) {
        prop_assert_eq!(i128::from(rne(value, shift)), exact_rne(value, shift));
    }

    #[test]
    fn left_shifts_are_exact(value in -(1i64 << 40)..1 << 40, shift in 0i32..20) {
        prop_assert_eq!(i128::from(rne(value, -shift)), exact_rne(value, -shift));
    }

    #[test]
    fn ties_go_to_even(code in -(1i64 << 40)..1 << 40, shift in 1i32..20) {
        let tie = (code << shift) + (1 << (shift - 1));
        prop_assert_eq!(rne(tie, shift) & 1, 0);
        prop_assert!((rne(tie, shift) - code).abs() <= 1);
    }

    #[test]
    fn requantize_is_monotone_and_stays_inside(
        a in -(1i64 << 50)..1 << 50, b in -(1i64 << 50)..1 << 50, shift in -8i32..60, bits in 1u32..=32
    ) {
        let (low, high) = (a.min(b), a.max(b));
        let format = QFormat::new(bits, 0);
        prop_assert!(requantize(low, shift, bits) <= requantize(high, shift, bits));
        prop_assert!(format.contains(requantize(a, shift, bits)));
        // A code passes unchanged.
        let code = requantize(a, shift, bits);
        prop_assert_eq!(requantize(code, 0, bits), code);
    }

    #[test]
    fn requantize_is_rounding_then_clamping(value in any::<i64>(), shift in 1i32..70, bits in 2u32..=32) {
        let (least, most) = (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1);
        prop_assert_eq!(i128::from(requantize(value, shift, bits)), exact_rne(value, shift).clamp(least, most));
    }

    #[test]
    fn one_bit_is_the_sign(value in -(1i64 << 59)..1 << 59, shift in -3i32..100) {
        let sign = if value >= 0 { 1 } else { -1 };
        prop_assert_eq!(requantize(value, shift, 1), sign);
        prop_assert_eq!(requantize_odd(value, shift, 1), sign);
    }

    /// The definition, by search: the nearest of the format's codes, the upper of two.
    #[test]
    fn odd_codes_are_the_nearest_of_all(value in -(1i64 << 40)..1 << 40, shift in -4i32..50, bits in 1u32..=4) {
        let all: Vec<i64> = (0..1 << bits).map(|k| 2 * k + 1 - (1 << bits)).collect();
        let (up, down) = ((-shift).max(0), shift.max(0));
        // Twice the distances at the finer of both scales, exact.
        let distance = |code: i64| ((i128::from(value) << up) - (i128::from(code) << down)).abs();
        let nearest = all.iter().copied().min_by_key(|&code| (distance(code), -code)).unwrap();
        prop_assert_eq!(requantize_odd(value, shift, bits), nearest);
        let real = quantize_input(&[value as f32], QFormat::odd(bits, -shift))[0];
        let exact = value as f32 as i64;
        prop_assert_eq!(i64::from(real), requantize_odd(exact, shift, bits));
    }

    #[test]
    fn odd_requantize_is_the_formula(value in any::<i64>(), shift in 0i32..70, bits in 1u32..=4) {
        let most = (1i128 << bits) - 1;
        let floor = i128::from(value).div_euclid(1i128 << (shift + 1));
        let code = i128::from(requantize_odd(value, shift, bits));
        prop_assert_eq!(code, (2 * floor + 1).clamp(-most, most));
        prop_assert!(Codes::new(bits, Levels::Odd).contains(code as i64));
    }
}

/// Every format of up to 12 bits against the C library's double-precision functions, which share
/// nothing with the integer evaluation of the tables.
#[test]
fn tables_are_correctly_rounded() {
    let mut checked = 0u64;
    for bits in 2..=12 {
        for frac in 0..=12 {
            for a_frac in [1, 4, 7, 8, 9, 10, 12, 14] {
                let z = QFormat::new(bits, frac);
                let tables = ActivationTables::new(z, a_frac);
                let one = f64::from(a_frac).exp2();
                for code in z.min_code()..=z.max_code() {
                    let x = code as f64 * z.ulp();
                    let index = code as usize & ((1 << bits) - 1);
                    let sigmoid = one / (1.0 + (-x).exp());
                    for (entry, exact) in [
                        (tables.sigmoid[index], sigmoid),
                        (tables.tanh[index], one * x.tanh()),
                    ] {
                        let error = (f64::from(entry) - exact).abs();
                        // Half a unit, and the double's own error.
                        assert!(
                            error <= 0.5 + 1e-10,
                            "{z} a_frac {a_frac} code {code}: {entry} for {exact}"
                        );
                        checked += 1;
                    }
                }
            }
        }
    }
    assert!(checked > 1_000_000, "only {checked} entries were compared");
}

#[test]
fn coarse_and_extreme_formats_have_tables_with_the_right_ends() {
    for frac in [-20, -3, -1, 16, 32] {
        let z = QFormat::new(8, frac);
        let tables = ActivationTables::new(z, 8);
        assert_eq!((tables.sigmoid[0], tables.tanh[0]), (128, 0), "{z}");
        if frac < 0 {
            assert_eq!((tables.sigmoid[127], tables.sigmoid[128]), (256, 0), "{z}");
            assert_eq!((tables.tanh[127], tables.tanh[128]), (256, -256), "{z}");
        }
    }
}

#[test]
fn zero_weights_and_bias_give_zero_h() {
    let mut compared = 0;
    for seed in 0..20 {
        let mut model = random_model(seed, 12);
        for layer in &mut model.layers {
            if layer.w_bits == 1 || layer.h.bits == 1 {
                continue; // one bit has no zero
            }
            layer.weight_ih.fill(0);
            layer.weight_hh.fill(0);
            layer.bias.fill(0);
        }
        if model
            .layers
            .iter()
            .any(|layer| layer.w_bits == 1 || layer.h.bits == 1)
        {
            continue;
        }
        let inputs = vec![1; 5 * model.layers[0].input_size];
        assert!(
            Lstm::new(&model).run(&inputs).iter().all(|&h| h == 0),
            "seed {seed}"
        );
        compared += 1;
    }
    assert!(compared > 3);
}

#[test]
fn batches_are_sequences_from_zero_state() {
    for seed in 0..12 {
        let levels = [LevelRule::Even, LevelRule::Odd][usize::from(seed > 7)];
        let model = random_model_of(seed, 10, levels);
        let width = model.layers[0].input_size;
        let format = model.layers[0].x;
        let mut noise = lprnn_hw::quantize::SplitMix(seed);
        let inputs: Vec<i32> = (0..3 * 7 * width)
            .map(|_| noise.code(format.codes(), false) as i32)
            .collect();
        let (batch, _) = run_batch(&model, &inputs, 7);
        let mut one_by_one = Vec::new();
        let mut lstm = Lstm::new(&model);
        for sequence in inputs.chunks(7 * width) {
            lstm.reset();
            one_by_one.extend(lstm.run(sequence));
        }
        assert_eq!(batch, one_by_one, "seed {seed}");
        let (outputs, trace) = Lstm::new(&model).run_traced(&inputs[..7 * width]);
        assert_eq!(
            outputs,
            one_by_one[..outputs.len()],
            "seed {seed}: tracing changed the words"
        );
        assert_eq!(trace.steps.len(), 7);
    }
}

/// With 16-bit codes and wide formats the integers follow a double-precision LSTM. The bound:
/// a gate value is off by half of 2^-14 plus what z's half unit of 2^-8 moves it (slope at most 1),
/// and errors of c add up over the steps, each step adding at most two gates' worth.
#[test]
fn wide_formats_follow_the_real_numbers() {
    let (hidden, inputs, steps) = (6, 4, 10);
    let mut noise = lprnn_hw::quantize::SplitMix(5);
    let mut codes = |count: usize| {
        (0..count)
            .map(|_| (noise.code(16, true) / 4) as i16)
            .collect::<Vec<_>>()
    };
    let layer = lprnn_hw::quantize::Layer {
        direction: lprnn_hw::quantize::Direction::Forward,
        input_size: inputs,
        hidden_size: hidden,
        x: QFormat::new(16, 14),
        h: QFormat::new(16, 15),
        w_bits: 16,
        w_levels: lprnn_hw::fixed::Levels::Even,
        w_frac_ih: vec![15; 4],
        w_frac_hh: vec![15; 4],
        z: QFormat::new(12, 8),
        a_frac: 14,
        recurrence: lprnn_hw::quantize::Recurrence::Lstm {
            c: QFormat::new(24, 18),
        },
        weight_ih: codes(4 * hidden * inputs),
        weight_hh: codes(4 * hidden * hidden),
        bias: vec![0; 4 * hidden],
        row_scale: None,
    };
    let x = codes(steps * inputs);
    let model = lprnn_hw::quantize::QuantizedModel {
        layers: vec![layer.clone()],
        ..lprnn_hw::quantize::QuantizedModel::default()
    };
    let integers =
        Lstm::new(&model).run(&x.iter().map(|&code| i32::from(code)).collect::<Vec<_>>());
    let (mut h, mut c) = (vec![0.0f64; hidden], vec![0.0f64; hidden]);
    let (w, ulp_x) = (2f64.powi(-15), 2f64.powi(-14));
    let sigmoid = |v: f64| 1.0 / (1.0 + (-v).exp());
    for step in 0..steps {
        let z: Vec<f64> = (0..4 * hidden)
            .map(|row| {
                let sx: f64 = (0..inputs)
                    .map(|n| {
                        f64::from(layer.weight_ih[row * inputs + n])
                            * w
                            * f64::from(x[step * inputs + n])
                            * ulp_x
                    })
                    .sum();
                let sh: f64 = (0..hidden)
                    .map(|m| f64::from(layer.weight_hh[row * hidden + m]) * w * h[m])
                    .sum();
                sx + sh
            })
            .collect();
        for unit in 0..hidden {
            c[unit] = sigmoid(z[hidden + unit]) * c[unit]
                + sigmoid(z[unit]) * z[2 * hidden + unit].tanh();
            h[unit] = sigmoid(z[3 * hidden + unit]) * c[unit].tanh();
        }
        let bound = 0.01 * (step + 1) as f64;
        for unit in 0..hidden {
            let got = f64::from(integers[step * hidden + unit]) * 2f64.powi(-15);
            assert!(
                (got - h[unit]).abs() < bound,
                "step {step} unit {unit}: {got} for {}",
                h[unit]
            );
        }
    }
}
