//! A design: every number between the model and the Verilog, decided once.

use super::cycles::{CycleCounts, count_cycles};
use super::directions::longest_sequence;
use super::layer::{LayerDesign, RomColumns};
use super::rated::Price;
use super::search::fold;
use super::spec::{LayerSpec, LayerWeights};
use super::widths::RowBound;
use crate::diagnostic::Problem;
use crate::quantize::QuantizedModel;
use crate::spec::{Implementation, MemoryInit, StatePolicy};
use serde::Serialize;

/// A core in numbers: immutable, and made from model and implementation alone.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Design {
    layers: Vec<LayerDesign>,
    stream_elements: usize,
    cycles: CycleCounts,
    #[serde(skip)]
    memory_init: MemoryInit,
    small_memory_style: &'static str,
}

/// Most bits of a sum of a dense layer.
const MOST_SUM_BITS: u32 = 32;

/// Refuses sums that no word of ours holds.
fn refuse_wide_sums(specs: &[LayerSpec]) -> Result<(), Problem> {
    let wide = |spec: &LayerSpec| spec.h.bits > MOST_SUM_BITS;
    match specs.iter().find(|spec| wide(spec)) {
        None => Ok(()),
        Some(spec) => {
            let (layer, bits) = (spec.pass, spec.h.bits);
            let problem =
                format!("{layer} has sums of {bits} bits, the hardware at most {MOST_SUM_BITS}");
            Err(Problem::new(problem)
                .help("quantise the dense layer with fewer weight bits (--head-bits 8)"))
        }
    }
}

/// Refuses what a network that takes steps backward cannot have, and a length that no other needs.
fn check_directions(
    model: &QuantizedModel,
    implementation: &Implementation,
) -> Result<(), Problem> {
    let key = "implementation.max_steps";
    let Some(pass) = model.passes().find(|pass| pass.place.backward) else {
        if implementation.max_steps.is_none() {
            return Ok(());
        }
        let problem = "no layer takes the steps of a sequence backward: nothing holds sequences";
        return Err(Problem::setting(key, problem).help("leave it out"));
    };
    let direction = model.layers[pass.place.layer].direction.kind().word();
    let layer = model.front.len() + pass.place.layer;
    if implementation.max_steps.is_none() {
        let problem =
            format!("layer {layer} is {direction}, so that the core holds whole sequences");
        let help = "give the steps of the longest one: --max-steps N";
        return Err(Problem::setting(key, problem).help(help));
    }
    if implementation.contexts > 1 {
        let problem = format!(
            "layer {layer} is {direction}: several sequences in turn through such a layer are not built"
        );
        return Err(
            Problem::setting("implementation.contexts", problem).help("leave the contexts out")
        );
    }
    if implementation.state != StatePolicy::Tlast {
        let problem = format!("layer {layer} is {direction}: only TLAST ends its sequences");
        return Err(Problem::setting("implementation.state_policy", problem).help("give tlast"));
    }
    Ok(())
}

impl Design {
    /// Folds `model` as `implementation` asks, sizes the datapath for its weights and counts the cycles.
    /// Where that is a goal, `price` decides among the foldings that reach it.
    ///
    /// # Errors
    /// A folding that cannot be built, or a goal that cannot be met.
    pub fn new(
        model: &QuantizedModel,
        implementation: &Implementation,
        price: &dyn Price,
    ) -> Result<Self, Problem> {
        check_directions(model, implementation)?;
        let specs = LayerSpec::of_network(model);
        refuse_wide_sums(&specs)?;
        let foldings = fold(&specs, implementation, price)?;
        let layers: Vec<LayerDesign> = (specs
            .into_iter()
            .zip(foldings)
            .zip(LayerWeights::of_network(model)))
        .map(|((spec, folding), weights)| {
            LayerDesign::new(spec, folding, RowBound::Weights(weights))
        })
        .collect();
        Ok(Self {
            stream_elements: layers[0].folding().in_elements,
            cycles: count_cycles(&layers),
            layers,
            memory_init: implementation.memory_init,
            small_memory_style: implementation.target.facts().small_memory_style,
        })
    }

    /// The layers of a design from sizes and formats alone, accumulators sized for weights of ordinary
    /// size, cycles not counted: for searching among many.
    ///
    /// # Errors
    /// As [`Design::new`].
    pub fn layers_of(
        specs: &[LayerSpec],
        implementation: &Implementation,
        price: &dyn Price,
    ) -> Result<Vec<LayerDesign>, Problem> {
        let foldings = fold(specs, implementation, price)?;
        Ok((specs.iter().zip(foldings))
            .map(|(spec, folding)| LayerDesign::new(spec.clone(), folding, RowBound::Sizes))
            .collect())
    }

    /// One entry per layer, in the order of the data.
    #[must_use]
    pub fn layers(&self) -> &[LayerDesign] {
        &self.layers
    }

    /// Elements of one beat on every stream of the design but the output of a dense layer at its end.
    #[must_use]
    pub const fn stream_elements(&self) -> usize {
        self.stream_elements
    }

    /// Sequences whose steps come in turn, which recurrent layers alone count.
    #[must_use]
    pub fn contexts(&self) -> usize {
        let contexts = self.layers.iter().map(|layer| layer.folding().contexts);
        contexts.max().unwrap_or(1)
    }

    /// Steps of the longest sequence, where some layer takes steps backward.
    #[must_use]
    pub fn max_steps(&self) -> Option<usize> {
        longest_sequence(&self.layers)
    }

    /// The layer that the core's input goes to, and the one that its output comes from.
    ///
    /// # Panics
    /// Never: a design has a layer.
    #[must_use]
    pub fn ends(&self) -> (&LayerDesign, &LayerDesign) {
        let ends = self.layers.first().zip(self.layers.last());
        ends.expect("a design has a layer")
    }

    /// Exact cycle counts of the whole core, source and sink always willing.
    #[must_use]
    pub const fn cycles(&self) -> &CycleCounts {
        &self.cycles
    }

    /// The style that written memories ask for.
    #[must_use]
    pub const fn small_memory_style(&self) -> &'static str {
        self.small_memory_style
    }

    /// Columns that synthesis keeps of the memories of every layer; `model` is the model of this design.
    #[must_use]
    pub fn rom_columns(&self, model: &QuantizedModel) -> Vec<RomColumns> {
        let two_tables = self.memory_init == MemoryInit::Inline;
        (self.layers.iter().zip(LayerWeights::of_network(model)))
            .map(|(design, weights)| {
                let table = model.embedding.as_ref();
                let table = table.filter(|_| design.spec().vocabulary.is_some());
                design.rom_columns(weights, table, two_tables)
            })
            .collect()
    }

    /// Multiply-accumulates of one step, padding not counted.
    #[must_use]
    pub fn macs_per_step(&self) -> u64 {
        let layers = self.layers.iter();
        layers.map(|layer| layer.folding().macs_per_step()).sum()
    }

    /// Multiply-accumulates the arrays could do in one cycle.
    #[must_use]
    pub fn macs_per_cycle(&self) -> u64 {
        let layers = self.layers.iter();
        layers
            .map(|layer| layer.folding().macs_per_cycle() as u64)
            .sum()
    }

    /// Multiply-accumulates done over multiply-accumulates offered, in the steady state.
    #[must_use]
    pub fn array_use(&self) -> f64 {
        self.macs_per_step() as f64 / (self.macs_per_cycle() as f64 * self.cycles.per_step as f64)
    }
}
