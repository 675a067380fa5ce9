//! Which designs are synthesised, and which of them the fit sees.

use super::networks::{
    DIRECTIONS, FIRST_DIRECTION, FIRST_FRONT, FITTED_DIRECTIONS, FITTED_FRONTS, FRONTS,
};
use super::{DEVICES, FAMILIES, GRU, Random, SeriesDesign};
use crate::device::Family;
use crate::fixed::Levels;
use crate::quantize::SplitMix;
use crate::spec::{CellKind, DirectionKind, MacStyle};

/// Largest product of weight bits, activation bits and multipliers: beyond it synthesis takes
/// minutes. One design of four may be three times as large as the others.
const LARGEST: usize = 700;

/// Random designs of the series.
const RANDOM: u64 = 82;

/// Random designs of iCE40 that an HX8K holds.
const ON_HX8K: [u64; 12] = [3, 7, 11, 15, 23, 27, 39, 43, 51, 55, 63, 79];

/// Seed of the first corner; families follow one another, then the corners.
const FIRST_CORNER: u64 = 2000;

/// Designs that random ones do not reach: the columns of the table from `input` to `mac`. Made
/// for every family.
const CORNERS: [&str; 15] = [
    // 16 bits, one unit.
    "8,8,16,16,16,8,8,16,1,1,lut",
    // Four layers.
    "20,20+20+20+20,4,4,4,8,8,16,1,4,lut",
    // Nothing is smaller.
    "1,1,1,1,1,5,4,8,1,1,lut",
    "12,12,16,16,16,10,12,16,2,4,lut",
    // 1024 units.
    "64,1024,2,4,4,8,8,16,2,8,lut",
    "30,40,8,8,8,8,8,16,2,8,dsp",
    // 2048 and more multipliers.
    "32,64,1,1,1,8,8,16,16,32,lut",
    "64,64,2,2,2,8,8,16,8,64,lut",
    "1,1024,1,1,1,8,8,16,4,4,lut",
    "5,8+30+3+17,2,8,8,8,8,16,1,3,lut",
    "16,24+24,4,4,4,8,8,16,2,8,dsp",
    // One unit.
    "200,1,8,8,8,8,8,16,1,16,lut",
    "32,64,8,8,8,8,8,16,4,16,dsp",
    "64,64,4,4,4,8,8,16,2,16,dsp",
    "16,128,1,2,2,8,8,16,16,64,lut",
];

/// Corners that are placed and routed where there is an open router, by their place in the list.
const ROUTED_CORNERS: [u64; 5] = [0, 1, 2, 9, 11];

/// Corners of the fit, by their place in the list.
const FITTED_CORNERS: [u64; 7] = [0, 1, 2, 5, 6, 10, 11];

/// Seed of the first design that was chosen after the terms of the estimate were settled.
const FIRST_UNSEEN: u64 = 4000;

/// Corners once more, none of them in the fit; written as [`CORNERS`].
const UNSEEN: [&str; 6] = [
    "2,1,2,2,2,6,6,10,1,1,lut",
    "9,16+16+16+16,4,4,4,8,8,16,2,4,lut",
    "3,1024,3,4,4,8,8,16,4,4,lut",
    "40,56,6,6,6,8,8,16,2,8,dsp",
    "48,48,2,2,2,8,8,16,6,48,lut",
    "6,20,1,2,2,8,8,16,2,4,lut",
];

/// Seed of the first design for its clock alone.
const FIRST_CLOCK: u64 = 3000;

/// Designs on devices whose clock is estimated apart or needs more points: from `family` to `device`.
const CLOCKS: [&str; 20] = [
    "ice40,4,8,2,2,2,8,8,16,1,2,lut,up5k",
    "ice40,16,16,4,4,4,8,8,16,1,4,lut,up5k",
    "ice40,8,32,1,4,4,8,8,16,2,8,lut,up5k",
    "ice40,12,20,8,8,8,8,8,16,1,2,lut,up5k",
    "ice40,20,40,2,4,4,8,8,16,2,4,lut,up5k",
    "ice40,32,24,3,3,3,8,8,16,1,8,lut,up5k",
    "ice40,6,10+10,4,4,4,8,8,16,1,2,lut,up5k",
    "ice40,1,1,1,1,1,5,4,8,1,1,lut,up5k",
    "ice40,10,12,8,8,8,9,10,16,1,1,lut,up5k",
    "ice40,24,64,2,2,2,8,8,16,1,16,lut,up5k",
    "ice40,16,16,4,4,4,8,8,16,1,4,lut,hx8k",
    "ice40,20,40,2,4,4,8,8,16,2,4,lut,hx8k",
    "ice40,24,64,2,2,2,8,8,16,1,16,lut,hx8k",
    "ice40,12,20,8,8,8,8,8,16,1,2,lut,hx8k",
    "ice40,6,10+10,4,4,4,8,8,16,1,2,lut,hx8k",
    "ecp5,64,64,4,4,4,8,8,16,1,16,lut,85k",
    "ecp5,32,64,2,4,4,8,8,16,2,16,lut,85k",
    "ecp5,16,48,8,8,8,8,8,16,1,8,lut,85k",
    "ecp5,64,128,2,2,2,8,8,16,4,16,lut,85k",
    "ecp5,32,32,3,3,3,8,8,16,2,8,lut,85k",
];

/// Seed of the first design for iCE40 `UltraPlus`, whose multipliers are DSP blocks.
const FIRST_ULTRA_PLUS: u64 = 5000;

/// Designs that an UP5K holds, chosen after the terms of its estimate were settled: all widths, 1 to 8
/// units side by side; multipliers too wide for one DSP block, and too small for any. Placed and
/// routed; written as [`CORNERS`] without the array.
const ULTRA_PLUS: [&str; 25] = [
    "5,8,1,1,1,8,8,16,4,2",
    "9,9,16,8,8,8,8,16,1,1",
    "8,8,1,1,1,7,8,14,8,1",
    "6,12,5,5,5,8,8,16,3,1",
    "10,14,7,7,7,8,8,16,1,3",
    "12,24,3,4,4,8,8,16,6,1",
    "3,5,6,6,6,6,6,10,2,2",
    "4,6,16,6,6,8,8,16,1,1",
    "12,12,6,4,4,7,6,12,4,1",
    "16,20,3,3,3,8,8,16,5,2",
    "1,3,8,8,8,5,4,8,3,1",
    "18,30,2,3,3,8,10,16,3,4",
    "3,9,2,8,8,8,12,10,1,2",
    "20,36,1,2,2,7,8,16,6,3",
    "5,7,2,4,4,6,10,14,7,1",
    "3,8,2,2,2,7,8,14,8,1",
    "40,16,4,2,2,8,8,16,1,8",
    "32,32,4,4,4,8,8,16,2,4",
    "2,2+3,2,2,2,6,5,9,1,1",
    "7,5,4,16,16,8,14,10,1,1",
    "6,6+6,3,3,3,8,8,16,1,1",
    "2,4,1,16,16,8,14,10,2,1",
    "1,4,2,1,1,5,2,6,4,1",
    "14,18,8,2,2,8,8,16,2,2",
    "24,16,1,8,8,8,8,16,2,4",
];

/// Seed of the first small design.
const FIRST_SMALL: u64 = 6000;

/// Small cores, whose memories are tables in LUTs and whose control weighs as much as their array; written as
/// [`CORNERS`], made for every family.
const SMALL: [&str; 13] = [
    "4,10,4,4,4,8,8,16,1,4,lut",
    "2,6,2,2,2,8,8,16,1,2,lut",
    "6,12,8,8,8,8,8,16,1,4,dsp",
    "3,14,3,3,3,8,8,16,2,4,lut",
    "5,7,6,6,6,8,8,16,1,3,dsp",
    "10,8,1,4,4,8,8,16,1,4,lut",
    "3,9,5,5,5,8,8,16,1,3,dsp",
    "8,8,4,4,4,8,8,16,1,4,lut",
    "2,20,8,8,8,8,8,16,2,4,dsp",
    "4,6,3,3,3,8,8,16,1,2,lut",
    "6,16,2,4,4,8,8,16,2,4,lut",
    "1,12,4,4,4,8,8,16,1,3,dsp",
    "12,5,6,6,6,8,8,16,1,4,lut",
];

/// Small designs of the fit, the first of the list.
const FITTED_SMALL: u64 = 6;

/// Seed of the first design with odd levels.
const FIRST_ODD: u64 = 7000;

/// Odd levels of more than one bit, in all of weights, x and h and in some; written as [`CORNERS`], made for
/// every family.
const ODD_LEVELS: [&str; 7] = [
    "16,24,o2,o2,o2,8,8,16,2,8,lut",
    "12,20,o3,o3,o3,8,8,16,1,8,lut",
    "8,40,o2,4,4,8,8,16,2,6,lut",
    "24,16,o4,o4,o4,8,8,16,1,8,lut",
    "20,20+12,o2,o2,o2,8,8,16,2,4,lut",
    "16,24,o3,o3,o3,8,8,16,3,8,dsp",
    "9,30,o2,8,o2,7,8,14,4,5,lut",
];

/// Designs with odd levels of the fit, the first of the list.
const FITTED_ODD: u64 = 3;

/// Seed of the first GRU.
const FIRST_GRU: u64 = 8000;

/// GRUs, small and large, in LUTs and in DSP blocks, with odd levels too; written as [`CORNERS`], made for every
/// family.
const GRUS: [&str; 6] = [
    "8,12,4,4,4,8,8,16,1,4,lut",
    "24,40,8,8,8,8,8,16,2,8,dsp",
    "16,32,o2,o2,o2,8,8,16,2,8,lut",
    "20,64,4,4,4,8,8,16,4,8,lut",
    "6,10+14,3,5,5,7,10,14,2,5,lut",
    "40,24,6,6,6,9,8,18,1,16,lut",
];

/// GRUs of the fit, the first of the list.
const FITTED_GRUS: u64 = 3;

/// Seed of the first design with several contexts.
const FIRST_TURNS: u64 = 8500;

/// Several contexts, none of them in the fit: their parts are counted, not fitted. Written as [`CORNERS`], made
/// for every family.
const TURNS: [&str; 3] = [
    "24,24,4,4,4,8,8,16,2,8,lut/2",
    "10,20,2,2,2,8,8,16,1,4,lut/4",
    "12,16+10,4,4,4,8,8,16,1,8,dsp/5",
];

/// Seed of the first design whose rows have multipliers.
const FIRST_ROWS: u64 = 9000;

/// Rows with multipliers of 6 to 12 bits, accumulators narrower and wider than the state; written as [`CORNERS`],
/// made for every family.
const ROW_SCALES: [&str; 4] = [
    "16,24,4r8,4,4,8,8,16,2,4,lut",
    "12,40,o2r6,o2,o2,8,8,16,4,6,lut",
    "24,32,8r12,8,8,8,10,16,2,6,dsp",
    "10,16+20,3r8,4,4,7,8,14,1,4,lut",
];

/// Designs with multipliers of rows of the fit, the first of the list.
const FITTED_ROWS: u64 = 2;

/// Seed of the first design with dense layers or an embedding.
const FIRST_ENDS: u64 = 9500;

/// Dense layers behind, every step and the last, sums, codes and the index of the largest; embeddings before; written
/// as [`CORNERS`], made for every family. Cells in the column of the units.
const ENDS: [&str; 7] = [
    "12,16>10a,4,4,4,8,8,16,1,4,lut",
    "60:8,24>60s,4,4,4,8,8,16,2,8,lut",
    "8,g20>12r4>5al,3,4,4,8,8,16,1,5,lut",
    "300:16,16>20c8,4,4,4,8,8,16,2,4,lut",
    "10,24>40s,8,8,8,8,8,16,2,6,dsp",
    "500:12,12>1s,2,2,2,8,8,16,1,4,lut",
    "16,20+12>24r5>30c6>8sl,5,5,5,7,10,14,2,5,lut",
];

/// Of these of the fit, the first of the list.
const FITTED_ENDS: u64 = 3;

/// A design of every family from the same columns, seeds from `first` on: place of the columns, family,
/// line of the table without its device.
fn of_every_family(
    first: u64,
    columns: &'static [&'static str],
) -> impl Iterator<Item = (u64, Family, String)> {
    (0..).zip(columns).flat_map(move |(place, columns)| {
        (0..).zip(FAMILIES).map(move |(turn, (name, family))| {
            // No packing of products for the DSP blocks of iCE40.
            let columns = match family {
                Family::Ice40 => columns.replace("dsp", "lut"),
                _ => (*columns).to_string(),
            };
            (
                place,
                family,
                format!("{},{name},{columns},", first + 4 * place + turn),
            )
        })
    })
}

/// The line with a mark of the cell before its units, the column behind seed, family and input.
fn with_cell(line: &str, cell: &str) -> String {
    let mut columns: Vec<&str> = line.split(',').collect();
    let hidden = format!("{cell}{}", columns[3]);
    columns[3] = &hidden;
    columns.join(",")
}

impl SeriesDesign {
    /// Every design of the series, in the order in which they are measured.
    ///
    /// # Panics
    /// Never: the designs are constants, and a test reads them all.
    #[must_use]
    pub fn series() -> Vec<Self> {
        let random = (0..RANDOM).map(|index| {
            let mut design = Self::nth(index);
            design.device = match design.target {
                Family::Ecp5 => Some(DEVICES[0]),
                Family::Ice40 if ON_HX8K.contains(&index) => Some(DEVICES[1]),
                _ => None,
            };
            design
        });
        let corners = of_every_family(FIRST_CORNER, &CORNERS).map(|(place, family, line)| {
            let routed = ROUTED_CORNERS.contains(&place);
            let device = match family {
                Family::Ecp5 if routed => DEVICES[0],
                Family::Ice40 if routed && line.contains(",ice40,1,") => DEVICES[1],
                _ => "",
            };
            line + device
        });
        let unseen = of_every_family(FIRST_UNSEEN, &UNSEEN);
        let small = of_every_family(FIRST_SMALL, &SMALL);
        let odd = of_every_family(FIRST_ODD, &ODD_LEVELS);
        let grus = of_every_family(FIRST_GRU, &GRUS);
        let grus = grus.map(|(_, _, line)| with_cell(&line, GRU));
        let turns = of_every_family(FIRST_TURNS, &TURNS);
        let rows = of_every_family(FIRST_ROWS, &ROW_SCALES);
        let ends = of_every_family(FIRST_ENDS, &ENDS);
        let not_routed = unseen.chain(small).chain(odd);
        let not_routed = not_routed.chain(turns).chain(rows).chain(ends);
        let not_routed = not_routed.map(|(_, _, line)| line).chain(grus);
        let clocks = (FIRST_CLOCK..)
            .zip(CLOCKS)
            .map(|(seed, line)| format!("{seed},{line}"));
        let ultra_plus = (FIRST_ULTRA_PLUS..)
            .zip(ULTRA_PLUS)
            .map(|(seed, columns)| format!("{seed},ice40,{columns},lut,{}", DEVICES[2]));
        let networks = (FIRST_DIRECTION..)
            .zip(DIRECTIONS)
            .chain((FIRST_FRONT..).zip(FRONTS))
            .map(|(seed, columns)| format!("{seed},{columns},"));
        let listed = corners
            .chain(not_routed)
            .chain(clocks)
            .chain(ultra_plus)
            .chain(networks)
            .filter_map(|line| Self::parse(&line));
        random.chain(listed).collect()
    }

    /// `true` if the fit sees it: two of five designs of a family, and of a class of devices.
    #[must_use]
    pub fn fitted(&self) -> bool {
        match self.seed {
            FIRST_FRONT.. => self.seed - FIRST_FRONT < FITTED_FRONTS,
            FIRST_DIRECTION.. => self.seed - FIRST_DIRECTION < FITTED_DIRECTIONS,
            FIRST_ENDS.. => (self.seed - FIRST_ENDS) / 4 < FITTED_ENDS,
            FIRST_ROWS.. => (self.seed - FIRST_ROWS) / 4 < FITTED_ROWS,
            FIRST_TURNS.. => false,
            FIRST_GRU.. => (self.seed - FIRST_GRU) / 4 < FITTED_GRUS,
            FIRST_ODD.. => (self.seed - FIRST_ODD) / 4 < FITTED_ODD,
            FIRST_SMALL.. => (self.seed - FIRST_SMALL) / 4 < FITTED_SMALL,
            FIRST_ULTRA_PLUS.. => self.seed % 5 < 2,
            FIRST_UNSEEN.. => false,
            FIRST_CLOCK.. => self.seed % 5 < 2,
            FIRST_CORNER.. => FITTED_CORNERS.contains(&((self.seed - FIRST_CORNER) / 4)),
            _ => self.seed / 4 % 5 < 2,
        }
    }

    /// The design number `index` of the random series; families take turns.
    #[must_use]
    pub fn nth(index: u64) -> Self {
        let mut random = Random(SplitMix(0x1517 + index));
        let (_, target) = FAMILIES[(index % 4) as usize];
        let largest = if index % 32 < 8 { 3 * LARGEST } else { LARGEST };
        loop {
            let w = random.pick(&[1, 1, 2, 2, 3, 4, 4, 4, 5, 6, 8, 8, 16]);
            let x = random.pick(&[1, 2, 4, 4, 6, 8, 8, 12, 16]);
            let h = if random.within(0, 2) > 0 {
                x
            } else {
                random.pick(&[1, 2, 3, 4, 5, 8, 16])
            };
            let common = random.within(0, 1) == 0;
            let mut or = |usual: u32, others: &[u32]| {
                if common { usual } else { random.pick(others) }
            };
            let z = or(8, &[5, 6, 7, 8, 9, 10]);
            let a = or(8, &[4, 6, 8, 10, 12]);
            let c = or(16, &[8, 10, 12, 14, 16]);
            let layers = random.pick(&[1, 1, 1, 1, 2, 3]);
            let hidden: Vec<usize> = (0..layers).map(|_| random.log(1.0, 256.0)).collect();
            let input = random.log(1.0, 200.0);
            let units = random.log(1.0, 16.0);
            let columns = random.log(1.0, 64.0);
            let widest = hidden.iter().copied().max().unwrap_or(1);
            let fits = hidden.iter().all(|&h| units <= h)
                && (columns <= input.max(hidden[0]))
                && hidden
                    .windows(2)
                    .all(|pair| columns <= pair[0].max(pair[1]));
            let products = 4 * units * columns * layers;
            let size = products * (w * x.max(h)).max(3) as usize;
            if fits && size <= largest && widest / units <= 256 && size >= 40 {
                return Self {
                    seed: index,
                    target,
                    vocabulary: 0,
                    input,
                    front: Vec::new(),
                    hidden,
                    dense: Vec::new(),
                    cell: CellKind::Lstm,
                    direction: DirectionKind::Forward,
                    max_steps: 0,
                    bits: [w, x, h, z, a, c],
                    levels: [Levels::Even; 3],
                    row_bits: 0,
                    units,
                    columns,
                    mac: MacStyle::Lut,
                    contexts: 1,
                    device: None,
                };
            }
        }
    }
}
