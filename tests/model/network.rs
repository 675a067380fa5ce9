//! Networks with an embedding and dense layers: the model file, and the words by their definition.

use lprnn_hw::fixed::QFormat;
use lprnn_hw::quantize::{
    Dense, DenseOutput, Emit, QuantizedModel, SplitMix, random_model, with_random_ends,
};
use lprnn_hw::reference::{Lstm, WholeNetwork};

fn random(seed: u64) -> QuantizedModel {
    with_random_ends(random_model(seed, 9), seed, 9)
}

/// What a file of `model` is refused with.
fn refused(model: &QuantizedModel) -> String {
    format!("{:?}", model.to_bytes().unwrap_err())
}

#[test]
fn files_hold_every_kind_of_network() {
    let mut kinds = [0; 5];
    for seed in 0..60 {
        let model = random(seed);
        let read = QuantizedModel::from_bytes(&model.to_bytes().unwrap()).unwrap();
        assert_eq!(read, model, "seed {seed}");
        kinds[0] += usize::from(model.embedding.is_some());
        kinds[4] += model.front.len();
        for dense in &model.head {
            kinds[match dense.output {
                DenseOutput::Sum => 1,
                DenseOutput::Code { .. } => 2,
                DenseOutput::Argmax => 3,
            }] += 1;
        }
    }
    assert!(kinds.iter().all(|&count| count > 5), "{kinds:?}");
}

/// The nearest code by division in real numbers: ties to even, of odd codes to the upper.
fn nearest(sum: i128, shift: i32, format: QFormat) -> i64 {
    let exact = sum as f64 * f64::from(-shift).exp2();
    let code = if format.is_odd() {
        2.0 * (exact / 2.0).floor() + 1.0
    } else {
        exact.round_ties_even()
    };
    code.clamp(format.min_code() as f64, format.max_code() as f64) as i64
}

/// One dense layer by its definition: all sums, and what is given.
fn by_definition(dense: &Dense, x: &[i64]) -> Vec<i64> {
    let sums: Vec<i128> = (0..dense.output_size)
        .map(|row| {
            let weights = &dense.weight[row * dense.input_size..][..dense.input_size];
            let products = weights
                .iter()
                .zip(x)
                .map(|(&w, &x)| i128::from(w) * i128::from(x));
            products.sum::<i128>() + i128::from(dense.bias[row])
        })
        .collect();
    for sum in &sums {
        assert!(sum.abs() <= i128::from(dense.largest_sum()));
    }
    match dense.output {
        DenseOutput::Sum => sums.iter().map(|&sum| sum as i64).collect(),
        DenseOutput::Code { format, relu } => {
            let shift = dense.w_frac + dense.x.frac - format.frac;
            let kept = |&sum: &i128| if relu && sum < 0 { 0 } else { sum };
            let sums = sums.iter().map(kept);
            sums.map(|sum| nearest(sum, shift, format)).collect()
        }
        DenseOutput::Argmax => {
            let most = *sums.iter().max().unwrap();
            vec![sums.iter().position(|&sum| sum == most).unwrap() as i64]
        }
    }
}

#[test]
fn words_are_those_of_the_definition() {
    for seed in 0..80 {
        let model = random(seed);
        let mut noise = SplitMix(seed);
        let (mut network, mut lstm) = (WholeNetwork::new(&model), Lstm::new(&model.recurrent()));
        let (size, format) = model.first_input();
        let mut answers = 0;
        for step in 0..12 {
            let last = noise.between(0, 3) == 0;
            let (input, x) = if let Some(embedding) = &model.embedding {
                let index = noise.between(0, embedding.vocabulary as i64 - 1);
                let row = &embedding.codes[index as usize * size..][..size];
                (vec![index as i32], row.iter().map(|&c| c.into()).collect())
            } else {
                let x = (0..size).map(|_| noise.code(format.codes(), false) as i32);
                let x: Vec<i32> = x.collect();
                (x.clone(), x)
            };
            let x: Vec<i64> = x.iter().map(|&code: &i32| code.into()).collect();
            let x = model
                .front
                .iter()
                .fold(x, |x, dense| by_definition(dense, &x));
            let x: Vec<i32> = x.iter().map(|&code| code as i32).collect();
            let mut words: Vec<i64> = lstm.step(&x).iter().map(|&h| h.into()).collect();
            let answer = network.step(&input, last).map(<[i64]>::to_vec);
            let waits = model.head.iter().any(|dense| dense.when == Emit::Last);
            assert_eq!(network.waits_for_last(), waits);
            if waits && !last {
                assert_eq!(answer, None, "seed {seed} step {step}");
            } else {
                for dense in &model.head {
                    words = by_definition(dense, &words);
                    let format = dense.output_format();
                    assert!(words.iter().all(|&word| format.contains(word)), "{format}");
                }
                assert_eq!(answer, Some(words), "seed {seed} step {step}");
                answers += 1;
            }
            if last {
                lstm.reset();
                network.reset();
            }
        }
        assert!(answers > 0 || model.head.last().unwrap().when == Emit::Last);
    }
}

/// Of equal sums the lowest index is given.
#[test]
fn equal_sums_give_the_lowest_index() {
    let mut model = random_model(3, 4);
    let last = model.layers.last().unwrap();
    let (size, x) = (last.hidden_size, last.h);
    model.head.push(Dense {
        input_size: size,
        output_size: 4,
        x,
        w_bits: 4,
        w_levels: lprnn_hw::fixed::Levels::Even,
        w_frac: 3,
        weight: vec![0; 4 * size],
        bias: vec![-5, 7, 7, 6],
        output: DenseOutput::Argmax,
        when: Emit::Step,
    });
    let mut network = WholeNetwork::new(&model);
    let input = vec![1; network.input_size()];
    assert_eq!(network.step(&input, false), Some(&[1][..]));
}

#[test]
fn indices_beyond_the_vocabulary_are_named() {
    let seed = (0..1000)
        .find(|&seed| random(seed).embedding.is_some())
        .unwrap();
    let model = random(seed);
    let rows = model.embedding.as_ref().unwrap().vocabulary as i32;
    let network = WholeNetwork::new(&model);
    network.check(&[0, rows - 1]).unwrap();
    let beyond = network.check(&[0, 0, rows]).unwrap_err();
    let wanted = format!("step 2: index {rows} is beyond the vocabulary of {rows}");
    assert_eq!(beyond.what, wanted);
    assert!(network.check(&[-1]).is_err());
}

#[test]
fn breaches_are_named_with_their_place() {
    let seed =
        (0..1000).find(|&seed| random(seed).head.len() == 2 && random(seed).embedding.is_some());
    let good = random(seed.unwrap());
    let at = 1 + good.front.len() + good.layers.len();
    let mut bad = good.clone();
    bad.head[0].output = DenseOutput::Sum;
    assert!(refused(&bad).contains("only the last layer may give sums"));
    let mut bad = good.clone();
    bad.head[0].when = Emit::Last;
    assert!(refused(&bad).contains("only the last layer may wait"));
    let mut bad = good.clone();
    bad.head[1].x.frac += 1;
    assert!(refused(&bad).contains(&format!("layers.{}", at + 1)));
    let mut bad = good.clone();
    bad.head[0].weight[0] = 1 << 8;
    assert!(refused(&bad).contains(&format!("layers.{at}.weight[0][0]")));
    let mut bad = good.clone();
    bad.embedding.as_mut().unwrap().codes.pop();
    assert!(refused(&bad).contains("layers.0.weight"));
    let mut bad = good;
    bad.embedding.as_mut().unwrap().vocabulary = 0;
    assert!(refused(&bad).contains("layers.0.vocabulary"));
}

/// Dense layers before the recurrent ones give codes at every step, of the format that is taken behind them.
#[test]
fn breaches_before_the_recurrent_layers_are_named_with_their_place() {
    let found = (0..1000).map(random).find(|model| {
        model.front.len() == 2 && model.embedding.is_some() && model.front[1].output_size > 1
    });
    let good = found.unwrap();
    good.to_bytes().unwrap();
    let of = |change: &dyn Fn(&mut QuantizedModel)| {
        let mut bad = good.clone();
        change(&mut bad);
        refused(&bad)
    };
    let sums = of(&|bad| bad.front[1].output = DenseOutput::Sum);
    assert!(sums.contains("layers.2.output"), "{sums}");
    let waits = of(&|bad| bad.front[0].when = Emit::Last);
    assert!(waits.contains("layers.1.when"), "{waits}");
    let width = of(&|bad| bad.front[1].x.frac += 1);
    assert!(width.contains("layers.1"), "{width}");
    let behind = of(&|bad| bad.layers[0].x.frac += 1);
    assert!(behind.contains("layers.2"), "{behind}");
    let rows = of(&|bad| bad.embedding.as_mut().unwrap().codes[0] = i16::MAX);
    assert!(rows.contains("layers.0.weight[0][0]"), "{rows}");
}

/// A whole sequence and its steps one by one: the same words and traces, dense layers before the recurrent ones among
/// them.
#[test]
fn sequences_are_their_steps_with_dense_layers_before_the_recurrent_ones() {
    let models = (0..300).map(random).filter(|model| !model.front.is_empty());
    for model in models.take(20) {
        let mut noise = SplitMix(5);
        let (size, format) = model.first_input();
        let inputs: Vec<i32> = if let Some(rows) = &model.embedding {
            let vocabulary = rows.vocabulary as i32;
            (0..9).map(|step| step * 5 % vocabulary).collect()
        } else {
            let code = |_| noise.code(format.codes(), false) as i32;
            (0..9 * size).map(code).collect()
        };
        let mut network = WholeNetwork::new(&model);
        let whole = network.sequence(&inputs, &mut |_| true).unwrap().given;
        let traced = network.sequence_trace(&inputs);
        network.reset();
        let mut given: Vec<i64> = Vec::new();
        let width = network.input_size();
        for (step, x) in inputs.chunks_exact(width).enumerate() {
            given.extend(network.step(x, step == 8).unwrap_or_default());
            let all = network.traced();
            assert_eq!(all.len(), network.layers());
            let there = traced.steps[step].len();
            assert_eq!(traced.steps[step], all[..there]);
        }
        assert_eq!(whole, given);
    }
}
