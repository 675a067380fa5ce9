//! The multiply-accumulate arrays: a new vector every cycle, operands skewed along the chains.

use super::bench::{Bench, Cycle, all_equal, bits, each_is_found};
use crate::common::Random;
use crate::common::mutant::mutant;
use lprnn_hw::device::Family;
use lprnn_hw::fixed::{Codes, Levels};
use lprnn_hw::hardware::{MacArray, Packing};
use lprnn_hw::spec::MacStyle;

/// One array as a layer instantiates it.
struct Array {
    mac: MacArray,
    rows: usize,
    columns: usize,
    act_w: usize,
    weight_w: usize,
    weights: Codes,
}

/// Unsigned operands `[columns]` and weights `[rows][columns]` of one cycle's dot products.
struct Vector {
    acts: Vec<i64>,
    weights: Vec<Vec<i64>>,
}

fn log2(count: usize) -> usize {
    count.next_power_of_two().trailing_zeros() as usize
}

impl Array {
    /// Of even weights, but at one bit.
    fn new(mac: (MacStyle, Family), rows: usize, columns: usize, widths: (usize, usize)) -> Self {
        Self::of(mac, rows, columns, (widths.0, Codes::from(widths.1 as u32)))
    }

    fn odd(mac: (MacStyle, Family), rows: usize, columns: usize, widths: (usize, usize)) -> Self {
        let weights = Codes::new(widths.1 as u32, Levels::Odd);
        Self::of(mac, rows, columns, (widths.0, weights))
    }

    fn of(
        mac: (MacStyle, Family),
        rows: usize,
        columns: usize,
        (act_w, weights): (usize, Codes),
    ) -> Self {
        Self {
            mac: MacArray::choose(mac.0, weights, act_w as u32, mac.1),
            rows,
            columns,
            act_w,
            weight_w: weights.bits as usize,
            weights,
        }
    }

    /// The largest weight.
    fn largest(&self) -> i64 {
        self.weights.max_code()
    }

    /// What the row's sum must be, with the constants that the RTL's comments promise.
    fn sum(&self, vector: &Vector, row: usize) -> i64 {
        let (chain, chains) = self.mac.chains(self.columns);
        let weights = &vector.weights[row];
        match self.mac {
            MacArray::Lut { mux_register } if self.weights.is_odd() => {
                let products = weights.iter().zip(&vector.acts).map(|(w, x)| w * x);
                let steps = i64::from(!mux_register) * (chains * (chain - 1)) as i64;
                products.sum::<i64>() + self.pairs(weights) + steps * self.largest()
            }
            MacArray::Lut { mux_register: true } => {
                let offset = 1 << (self.act_w - 1);
                let products = weights.iter().zip(&vector.acts);
                let halves: i64 = weights.iter().skip(1).step_by(2).map(|w| w >> 1).sum();
                products.map(|(w, x)| w * (x - offset)).sum::<i64>() + halves
            }
            MacArray::Lut { .. } => {
                let products = weights.iter().zip(&vector.acts).map(|(w, x)| w * x);
                products.sum::<i64>() - (chains * (chain - 1)) as i64
            }
            MacArray::Dsp(packing) => {
                let offset = 1 << (self.act_w - 1);
                let products = weights.iter().zip(&vector.acts);
                let top = row % packing.fields + 1 == packing.fields;
                let halves =
                    i64::from(!top && !packing.bare) * ((chains as i64) << (packing.field_w - 1));
                products.map(|(w, x)| w * (x - offset)).sum::<i64>() + halves
            }
        }
    }

    /// What pairs of odd weights add, bit by bit: 0 for x0+x1, `2^A - 1` for x1-x0, and what inverting adds;
    /// a missing weight is +.
    fn pairs(&self, weights: &[i64]) -> i64 {
        let most = (2i64 << self.act_w) - 1;
        let apart = (1i64 << self.act_w) - 1;
        let mut sum = 0;
        for pair in weights.chunks(2) {
            let codes = [pair[0], *pair.get(1).unwrap_or(&self.largest())]
                .map(|weight| i64::midpoint(weight, self.largest()));
            for bit in 0..self.weight_w {
                let [d0, d1] = codes.map(|code| code >> bit & 1);
                sum += match (d1, d0) {
                    (1, 1) => 0,
                    (1, _) => apart,
                    (_, 0) => most,
                    _ => most - apart,
                } << bit;
            }
        }
        sum
    }

    /// The bits that the weight memory holds for a weight.
    fn stored(&self, vector: &Vector, row: usize, column: usize) -> i64 {
        let weight = vector.weights[row][column];
        match self.mac {
            _ if self.weights.is_odd() => i64::midpoint(weight, self.largest()),
            MacArray::Lut { .. } => weight,
            MacArray::Dsp(Packing { fields, .. }) => {
                let first = row / fields * fields;
                let packed: i64 = (first..row)
                    .map(|below| vector.weights[below][column] << (self.weight_w * (below - first)))
                    .sum();
                weight - i64::from(packed < 0)
            }
        }
    }

    fn parameters(&self) -> (&'static str, Vec<(&'static str, i64)>, usize) {
        let (chain, chains) = self.mac.chains(self.columns);
        let merges = log2(chains);
        let mut parameters = vec![
            ("ROWS", self.rows),
            ("COLUMNS", self.columns),
            ("CHAIN", chain),
            ("ACT_W", self.act_w),
            ("WEIGHT_W", self.weight_w),
            ("ODD", self.weights.is_odd().into()),
        ];
        let (module, sum_w) = match self.mac {
            MacArray::Lut { mux_register } => {
                let chain_w = self.act_w + 1 + log2(chain);
                let beyond = match (self.weights.is_odd(), mux_register) {
                    (true, _) => 1,
                    (_, true) => -1,
                    _ => 2,
                };
                let mux_register = usize::from(mux_register);
                parameters.push(("MUX_REG", mux_register));
                let sum_w = (chain_w + self.weight_w).wrapping_add_signed(beyond);
                ("lprnn_array_lut", sum_w + merges)
            }
            MacArray::Dsp(packing) if packing.bare => {
                let (w_w, a_w, _) = packing.ports;
                let number_w = self.weight_w + usize::from(self.weights.is_odd());
                let chain_w = number_w + self.act_w - 1 + log2(chain);
                parameters.extend([("FIELDS", packing.fields), ("FIELD_W", packing.field_w)]);
                parameters.extend([("W_W", w_w), ("A_W", a_w)]);
                ("lprnn_array_mult", chain_w + merges)
            }
            MacArray::Dsp(packing) => {
                let (w_w, a_w, p_w) = packing.ports;
                parameters.extend([("FIELDS", packing.fields), ("FIELD_W", packing.field_w)]);
                parameters.extend([("W_W", w_w), ("A_W", a_w), ("P_W", p_w)]);
                ("lprnn_array_dsp", packing.field_w + 1 + merges)
            }
        };
        parameters.push(("SUM_W", sum_w));
        let parameters = parameters
            .into_iter()
            .map(|(name, value)| (name, value as i64));
        (module, parameters.collect(), sum_w)
    }

    /// Cycles from the operands of a chain's first stage to the sum, as the headers state them.
    fn latency(&self) -> usize {
        let (chain, chains) = self.mac.chains(self.columns);
        match self.mac {
            MacArray::Lut { mux_register } => {
                1 + usize::from(mux_register) + chain + log2(self.weight_w) + log2(chains)
            }
            MacArray::Dsp(_) => chain + 3 + log2(chains),
        }
    }

    fn bench(&self, vectors: &[Vector]) -> Bench {
        let (module, parameters, sum_w) = self.parameters();
        let (chain, _) = self.mac.chains(self.columns);
        let latency = self.latency();
        let at = |cycle: usize, delay: usize| {
            cycle
                .checked_sub(delay)
                .and_then(|index| vectors.get(index))
        };
        let skew = |column: usize| column / self.mac.stage_columns() % chain;
        let cycles = (0..vectors.len() + latency).map(|cycle| {
            let mut inputs = Vec::new();
            for column in 0..self.columns {
                let vector = at(cycle, skew(column));
                let act = vector.map_or(0, |vector| vector.acts[column]);
                inputs.extend(bits(act, self.act_w));
            }
            for row in 0..self.rows {
                for column in 0..self.columns {
                    let vector = at(cycle, skew(column) + 1);
                    let code = vector.map_or(0, |vector| self.stored(vector, row, column));
                    inputs.extend(bits(code, self.weight_w));
                }
            }
            let rows = at(cycle, latency)
                .into_iter()
                .flat_map(|vector| (0..self.rows).map(|row| self.sum(vector, row)));
            let outputs = rows.flat_map(|sum| bits(sum, sum_w)).map(Some).collect();
            Cycle { inputs, outputs }
        });
        Bench {
            module,
            parameters,
            clocked: true,
            inputs: vec![
                ("act_i", self.columns * self.act_w),
                ("weight_i", self.rows * self.columns * self.weight_w),
            ],
            outputs: vec![("sum_o", self.rows * sum_w)],
            cycles: cycles.collect(),
        }
    }

    /// Vectors with many extremes, the first of them extremes only.
    fn random(&self, count: usize, seed: u64) -> Vec<Vector> {
        let mut random = Random(seed);
        let largest_act = (1i64 << self.act_w) - 1;
        let largest = self.largest();
        let vector = |index: usize| {
            let mut pick = |low: i64, high: i64, extreme: bool| match random.between(0, 3) {
                0 => low,
                1 => high,
                _ if extreme => high,
                _ => random.between(low, high),
            };
            let acts = (0..self.columns)
                .map(|_| pick(0, largest_act, index < 8))
                .collect();
            let mut weight = || {
                let weight = pick(-largest, largest, index < 8);
                if self.weights.is_odd() {
                    weight | 1
                } else {
                    weight
                }
            };
            let mut row = || (0..self.columns).map(|_| weight()).collect();
            let weights = (0..self.rows).map(|_| row()).collect();
            Vector { acts, weights }
        };
        // All operands and all weights at their ends: the largest sums of either sign.
        let corners = [(0, -1), (0, 1), (1, -1), (1, 1)].map(|(act, sign)| Vector {
            acts: vec![act * largest_act; self.columns],
            weights: vec![vec![sign * largest; self.columns]; self.rows],
        });
        corners.into_iter().chain((0..count).map(vector)).collect()
    }

    /// Every operand with every weight, in every column.
    fn exhaustive(&self) -> Vec<Vector> {
        let bits = self.columns * (self.act_w + self.rows * self.weight_w);
        assert!(bits <= 16);
        let vector = |mut number: i64| {
            let mut take = |width: usize| {
                let code = number & ((1 << width) - 1);
                number >>= width;
                code
            };
            let acts = (0..self.columns).map(|_| take(self.act_w)).collect();
            let mut weight = || {
                let code = take(self.weight_w);
                if self.weights.is_odd() {
                    2 * code - self.largest()
                } else {
                    code - ((code >> (self.weight_w - 1)) << self.weight_w)
                }
            };
            let mut row = || (0..self.columns).map(|_| weight()).collect();
            let weights = (0..self.rows).map(|_| row()).collect();
            Vector { acts, weights }
        };
        (0..1 << bits).map(vector).collect()
    }
}

const LUT: (MacStyle, Family) = (MacStyle::Lut, Family::Xc7);

#[test]
fn lut_arrays_are_exact_for_every_small_operand() {
    let benches: Vec<_> = [(1, 1), (2, 1), (1, 2), (3, 2), (2, 3), (4, 3), (3, 4)]
        .into_iter()
        .flat_map(|widths| [1, 2].map(|columns| (widths, columns)))
        .map(|(widths, columns)| {
            let array = Array::new(LUT, 1, columns, widths);
            array.bench(&array.exhaustive())
        })
        .collect();
    all_equal(&benches);
}

#[test]
fn lut_arrays_of_odd_weights_are_exact_for_every_small_operand() {
    let benches: Vec<_> = [(1, 1), (1, 2), (3, 2), (2, 3), (4, 3), (3, 4)]
        .into_iter()
        .flat_map(|widths| [1, 2].map(|columns| (widths, columns)))
        .flat_map(|set| [Family::Xc7, Family::Ecp5].map(|family| (family, set)))
        .map(|(family, (widths, columns))| {
            let array = Array::odd((MacStyle::Lut, family), 1, columns, widths);
            array.bench(&array.exhaustive())
        })
        .collect();
    in_parts(&benches);
}

#[test]
fn lut_arrays_of_odd_weights_are_exact() {
    let widths = [(1, 4), (2, 2), (3, 3), (4, 4), (8, 2), (16, 3)];
    let sets = widths.map(|widths| [1, 3, 17].map(|columns| (widths, columns)));
    let sets = sets
        .concat()
        .into_iter()
        .chain([((2, 2), 50), ((4, 1), 33)]);
    let benches: Vec<_> = sets
        .flat_map(|set| [Family::Xc7, Family::Ecp5].map(|family| (family, set)))
        .map(|(family, (widths, columns))| {
            let array = Array::odd((MacStyle::Lut, family), 2, columns, widths);
            array.bench(&array.random(100, columns as u64))
        })
        .collect();
    in_parts(&benches);
}

/// Every wrong digit, sign, constant or width of the odd array is found.
#[test]
fn wrong_lines_of_the_odd_array_are_found() {
    let row = "lprnn_da_row.v";
    let benches: Vec<_> = [(Family::Xc7, (2, 2), 5), (Family::Ecp5, (3, 3), 17)]
        .into_iter()
        .map(|(family, widths, columns)| {
            let array = Array::odd((MacStyle::Lut, family), 2, columns, widths);
            array.bench(&array.random(60, 7))
        })
        .collect();
    each_is_found(
        &benches,
        &[
            mutant(
                row,
                "wire [ACT_W:0] s = ((w1 ^ w0) ? xd : xs) ^ {(ACT_W+1){~w1}};",
                "wire [ACT_W:0] s = ((w1 ^ w0) ? xd : xs) ^ {(ACT_W+1){~w0}};",
            ),
            mutant(row, "(ODD != 0) ? 1'b1 : 1'b0}};", "1'b0}};"),
            mutant(
                row,
                "if (ODD == 0 && 2*b + 2 == COUNT",
                "if (2*b + 2 == COUNT",
            ),
            mutant(
                row,
                "(DIGITS != 0 && b == 0) ? ~m : m;",
                "(b == 0) ? ~m : m;",
            ),
            mutant(
                row,
                "(ODD != 0) ? 1'b0 : node[ROOT",
                "(1'b0) ? 1'b0 : node[ROOT",
            ),
            mutant(
                "lprnn_array_lut.v",
                "{1'b0, x1} + {1'b0, ~x0}",
                "{1'b0, x1} - {1'b0, x0}",
            ),
            mutant(
                "lprnn_array_lut.v",
                "{diff_q[ACT_W:1], ~sum_q[0]}",
                "{diff_q[ACT_W:1], sum_q[0]}",
            ),
        ],
    );
}

#[test]
fn lut_arrays_are_exact() {
    let widths = [(1, 1), (1, 4), (3, 3), (4, 4), (5, 7), (8, 1), (8, 8)];
    let arrays = widths.map(|widths| [1, 3, 17].map(|columns| (Family::Xc7, widths, columns)));
    let registered = [((1, 4), 3), ((8, 1), 17), ((4, 4), 17)];
    let registered = registered.map(|(widths, columns)| (Family::Ecp5, widths, columns));
    let long = [(Family::Xc7, (2, 2), 50), (Family::Xc7, (16, 16), 4)];
    let arrays = arrays.concat().into_iter().chain(registered).chain(long);
    let benches = arrays.map(|(target, widths, columns)| {
        let array = Array::new((MacStyle::Lut, target), 2, columns, widths);
        array.bench(&array.random(100, columns as u64))
    });
    in_parts(&benches.collect::<Vec<_>>());
}

#[test]
fn dsp_arrays_are_exact() {
    let mut benches = Vec::new();
    let mut packed = 0;
    let sizes = [(4, 1), (8, 5), (4, 18)];
    for target in [Family::Xc7, Family::Xcup, Family::Ecp5] {
        let even = [(2, 2), (3, 2), (4, 4), (3, 5), (8, 4), (8, 8), (16, 16)];
        let odd = [(2, 1), (2, 2), (3, 3), (4, 4), (8, 2)];
        let odd = odd.map(|(act, weight)| (act, Codes::new(weight, Levels::Odd)));
        let even = even.map(|(act, weight)| (act, Codes::from(weight)));
        for widths in even.into_iter().chain(odd) {
            for (rows, columns) in sizes {
                let array = Array::of((MacStyle::Dsp, target), rows, columns, widths);
                if let MacArray::Dsp(packing) = array.mac {
                    packed += usize::from(packing.fields > 1);
                    benches.push(array.bench(&array.random(100, columns as u64)));
                }
            }
        }
    }
    assert!(
        packed > 60,
        "only {packed} arrays share blocks between rows"
    );
    in_parts(&benches);
}

/// Sums of four chains and more are joined by a tree; the last stages of the last chain are empty.
#[test]
fn dsp_arrays_of_many_chains_are_exact() {
    let mut partial = 0;
    let benches: Vec<_> = [
        (Family::Xc7, (8, 8), 17),
        (Family::Xc7, (8, 8), 32),
        (Family::Xcup, (8, 8), 33),
        (Family::Ecp5, (4, 4), 25),
        (Family::Ecp5, (4, 4), 32),
    ]
    .into_iter()
    .map(|(target, widths, columns)| {
        let array = Array::new((MacStyle::Dsp, target), 3, columns, widths);
        let (chain, chains) = array.mac.chains(columns);
        assert!(
            matches!(array.mac, MacArray::Dsp(_)) && chains >= 4,
            "{chains} chains"
        );
        partial += usize::from(chain * chains > columns);
        array.bench(&array.random(60, columns as u64))
    })
    .collect();
    assert!(partial >= 3, "{partial} arrays miss columns");
    in_parts(&benches);
}

/// Rows that fill one multiplier, with every operand and every symmetric weight.
#[test]
fn packed_multipliers_are_exact_for_every_small_operand() {
    let odd = |bits| Codes::new(bits, Levels::Odd);
    let sets = [
        (6, (2, Codes::from(2))),
        (4, (3, Codes::from(3))),
        (3, (4, Codes::from(4))),
        (6, (2, odd(1))),
        (4, (3, odd(2))),
    ];
    let benches: Vec<_> = sets
        .into_iter()
        .map(|(rows, widths)| {
            let array = Array::of((MacStyle::Dsp, Family::Ecp5), rows, 1, widths);
            let MacArray::Dsp(packing) = array.mac else {
                panic!("no packing of {widths:?}");
            };
            assert_eq!(packing.fields, rows);
            let mut vectors = array.exhaustive();
            let symmetric = |row: &Vec<i64>| row[0] >= -array.largest();
            vectors.retain(|vector| vector.weights.iter().all(symmetric));
            array.bench(&vectors)
        })
        .collect();
    all_equal(&benches);
}

/// A few benches a simulation: Icarus Verilog takes more than linear time to compile.
fn in_parts(benches: &[Bench]) {
    for part in benches.chunks(6) {
        all_equal(part);
    }
}
