//! Choosing the folding of a dense layer: no faster than the recurrent layers beside it need.

use super::candidates::{Layers, candidates};
use super::folding::{ArrayStyle, Folding};
use super::layer::LayerDesign;
use super::looks::{Look, best};
use super::rated::{Price, Wanted};
use super::spec::LayerSpec;
use crate::diagnostic::Problem;
use crate::spec::FoldingGoal;

/// What a dense layer's folding has to suit.
pub(super) struct DenseSearch<'a> {
    pub(super) goal: FoldingGoal,
    /// Cycles of a step of the slowest recurrent layer.
    pub(super) pace: u64,
    /// Elements of a beat of its input.
    pub(super) stream: usize,
    pub(super) style: ArrayStyle,
    pub(super) price: &'a dyn Price,
}

impl DenseSearch<'_> {
    /// The folding of dense layer `layer`, whose output leaves the core where it is the `last`.
    ///
    /// Asked for most products, it is the cheapest array that keeps up with the recurrent layers, or the
    /// fastest within the limit.
    pub(super) fn fold(
        &self,
        (layer, spec): (usize, &LayerSpec),
        last: bool,
    ) -> Result<Folding, Problem> {
        let folding = match self.goal {
            FoldingGoal::Explicit { units, columns } => {
                let shape = self.shape(spec, (units, columns), last);
                self.look(spec, shape)
            }
            FoldingGoal::MaxMacs { macs } => self.search(spec, (macs, self.pace), last),
            FoldingGoal::TargetCycles { cycles } => {
                let look = self.search(spec, (usize::MAX, cycles), last);
                if look.cycles > cycles {
                    let fastest = look.cycles;
                    let problem = format!(
                        "{cycles} cycles a step cannot be met: the fastest array for layer {layer} takes \
                         {fastest}"
                    );
                    return Err(Problem::setting("implementation.target_cycles", problem)
                        .help(format!("give at least {fastest}")));
                }
                look
            }
        }
        .folding;
        Ok(if last {
            self.with_output(folding)
        } else {
            folding
        })
    }

    /// Units and columns with which the layer can take its beats, and give them on.
    fn shape(&self, spec: &LayerSpec, shape: (usize, usize), last: bool) -> (usize, usize) {
        let units = shape.0.min(spec.hidden_size);
        let units = if last {
            units
        } else {
            units.next_multiple_of(self.stream)
        };
        let columns = shape.1.min(spec.longest_operand()).max(self.stream);
        (units, columns)
    }

    fn look(&self, spec: &LayerSpec, shape: (usize, usize)) -> Look {
        Look::of(spec, shape, self.stream, self.style)
    }

    /// The cheapest of at most `macs` products that takes at most `cycles`, or the fastest; of no fewer
    /// products than the streams need.
    fn search(&self, spec: &LayerSpec, (macs, cycles): (usize, u64), last: bool) -> Look {
        let least = self.shape(spec, (1, 1), last);
        let most = macs.max(least.0 * least.1);
        let mut shapes: Vec<_> = candidates(Layers::one(spec), most)
            .map(|shape| self.shape(spec, shape, last))
            .chain([least])
            .filter(|(units, columns)| units * columns <= most)
            .collect();
        shapes.sort_unstable();
        shapes.dedup();
        let looks: Vec<Look> = (shapes.into_iter())
            .map(|shape| self.look(spec, shape))
            .collect();
        let fastest = looks.iter().map(|look| look.cycles).min().unwrap_or(0);
        let goal = cycles.max(fastest);
        let looks = looks.into_iter().filter(|look| look.cycles <= goal);
        let price = |layer: &LayerDesign| self.price.price(layer, self.style.target);
        let found = best(spec, looks.collect(), Wanted::Smallest, price);
        self.look(spec, found.unwrap_or(least))
    }

    /// As few elements to a beat of the core's output as keep up with the layer, a divisor of its units.
    fn with_output(&self, folding: Folding) -> Folding {
        let steps = folding.free_running_cycles().max(self.pace) as usize;
        let units = folding.units;
        let keeps_up = |elements: &usize| {
            units / elements <= folding.blocks && folding.hidden_size.div_ceil(*elements) <= steps
        };
        let mut divisors = (1..=units).filter(|elements| units.is_multiple_of(*elements));
        let elements = divisors.find(keeps_up).unwrap_or(units);
        folding.with_output(elements)
    }
}
