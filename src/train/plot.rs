//! A picture of a training.

use super::trainer::Epoch;
use std::fmt::Write;

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

    /// Lines and numbers of the losses, numbers of the epochs.
    fn grid(&self, svg: &mut String, history: &[Epoch]) {
        let marks = ((self.high - self.low) / self.step).round() as usize;
        for mark in 0..=marks {
            let value = self.low + mark as f64 * self.step;
            let (at, right) = (self.y(value), WIDTH - MARGIN[2]);
            // Writing to a string cannot fail.
            let _ = writeln!(
                svg,
                "<line class=\"grid\" x1=\"{}\" x2=\"{right}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>\
                 <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{value:.2}</text>",
                MARGIN[0],
                MARGIN[0] - 8.0,
                at + 4.0
            );
        }
        let every = history.len().div_ceil(12).max(1);
        for (index, epoch) in history.iter().enumerate().step_by(every) {
            let _ = writeln!(
                svg,
                "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
                self.x(index),
                HEIGHT - MARGIN[3] + 18.0,
                epoch.epoch
            );
        }
    }

    /// A line through `values` with its name at the end.
    fn curve(&self, svg: &mut String, name: &str, class: &str, values: &[f64]) {
        let Some(&end) = values.last() else {
            return;
        };
        let points: Vec<String> = values
            .iter()
            .enumerate()
            .map(|(index, &value)| format!("{:.1},{:.1}", self.x(index), self.y(value)))
            .collect();
        let _ = writeln!(
            svg,
            "<polyline class=\"{class}\" stroke-width=\"2\" points=\"{}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\">{name}</text>",
            points.join(" "),
            self.x(values.len() - 1) + 8.0,
            self.y(end) + 4.0
        );
    }
}

/// An SVG of loss by epoch, training and validation, readable on light and on dark ground.
///
/// `scale` turns nats into what is drawn, named by `unit`, such as bits a character.
#[must_use]
pub fn plot(history: &[Epoch], title: &str, scale: f64, unit: &str) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         aria-label=\"{title}\" font-family=\"system-ui, sans-serif\" font-size=\"12\">\n\
         <style>\n\
         .ground {{ fill: #ffffff }} text {{ fill: #1f2328 }} .grid {{ stroke: #d0d7de }}\n\
         .train {{ stroke: #6e7781; fill: none }} .valid {{ stroke: #0969da; fill: none }}\n\
         @media (prefers-color-scheme: dark) {{ .ground {{ fill: #0d1117 }} text {{ fill: #e6edf3 }}\n\
         .grid {{ stroke: #30363d }} .train {{ stroke: #8b949e }} .valid {{ stroke: #58a6ff }} }}\n\
         </style>\n<rect class=\"ground\" width=\"{WIDTH}\" height=\"{HEIGHT}\"/>\n\
         <text x=\"{}\" y=\"22\" font-size=\"14\">{title}</text>\n",
        MARGIN[0]
    );
    let values = |pick: fn(&Epoch) -> f64| -> Vec<f64> {
        history.iter().map(|epoch| pick(epoch) * scale).collect()
    };
    let (train, valid) = (values(|epoch| epoch.train), values(|epoch| epoch.valid));
    let frame = Frame::new(train.iter().chain(&valid).copied(), history.len());
    frame.grid(&mut svg, history);
    let _ = writeln!(
        svg,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">epoch</text>\
         <text x=\"16\" y=\"{}\" text-anchor=\"middle\" transform=\"rotate(-90 16 {})\">{unit}</text>",
        f64::midpoint(MARGIN[0], WIDTH - MARGIN[2]),
        HEIGHT - 12.0,
        HEIGHT / 2.0,
        HEIGHT / 2.0
    );
    frame.curve(&mut svg, "training", "train", &train);
    frame.curve(&mut svg, "validation", "valid", &valid);
    svg.push_str("</svg>\n");
    svg
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
