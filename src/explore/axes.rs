//! The points that a sweep spans.

use super::network::NetworkShape;
use super::point::Spec;
use crate::diagnostic::Problem;
use crate::fixed::LevelRule;
use crate::spec::{CellKind, DirectionKind, FoldingGoal, MacStyle};

/// Largest array of the built-in foldings, multiply-accumulates per cycle and layer.
pub const LARGEST_ARRAY: usize = 1 << 14;
/// More points than that are not kept in memory.
pub const MOST_POINTS: usize = 2_000_000;

/// Which foldings are tried for every network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Foldings {
    /// Units `ceil(H / 2^k)` by columns `2^j`, as far as [`LARGEST_ARRAY`].
    BuiltIn,
    /// Every combination that the network's sizes allow.
    Explicit {
        /// Units side by side; `None` for the built-in ones.
        units: Option<Vec<usize>>,
        /// Columns side by side; `None` for the built-in ones.
        columns: Option<Vec<usize>>,
    },
    /// The fastest array of at most so many multiply-accumulates per cycle and layer.
    MaxMacs(Vec<usize>),
}

/// The axes of a sweep: its points are their product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axes {
    /// Cell of all layers.
    pub cell: CellKind,
    /// Orders in which all layers take the steps of a sequence.
    pub directions: Vec<DirectionKind>,
    /// Steps of the longest sequence, where layers take steps backward.
    pub max_steps: Option<usize>,
    /// Bits of weights, of h, and of x.
    pub widths: Vec<(u32, u32, u32)>,
    /// Levels of weights, h and x.
    pub levels: Vec<LevelRule>,
    /// Bits of a multiplier of every row, where rows have one.
    pub row_scale_bits: Option<u32>,
    /// Bits of z.
    pub z_bits: Vec<u32>,
    /// Units of every layer.
    pub hidden: Vec<usize>,
    /// Elements of x; `None` for as many as units.
    pub input_size: Option<usize>,
    /// Layers.
    pub layers: Vec<usize>,
    /// Kinds of arrays.
    pub mac: Vec<MacStyle>,
    /// How they are folded.
    pub foldings: Foldings,
    /// Sequences whose steps come in turn.
    pub contexts: Vec<usize>,
}

/// `ceil(of / 2^k)` for every k, ascending, without repetition.
fn halves(of: usize) -> Vec<usize> {
    let mut sizes: Vec<usize> = (0..usize::BITS)
        .map(|k| of.div_ceil(1usize << k))
        .take_while(|&size| size > 1)
        .collect();
    sizes.push(1);
    sizes.reverse();
    sizes
}

/// Powers of two below `most`, and `most`.
fn powers(most: usize) -> Vec<usize> {
    let mut sizes: Vec<usize> = (0..usize::BITS - 1)
        .map(|k| 1usize << k)
        .take_while(|&size| size < most)
        .collect();
    sizes.push(most);
    sizes
}

impl Foldings {
    /// The goals for layers of `hidden` units of this cell whose longest vector has `longest` elements.
    #[must_use]
    pub fn goals(&self, cell: CellKind, hidden: usize, longest: usize) -> Vec<FoldingGoal> {
        let (units, columns, most) = match self {
            Self::MaxMacs(macs) => {
                let goal = |&macs: &usize| FoldingGoal::MaxMacs { macs };
                return macs.iter().map(goal).collect();
            }
            Self::BuiltIn => (halves(hidden), powers(longest), LARGEST_ARRAY),
            Self::Explicit { units, columns } => (
                units.clone().unwrap_or_else(|| halves(hidden)),
                columns.clone().unwrap_or_else(|| powers(longest)),
                usize::MAX,
            ),
        };
        let mut goals = Vec::new();
        for &units in units.iter().filter(|&&units| units <= hidden) {
            for &columns in columns.iter().filter(|&&columns| columns <= longest) {
                if cell.gates().len() * units * columns <= most {
                    goals.push(FoldingGoal::Explicit { units, columns });
                }
            }
        }
        goals
    }
}

impl Axes {
    /// All networks, in the order of directions, layers, units, widths, levels, z; levels that are the same for narrow and
    /// wide codes alike are one.
    #[must_use]
    pub fn networks(&self) -> Vec<NetworkShape> {
        let directions = self.directions.iter();
        directions
            .flat_map(|&direction| self.networks_of(direction))
            .collect()
    }

    /// Those of a direction.
    fn networks_of(&self, direction: DirectionKind) -> Vec<NetworkShape> {
        let mut networks = Vec::new();
        for &layers in &self.layers {
            for &hidden in &self.hidden {
                for &(weight_bits, act_bits, input_bits) in &self.widths {
                    let bits = [weight_bits, act_bits, input_bits];
                    let mut levels: Vec<LevelRule> = Vec::new();
                    for rule in &self.levels {
                        let rule = rule.plainest(&bits);
                        if !levels.contains(&rule) {
                            levels.push(rule);
                        }
                    }
                    let levels = levels.into_iter();
                    let all =
                        levels.flat_map(|levels| self.z_bits.iter().map(move |&z| (levels, z)));
                    networks.extend(all.map(|(levels, z_bits)| NetworkShape {
                        cell: self.cell,
                        direction,
                        weight_bits,
                        act_bits,
                        input_bits,
                        levels,
                        row_scale_bits: self.row_scale_bits,
                        z_bits,
                        hidden,
                        input_size: self.input_size.unwrap_or(hidden),
                        layers,
                    }));
                }
            }
        }
        networks
    }

    /// All points, in the order of the networks, kind of array, contexts, folding.
    ///
    /// # Errors
    /// More points than are kept in memory, and none.
    pub fn specs(&self) -> Result<Vec<Spec>, Problem> {
        let mut specs = Vec::new();
        for network in self.networks() {
            let longest = network.longest_operand();
            let max_steps = self.max_steps.filter(|_| !network.direction.is_forward());
            let goals = self.foldings.goals(self.cell, network.hidden, longest);
            for &mac in &self.mac {
                for &contexts in &self.contexts {
                    specs.extend(goals.iter().map(|&folding| Spec {
                        network,
                        mac,
                        folding,
                        contexts,
                        max_steps,
                    }));
                }
            }
            if specs.len() > MOST_POINTS {
                return Err(Problem::named(
                    "explore",
                    format!("the sweep has more than {MOST_POINTS} points"),
                )
                .help("give shorter lists, or ranges with a step"));
            }
        }
        if specs.is_empty() {
            return Err(Problem::flag(
                "--units, --columns",
                "no folding is left: all are larger than the layers",
            )
            .help("give units up to --hidden and columns up to the longer vector"));
        }
        Ok(specs)
    }
}

#[cfg(test)]
mod tests;
