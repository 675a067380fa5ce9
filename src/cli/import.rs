//! `lprnn-hw import`: what a float model holds.

use super::Ended;
use super::error::CliError;
use super::output::{Console, Results, grouped, table};
use crate::import::{FloatModel, ImportError, Mapping, read};
use serde::Serialize;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Arguments of `import`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  lprnn-hw import lstm.safetensors
  lprnn-hw import lstm.safetensors --explain
  lprnn-hw import two_networks.safetensors --prefix encoder.lstm

In PyTorch: safetensors.torch.save_file(model.state_dict(), 'lstm.safetensors'). Names are those of
nn.LSTM (weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0, ...) with any prefix, any number of
layers, and optionally a linear head and an embedding. What would be other mathematics is refused
by name: projections, backward layers, unknown tensors, NaN and infinity.

Exit status: 0 understood, 2 refused.")]
pub struct Args {
    /// Float model, safetensors
    file: PathBuf,
    /// Which LSTM, where the file holds several
    #[arg(long, value_name = "PREFIX")]
    prefix: Option<String>,
    /// Say of every tensor what it is taken for
    #[arg(long)]
    explain: bool,
}

#[derive(Serialize)]
struct LayerSizes {
    input_size: usize,
    hidden_size: usize,
}

#[derive(Serialize)]
struct Report {
    schema: u32,
    layers: Vec<LayerSizes>,
    head: Option<usize>,
    parameters: u64,
    tensors: Vec<Mapping>,
    #[serde(skip)]
    explain: bool,
}

impl Report {
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
            parameters: parameters.sum(),
            tensors: model.explanation.clone(),
            explain,
        }
    }
}

impl Results for Report {
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
        writeln!(
            out,
            "{} parameters of the LSTM, in the gate order i, f, g, o; its two biases are added",
            grouped(self.parameters)
        )?;
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
        }
        Ok(())
    }
}

/// Reads a float model, and says which file an error is about.
pub fn read_float(path: &Path, prefix: Option<&str>) -> Result<FloatModel, CliError> {
    read(path, prefix).map_err(|error| match error {
        ImportError::Io { path, source } => CliError::io(&path, "read", &source),
        other => CliError::from_message(&format!("{}: {other}", path.display())),
    })
}

/// Reads a float model and prints what it holds.
pub fn run(args: &Args, console: Console) -> Result<Ended, CliError> {
    let model = read_float(&args.file, args.prefix.as_deref())?;
    console.print(&Report::of(&model, args.explain))?;
    Ok(Ended::Well)
}
