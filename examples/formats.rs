//! How near the default choice of number formats comes to the best there is.
//!
//! For every float model of `tests/common/float_models.rs` and each width asked for (8 and 16), a
//! long search over the formats of x, z, the gates and c: every pair of fractions of x and z with the
//! widest gates and c first, then each format by turns, and many draws around the best. Prints what
//! the formats before calibration gave (z s8.4, gates 8, c s16.10), what `quantize` gives, and the best
//! found. `tests/model/ptq.rs` has the last figure.
//!
//!     cargo run --release --example formats -- [BITS ...] [MODEL]

#[path = "../tests/common/float_models.rs"]
mod float_models;

use float_models::Case;
use lprnn_hw::fixed::QFormat;
use lprnn_hw::ptq::{FormatRequest, Formats, quantize, snr_of};
use lprnn_hw::quantize::{HeadFormat, SplitMix};
use rayon::prelude::*;
use std::io::Write;

/// Draws around the best.
const DRAWS: usize = 200;

fn main() {
    let widths: Vec<u32> = std::env::args()
        .skip(1)
        .flat_map(|text| text.parse())
        .collect();
    let name = std::env::args()
        .skip(1)
        .find(|text| text.parse::<u32>().is_err());
    let widths = if widths.is_empty() {
        vec![8, 16]
    } else {
        widths
    };
    let out = std::io::stdout();
    let print = |line: String| {
        // A reader that has gone away wants no more lines.
        let _ = writeln!(out.lock(), "{line}");
    };
    print(format!(
        "{:<12} {:>4} {:>7} {:>7} {:>7}  formats chosen",
        "model", "bits", "fixed", "chosen", "best"
    ));
    for case in float_models::all() {
        if name.as_ref().is_some_and(|name| name != case.name) {
            continue;
        }
        for &bits in &widths {
            print(line(&case, bits));
        }
    }
}

fn line(case: &Case, bits: u32) -> String {
    let open = FormatRequest::of(bits, HeadFormat::Float);
    let chosen = quantize(&case.model, &case.inputs, &open).report;
    let fixed = FormatRequest {
        z_bits: Some(8),
        z_frac: Some(4),
        a_frac: Some(8),
        c_bits: Some(16),
        c_frac: Some(10),
        ..open
    };
    let fixed = quantize(&case.model, &case.inputs, &fixed).report;
    let best = search(case, bits, chosen.layers[0].formats);
    let formats = chosen.layers.iter().map(|layer| {
        let Formats {
            x, h, z, a_frac, c, ..
        } = layer.formats;
        format!("x {x} z {z} gates {a_frac} c {c} h {h}")
    });
    format!(
        "{:<12} {bits:>4} {:>7.1} {:>7.1} {:>7.1}  {}  (best at {:?})",
        case.name,
        fixed.h.snr_db,
        chosen.h.snr_db,
        best.0.max(chosen.h.snr_db),
        formats.collect::<Vec<_>>().join("; "),
        best.1
    )
}

/// Fraction of x, bits and fraction of z, gates, bits and fraction of c; of every layer alike, save
/// that only the first has an x of its own.
type Point = [i32; 6];

fn snr(case: &Case, bits: u32, point: Point, h: QFormat) -> f64 {
    let [x, z_bits, z, a, c_bits, c] = point;
    let inside = (2..=12).contains(&z_bits) && (1..=14).contains(&a) && (2..=32).contains(&c_bits);
    if !inside || c >= c_bits || !(-32..=32).contains(&x) {
        return f64::NEG_INFINITY;
    }
    let mut formats = Formats {
        x: QFormat::new(bits, x),
        h,
        z: QFormat::new(z_bits as u32, z),
        a_frac: a as u32,
        c: QFormat::new(c_bits as u32, c),
        v_whole: None,
    };
    let mut all = Vec::new();
    for _ in &case.model.layers {
        all.push(formats);
        formats.x = h;
    }
    snr_of(&case.model, &case.inputs, bits.into(), &all)
}

fn best(case: &Case, bits: u32, h: QFormat, points: Vec<Point>) -> Option<(f64, Point)> {
    points
        .into_par_iter()
        .map(|point| (snr(case, bits, point, h), point))
        .reduce_with(|a, b| if b.0 > a.0 { b } else { a })
}

/// The best signal to noise of h that is found.
fn search(case: &Case, bits: u32, from: Formats) -> (f64, Point) {
    let c_whole = from.c.bits as i32 - from.c.frac;
    let h = from.h;
    let x = from.x.frac;
    let wide = |x: i32, z: i32| {
        [
            x,
            12,
            z,
            14,
            24 + c_whole.min(8),
            24 + c_whole.min(8) - c_whole,
        ]
    };
    let grid = (x - 3..=x + 3).flat_map(|x| (5..=11).map(move |z| wide(x, z)));
    let Some(mut now) = best(case, bits, h, grid.collect()) else {
        return (f64::NEG_INFINITY, [0; 6]);
    };
    let mut noise = SplitMix(1);
    let around = |point: Point, noise: &mut SplitMix| {
        let mut point = point;
        point[0] += noise.between(-1, 1) as i32;
        point[1] = 12 - noise.between(0, 2) as i32;
        point[2] += noise.between(-1, 1) as i32;
        point[3] = 14 - noise.between(0, 5) as i32;
        point[4] = 24 - noise.between(0, 10) as i32;
        point[5] = point[4] - c_whole + noise.between(0, 1) as i32;
        point
    };
    for _ in 0..4 {
        let draws = (0..DRAWS / 4).map(|_| around(now.1, &mut noise));
        if let Some(found) = best(case, bits, h, draws.collect())
            && found.0 > now.0
        {
            now = found;
        }
    }
    now
}
