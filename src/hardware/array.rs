//! The parts of a row of multiply-accumulates, and how its columns form chains.

use super::bits::log2_up;
use crate::device::Family;
use crate::fixed::Codes;
use crate::spec::MacStyle;
use serde::Serialize;

/// Longest chain of LUT stages or DSP blocks; beyond it chains are put side by side and added.
const LONGEST_CHAIN: usize = 8;

/// The multiply-accumulate array of one layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MacArray {
    /// Distributed arithmetic over pairs of columns.
    Lut {
        /// A register stands before every addition of a chain.
        mux_register: bool,
    },
    /// Several rows packed into each DSP block.
    Dsp(Packing),
}

/// How rows share a DSP block: `fields` rows, `field_w` bits apart, on a block of this geometry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Packing {
    /// Rows of a block.
    pub fields: usize,
    /// Bits from one row's field to the next.
    pub field_w: usize,
    /// Products that a field can sum up without touching its neighbour; of a bare multiplier, stages of
    /// the longest chain beside it.
    pub longest_chain: usize,
    /// Bits of the block's packed operand, of its other operand, of its sum.
    pub ports: (usize, usize, usize),
    /// The block multiplies and no more: a field holds one product, and sums are formed beside the
    /// block.
    pub bare: bool,
}

impl Packing {
    /// The densest packing for `weights` and operands of `act_bits` bits, or `None` when the
    /// block or the widths do not allow any.
    ///
    /// An odd weight of W - 1 bits is a symmetric one of W bits. `n` symmetric weights of W bits,
    /// `k` bits apart, take `(n - 1) k + W` bits of the operand;
    /// `N` products of A-bit operands stay inside a field while
    /// `N (2^(W-1) - 1) 2^(A-1) <= 2^(k-1) - 1`. At least four products, or the carries between
    /// short chains cost more LUTs than the packing saves; but one where the block has no adder and
    /// every field is summed up outside.
    #[must_use]
    pub fn densest(weights: Codes, act_bits: u32, target: Family) -> Option<Self> {
        let block = target.facts().multiplier.as_ref()?;
        if !block.packs {
            return None;
        }
        let (ports, bare) = (block.ports, !block.adder);
        let fewest = if bare { 1 } else { 4 };
        let (w, a) = (weights.magnitude_bits() as usize + 1, act_bits as usize);
        if w < 2 || a < 2 || w > ports.0 || a > ports.1 {
            return None;
        }
        let largest = ((1u64 << (w - 1)) - 1) << (a - 1);
        let packed = (2..=8).rev().filter_map(|fields| {
            let field_w = (ports.0 - w) / (fields - 1);
            let products = if field_w == 0 {
                0
            } else {
                ((1u64 << (field_w - 1)) - 1) / largest
            };
            let fits = field_w >= w && fields * field_w <= ports.2 && products >= fewest;
            fits.then_some(Self {
                fields,
                field_w,
                longest_chain: if bare {
                    LONGEST_CHAIN
                } else {
                    products as usize
                },
                ports,
                bare,
            })
        });
        // One row: the field is the whole sum of a chain.
        let single = || {
            let field_w = if bare { w + a - 1 } else { w + a + 4 };
            (field_w <= ports.2).then_some(Self {
                fields: 1,
                field_w,
                longest_chain: 1 << 4,
                ports,
                bare,
            })
        };
        packed.max_by_key(|packing| packing.fields).or_else(single)
    }

    /// Blocks for `rows` rows by `columns` columns.
    #[must_use]
    pub fn blocks(&self, rows: usize, columns: usize) -> usize {
        rows.div_ceil(self.fields) * columns
    }
}

impl MacArray {
    /// The array of a layer.
    ///
    /// `Auto` takes DSP blocks from 5 weight bits on, where a packed block replaces more LUTs than
    /// its share of a device; `Dsp` falls back to LUTs where no packing exists.
    #[must_use]
    pub fn choose(style: MacStyle, weights: Codes, act_bits: u32, target: Family) -> Self {
        let lut = Self::Lut {
            mux_register: target.facts().mux_register,
        };
        let wanted = match style {
            MacStyle::Lut => false,
            MacStyle::Dsp => true,
            MacStyle::Auto => {
                (target.facts().auto_dsp_bits).is_some_and(|least| weights.bits >= least)
            }
        };
        if !wanted {
            return lut;
        }
        Packing::densest(weights, act_bits, target).map_or(lut, Self::Dsp)
    }

    /// Columns that share a stage of a chain.
    #[must_use]
    pub fn stage_columns(&self) -> usize {
        match self {
            Self::Lut { .. } => 2,
            Self::Dsp(_) => 1,
        }
    }

    /// Stages of a chain, and chains side by side, for `columns` columns.
    #[must_use]
    pub fn chains(&self, columns: usize) -> (usize, usize) {
        let stages = columns.div_ceil(self.stage_columns());
        let longest = match self {
            Self::Lut { .. } => LONGEST_CHAIN,
            Self::Dsp(packing) => packing.longest_chain.min(LONGEST_CHAIN),
        };
        let chains = stages.div_ceil(longest);
        (stages.div_ceil(chains), chains)
    }

    /// Cycles from a block's addresses to its sums.
    #[must_use]
    pub fn latency(&self, chain: usize, chains: usize, w_bits: u32) -> usize {
        let merges = log2_up(chains);
        match self {
            Self::Lut { mux_register } => {
                let levels = log2_up(w_bits as usize);
                2 + usize::from(*mux_register) + chain + levels + merges
            }
            // Operand and product registers of the block, then one cycle a stage.
            Self::Dsp(_) => 4 + chain + merges,
        }
    }
}
