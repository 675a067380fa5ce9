//! Float models of different kinds with inputs, made from seeds: what calibration is held to.

use lprnn_hw::files::npy;
use lprnn_hw::import::{self, FloatHead, FloatLayer, FloatModel, FloatRecurrence, ImportOptions};
use lprnn_hw::ptq::Sequences;
use lprnn_hw::quantize::SplitMix;
use std::path::Path;

/// A model and inputs to calibrate with.
pub struct Case {
    pub name: &'static str,
    pub model: FloatModel,
    pub inputs: Sequences,
}

/// Numbers of a seed.
struct Draw(SplitMix);

impl Draw {
    /// Between -1 and 1, even.
    fn even(&mut self) -> f64 {
        self.0.between(-1_000_000, 1_000_000) as f64 / 1e6
    }

    /// Nearly normal, of deviation 1.
    fn bell(&mut self) -> f64 {
        (0..12).map(|_| self.even() / 2.0).sum()
    }

    /// `nn.LSTM` before training, all but the forget bias times `gain`.
    fn layer(
        &mut self,
        input_size: usize,
        hidden_size: usize,
        gain: f64,
        forget: f64,
    ) -> FloatLayer {
        let scale = gain / (hidden_size as f64).sqrt();
        let mut values = |count: usize| -> Vec<f32> {
            (0..count).map(|_| (self.even() * scale) as f32).collect()
        };
        let weight_ih = values(4 * hidden_size * input_size);
        let weight_hh = values(4 * hidden_size * hidden_size);
        let mut bias = values(4 * hidden_size);
        for bias in &mut bias[hidden_size..2 * hidden_size] {
            *bias += forget as f32;
        }
        FloatLayer {
            direction: lprnn_hw::import::FloatDirection::Forward,
            input_size,
            hidden_size,
            recurrence: FloatRecurrence::Lstm,
            weight_ih,
            weight_hh,
            bias,
        }
    }

    fn head(&mut self, outputs: usize, hidden: usize) -> FloatHead {
        let mut values = |count: usize| (0..count).map(|_| self.even() as f32).collect();
        FloatHead {
            output_size: outputs,
            weight: values(outputs * hidden),
            bias: values(outputs),
        }
    }
}

fn model(layers: Vec<FloatLayer>, head: Option<FloatHead>) -> FloatModel {
    FloatModel {
        layers,
        head,
        ..FloatModel::default()
    }
}

fn inputs(width: usize, steps: usize, mut at: impl FnMut(usize, usize) -> f64) -> Sequences {
    let data = (0..steps * width).map(|n| at(n / width, n % width) as f32);
    Sequences::one(data.collect(), width)
}

/// A tone that swells and fades beside a knob's position, through 20 units.
fn audio() -> Case {
    let mut draw = Draw(SplitMix(11));
    let layer = draw.layer(2, 20, 1.5, 0.5);
    let head = draw.head(1, 20);
    let x = |step: usize, element: usize| {
        let t = step as f64;
        let loud = 0.5 - 0.5 * (t / 190.0).cos();
        match element {
            0 => loud * (0.6 * (t * 0.31).sin() + 0.3 * (t * 0.87).sin()) + 0.02 * draw.even(),
            _ => 0.4,
        }
    };
    Case {
        name: "audio",
        inputs: inputs(2, 800, x),
        model: model(vec![layer], Some(head)),
    }
}

/// Degrees by the hour: a year's wave, a day's wave, weather.
fn temperature() -> Case {
    let mut draw = Draw(SplitMix(12));
    let layer = draw.layer(1, 32, 1.0, 1.0);
    let head = draw.head(1, 32);
    let mut weather = 0.0;
    let x = |step: usize, _| {
        let t = step as f64;
        weather = 0.97 * weather + 0.3 * draw.bell();
        (10.0 * (t / 350.0).sin() + 4.0 * (t / 3.8).sin() + weather) / 10.0
    };
    Case {
        name: "temperature",
        inputs: inputs(1, 700, x),
        model: model(vec![layer], Some(head)),
    }
}

/// A cell whose state grows to 300 and comes back.
pub fn integrator() -> Case {
    let layer = FloatLayer {
        direction: lprnn_hw::import::FloatDirection::Forward,
        input_size: 1,
        hidden_size: 1,
        recurrence: FloatRecurrence::Lstm,
        weight_ih: vec![0.0, 0.0, 4.0, 0.0],
        weight_hh: vec![0.0; 4],
        bias: vec![12.0, 12.0, 0.0, 12.0],
    };
    Case {
        name: "integrator",
        inputs: inputs(1, 600, |step, _| if step < 300 { 1.0 } else { -1.0 }),
        model: model(vec![layer], None),
    }
}

/// The committed demonstration model, which is trained.
fn demo() -> Case {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/demo");
    let data = npy::read_f32(&folder.join("calib.npy")).unwrap().data;
    let model = import::read(&folder.join("demo.safetensors"), &ImportOptions::default()).unwrap();
    Case {
        name: "demo",
        inputs: Sequences::one(data, 8),
        model,
    }
}

/// Forget gates near 1: what is stored stays for hundreds of steps.
fn memory() -> Case {
    let mut draw = Draw(SplitMix(14));
    let layer = draw.layer(3, 16, 1.5, 5.0);
    let x = |_, _| if draw.even() > 0.8 { draw.bell() } else { 0.0 };
    Case {
        name: "memory",
        inputs: inputs(3, 900, x),
        model: model(vec![layer], None),
    }
}

/// Weights so large that gates are open or shut.
fn saturated() -> Case {
    let mut draw = Draw(SplitMix(15));
    let mut layer = draw.layer(4, 24, 2.0, 0.5);
    for weight in &mut layer.weight_ih {
        *weight *= 8.0;
    }
    let x = |_, _| draw.bell();
    Case {
        name: "saturated",
        inputs: inputs(4, 500, x),
        model: model(vec![layer], None),
    }
}

/// Elements of very different size, and now and then a wild value.
fn wide() -> Case {
    let mut draw = Draw(SplitMix(16));
    let layer = draw.layer(4, 24, 1.0, 0.5);
    let x = |_: usize, element: usize| {
        let size = [0.1, 0.5, 2.0, 4.0][element];
        let wild = if draw.even() > 0.996 { 30.0 } else { 1.0 };
        size * wild * draw.bell()
    };
    Case {
        name: "wide",
        inputs: inputs(4, 800, x),
        model: model(vec![layer], None),
    }
}

/// Words as a language model's embedding gives them, through two layers.
fn words() -> Case {
    let mut draw = Draw(SplitMix(17));
    let layers = vec![draw.layer(24, 40, 1.5, 0.5), draw.layer(40, 32, 1.5, 0.5)];
    let table: Vec<f64> = (0..50 * 24).map(|_| 0.7 * draw.bell()).collect();
    let words: Vec<usize> = (0..300)
        .map(|_| (draw.even().powi(2) * 49.0) as usize)
        .collect();
    let x = |step: usize, element: usize| table[words[step] * 24 + element];
    Case {
        name: "words",
        inputs: inputs(24, 300, x),
        model: model(layers, None),
    }
}

/// GRUs of `sizes`, and inputs of deviation 1; the weights of n's part of h times `gain`.
#[allow(dead_code)] // an example takes the LSTMs alone
pub fn gru(sizes: &[usize], gain: f32) -> Case {
    let mut draw = Draw(SplitMix(18));
    let layers = sizes.windows(2).map(|sizes| {
        let (inputs, hidden) = (sizes[0], sizes[1]);
        let scale = 1.5 / (hidden as f64).sqrt();
        let mut values = |count: usize| -> Vec<f32> {
            (0..count).map(|_| (draw.even() * scale) as f32).collect()
        };
        let mut layer = FloatLayer {
            direction: lprnn_hw::import::FloatDirection::Forward,
            input_size: inputs,
            hidden_size: hidden,
            weight_ih: values(3 * hidden * inputs),
            weight_hh: values(3 * hidden * hidden),
            bias: values(3 * hidden),
            recurrence: FloatRecurrence::Gru {
                bias_n_h: values(hidden),
            },
        };
        for weight in &mut layer.weight_hh[2 * hidden * hidden..] {
            *weight *= gain;
        }
        layer
    });
    let model = model(layers.collect(), None);
    Case {
        name: "gru",
        inputs: inputs(sizes[0], 400, |_, _| draw.bell()),
        model,
    }
}

/// All of them.
pub fn all() -> Vec<Case> {
    vec![
        audio(),
        temperature(),
        integrator(),
        demo(),
        memory(),
        saturated(),
        wide(),
        words(),
    ]
}
