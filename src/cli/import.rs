//! `lprnn-hw import`: the contents of a float model.

use super::Ended;
use super::output::{Console, Results, grouped, table};
use crate::diagnostic::Problems;
use crate::import::{FloatModel, ImportOptions, Mapping, TrainedFractions, read};
use serde::Serialize;
use std::io::Write;
use std::path::{Path, PathBuf};

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
bias_ih_l0, bias_hh_l0, ...) or nn.LSTMCell with any prefix, any number of layers, and optionally a
linear head and an embedding. Weight normalisation and pruning are folded in.

In Keras: model.save('lstm.keras'). A .weights.h5 has no configuration; what is assumed is said.
In ONNX every node between inputs and outputs must be understood; gates i o f c become i f g o.

What would be other mathematics is refused by name: GRU, RNN, projections, backward layers, other
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

#[derive(Serialize)]
struct LayerSizes {
    input_size: usize,
    hidden_size: usize,
}

#[derive(Serialize)]
struct ImportReport {
    schema: u32,
    layers: Vec<LayerSizes>,
    head: Option<usize>,
    /// Outputs of the linear layers behind the head.
    dense: Vec<usize>,
    parameters: u64,
    fractions: Option<TrainedFractions>,
    assumptions: Vec<String>,
    left_out: Vec<String>,
    tensors: Vec<Mapping>,
    #[serde(skip)]
    explain: bool,
}

impl ImportReport {
    fn of(model: &FloatModel, explain: bool) -> Self {
        let parameters = model
            .layers
            .iter()
            .map(|layer| (layer.weight_ih.len() + layer.weight_hh.len() + layer.bias.len()) as u64);
        Self {
            schema: 1,
            layers: model
                .layers
                .iter()
                .map(|layer| LayerSizes {
                    input_size: layer.input_size,
                    hidden_size: layer.hidden_size,
                })
                .collect(),
            head: model.head.as_ref().map(|head| head.output_size),
            dense: model.dense.iter().map(|head| head.output_size).collect(),
            parameters: parameters.sum(),
            fractions: model.fractions.clone(),
            assumptions: model.assumptions.clone(),
            left_out: model.left_out.clone(),
            tensors: model.explanation.clone(),
            explain,
        }
    }
}

impl Results for ImportReport {
    fn human(&self, out: &mut dyn Write) -> std::io::Result<()> {
        for (index, layer) in self.layers.iter().enumerate() {
            writeln!(
                out,
                "layer {index}: {} inputs, {} units",
                layer.input_size, layer.hidden_size
            )?;
        }
        if let Some(outputs) = self.head {
            writeln!(out, "head: {outputs} outputs, not part of the hardware")?;
        }
        for outputs in &self.dense {
            writeln!(
                out,
                "behind it, after a ReLU: {outputs} outputs, not part of the hardware"
            )?;
        }
        writeln!(
            out,
            "{} parameters of the LSTM, in the gate order i, f, g, o; biases of one gate are added up",
            grouped(self.parameters)
        )?;
        if self.fractions.is_some() {
            writeln!(
                out,
                "trained with the hardware's arithmetic: its fractions are read"
            )?;
        }
        for assumption in &self.assumptions {
            writeln!(out, "assumed: {assumption}")?;
        }
        if self.explain {
            let rows: Vec<Vec<String>> = self
                .tensors
                .iter()
                .map(|mapping| {
                    let shape = format!("{:?}", mapping.shape);
                    vec![mapping.tensor.clone(), shape, mapping.meaning.clone()]
                })
                .collect();
            table(out, &rows)?;
        } else if !self.left_out.is_empty() {
            writeln!(out, "left out: {}", self.left_out.join(", "))?;
        }
        Ok(())
    }
}

/// Reads a float model, and says which file an error is about.
pub fn read_float(path: &Path, args: &ImportOptions) -> Result<FloatModel, Problems> {
    Ok(read(path, args).map_err(|problem| problem.in_file(path))?)
}

/// Reads a float model and prints what it holds.
pub fn run(args: &ImportArgs, console: Console) -> Result<Ended, Problems> {
    let model = read_float(&args.file, &args.import)?;
    console.print(&ImportReport::of(&model, args.explain))?;
    Ok(Ended::Well)
}
