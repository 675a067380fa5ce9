//! A picture of a training.

use super::trainer::Epoch;
use crate::files;
use serde::Serialize;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 360.0;
/// Space for labels: left, top, right, bottom.
const MARGIN: [f64; 4] = [64.0, 40.0, 96.0, 48.0];

/// Where values stand.
struct Frame {
    low: f64,
    high: f64,
    /// Distance of the marks.
    step: f64,
    /// Index of the last epoch, at least 1.
    last: usize,
}

impl Frame {
    fn new(values: impl Iterator<Item = f64>, epochs: usize) -> Self {
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        let step = tick(high - low);
        let (low, high) = ((low / step).floor() * step, (high / step).ceil() * step);
        Self {
            low,
            high: if high > low { high } else { low + step },
            step,
            last: epochs.max(2) - 1,
        }
    }

    fn x(&self, index: usize) -> f64 {
        MARGIN[0] + index as f64 / self.last as f64 * (WIDTH - MARGIN[0] - MARGIN[2])
    }

    fn y(&self, value: f64) -> f64 {
        let share = (value - self.low) / (self.high - self.low);
        HEIGHT - MARGIN[3] - share * (HEIGHT - MARGIN[1] - MARGIN[3])
    }

    /// A line through `values`, none where there are none.
    fn curve(&self, name: &'static str, class: &'static str, values: &[f64]) -> Option<Curve> {
        let end = *values.last()?;
        let places = values.iter().enumerate();
        let points: Vec<String> = places
            .map(|(index, &value)| format!("{:.1},{:.1}", self.x(index), self.y(value)))
            .collect();
        Some(Curve {
            name,
            class,
            points: points.join(" "),
            x: one_decimal(self.x(values.len() - 1) + 8.0),
            y: one_decimal(self.y(end) + 4.0),
        })
    }
}

/// A line and where its name stands.
#[derive(Serialize)]
struct Curve {
    name: &'static str,
    class: &'static str,
    points: String,
    x: String,
    y: String,
}

/// Context of `training.svg.tera`.
#[derive(Serialize)]
struct Plot<'a> {
    title: &'a str,
    unit: &'a str,
    /// Of every line of the grid: its height, that of its number, and the number.
    levels: Vec<[String; 3]>,
    /// Place and number of the epochs that are named.
    epochs: Vec<(String, u64)>,
    curves: Vec<Curve>,
}

fn one_decimal(value: f64) -> String {
    format!("{value:.1}")
}

/// An SVG of loss by epoch, training and validation, readable on light and on dark ground.
///
/// `scale` turns nats into what is drawn, named by `unit`, such as bits a character.
#[must_use]
pub fn plot(history: &[Epoch], title: &str, scale: f64, unit: &str) -> String {
    let values = |pick: fn(&Epoch) -> f64| -> Vec<f64> {
        history.iter().map(|epoch| pick(epoch) * scale).collect()
    };
    let (train, valid) = (values(|epoch| epoch.train), values(|epoch| epoch.valid));
    let frame = Frame::new(train.iter().chain(&valid).copied(), history.len());
    let marks = ((frame.high - frame.low) / frame.step).round() as usize;
    let level = |mark: usize| {
        let value = frame.low + mark as f64 * frame.step;
        let at = frame.y(value);
        [
            one_decimal(at),
            one_decimal(at + 4.0),
            format!("{value:.2}"),
        ]
    };
    let every = history.len().div_ceil(12).max(1);
    let epochs = history.iter().enumerate().step_by(every);
    let curves = [
        frame.curve("training", "train", &train),
        frame.curve("validation", "valid", &valid),
    ];
    let plot = Plot {
        title,
        unit,
        levels: (0..=marks).map(level).collect(),
        epochs: epochs
            .map(|(index, epoch)| (one_decimal(frame.x(index)), epoch.epoch))
            .collect(),
        curves: curves.into_iter().flatten().collect(),
    };
    files::fill(
        include_str!("../../templates/training.svg.tera"),
        &plot,
        true,
    )
}

/// A round distance between marks, so that a range has about five.
fn tick(range: f64) -> f64 {
    let rough = (range / 5.0).max(1e-6);
    let power = 10f64.powf(rough.log10().floor());
    let first = rough / power;
    power
        * if first < 1.5 {
            1.0
        } else if first < 3.5 {
            2.0
        } else if first < 7.5 {
            5.0
        } else {
            10.0
        }
}
