//! The limits of h: one part at a time is given more bits, and h is measured again.

use super::FormatRequest;
use super::formats::{Formats, MOST_C_BITS, MOST_GATE_FRAC, MOST_Z_BITS};
use super::measure::{Tables, decibel, noise, words};
use super::report::{Quality, QualityLimit};
use super::truth::{Truth, weight_fractions};
use crate::fixed::QFormat;
use crate::import::FloatModel;
use crate::quantize::{Fractions, QuantizedModel, quantize_input};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Less than that is not worth a line, in decibel.
const LEAST_GAIN: f64 = 0.5;
/// Gains that are as good as one another, in decibel.
const NEARLY: f64 = 1.0;
/// At most so many lines.
const MOST_LINES: usize = 3;

/// The part that a change gives bits to; one line is printed of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    Weights,
    H,
    X,
    All,
    Z,
    Gates,
    C,
}

/// Something with more bits than was chosen.
struct Change {
    group: Group,
    part: String,
    option: String,
    price: String,
    weight_bits: u32,
    formats: Vec<Formats>,
}

/// Limits of h, by the sample that the formats were chosen on; `whole` is h on all steps.
pub(super) fn of(
    model: &FloatModel,
    formats: &[Formats],
    wanted: &FormatRequest,
    (truth, tables): (&Truth, &Tables),
    whole: Quality,
) -> Vec<QualityLimit> {
    let widths = [wanted.weight_bits]
        .into_iter()
        .chain(next_width(wanted.weight_bits));
    let fractions: BTreeMap<u32, Vec<Fractions>> = widths
        .map(|bits| {
            let layers = 0..model.layers.len();
            let of = |layer| weight_fractions(model, layer, bits);
            (bits, layers.into_par_iter().map(of).collect())
        })
        .collect();
    let snr = |weight_bits: u32, formats: &[Formats]| {
        let layers = model
            .layers
            .iter()
            .zip(formats)
            .zip(&fractions[&weight_bits]);
        let integers = QuantizedModel {
            layers: layers
                .map(|((layer, formats), &fractions)| formats.layer(layer, weight_bits, fractions))
                .collect(),
            ..QuantizedModel::default()
        };
        let codes = quantize_input(&truth.sample.data, formats[0].x);
        let (h, _) = words(&tables.lstm(&integers), &codes, &truth.sample.lengths);
        let target = &truth.targets[truth.targets.len() - 1];
        let ulp = formats[formats.len() - 1].h.ulp();
        decibel(super::measure::energy(target), noise(&h, ulp, target))
    };
    let now = snr(wanted.weight_bits, formats);
    let changes = changes(formats, wanted);
    let gains: Vec<(f64, Change)> = changes
        .into_par_iter()
        .map(|change| (snr(change.weight_bits, &change.formats) - now, change))
        .collect();
    let mut gains = cheapest(gains);
    gains.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut limits: Vec<QualityLimit> = gains
        .into_iter()
        .take(MOST_LINES)
        .map(|(gain, change)| QualityLimit {
            part: change.part,
            option: Some(change.option),
            snr_db: Some(whole.snr_db + gain),
            price: Some(change.price),
        })
        .collect();
    // z cannot be given more than the contract has; what it weighs is seen with one bit less.
    if formats.iter().any(|formats| formats.z.bits == MOST_Z_BITS) {
        let less = with(formats, |formats| {
            formats.z = QFormat::new(formats.z.bits - 1, formats.z.frac - 1);
        });
        if now - snr(wanted.weight_bits, &less) >= 2.0 {
            let limit = QualityLimit {
                part: format!("z: its {MOST_Z_BITS} bits are the most there are; they limit"),
                option: None,
                snr_db: None,
                price: None,
            };
            limits.push(limit);
        }
    }
    limits
}

/// Of each group the first change, the cheapest, that gives nearly what the best of it gives.
fn cheapest(gains: Vec<(f64, Change)>) -> Vec<(f64, Change)> {
    let mut best: BTreeMap<Group, f64> = BTreeMap::new();
    for (gain, change) in &gains {
        let most = best.entry(change.group).or_insert(*gain);
        *most = most.max(*gain);
    }
    let mut found: BTreeMap<Group, (f64, Change)> = BTreeMap::new();
    for (gain, change) in gains {
        let near = best
            .get(&change.group)
            .is_some_and(|most| gain >= most - NEARLY);
        if gain >= LEAST_GAIN && near && !found.contains_key(&change.group) {
            found.insert(change.group, (gain, change));
        }
    }
    found.into_values().collect()
}

fn with(formats: &[Formats], change: impl Fn(&mut Formats)) -> Vec<Formats> {
    let mut all = formats.to_vec();
    all.iter_mut().for_each(change);
    all
}

/// The next width that options take.
fn next_width(bits: u32) -> Option<u32> {
    match bits {
        1..=7 => Some(bits + 1),
        8..=15 => Some(16),
        _ => None,
    }
}

/// `format` with `more` bits, all of them below the point.
fn finer(format: QFormat, more: u32) -> QFormat {
    QFormat::new(format.bits + more, format.frac + more as i32)
}

fn widen_x(formats: &mut [Formats], bits: u32) {
    let x = formats[0].x;
    formats[0].x = finer(x, bits - x.bits);
}

fn widen_h(formats: &mut [Formats], bits: u32) {
    let mut below = None;
    for formats in formats {
        formats.x = below.unwrap_or(formats.x);
        formats.h = finer(formats.h, bits - formats.h.bits);
        below = Some(formats.h);
    }
}

fn changes(formats: &[Formats], wanted: &FormatRequest) -> Vec<Change> {
    let mut all = Vec::new();
    let FormatRequest {
        weight_bits,
        act_bits,
        input_bits,
        ..
    } = *wanted;
    let mut add = |group, part: String, option: String, price: String, weight_bits, formats| {
        all.push(Change {
            group,
            part,
            option,
            price,
            weight_bits,
            formats,
        });
    };
    let plural = |bits: u32| {
        if bits == 1 {
            "1 bit".to_string()
        } else {
            format!("{bits} bits")
        }
    };
    if let Some(bits) = next_width(weight_bits) {
        add(
            Group::Weights,
            format!("weights of {}", plural(weight_bits)),
            format!("--weight-bits {bits}"),
            format!("weight memory {bits}/{weight_bits}, products of {bits} bits"),
            bits,
            formats.to_vec(),
        );
    }
    if let Some(bits) = next_width(act_bits) {
        let mut wider = formats.to_vec();
        widen_h(&mut wider, bits);
        add(
            Group::H,
            format!("h of {}", plural(act_bits)),
            format!("--act-bits {bits}"),
            format!("products with h of {bits} bits"),
            weight_bits,
            wider,
        );
    }
    if let Some(bits) = next_width(input_bits) {
        let mut wider = formats.to_vec();
        widen_x(&mut wider, bits);
        add(
            Group::X,
            format!("x of {}", plural(input_bits)),
            format!("--input-bits {bits}"),
            format!("products with x of {bits} bits"),
            weight_bits,
            wider,
        );
    }
    if let (Some(w), Some(h), Some(x)) = (
        next_width(weight_bits),
        next_width(act_bits),
        next_width(input_bits),
    ) && (weight_bits, weight_bits) == (act_bits, input_bits)
    {
        let mut wider = formats.to_vec();
        widen_h(&mut wider, h);
        widen_x(&mut wider, x);
        add(
            Group::All,
            format!("weights, h and x of {} together", plural(weight_bits)),
            format!("--bits {w}"),
            format!("weight memory {w}/{weight_bits}, products of {w} by {w} bits"),
            w,
            wider,
        );
    }
    element_wise(formats, weight_bits, &mut add);
    all
}

/// More bits for z, the gates and c, where they were given too few.
fn element_wise(
    formats: &[Formats],
    weight_bits: u32,
    add: &mut impl FnMut(Group, String, String, String, u32, Vec<Formats>),
) {
    let first = formats[0];
    for more in 1..=MOST_Z_BITS.saturating_sub(first.z.bits) {
        let bits = first.z.bits + more;
        for (what, above) in [("finer", 0), ("of twice the range", 1)] {
            let frac = first.z.frac + more as i32 - above;
            let wider = with(formats, |formats| {
                let bits = (formats.z.bits + more).min(MOST_Z_BITS);
                let more = (bits - formats.z.bits) as i32;
                formats.z = QFormat::new(bits, formats.z.frac + more - above);
            });
            add(
                Group::Z,
                format!("z of {}, {what}", first.z),
                format!("--z-bits {bits} --z-frac {frac}"),
                format!("tables {} times as large", 1 << more),
                weight_bits,
                wider,
            );
        }
    }
    if first.a_frac < MOST_GATE_FRAC {
        let bits = (first.a_frac + 2).min(MOST_GATE_FRAC);
        add(
            Group::Gates,
            format!("gate values of {} fraction bits", first.a_frac),
            format!("--gate-frac {bits}"),
            format!("tables and multipliers {} bits wider", bits - first.a_frac),
            weight_bits,
            with(formats, |formats| formats.a_frac = bits.max(formats.a_frac)),
        );
    }
    for (what, above) in [("finer", 0), ("of larger range", 4)] {
        let bits = (first.c.bits + 4).min(MOST_C_BITS);
        let frac = first.c.frac + (bits - first.c.bits) as i32 - above;
        if bits > first.c.bits {
            let wider = with(formats, |formats| {
                let bits = (formats.c.bits + 4).min(MOST_C_BITS);
                let more = (bits - formats.c.bits) as i32;
                formats.c = QFormat::new(bits, formats.c.frac + more - above);
            });
            add(
                Group::C,
                format!("c of {}, {what}", first.c),
                format!("--c-bits {bits} --c-frac {frac}"),
                format!(
                    "memory and multiplier of c {} bits wider",
                    bits - first.c.bits
                ),
                weight_bits,
                wider,
            );
        }
    }
}
