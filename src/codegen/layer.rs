//! A layer as instances and wires: what `layer.v.tera` is filled from.

use super::leaves::Leaves;
use super::library::library_prefix;
use super::memories::Rom;
use super::parameters::{Parameters, assignment};
use crate::hardware::{
    Cell, LayerDesign, LayerSpec, RowSum, Source, bits_for, element_width, log2_up,
};
use crate::quantize::PassPlace;
use crate::spec::OutputOrder;
use serde::Serialize;
use std::collections::BTreeMap;

/// The accumulator of one of a unit's sums.
#[derive(Debug, Serialize)]
struct UnitSum {
    name: &'static str,
    parameters: String,
    /// First bit of its sum among a unit's, and of its accumulator.
    offset: usize,
    acc_offset: usize,
}

/// A port of the lane that is high in one phase.
#[derive(Debug, Serialize)]
struct Strobe {
    port: &'static str,
    phase: usize,
}

/// Streams of a layer in the top module: by the beginning of their names, or net by net.
#[derive(Debug, Serialize)]
struct Nets {
    /// A beat of x is there.
    valid: String,
    /// It is taken.
    ready: String,
    input: String,
    output: String,
    /// The output in the order in which the layer gives it.
    ordered: String,
}

impl Nets {
    fn new(spec: &LayerSpec, tag: &str) -> Self {
        let PassPlace {
            layer,
            backward,
            half,
            ..
        } = spec.pass;
        let (x, y) = (format!("stream{layer}"), format!("stream{}", layer + 1));
        let results = || format!("l{tag}_results");
        let ordered = if half { format!("l{tag}_ordered") } else { y };
        let input = if backward {
            format!("l{tag}_backwards")
        } else {
            x
        };
        let output = if spec.pass.turns_back() || spec.pass.is_forward_half() {
            results()
        } else {
            ordered.clone()
        };
        let (valid, ready) = if spec.pass.is_forward_half() {
            (
                format!("{input}_valid & l{tag}_reverse_free"),
                format!("l{tag}_free"),
            )
        } else {
            (format!("{input}_valid"), format!("{input}_ready"))
        };
        Self {
            valid,
            ready,
            input,
            output,
            ordered,
        }
    }
}

/// Context of `layer.v.tera`, and of the layer's instance in `top.v.tera`.
#[derive(Debug, Serialize)]
pub struct LayerContext {
    /// Number of the layer, which both directions of one have in common.
    index: usize,
    next: usize,
    /// Its number in names, of the second direction of a layer with more behind it.
    tag: String,
    /// Number of its trace ports: of all directions, in the order of the data.
    trace: usize,
    /// Comment on the direction; empty of one that goes without saying.
    direction: String,
    /// `forward` or `backward`; `first_of_two` or `second_of_two` of a bidirectional layer.
    around: &'static str,
    nets: Nets,
    module: String,
    /// Module of the activation tables.
    tables_module: String,
    library: String,
    summary: String,
    /// h comes back as an operand.
    recurrent: bool,
    units: usize,
    groups: usize,
    columns: usize,
    rows: usize,
    /// Bits of nets and of the parts that units have in them.
    width: BTreeMap<&'static str, usize>,
    /// The highest bit of each.
    msb: BTreeMap<&'static str, usize>,
    /// Parameters by instance.
    leaf: BTreeMap<&'static str, String>,
    array: &'static str,
    lane: String,
    unit_sums: Vec<UnitSum>,
    strobes: Vec<Strobe>,
    /// Names of the numbers of `trace_gate_o`.
    trace_gates: String,
    /// The lane takes a sum apart, and gives out what it takes.
    parted: bool,
    /// Number of the sequence that the next block is of.
    next_context: &'static str,
    /// Phases of the pre-activations, the last first.
    trace_phases: String,
    roms: Vec<Rom>,
}

impl LayerContext {
    /// Number `trace` of the layers of the design `name`, each direction counted.
    #[must_use]
    pub fn new(trace: usize, name: &str, leaves: Leaves<'_>, roms: Vec<Rom>) -> Self {
        let (spec, folding) = (leaves.layer.spec(), leaves.layer.folding());
        let (sum_w, acc_w) = (leaves.layer.widths().sum, leaves.layer.widths().acc);
        let text = |parameters: &Parameters, indent| assignment(parameters, indent);
        let (array, _) = leaves.array();
        let leaf = leaf_parameters(leaves);
        let unit_sum = |(gate, sum): (usize, &RowSum)| UnitSum {
            name: sum.gate,
            parameters: text(&leaves.accumulator(gate), 12),
            offset: gate * sum_w,
            acc_offset: gate * acc_w,
        };
        let width = widths(leaves);
        let (first, last) = leaves.pre_activations();
        let tag = tag(spec);
        Self {
            index: spec.pass.layer,
            next: spec.pass.layer + 1,
            trace,
            direction: direction(leaves.layer),
            around: around(spec),
            module: format!("{name}_l{tag}"),
            tables_module: format!("{name}_l{tag}_tables"),
            nets: Nets::new(spec, &tag),
            tag,
            library: library_prefix(),
            summary: summary(leaves.layer),
            recurrent: spec.is_recurrent(),
            units: folding.units,
            groups: folding.groups,
            columns: folding.columns,
            rows: folding.rows(),
            msb: width
                .iter()
                .map(|(&name, &bits)| (name, bits.saturating_sub(1)))
                .collect(),
            width,
            leaf,
            array,
            lane: spec.cell.lane(),
            unit_sums: spec.cell.sums.iter().enumerate().map(unit_sum).collect(),
            strobes: leaves
                .strobes()
                .into_iter()
                .map(|(port, phase)| Strobe { port, phase })
                .collect(),
            trace_gates: trace_gates(spec.cell),
            parted: spec.cell.parted().is_some(),
            next_context: if folding.contexts > 1 {
                "next_context"
            } else {
                "1'b0"
            },
            trace_phases: format!("{last}:{first}"),
            roms,
        }
    }
}

/// A layer's number in names; of the second direction of a layer with `_reverse` behind it.
pub(super) fn tag(spec: &LayerSpec) -> String {
    let number = spec.pass.layer;
    if spec.pass.is_backward_half() {
        format!("{number}_reverse")
    } else {
        number.to_string()
    }
}

/// Parameters by instance.
fn leaf_parameters(leaves: Leaves<'_>) -> BTreeMap<&'static str, String> {
    let mut leaf: BTreeMap<_, _> = (leaves.modules().into_iter())
        .chain(leaves.directions())
        .map(|(name, parameters)| (name, assignment(&parameters, 4)))
        .collect();
    leaf.insert("array", assignment(&leaves.array().1, 4));
    leaf.insert("lane", assignment(&leaves.lane(), 12));
    leaf
}

/// What stands around a pass.
const fn around(spec: &LayerSpec) -> &'static str {
    match (spec.pass.half, spec.pass.backward) {
        (false, false) => "forward",
        (false, true) => "backward",
        (true, false) => "first_of_two",
        (true, true) => "second_of_two",
    }
}

/// What is said of the direction of a pass.
fn direction(layer: &LayerDesign) -> String {
    let pass = layer.spec().pass;
    let order = match (pass.backward, pass.order) {
        (true, OutputOrder::Processing) => ", outputs in the order of processing",
        _ => "",
    };
    pass.word().map_or_else(String::new, |word| {
        format!(
            " {word}, sequences of up to {} steps{order}",
            layer.folding().max_steps
        )
    })
}

/// Sizes and folding of a layer in one line.
fn summary(layer: &LayerDesign) -> String {
    let (spec, folding) = (layer.spec(), layer.folding());
    let (units, out) = if spec.is_recurrent() {
        ("units", "h")
    } else {
        ("rows", "y")
    };
    format!(
        "{} -> {} {units}, weights {} bit, x {}, {out} {}; {} {units} x {} columns, {} MACs a cycle",
        spec.input_size,
        spec.hidden_size,
        spec.w_bits,
        spec.x,
        spec.h,
        folding.units,
        folding.columns,
        folding.macs_per_cycle()
    )
}

/// What the numbers of `trace_gate_o` mean: `0 i, 1 f, 2 g, 3 o`.
fn trace_gates(cell: &Cell) -> String {
    let mut codes: Vec<(usize, String)> = (cell.codes().zip(cell.turns()))
        .map(|(code, (sum, source))| {
            let part = match source {
                Source::Both => "",
                Source::X => "'s x part",
                Source::H => "'s h part",
            };
            (code, format!("{code} {}{part}", cell.sums[sum].gate))
        })
        .collect();
    codes.sort();
    let names: Vec<String> = codes.into_iter().map(|(_, name)| name).collect();
    names.join(", ")
}

/// Bits of every net of a layer that has more than one, and of a unit's part of it.
fn widths(leaves: Leaves<'_>) -> BTreeMap<&'static str, usize> {
    let layer = leaves.layer;
    let (spec, folding, widths) = (layer.spec(), layer.folding(), layer.widths());
    let (units, sums) = (folding.units, spec.sums());
    let (z_w, table) = (spec.z.bits as usize, spec.gate_width());
    let (weights, biases) = (layer.weight_memory(), layer.bias_memory());
    let state = layer.state_memory();
    BTreeMap::from([
        ("in_data", folding.in_elements * element_width(spec.x.bits)),
        (
            "out_data",
            folding.out_elements * element_width(spec.h.bits),
        ),
        ("weight_row", bits_for(weights.depth - 1)),
        ("weights", weights.width),
        ("bias_row", bits_for(biases.depth - 1)),
        ("biases", biases.width),
        ("full_bias_row", log2_up(folding.groups) + 2),
        ("gate_addr", z_w + 1),
        ("gate_addrs", units * (z_w + 1)),
        ("tanh_addr", z_w),
        ("tanh_addrs", units * z_w),
        ("taken", spec.widest_taken() as usize),
        ("traces", units * spec.widest_taken() as usize),
        ("table", table),
        ("tables", units * table),
        ("slots", folding.x_slots),
        ("vector_row", bits_for(layer.vector_memory().depth - 1)),
        ("columns", folding.columns),
        ("acts", folding.columns * spec.operand_bits() as usize),
        ("context", folding.context_bits().max(1)),
        ("sum", widths.sum),
        ("unit_sums", sums * widths.sum),
        ("sums", sums * units * widths.sum),
        ("acc", widths.acc),
        ("accs", sums * widths.acc),
        ("bias", layer.bias_width()),
        ("phases", folding.timing.depth()),
        ("turn", bits_for(spec.turns() - 1)),
        ("state_row", bits_for(state.depth - 1)),
        ("state", state.width / units),
        ("states", state.width),
        ("h", spec.h.bits as usize),
        ("hs", units * spec.h.bits as usize),
    ])
}
