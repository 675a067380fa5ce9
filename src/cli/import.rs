//! `lprnn-hw import`: the contents of a float model.

use super::Ended;
use super::output::{Console, Results, grouped, table};
use crate::diagnostic::Problems;
use crate::import::{ImportOptions, ImportReport, LayerSizes, read};
use crate::spec::{CellKind, DirectionKind, OutputOrder};
use serde::Serialize;
use std::io::Write;
use std::path::PathBuf;

/// Arguments of `import`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  lprnn-hw import lstm.safetensors
  lprnn-hw import lstm.pt --explain
  lprnn-hw import two_networks.safetensors --prefix encoder.lstm
  lprnn-hw import classifier.safetensors --head head.0

In PyTorch: torch.save(model.state_dict(), 'lstm.pt'), or safetensors.torch.save_file. Pickles are
read as data; nothing in them is executed. Names are those of nn.LSTM (weight_ih_l0, weight_hh_l0,
bias_ih_l0, bias_hh_l0, ...), nn.GRU, nn.LSTMCell or nn.GRUCell with any prefix, any number of
layers, and optionally a linear head and an embedding. Weight normalisation and pruning are folded
in. Linear layers before the LSTM are read where --front names them; Keras and ONNX say themselves
which they are.

In Keras: model.save('lstm.keras'). A .weights.h5 has no configuration; what is assumed is said.
In ONNX every node between inputs and outputs must be understood; gates i o f c become i f g o.
A GRU needs reset_after=True in Keras, linear_before_reset = 1 in ONNX, as PyTorch has it.

What would be other mathematics is refused by name: RNN, projections, backward layers, other
activations, NaN and infinity. So is what is not understood, unless --prefix, --head or --only-lstm
leave it out. docs/importing.md has more.

Exit status: 0 understood, 2 refused.")]
pub struct ImportArgs {
    /// Float model: safetensors, .pt, .pth, .ckpt, .keras, .h5, .onnx
    file: PathBuf,
    #[command(flatten)]
    import: ImportOptions,
    /// Print how every tensor is interpreted
    #[arg(long)]
    explain: bool,
}

/// The contents of a model, on their way to the screen.
#[derive(Serialize)]
struct Explained {
    #[serde(flatten)]
    report: ImportReport,
    #[serde(skip)]
    explain: bool,
}

/// The kinds of cells, each with the order of its gates and what becomes of its biases.
fn gate_orders(layers: &[LayerSizes]) -> String {
    let has = |cell: CellKind| layers.iter().any(|layer| layer.cell == cell);
    let mut all = Vec::new();
    for (cell, biases) in [
        (CellKind::Lstm, "biases of one gate are added up"),
        (CellKind::Gru, "biases of r and of u are added up"),
    ] {
        if has(cell) {
            let order = cell.gates().join(", ");
            all.push(format!(
                "{}, in the gate order {order}; {biases}",
                cell.title()
            ));
        }
    }
    all.join("; and of the ")
}

/// The layers, and the linear ones around them.
fn parts(report: &ImportReport, out: &mut dyn Write) -> std::io::Result<()> {
    for front in &report.front {
        let relu = if front.relu { ", a ReLU behind it" } else { "" };
        writeln!(
            out,
            "before the layers, linear: {} inputs, {} outputs{relu}",
            front.input_size, front.output_size
        )?;
    }
    for (index, layer) in report.layers.iter().enumerate() {
        writeln!(
            out,
            "layer {index}: {}{}{}{} inputs, {} units",
            if layer.cell.is_lstm() { "" } else { "GRU, " },
            match layer.direction {
                DirectionKind::Forward => "",
                DirectionKind::Backward => "backward, ",
                DirectionKind::Bidirectional => "bidirectional, ",
            },
            match layer.output_order {
                OutputOrder::Time => "",
                OutputOrder::Processing => "outputs in the order of processing (last states), ",
            },
            layer.input_size,
            layer.hidden_size
        )?;
    }
    if let Some(outputs) = report.head {
        writeln!(out, "head: {outputs} outputs, not part of the hardware")?;
    }
    for outputs in &report.dense {
        writeln!(
            out,
            "behind it, after a ReLU: {outputs} outputs, not part of the hardware"
        )?;
    }
    Ok(())
}

impl Results for Explained {
    fn human(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let report = &self.report;
        parts(report, out)?;
        writeln!(
            out,
            "{} parameters of the {}",
            grouped(report.parameters),
            gate_orders(&report.layers)
        )?;
        if report.fractions.is_some() {
            writeln!(
                out,
                "trained with the hardware's arithmetic: its fractions are read"
            )?;
        }
        for assumption in &report.assumptions {
            writeln!(out, "assumed: {assumption}")?;
        }
        if self.explain {
            let rows: Vec<Vec<String>> = report
                .tensors
                .iter()
                .map(|mapping| {
                    let shape = format!("{:?}", mapping.shape);
                    vec![mapping.tensor.clone(), shape, mapping.meaning.clone()]
                })
                .collect();
            table(out, &rows)?;
        } else if !report.left_out.is_empty() {
            writeln!(out, "left out: {}", report.left_out.join(", "))?;
        }
        Ok(())
    }
}

/// Reads a float model and prints what it holds.
pub fn run(args: &ImportArgs, console: Console) -> Result<Ended, Problems> {
    let model = read(&args.file, &args.import)?;
    console.print(&Explained {
        report: ImportReport::of(&model),
        explain: args.explain,
    })?;
    Ok(Ended::Well)
}
