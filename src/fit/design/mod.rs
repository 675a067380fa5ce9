//! Designs to synthesise: their numbers as a line of the table, and a seeded model for each.

mod directions;
mod ends;
mod model;
mod networks;
mod series;

pub use ends::{Gives, SeriesDense};

use crate::device::Family;
use crate::fixed::{Codes, Levels, MOST_ODD_BITS};
use crate::quantize::SplitMix;
use crate::spec::{CellKind, DirectionKind, FoldingGoal, Implementation, MOST_CONTEXTS, MacStyle};
use directions::{direction_text, split_direction};
use ends::{MOST_UNITS, dense_text, input_text, split_dense, split_input};

/// Families in the order in which designs take turns.
pub const FAMILIES: [(&str, Family); 4] = [
    ("xc7", Family::Xc7),
    ("ecp5", Family::Ecp5),
    ("xcup", Family::Xcup),
    ("ice40", Family::Ice40),
];

/// Fabrics that estimates are fitted for, each apart.
pub const FABRICS: [Family; 5] = [
    Family::Xc7,
    Family::Ecp5,
    Family::Xcup,
    Family::Ice40,
    Family::Ice40Up,
];

/// Kinds of arrays by their names in the table.
const MACS: [(&str, MacStyle); 2] = [("lut", MacStyle::Lut), ("dsp", MacStyle::Dsp)];

/// Devices that designs are placed and routed on.
const DEVICES: [&str; 3] = ["85k", "hx8k", "up5k"];

/// What stands before the bits of odd levels in the table; one bit needs none.
const ODD: &str = "o";

/// What stands before the units of GRU layers in the table.
const GRU: &str = "g";

/// What stands between the array and the number of contexts in the table; one needs none.
const TURNS: char = '/';

/// What stands between the bits of weights and those of a multiplier of every row, where rows have one.
const ROWS: char = 'r';

/// Most layers.
const MOST_LAYERS: usize = 64;
/// Most weights: more than any of the series has, and drawn in a moment.
const MOST_WEIGHTS: usize = 1 << 23;

/// One design: everything that decides its hardware, weights by their seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesDesign {
    /// Seed of weights, biases and their fractions.
    pub seed: u64,
    /// Family.
    pub target: Family,
    /// Rows of the embedding before the first layer; 0: there is none.
    pub vocabulary: usize,
    /// Elements that come in, or that the embedding gives.
    pub input: usize,
    /// Dense layers before the recurrent ones.
    pub front: Vec<SeriesDense>,
    /// Units of every layer.
    pub hidden: Vec<usize>,
    /// Dense layers behind them.
    pub dense: Vec<SeriesDense>,
    /// Cell of all layers.
    pub cell: CellKind,
    /// Direction of all layers.
    pub direction: DirectionKind,
    /// Steps of the longest sequence, 0 where all layers are forward.
    pub max_steps: usize,
    /// Bits of weights, x, h, z, gate fraction, c or of a GRU s.
    pub bits: [u32; 6],
    /// Levels of weights, x, h.
    pub levels: [Levels; 3],
    /// Bits of a multiplier of every row; 0: rows have none.
    pub row_bits: u32,
    /// Units side by side.
    pub units: usize,
    /// Columns side by side.
    pub columns: usize,
    /// Arrays of LUTs or of DSP blocks.
    pub mac: MacStyle,
    /// Sequences whose steps come in turn.
    pub contexts: usize,
    /// Device to place and route on, as nextpnr names it; `None` for synthesis alone.
    pub device: Option<&'static str>,
}

/// The array and the number of contexts.
fn array(text: &str) -> Option<(MacStyle, usize)> {
    let (mac, contexts) = text.split_once(TURNS).unwrap_or((text, "1"));
    let mac = MACS.iter().find(|(name, _)| *name == mac)?.1;
    Some((mac, contexts.parse().ok()?))
}

/// Draws of the series.
struct Random(SplitMix);

impl Random {
    /// Uniform in `low..=high`.
    fn within(&mut self, low: i64, high: i64) -> i64 {
        low + (self.0.next_u64() % (high - low + 1) as u64) as i64
    }

    fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.within(0, list.len() as i64 - 1) as usize]
    }

    /// Uniform in the logarithm.
    fn log(&mut self, low: f64, high: f64) -> usize {
        let unit = (self.0.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
        (low * (high / low).powf(unit)).round() as usize
    }
}

/// Bits and levels of codes.
fn coded(text: &str) -> Option<(u32, Levels)> {
    match text.strip_prefix(ODD) {
        Some(rest) => Some((rest.parse().ok()?, Levels::Odd)),
        None => Some((text.parse().ok()?, Levels::Even)),
    }
}

/// Bits of weights, x, h, z, gate fraction and state, levels of the first three; those of the others are even.
fn widths(texts: [&str; 6]) -> Option<([u32; 6], [Levels; 3])> {
    let mut bits = [0; 6];
    let mut levels = [Levels::Even; 6];
    for (at, text) in texts.into_iter().enumerate() {
        (bits[at], levels[at]) = coded(text)?;
    }
    let [w, x, h, others @ ..] = levels;
    let even = others.iter().all(|&levels| levels == Levels::Even);
    even.then_some((bits, [w, x, h]))
}

/// Bits of weights, and those of a multiplier of every row behind them, 0 where there are none.
fn split_rows(text: &str) -> Option<(&str, u32)> {
    let Some((weights, rows)) = text.split_once(ROWS) else {
        return Some((text, 0));
    };
    let bits = rows.parse().ok()?;
    (2..=12).contains(&bits).then_some((weights, bits))
}

impl SeriesDesign {
    /// The design of a line that [`SeriesDesign::line`] wrote.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let fields: Vec<&str> = line.split(',').collect();
        let numbers = |text: &str| -> Option<Vec<usize>> {
            text.split('+').map(|n| n.parse().ok()).collect()
        };
        let [
            seed,
            family,
            input,
            hidden,
            w,
            x,
            h,
            z,
            a,
            c,
            units,
            columns,
            mac,
            device,
        ] = fields[..]
        else {
            return None;
        };
        let (w, row_bits) = split_rows(w)?;
        let (bits, levels) = widths([w, x, h, z, a, c])?;
        let (input, front) = split_dense(input)?;
        let (vocabulary, input) = split_input(input)?;
        let (hidden, dense) = split_dense(hidden)?;
        let (direction, max_steps, hidden) = split_direction(hidden)?;
        let gru = hidden.strip_prefix(GRU);
        let (cell, hidden) = gru.map_or((CellKind::Lstm, hidden), |rest| (CellKind::Gru, rest));
        let (mac, contexts) = array(mac)?;
        let design = Self {
            cell,
            seed: seed.parse().ok()?,
            target: FAMILIES.iter().find(|(name, _)| *name == family)?.1,
            vocabulary,
            input,
            front,
            direction,
            max_steps,
            hidden: numbers(hidden)?,
            dense,
            bits,
            levels,
            row_bits,
            units: units.parse().ok()?,
            columns: columns.parse().ok()?,
            mac,
            contexts,
            device: match device {
                "" => None,
                name => Some(DEVICES.iter().find(|device| **device == name)?),
            },
        };
        design.is_buildable().then_some(design)
    }

    /// `true` if a model of these numbers exists, and is made in a moment.
    fn is_buildable(&self) -> bool {
        let [_, _, _, z, a_frac, c] = self.bits;
        let size = |length: &usize| (1..=MOST_UNITS).contains(length);
        let operands = self.bits.into_iter().zip(self.levels);
        let width = |(bits, levels): (u32, Levels)| match levels {
            Levels::Even => (1..=16).contains(&bits),
            Levels::Odd => (1..=MOST_ODD_BITS).contains(&bits),
        };
        operands.into_iter().all(width)
            && (2..=12).contains(&z)
            && (1..=14).contains(&a_frac)
            && (2..=24).contains(&c)
            && size(&self.input)
            && (1..=MOST_LAYERS).contains(&self.hidden.len())
            && self.hidden.iter().all(size)
            && self.weights() <= MOST_WEIGHTS
            && size(&self.units)
            && size(&self.columns)
            && (1..=MOST_CONTEXTS).contains(&self.contexts)
            && (self.contexts == 1 || self.direction.is_forward())
            && self.front.iter().all(SeriesDense::may_be_followed)
    }

    /// Weights of all layers, codes of an embedding.
    #[must_use]
    pub fn weights(&self) -> usize {
        let passes = self.direction.passes();
        let mut before = self.input;
        let mut weights = self.vocabulary * before;
        for dense in &self.front {
            weights += before * dense.outputs;
            before = dense.outputs;
        }
        for &hidden in &self.hidden {
            weights += passes * self.cell.gates().len() * hidden * (before + hidden);
            before = passes * hidden;
        }
        for dense in &self.dense {
            weights += before * dense.outputs;
            before = dense.outputs;
        }
        weights
    }

    /// Column names of [`SeriesDesign::line`].
    pub const HEADER: &'static str =
        "seed,family,input,hidden,w,x,h,z,a_frac,c,units,columns,mac,device";

    /// The design's numbers, comma-separated.
    #[must_use]
    pub fn line(&self) -> String {
        let hidden: Vec<String> = self.hidden.iter().map(usize::to_string).collect();
        let mut bits: Vec<String> = self.bits.iter().map(u32::to_string).collect();
        for (text, levels) in bits.iter_mut().zip(self.levels) {
            if levels == Levels::Odd {
                text.insert_str(0, ODD);
            }
        }
        let cell = match self.cell {
            CellKind::Lstm => "",
            CellKind::Gru => GRU,
        };
        let turns = match self.contexts {
            1 => String::new(),
            contexts => format!("{TURNS}{contexts}"),
        };
        if self.row_bits > 0 {
            bits[0] = format!("{}{ROWS}{}", bits[0], self.row_bits);
        }
        format!(
            "{},{},{}{},{}{cell}{}{},{},{},{},{}{turns},{}",
            self.seed,
            self.family(),
            input_text(self.vocabulary, self.input),
            dense_text(&self.front),
            direction_text(self.direction, self.max_steps),
            hidden.join("+"),
            dense_text(&self.dense),
            bits.join(","),
            self.units,
            self.columns,
            MACS.iter()
                .find(|(_, mac)| *mac == self.mac)
                .map_or("", |(name, _)| name),
            self.device.unwrap_or("")
        )
    }

    /// Codes of weights, x and h.
    #[must_use]
    pub fn codes(&self) -> [Codes; 3] {
        std::array::from_fn(|at| Codes::new(self.bits[at], self.levels[at]))
    }

    /// Its fabric.
    #[must_use]
    pub fn fabric(&self) -> Family {
        Family::with_device(self.target, self.device)
    }

    /// Name of the family.
    #[must_use]
    pub fn family(&self) -> &'static str {
        FAMILIES
            .iter()
            .find(|(_, target)| *target == self.target)
            .map_or("", |(name, _)| name)
    }

    /// How it is to be built.
    #[must_use]
    pub fn implementation(&self) -> Implementation {
        Implementation {
            contexts: self.contexts,
            max_steps: (self.max_steps > 0).then_some(self.max_steps),
            ..Implementation::usual(
                "point",
                FoldingGoal::Explicit {
                    units: self.units,
                    columns: self.columns,
                },
                (self.mac, self.target),
            )
        }
    }
}
