//! Backward and bidirectional layers: the model file, and the words by way of forward layers alone.

use super::import::{array, fixture};
use lprnn_hw::flow::{AnsweringModel, ModelInputs, Silent};
use lprnn_hw::import::{ImportOptions, read_bytes};
use lprnn_hw::lm::LanguageModel;
use lprnn_hw::ptq::{FormatRequest, LayerQuality, Sequences, float_h, quantize};
use lprnn_hw::quantize::{
    Direction, Emit, HeadFormat, InputOffset, Layer, QuantizedModel, SplitMix,
    random_model_directed, seeded, with_random_ends, with_row_scales,
};
use lprnn_hw::reference::{Lstm, WholeNetwork, dense_outputs, run_batch};
use lprnn_hw::score::Answers;
use lprnn_hw::spec::{CellKind, DirectionKind, Numerics, OutputOrder, SeededNetwork};

const CELLS: [CellKind; 2] = [CellKind::Lstm, CellKind::Gru];

/// Layers of any direction and cell; with row scales and with ends in some.
fn random(seed: u64) -> QuantizedModel {
    let cells = [CELLS[seed as usize % 2], CELLS[seed as usize / 2 % 2]];
    let mut model = random_model_directed(seed, 7, &cells);
    if seed.is_multiple_of(3) {
        model = with_row_scales(model, seed);
    }
    if seed.is_multiple_of(5) {
        model = with_random_ends(model, seed, 7);
    }
    model
}

/// One pass as a model of a forward layer, step by step: `[steps, H]`.
fn forward_words(layer: &Layer, x: &[Vec<i32>]) -> Vec<Vec<i32>> {
    let layer = Layer {
        direction: Direction::Forward,
        ..layer.clone()
    };
    let model = QuantizedModel {
        layers: vec![layer],
        ..QuantizedModel::default()
    };
    let mut lstm = Lstm::new(&model);
    x.iter().map(|x| lstm.step(x).to_vec()).collect()
}

/// The sequence from its end, and the words in the order of the steps again, or as they come.
fn backward_words(layer: &Layer, order: OutputOrder, x: &[Vec<i32>]) -> Vec<Vec<i32>> {
    let reversed: Vec<Vec<i32>> = x.iter().rev().cloned().collect();
    let mut words = forward_words(layer, &reversed);
    if order == OutputOrder::Time {
        words.reverse();
    }
    words
}

/// Words of all recurrent layers by their definition.
fn by_definition(model: &QuantizedModel, x: &[Vec<i32>]) -> Vec<Vec<i32>> {
    let mut signal = x.to_vec();
    for layer in &model.layers {
        signal = match &layer.direction {
            Direction::Forward => forward_words(layer, &signal),
            Direction::Backward(order) => backward_words(layer, *order, &signal),
            Direction::Bidirectional(other) => {
                let halves = forward_words(layer, &signal);
                let others = backward_words(other, layer.output_order(), &signal);
                let steps = halves.into_iter().zip(others);
                steps.map(|(own, other)| [own, other].concat()).collect()
            }
        };
    }
    signal
}

fn inputs(model: &QuantizedModel, steps: usize, noise: &mut SplitMix) -> Vec<Vec<i32>> {
    let (size, format) = model.first_input();
    let code = |noise: &mut SplitMix| noise.code(format.codes(), false) as i32;
    let mut vector = || (0..size).map(|_| code(noise)).collect();
    (0..steps).map(|_| vector()).collect()
}

#[test]
fn words_are_those_of_forward_layers_on_turned_sequences() {
    let (mut kinds, mut processed) = ([0; 3], [0; 3]);
    for seed in 0..60 {
        let model = random(seed).recurrent();
        for layer in &model.layers {
            let kind = layer.direction.kind() as usize;
            kinds[kind] += 1;
            processed[kind] += usize::from(!layer.output_order().is_time());
        }
        let mut noise = SplitMix(seed);
        let x = inputs(&model, 1 + seed as usize % 11, &mut noise);
        let wanted = by_definition(&model, &x).concat();
        let mut lstm = Lstm::new(&model);
        assert_eq!(lstm.run(&x.concat()), wanted, "seed {seed}");
        // A second sequence begins from zero state again.
        assert_eq!(
            lstm.sequence(&x.concat(), &mut |_| true).unwrap(),
            wanted,
            "seed {seed}"
        );
        let (words, trace) = Lstm::new(&model).run_traced(&x.concat());
        assert_eq!(words, wanted);
        for (step, passes) in trace.steps.iter().enumerate() {
            let width = lstm.hidden_size();
            let last = model.layers.len() - 1;
            let of_last = lstm.places().zip(passes);
            let of_last = of_last.filter(|(place, _)| place.layer == last);
            let mut column = 0;
            for (place, pass) in of_last {
                // Traces are of steps, whatever the order of the outputs.
                let turned = place.backward && place.order == OutputOrder::Processing;
                let output = if turned { x.len() - 1 - step } else { step };
                let slots = &wanted[output * width + column..][..pass.h.len()];
                assert_eq!(pass.h, slots, "seed {seed}");
                column += pass.h.len();
            }
            assert_eq!(column, width);
        }
        let (batch, counts) = run_batch(&model, &[x.concat(), x.concat()].concat(), x.len());
        assert_eq!(batch, [&wanted[..], &wanted[..]].concat(), "seed {seed}");
        assert_eq!(counts.len(), model.passes().count());
    }
    assert!(kinds.iter().all(|&count| count > 20), "{kinds:?}");
    assert!(
        processed[0] == 0 && processed[1..].iter().all(|&count| count > 8),
        "{processed:?}"
    );
}

/// Embedding and dense layers around them; a network of forward layers gives what it gives step by step.
#[test]
fn whole_networks_take_whole_sequences() {
    let mut causal = 0;
    for seed in 0..90 {
        let model = with_random_ends(random(seed).recurrent(), seed, 7);
        let mut noise = SplitMix(seed);
        let steps = 1 + seed as usize % 9;
        let (tokens, x) = if let Some(embedding) = &model.embedding {
            let most = embedding.vocabulary as i64 - 1;
            let tokens: Vec<i32> = (0..steps).map(|_| noise.between(0, most) as i32).collect();
            let (size, _) = model.first_input();
            let row = |&token: &i32| {
                let row = &embedding.codes[token as usize * size..][..size];
                row.iter().map(|&code| code.into()).collect()
            };
            let x = tokens.iter().map(row).collect();
            (tokens, x)
        } else {
            let x = inputs(&model, steps, &mut noise);
            (x.concat(), x)
        };
        let of_front = |x: Vec<i32>| {
            model.front.iter().fold(x, |x, dense| {
                let codes = dense_outputs(dense, &x);
                codes.iter().map(|&code| code as i32).collect()
            })
        };
        let x: Vec<Vec<i32>> = x.into_iter().map(of_front).collect();
        let mut network = WholeNetwork::new(&model);
        let outputs = network.sequence(&tokens, &mut |_| true).unwrap();
        let h = by_definition(&model, &x);
        assert_eq!(outputs.h, h.concat(), "seed {seed}");
        let mut given = Vec::new();
        for (step, h) in h.iter().enumerate() {
            if network.waits_for_last() && step + 1 < steps {
                continue;
            }
            let mut codes = h.clone();
            let mut words: Vec<i64> = h.iter().map(|&code| code.into()).collect();
            for dense in &model.head {
                words = dense_outputs(dense, &codes);
                codes = words.iter().map(|&word| word as i32).collect();
            }
            given.extend(words);
        }
        assert_eq!(outputs.given, given, "seed {seed}");
        let trace = network.sequence_trace(&tokens);
        assert_eq!(trace.steps.len(), steps);
        assert_eq!(trace.steps[steps - 1].len(), network.layers());
        if !model.needs_whole_sequences() {
            causal += 1;
            network.reset();
            let width = network.input_size();
            let by_step = tokens.chunks(width).enumerate().flat_map(|(step, x)| {
                let given = network.step(x, step + 1 == steps);
                given.map(<[i64]>::to_vec).unwrap_or_default()
            });
            assert_eq!(by_step.collect::<Vec<_>>(), given, "seed {seed}");
        }
    }
    assert!(causal > 5, "{causal}");
}

#[test]
fn an_interrupted_sequence_gives_nothing() {
    let model = random_model_directed(1, 5, &CELLS);
    let x = inputs(&model, 6, &mut SplitMix(1)).concat();
    let mut steps = 0;
    let words = Lstm::new(&model).sequence(&x, &mut |_| {
        steps += 1;
        steps < 4
    });
    assert_eq!((words, steps), (None, 4));
}

#[test]
#[should_panic(expected = "a backward layer takes a whole sequence, not a step")]
fn a_backward_layer_takes_no_single_step() {
    let model = seeded(&network(DirectionKind::Backward));
    Lstm::new(&model).step(&[0; 3]);
}

fn network(direction: DirectionKind) -> SeededNetwork {
    SeededNetwork {
        layers: 2,
        direction,
        ..SeededNetwork::one_layer((3, 4), Numerics::of_widths(4, 4, 4), 7)
    }
}

#[test]
fn seeded_networks_have_both_directions() {
    let forward = seeded(&network(DirectionKind::Forward));
    let backward = seeded(&network(DirectionKind::Backward));
    let both = seeded(&network(DirectionKind::Bidirectional));
    assert!(!forward.needs_whole_sequences());
    assert!(backward.needs_whole_sequences() && both.needs_whole_sequences());
    // The same draws in another direction.
    assert_eq!(forward.layers[1].weight_hh, backward.layers[1].weight_hh);
    assert_eq!(forward.layers[0].weight_ih, both.layers[0].weight_ih);
    let other = both.layers[0].other_half().unwrap();
    assert_ne!(other.weight_ih, both.layers[0].weight_ih);
    assert_eq!(both.layers[0].output_size(), 8);
    assert_eq!(both.layers[1].input_size, 8);
    let names: Vec<String> = both.passes().map(|pass| pass.place.to_string()).collect();
    let wanted = ["layer 0 forward", "layer 0 backward", "layer 1 forward"];
    assert_eq!(names[..3], wanted);
    let names: Vec<String> = backward.passes().map(|p| p.place.to_string()).collect();
    assert_eq!(names, ["layer 0 backward", "layer 1 backward"]);
    let names: Vec<String> = forward.passes().map(|p| p.place.to_string()).collect();
    assert_eq!(names, ["layer 0", "layer 1"]);
}

#[test]
fn files_hold_every_direction() {
    for seed in 0..60 {
        let model = random(seed);
        let bytes = model.to_bytes().unwrap();
        assert_eq!(QuantizedModel::from_bytes(&bytes).unwrap(), model, "{seed}");
    }
}

#[test]
fn sequences_beyond_the_longest_are_named() {
    WholeNetwork::check_lengths(&[3, 9, 1], 9).unwrap();
    let problem = WholeNetwork::check_lengths(&[3, 9, 1], 8).unwrap_err();
    assert_eq!(
        problem.what,
        "sequence 1 has 9 steps, the longest may have 8"
    );
}

/// What a model is refused with.
fn refused(change: impl FnOnce(&mut QuantizedModel)) -> String {
    let mut model = seeded(&network(DirectionKind::Bidirectional));
    model.validate().unwrap();
    change(&mut model);
    format!("{:?}", model.validate().unwrap_err())
}

fn other(model: &mut QuantizedModel, layer: usize) -> &mut Layer {
    match &mut model.layers[layer].direction {
        Direction::Bidirectional(other) => other,
        _ => panic!("one direction"),
    }
}

#[test]
fn halves_share_what_their_outputs_share() {
    let shared = "both directions have one kind, and the same sizes and formats of x and h";
    let problems = refused(|model| other(model, 0).h.frac += 1);
    assert!(problems.contains(shared) && problems.contains("layers.0.reverse"));
    let problems = refused(|model| other(model, 1).hidden_size -= 1);
    assert!(problems.contains(shared) && problems.contains("layers.1.reverse"));
    let problems = refused(|model| other(model, 0).direction = Direction::Forward);
    assert!(problems.contains("takes the steps backward"), "{problems}");
    let problems =
        refused(|model| model.layers[0].direction = Direction::Backward(OutputOrder::Time));
    let wanted = "must be 4, the hidden size of the layer before";
    assert!(problems.contains(wanted), "{problems}");
    let problems = refused(|model| {
        let only = model.layers.pop().unwrap();
        let size = only.hidden_size;
        model.layers.push(Layer {
            input_size: size,
            ..only
        });
    });
    let wanted = "must be 8, the units of both directions of the layer before";
    assert!(problems.contains(wanted), "{problems}");
    let problems = refused(|model| other(model, 1).weight_hh[5] = 99);
    let wanted = "layers.1.weight_hh_reverse[1][1]";
    assert!(problems.contains(wanted), "{problems}");
    let problems = refused(|model| other(model, 1).z.bits = 13);
    assert!(problems.contains("layers.1.reverse.z.bits"), "{problems}");
    // What the halves need not share.
    let mut model = seeded(&network(DirectionKind::Bidirectional));
    other(&mut model, 0).w_frac_ih[2] += 1;
    other(&mut model, 0).z.frac += 1;
    model.validate().unwrap();
}

#[test]
fn a_language_model_reads_forward() {
    let mut model = seeded(&network(DirectionKind::Bidirectional));
    model.embed(&[0.25; 5 * 3]);
    let refused = LanguageModel::from_quantized(model).unwrap_err();
    let wanted = "layer 0 backward reads the text from its end";
    assert!(refused.what.contains(wanted), "{}", refused.what);
}

/// Root of the mean square of the distance, over that of what is wanted.
fn off(got: impl Iterator<Item = f64>, wanted: &[f32]) -> f64 {
    let squares = got
        .zip(wanted)
        .map(|(got, &want)| (got - f64::from(want)).powi(2));
    let wanted: f64 = wanted.iter().map(|&want| f64::from(want).powi(2)).sum();
    (squares.sum::<f64>() / wanted).sqrt()
}

/// A network of `PyTorch`, quantised: its h and the outputs of its linear layer are near `PyTorch`'s own, both
/// directions have codes of their own, and the report is of each.
#[test]
fn a_bidirectional_network_of_pytorch_is_quantised() {
    let bytes = std::fs::read(fixture("bidirectional.safetensors")).unwrap();
    let float = read_bytes(&bytes, &ImportOptions::default()).unwrap();
    assert_eq!(float.layers[1].input_size, 8);
    assert!(float.assumptions[0].contains("output[:, -1], and not h_n"));
    let x = array("x.npy");
    let inputs = Sequences::one(x.clone(), 3);
    let request = |emit| FormatRequest {
        emit,
        ..FormatRequest::of(8, HeadFormat::Integer(8))
    };
    let quantized = quantize(&float, &inputs, &request(Emit::Step));
    let model = &quantized.model;
    model.validate().unwrap();
    let read = QuantizedModel::from_bytes(&model.to_bytes().unwrap()).unwrap();
    assert_eq!(&read, model);
    let other = model.layers[0].other_half().unwrap();
    assert_ne!(other.weight_ih, model.layers[0].weight_ih);
    let mut network = WholeNetwork::new(model);
    let outputs = network
        .sequence(&model.input_codes(&x), &mut |_| true)
        .unwrap();
    let ulp = model.layers[1].h.ulp();
    let h = off(
        outputs.h.iter().map(|&code| f64::from(code) * ulp),
        &array("bidirectional.h.npy"),
    );
    let ulp = f64::from(-model.head[0].sum_frac()).exp2();
    let y = array("bidirectional.y.npy");
    let of_y = off(outputs.given.iter().map(|&sum| sum as f64 * ulp), &y);
    assert!(h < 0.03 && of_y < 0.03, "{h} {of_y}");
    // What the report says of h is what was found.
    let said = quantized.report.h.error_rms / quantized.report.h.signal_rms;
    assert!((said / h - 1.0).abs() < 1e-3, "{said} {h}");
    let titles: Vec<String> = quantized
        .report
        .layers
        .iter()
        .map(LayerQuality::title)
        .collect();
    assert_eq!(
        titles,
        ["0 forward", "0 backward", "1 forward", "1 backward"]
    );
    let reversed = |name: &str| {
        quantized
            .report
            .tensors
            .iter()
            .any(|tensor| tensor.tensor == name)
    };
    assert!(reversed("layers.0.weight_ih.i") && reversed("layers.1.weight_hh_reverse.o"));
    // At the end of the sequence the output of the last step, as output[:, -1].
    let last = quantize(&float, &inputs, &request(Emit::Last)).model;
    let mut network = WholeNetwork::new(&last);
    let given = network
        .sequence(&last.input_codes(&x), &mut |_| true)
        .unwrap()
        .given;
    let of_last = off(given.iter().map(|&sum| sum as f64 * ulp), &y[y.len() - 2..]);
    assert!(given.len() == 2 && of_last < 0.05, "{of_last}");
}

/// A network of ONNX or Keras whose layers read from the end, alone or beside forward ones, is quantised: the words are
/// near what the framework computed, in the order of time.
#[test]
fn layers_that_read_from_the_end_are_quantised() {
    let x = array("x.npy");
    for (file, name) in [
        ("onnx_reverse.onnx", "onnx_reverse"),
        ("onnx_reverse_gru.onnx", "onnx_reverse_gru"),
        ("onnx_reverse_stack.onnx", "onnx_reverse_stack"),
        ("keras_twice_back.keras", "keras_twice_back"),
    ] {
        let bytes = std::fs::read(fixture(file)).unwrap();
        let float = read_bytes(&bytes, &ImportOptions::default()).unwrap();
        let request = FormatRequest::of(8, HeadFormat::Integer(8));
        let quantized = quantize(&float, &Sequences::one(x.clone(), 3), &request);
        let model = &quantized.model;
        let read = QuantizedModel::from_bytes(&model.to_bytes().unwrap()).unwrap();
        assert_eq!(&read, model);
        assert!(model.passes().any(|pass| pass.place.backward), "{file}");
        let mut network = WholeNetwork::new(model);
        let outputs = network
            .sequence(&model.input_codes(&x), &mut |_| true)
            .unwrap();
        let ulp = model.layers.last().unwrap().h.ulp();
        let codes = outputs.h.iter().map(|&code| f64::from(code) * ulp);
        let h = off(codes, &array(&format!("{name}.h.npy")));
        let ulp = f64::from(-model.head[0].sum_frac()).exp2();
        let sums = outputs.given.iter().map(|&sum| sum as f64 * ulp);
        let y = off(sums, &array(&format!("{name}.y.npy")));
        assert!(h < 0.03 && y < 0.03, "{file}: {h} {y}");
    }
}

/// An offset of x is taken up by the biases of both directions.
#[test]
fn an_offset_is_that_of_both_directions() {
    let bytes = std::fs::read(fixture("gru_bidirectional.safetensors")).unwrap();
    let float = read_bytes(&bytes, &ImportOptions::default()).unwrap();
    let x: Vec<f32> = array("x.npy").iter().map(|x| x + 0.5).collect();
    let h = float_h(&float, &Sequences::one(x.clone(), 3));
    let offset = InputOffset {
        frac: 1,
        codes: vec![1; 3],
        shift: vec![1, 0, -1],
    };
    let folded = float_h(
        &offset.folded(&float),
        &Sequences::one(offset.taken_off(&x), 3),
    );
    let worst = h
        .iter()
        .zip(&folded)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f32::max);
    assert!(worst < 1e-6 && h.iter().any(|h| h.abs() > 0.1), "{worst}");
}

/// Without a linear layer the answers are h of both directions.
#[test]
fn answers_without_a_head_are_as_wide_as_stated() {
    for name in ["bidirectional.safetensors", "gru_bidirectional.safetensors"] {
        let bytes = std::fs::read(fixture(name)).unwrap();
        let only = ImportOptions {
            only_lstm: true,
            ..ImportOptions::default()
        };
        let float = read_bytes(&bytes, &only).unwrap();
        let units = float.layers[float.layers.len() - 1].hidden_size;
        let model = AnsweringModel::Float(float);
        let inputs = ModelInputs::real(Sequences::one(array("x.npy"), 3));
        let given = model.answers(&inputs, Emit::Last, &Silent).unwrap();
        let Answers::Values { data, width } = given.answers else {
            panic!("classes of {name}");
        };
        assert_eq!(
            [model.outputs(), width, data.len()],
            [2 * units; 3],
            "{name}"
        );
    }
}

#[test]
fn a_float_language_model_reads_forward() {
    let bytes = std::fs::read(fixture("bidirectional.safetensors")).unwrap();
    let float = read_bytes(&bytes, &ImportOptions::default()).unwrap();
    let refused = LanguageModel::from_float(&float).unwrap_err();
    assert!(
        refused.what.contains("layer 0 is bidirectional"),
        "{}",
        refused.what
    );
}
