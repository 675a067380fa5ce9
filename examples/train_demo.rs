//! Trains the demonstration model: `cargo run --release --example train_demo`.
//!
//! Eight sensors see three drifting oscillations, each with its own gains, and noise. A one-layer LSTM of 32
//! units with a linear head predicts the next reading of all eight. Back-propagation through time
//! and Adam, one thread, a fixed seed: the same bytes on every run of the same binary.
//! Writes `models/demo/demo.safetensors` (`PyTorch`'s names), `calib.npy` and `test.npy`.

// Rows and columns by number read as the formulas do.
#![allow(clippy::needless_range_loop)]

use lprnn_hw::files::npy;
use safetensors::tensor::{Dtype, TensorView};
use std::collections::BTreeMap;
use std::path::Path;

const INPUTS: usize = 8;
const UNITS: usize = 32;
const STEPS: usize = 40;
const BATCH: usize = 16;
const UPDATES: usize = 2500;
const SEED: u64 = 1710;

/// splitmix64, and a uniform number in -1..1 made of it.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }
}

/// `[steps, INPUTS]` readings: three oscillations with drifting frequency, mixed, plus noise.
fn readings(steps: usize, noise: &mut Noise) -> Vec<f32> {
    let mut phase = [noise.next() * 3.0, noise.next() * 3.0, noise.next() * 3.0];
    let mut speed = [0.2f32, 0.53, 0.11];
    let mut out = Vec::with_capacity(steps * INPUTS);
    for _ in 0..steps {
        for source in 0..3 {
            speed[source] = (speed[source] + 0.004 * noise.next()).clamp(0.05, 0.7);
            phase[source] += speed[source];
        }
        for sensor in 0..INPUTS {
            let gain = |source: usize| ((sensor * 3 + source * 5) % 7) as f32 / 7.0;
            let clean: f32 = (0..3)
                .map(|s| gain(s) * (phase[s] + sensor as f32 * 0.4).sin())
                .sum();
            out.push(clean + 0.03 * noise.next());
        }
    }
    out
}

/// Parameters by name, row-major; gradients and Adam's moments have the same layout.
#[derive(Clone)]
struct Parameters {
    w_ih: Vec<f32>,
    w_hh: Vec<f32>,
    bias: Vec<f32>,
    head: Vec<f32>,
    head_bias: Vec<f32>,
}

impl Parameters {
    fn zeros() -> Self {
        Self {
            w_ih: vec![0.0; 4 * UNITS * INPUTS],
            w_hh: vec![0.0; 4 * UNITS * UNITS],
            bias: vec![0.0; 4 * UNITS],
            head: vec![0.0; INPUTS * UNITS],
            head_bias: vec![0.0; INPUTS],
        }
    }

    fn random(noise: &mut Noise) -> Self {
        let mut parameters = Self::zeros();
        let bound = 1.0 / (UNITS as f32).sqrt();
        for tensor in parameters.tensors_mut() {
            for value in tensor {
                *value = bound * noise.next();
            }
        }
        parameters
    }

    fn tensors_mut(&mut self) -> [&mut Vec<f32>; 5] {
        [
            &mut self.w_ih,
            &mut self.w_hh,
            &mut self.bias,
            &mut self.head,
            &mut self.head_bias,
        ]
    }
}

fn sigmoid(value: f32) -> f32 {
    1.0 / (1.0 + (-value).exp())
}

/// What the backward pass needs of one step.
struct Step {
    gates: [Vec<f32>; 4],
    c_before: Vec<f32>,
    tanh_c: Vec<f32>,
    h_before: Vec<f32>,
    h: Vec<f32>,
    error: Vec<f32>,
}

/// Mean squared error of predicting every next reading; adds the gradient to `gradient`.
fn loss(
    parameters: &Parameters,
    signal: &[f32],
    scale: f32,
    gradient: Option<&mut Parameters>,
) -> f32 {
    let steps = signal.len() / INPUTS - 1;
    let mut trail: Vec<Step> = Vec::with_capacity(steps);
    let (mut h, mut c) = (vec![0.0f32; UNITS], vec![0.0f32; UNITS]);
    let mut total = 0.0;
    for t in 0..steps {
        let x = &signal[t * INPUTS..][..INPUTS];
        let target = &signal[(t + 1) * INPUTS..][..INPUTS];
        let step = forward(parameters, x, target, &h, &c);
        total += step.error.iter().map(|e| e * e).sum::<f32>();
        c = (0..UNITS)
            .map(|j| step.gates[1][j] * c[j] + step.gates[0][j] * step.gates[2][j])
            .collect();
        h.clone_from(&step.h);
        trail.push(step);
    }
    let per_value = 1.0 / (steps * INPUTS) as f32;
    if let Some(gradient) = gradient {
        backward(
            parameters,
            signal,
            &trail,
            2.0 * per_value * scale,
            gradient,
        );
    }
    total * per_value
}

fn forward(p: &Parameters, x: &[f32], target: &[f32], h: &[f32], c: &[f32]) -> Step {
    let dot = |row: &[f32], v: &[f32]| row.iter().zip(v).map(|(a, b)| a * b).sum::<f32>();
    let gates: [Vec<f32>; 4] = std::array::from_fn(|k| {
        (0..UNITS)
            .map(|j| {
                let row = k * UNITS + j;
                let sum = dot(&p.w_ih[row * INPUTS..][..INPUTS], x)
                    + dot(&p.w_hh[row * UNITS..][..UNITS], h)
                    + p.bias[row];
                if k == 2 { sum.tanh() } else { sigmoid(sum) }
            })
            .collect()
    });
    let tanh_c: Vec<f32> = (0..UNITS)
        .map(|j| (gates[1][j] * c[j] + gates[0][j] * gates[2][j]).tanh())
        .collect();
    let new_h: Vec<f32> = (0..UNITS).map(|j| gates[3][j] * tanh_c[j]).collect();
    let error = (0..INPUTS)
        .map(|r| dot(&p.head[r * UNITS..][..UNITS], &new_h) + p.head_bias[r] - target[r])
        .collect();
    Step {
        gates,
        c_before: c.to_vec(),
        tanh_c,
        h_before: h.to_vec(),
        h: new_h,
        error,
    }
}

fn backward(p: &Parameters, signal: &[f32], trail: &[Step], scale: f32, gradient: &mut Parameters) {
    let (mut dh, mut dc) = (vec![0.0f32; UNITS], vec![0.0f32; UNITS]);
    for (t, step) in trail.iter().enumerate().rev() {
        let x = &signal[t * INPUTS..][..INPUTS];
        for r in 0..INPUTS {
            let error = step.error[r] * scale;
            gradient.head_bias[r] += error;
            for j in 0..UNITS {
                gradient.head[r * UNITS + j] += error * step.h[j];
                dh[j] += error * p.head[r * UNITS + j];
            }
        }
        let mut dh_before = vec![0.0f32; UNITS];
        for j in 0..UNITS {
            let [i, f, g, o] = [0, 1, 2, 3].map(|k| step.gates[k][j]);
            dc[j] += dh[j] * o * (1.0 - step.tanh_c[j] * step.tanh_c[j]);
            let dz = [
                dc[j] * g * i * (1.0 - i),
                dc[j] * step.c_before[j] * f * (1.0 - f),
                dc[j] * i * (1.0 - g * g),
                dh[j] * step.tanh_c[j] * o * (1.0 - o),
            ];
            dc[j] *= f;
            for (k, dz) in dz.into_iter().enumerate() {
                let row = k * UNITS + j;
                gradient.bias[row] += dz;
                for (n, value) in x.iter().enumerate() {
                    gradient.w_ih[row * INPUTS + n] += dz * value;
                }
                for m in 0..UNITS {
                    gradient.w_hh[row * UNITS + m] += dz * step.h_before[m];
                    dh_before[m] += dz * p.w_hh[row * UNITS + m];
                }
            }
        }
        dh = dh_before;
    }
}

fn train() -> (Parameters, f32) {
    let mut noise = Noise(SEED);
    let mut parameters = Parameters::random(&mut noise);
    let (mut first, mut second) = (Parameters::zeros(), Parameters::zeros());
    for update in 1..=UPDATES {
        let mut gradient = Parameters::zeros();
        for _ in 0..BATCH {
            let signal = readings(STEPS + 1, &mut noise);
            loss(
                &parameters,
                &signal,
                1.0 / BATCH as f32,
                Some(&mut gradient),
            );
        }
        let rate = 4e-3 * (1.0 - update as f32 / UPDATES as f32) + 1e-5;
        let (fix1, fix2) = (
            1.0 - 0.9f32.powi(update as i32),
            1.0 - 0.999f32.powi(update as i32),
        );
        let all = parameters
            .tensors_mut()
            .into_iter()
            .zip(gradient.tensors_mut());
        for ((values, slopes), (m, v)) in
            all.zip(first.tensors_mut().into_iter().zip(second.tensors_mut()))
        {
            for index in 0..values.len() {
                m[index] = 0.9 * m[index] + 0.1 * slopes[index];
                v[index] = 0.999 * v[index] + 0.001 * slopes[index] * slopes[index];
                values[index] -= rate * (m[index] / fix1) / ((v[index] / fix2).sqrt() + 1e-8);
            }
        }
        if update % 250 == 0 {
            eprintln!(
                "update {update}: held-out mean squared error {:.5}",
                held_out(&parameters)
            );
        }
    }
    let error = held_out(&parameters);
    (parameters, error)
}

fn held_out(parameters: &Parameters) -> f32 {
    let mut noise = Noise(SEED + 1);
    (0..64)
        .map(|_| loss(parameters, &readings(STEPS + 1, &mut noise), 1.0, None))
        .sum::<f32>()
        / 64.0
}

fn bytes(values: &[f32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (parameters, error) = train();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/demo");
    let tensors: Vec<(&str, Vec<usize>, Vec<u8>)> = vec![
        (
            "lstm.weight_ih_l0",
            vec![4 * UNITS, INPUTS],
            bytes(&parameters.w_ih),
        ),
        (
            "lstm.weight_hh_l0",
            vec![4 * UNITS, UNITS],
            bytes(&parameters.w_hh),
        ),
        ("lstm.bias_ih_l0", vec![4 * UNITS], bytes(&parameters.bias)),
        ("lstm.bias_hh_l0", vec![4 * UNITS], bytes(&[0.0; 4 * UNITS])),
        ("head.weight", vec![INPUTS, UNITS], bytes(&parameters.head)),
        ("head.bias", vec![INPUTS], bytes(&parameters.head_bias)),
    ];
    let views: BTreeMap<&str, TensorView> = tensors
        .iter()
        .map(|(name, shape, data)| Ok((*name, TensorView::new(Dtype::F32, shape.clone(), data)?)))
        .collect::<Result<_, safetensors::SafeTensorError>>()?;
    std::fs::write(
        folder.join("demo.safetensors"),
        safetensors::serialize(views, None)?,
    )?;
    for (name, seed) in [("calib.npy", SEED + 2), ("test.npy", SEED + 3)] {
        let signal = readings(512, &mut Noise(seed));
        npy::write_f32(&folder.join(name), &[512, INPUTS], &signal)?;
    }
    eprintln!("wrote models/demo; held-out mean squared error {error:.5}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gradient_equals_finite_differences() {
        let mut noise = Noise(7);
        let parameters = Parameters::random(&mut noise);
        let signal = readings(9, &mut noise);
        let mut gradient = Parameters::zeros();
        loss(&parameters, &signal, 1.0, Some(&mut gradient));
        let mut checked = 0;
        for tensor in 0..5 {
            for index in [0, 3, 5, 7] {
                let delta = 1e-2;
                let at = |sign: f32| {
                    let mut moved = parameters.clone();
                    moved.tensors_mut()[tensor][index] += sign * delta;
                    loss(&moved, &signal, 1.0, None)
                };
                let slope = (at(1.0) - at(-1.0)) / (2.0 * delta);
                let ours = gradient.tensors_mut()[tensor][index];
                assert!(
                    (slope - ours).abs() < 2e-4 + 0.02 * slope.abs(),
                    "tensor {tensor}[{index}]: {slope} against {ours}"
                );
                checked += 1;
            }
        }
        assert_eq!(checked, 20);
    }
}
