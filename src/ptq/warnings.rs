//! Warnings: figures that deserve a second look.

use super::FormatRequest;
use super::measure::decibel;
use super::report::{CalibrationReport, LayerQuality};
use super::sequences::Sequences;
use crate::fixed::QFormat;
use crate::quantize::{default_h, quantize_input};
use crate::reference::StageCount;

/// Share of x and h that may be clamped without a word.
const FEW: f64 = 0.01;
/// Share of a weight tensor. Below four bits more than that is what few codes are about.
const FEW_WEIGHTS: f64 = 0.05;
/// An element of x that rounding leaves less of, in decibel over its own variation, is named.
const LEAST_OF_X: f64 = 10.0;
/// Quality of h in decibel below which the network is another one.
const LEAST_OF_H: f64 = 6.0;
/// One in so many values of an element may be wild.
const WILD: usize = 1000;
/// Elements that are named one by one.
const NAMED: usize = 8;
/// Calibration steps below which formats follow chance.
const FEW_STEPS: usize = 32;

/// All warnings, in the order of the data.
pub(super) fn of(
    report: &CalibrationReport,
    inputs: &Sequences,
    wanted: &FormatRequest,
) -> Vec<String> {
    let mut all = Vec::new();
    for tensor in &report.tensors {
        let share = tensor.clamped as f64 / tensor.total.max(1) as f64;
        if tensor.format.bits >= 4 && share > FEW_WEIGHTS {
            all.push(format!(
                "{}: {:.1} % of its values are clamped to {}; give more --weight-bits",
                tensor.tensor,
                100.0 * share,
                tensor.format
            ));
        }
    }
    all.extend(of_inputs(inputs, report.steps));
    let first = &report.layers[0];
    let (format, clamped) = match report.front.first() {
        Some(front) => (front.x, front.clamped),
        None => (first.formats.x, first.clamped.x),
    };
    all.extend(of_x(format, inputs));
    if clamped.rate() > FEW {
        let place = report.front.first().map_or("layer 0: ", |_| "");
        all.push(format!(
            "{place}{} values of x are clamped to {format}; other --x-frac keep them, at the price of small ones",
            counted(clamped)
        ));
    }
    if !report.front.is_empty() && first.clamped.x.rate() > FEW {
        all.push(format!(
            "layer {}: {} values that the layer before it gives are clamped to {}; give more --act-bits",
            first.layer,
            counted(first.clamped.x),
            first.formats.x
        ));
    }
    for layer in &report.layers {
        all.extend(of_layer(layer, wanted));
        all.extend(of_h(layer, report, wanted));
    }
    if report.h.snr_db < LEAST_OF_H {
        all.push(format!(
            "h: {:.1} dB; the integer model differs from the float model by more than half of the \
             signal",
            report.h.snr_db
        ));
    }
    all
}

fn counted(count: StageCount) -> String {
    format!(
        "{} of {} ({:.3} %)",
        count.saturated,
        count.total,
        100.0 * count.rate()
    )
}

fn of_layer(report: &LayerQuality, wanted: &FormatRequest) -> Vec<String> {
    let LayerQuality {
        formats, clamped, ..
    } = report;
    let layer = report.title();
    let mut all = Vec::new();
    if clamped.c.saturated > 0 {
        all.push(format!(
            "layer {layer}: {} {} are clamped to {}; give more --c-bits, or fewer --c-frac",
            counted(clamped.c),
            if report.v.is_some() {
                "states s"
            } else {
                "cell states"
            },
            formats.c
        ));
    }
    // Where the format ends at 1, what is clamped is all but 1.
    if clamped.h.rate() > FEW && formats.h.frac > default_h(formats.h.codes()).frac {
        all.push(format!(
            "layer {layer}: {} values of h are clamped to {}; give fewer --h-frac",
            counted(clamped.h),
            formats.h
        ));
    }
    // Where both functions are flat, clamping z loses nothing; where it was open, the error of h
    // chose it.
    let given = wanted.z_bits.is_some() || wanted.z_frac.is_some();
    let reach = formats.z.max_code() as f64 * formats.z.ulp();
    let flat = (-reach).exp() < f64::from(-(formats.a_frac as i32)).exp2();
    if given && clamped.z.rate() > FEW && !flat {
        all.push(format!(
            "layer {layer}: {} pre-activations are clamped to {}, where sigmoid is not flat yet; \
             give more --z-bits, or fewer --z-frac",
            counted(clamped.z),
            formats.z
        ));
    }
    all
}

/// h that stays within a quarter of its codes; where its fraction was open, the error of h chose it.
fn of_h(
    report: &LayerQuality,
    whole: &CalibrationReport,
    wanted: &FormatRequest,
) -> Option<String> {
    let LayerQuality { layer, formats, .. } = report;
    let most = whole.h_most[*layer];
    let codes = most / formats.h.ulp();
    let few = formats.h.bits >= 4 && codes < formats.h.max_code() as f64 / 4.0;
    (few && wanted.h_frac.is_some()).then(|| {
        format!(
            "layer {layer}: h reaches {most:.3}, {codes:.0} of the {} codes above 0 of {}; leave --h-frac \
             out, or give more",
            formats.h.max_code(),
            formats.h
        )
    })
}

/// Elements of x of whose variation rounding leaves little.
fn of_x(format: QFormat, inputs: &Sequences) -> Option<String> {
    if format.bits < 4 {
        return None; // a few codes are all there are
    }
    let codes = quantize_input(&inputs.data, format);
    let width = inputs.width;
    let ulp = format.ulp();
    let mut poor = Vec::new();
    let mut far = Vec::new();
    for element in 0..width {
        let own = codes.iter().skip(element).step_by(width);
        let values = inputs.data.iter().skip(element).step_by(width);
        let mut pairs: Vec<(f64, f64)> = values
            .zip(own)
            .map(|(&x, &code)| (f64::from(x), f64::from(code) * ulp))
            .collect();
        // A wild value would pass for variation: the farthest from the middle do not count.
        pairs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let median = pairs[pairs.len() / 2].0;
        pairs.sort_by(|a, b| (a.0 - median).abs().total_cmp(&(b.0 - median).abs()));
        pairs.truncate(pairs.len() - pairs.len().div_ceil(WILD).min(pairs.len() - 1));
        let steps = pairs.len() as f64;
        let mean = pairs.iter().map(|pair| pair.0).sum::<f64>() / steps;
        let varies: f64 = pairs.iter().map(|pair| (pair.0 - mean).powi(2)).sum();
        let error: f64 = pairs.iter().map(|pair| (pair.0 - pair.1).powi(2)).sum();
        // What does not vary beyond its own last bits is a constant.
        if varies > steps * (mean * 1e-6).powi(2) && decibel(varies, error) < LEAST_OF_X {
            poor.push(element);
            if mean.powi(2) > 4.0 * varies / steps {
                far.push(element);
            }
        }
    }
    if poor.is_empty() {
        return None;
    }
    let remedy = if far.is_empty() {
        "all elements of x share one scale: bring them to the same size before the network, or give \
         more --input-bits"
            .to_owned()
    } else {
        let named = named(&far);
        format!("{named} lie far from 0 for how little they vary: give --input-offset auto")
    };
    Some(format!(
        "x of {format}: {} of {width} elements ({}) use only a few codes, rounding and clamping \
         leave less than {LEAST_OF_X:.0} dB of what they vary; {remedy}",
        poor.len(),
        named(&poor)
    ))
}

/// The first few numbers.
fn named(elements: &[usize]) -> String {
    let named: Vec<String> = elements
        .iter()
        .take(NAMED)
        .map(ToString::to_string)
        .collect();
    let more = if elements.len() > NAMED { ", ..." } else { "" };
    named.join(", ") + more
}

/// Inputs that show too little of what the core will see.
fn of_inputs(inputs: &Sequences, steps: usize) -> Option<String> {
    let changes = inputs
        .data
        .chunks_exact(inputs.width)
        .any(|x| x != &inputs.data[..inputs.width]);
    if steps < FEW_STEPS {
        Some(format!(
            "{steps} steps are few to choose formats by: calibrate with some hundred that are typical"
        ))
    } else if !changes {
        Some("x is the same in every step: calibrate with inputs that are typical".to_owned())
    } else {
        None
    }
}
