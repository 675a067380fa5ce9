//! Changes that give one part more bits than were chosen.

use super::FormatRequest;
use super::formats::{Formats, MOST_C_BITS, MOST_GATE_FRAC, MOST_Z_BITS};
use crate::fixed::{Codes, QFormat};

/// The part that a change gives bits to; one line is printed of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Group {
    Weights,
    H,
    X,
    All,
    Z,
    Gates,
    C,
}

/// Something with more bits than was chosen.
pub(super) struct Change {
    pub(super) group: Group,
    pub(super) part: String,
    pub(super) option: String,
    pub(super) price: String,
    pub(super) weight_bits: u32,
    pub(super) formats: Vec<Formats>,
}

pub(super) fn with(formats: &[Formats], change: impl Fn(&mut Formats)) -> Vec<Formats> {
    let mut all = formats.to_vec();
    all.iter_mut().for_each(change);
    all
}

/// The next width that options take.
pub(super) fn next_width(bits: u32) -> Option<u32> {
    match bits {
        1..=7 => Some(bits + 1),
        8..=15 => Some(16),
        _ => None,
    }
}

/// `format` with other codes, of the same range: what they have more is below the point.
fn finer(format: QFormat, codes: Codes) -> QFormat {
    let more = codes.magnitude_bits() as i32 - format.codes().magnitude_bits() as i32;
    codes.at(format.frac + more)
}

/// `format` with `more` bits, at most `most` in all; `above` of them above the point.
fn wider(format: QFormat, more: u32, most: u32, above: i32) -> QFormat {
    let bits = (format.bits + more).min(most).max(format.bits);
    QFormat::new(bits, format.frac + (bits - format.bits) as i32 - above)
}

fn widen_x(formats: &mut [Formats], codes: Codes) {
    formats[0].x = finer(formats[0].x, codes);
}

fn widen_h(formats: &mut [Formats], codes: Codes) {
    let mut below = None;
    for formats in formats {
        formats.x = below.unwrap_or(formats.x);
        formats.h = finer(formats.h, codes);
        below = Some(formats.h);
    }
}

/// Every change that the contract allows, the cheapest of a group first. `projected` says that x comes from a layer
/// before, in codes as wide as those of h: it is no option of its own.
pub(super) fn changes(formats: &[Formats], wanted: &FormatRequest, projected: bool) -> Vec<Change> {
    let mut all = Vec::new();
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
    operands(formats, wanted, projected, &mut add);
    element_wise(formats, wanted.weight_bits, &mut add);
    all
}

fn plural(bits: u32) -> String {
    match bits {
        1 => "1 bit".to_string(),
        bits => format!("{bits} bits"),
    }
}

/// `formats` with more bits of h and of x, where some are given.
fn widened(formats: &[Formats], h: Option<Codes>, x: Option<Codes>) -> Vec<Formats> {
    let mut wider = formats.to_vec();
    if let Some(codes) = h {
        widen_h(&mut wider, codes);
    }
    if let Some(codes) = x {
        widen_x(&mut wider, codes);
    }
    wider
}

/// More bits for weights, h and x, each alone and all together.
fn operands(
    formats: &[Formats],
    wanted: &FormatRequest,
    projected: bool,
    add: &mut impl FnMut(Group, String, String, String, u32, Vec<Formats>),
) {
    let (weight, act, input) = (wanted.weight_bits, wanted.act_bits, wanted.input_bits);
    let (w, h, x) = (next_width(weight), next_width(act), next_width(input));
    let codes = |bits: Option<u32>| bits.map(|bits| wanted.levels.of(bits));
    if let Some(bits) = w {
        add(
            Group::Weights,
            format!("weights of {}", plural(weight)),
            format!("--weight-bits {bits}"),
            format!("weight memory {bits}/{weight}, products of {bits} bits"),
            bits,
            formats.to_vec(),
        );
    }
    let (own_x, with_h) = if projected { (None, h) } else { (x, None) };
    for (group, name, option, now, next, with_x) in [
        (Group::H, "h", "act", act, h, with_h),
        (Group::X, "x", "input", input, own_x, own_x),
    ] {
        if let Some(bits) = next {
            let of_h = next.filter(|_| group == Group::H);
            add(
                group,
                format!("{name} of {}", plural(now)),
                format!("--{option}-bits {bits}"),
                format!("products with {name} of {bits} bits"),
                weight,
                widened(formats, codes(of_h), codes(with_x)),
            );
        }
    }
    if let (Some(bits), Some(_), Some(_)) = (w, h, own_x)
        && (weight, weight) == (act, input)
    {
        add(
            Group::All,
            format!("weights, h and x of {} together", plural(weight)),
            format!("--bits {bits}"),
            format!("weight memory {bits}/{weight}, products of {bits} by {bits} bits"),
            bits,
            widened(formats, codes(h), codes(x)),
        );
    }
}

/// More bits for z, the gates and c, where they were given too few.
fn element_wise(
    formats: &[Formats],
    weight_bits: u32,
    add: &mut impl FnMut(Group, String, String, String, u32, Vec<Formats>),
) {
    let first = formats[0];
    for more in 1..=MOST_Z_BITS.saturating_sub(first.z.bits) {
        for (what, above) in [("finer", 0), ("of twice the range", 1)] {
            let z = |formats: &Formats| wider(formats.z, more, MOST_Z_BITS, above);
            add(
                Group::Z,
                format!("z of {}, {what}", first.z),
                format!("--z-bits {} --z-frac {}", z(&first).bits, z(&first).frac),
                format!("tables {} times as large", 1 << more),
                weight_bits,
                with(formats, |formats| formats.z = z(formats)),
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
        let c = |formats: &Formats| wider(formats.c, 4, MOST_C_BITS, above);
        let more = c(&first).bits - first.c.bits;
        if more > 0 {
            add(
                Group::C,
                format!("{} of {}, {what}", first.state(), first.c),
                format!("--c-bits {} --c-frac {}", c(&first).bits, c(&first).frac),
                format!(
                    "memory and multiplier of {} {more} bits wider",
                    first.state()
                ),
                weight_bits,
                with(formats, |formats| formats.c = c(formats)),
            );
        }
    }
}
