//! Tensors beside the layers: a linear head, an embedding, and tensors that are neither.

use super::StateDictReader;
use super::chain::{Linear, chain, named};
use crate::diagnostic::Problem;
use crate::import::error::refuse;
use crate::import::model::{EMBEDDING, FloatHead, FloatLayer, ImportOptions};

/// Tensors that are neither layers nor head.
struct Rest {
    embedding: Option<String>,
    linears: Vec<Linear>,
    /// Biases of the linear layers.
    biases: Vec<String>,
    unknown: Vec<String>,
}

impl StateDictReader<'_> {
    /// Reads head and embedding; what is neither is left out where that was asked for, and
    /// otherwise refused, all of it in one message.
    pub fn beside(&mut self, options: &ImportOptions) -> Result<(), Problem> {
        let rest = self.sort_out();
        self.no_norm_inside()?;
        if options.only_lstm {
            self.leave_out(&rest);
            return Ok(());
        }
        self.no_stray_layers(&rest)?;
        if let Some(wanted) = &options.head {
            let found = named(&rest.linears, wanted, "--head")?;
            self.heads(&found)?;
        } else if rest.unknown.is_empty() {
            match self.find_head(&rest) {
                Ok(found) => self.heads(&found)?,
                Err(_) if options.leaves_out() => {}
                Err(error) => return Err(error),
            }
        } else if !options.leaves_out() {
            self.no_trained_linear(&rest)?;
            return Err(self.unknown(&rest));
        }
        if let Some(name) = &rest.embedding {
            let shape = self.shape(name);
            let values = self.take(name, &shape, "embedding, beside the hardware")?;
            let passengers = &mut self.model.passengers;
            passengers.insert(EMBEDDING.into(), (shape, values));
        }
        if options.head.is_none() && self.model.head.is_none() && rest.unknown.is_empty() {
            self.tied_head(&rest)?;
        }
        if !options.leaves_out() && self.unused().next().is_some() {
            return Err(self.unknown(&rest));
        }
        self.leave_out(&rest);
        Ok(())
    }

    pub(super) fn unused(&self) -> impl Iterator<Item = &String> {
        self.tensors
            .keys()
            .filter(|name| !self.used.contains(*name))
    }

    fn sort_out(&self) -> Rest {
        let inputs = self.model.input_size();
        let mut rest = Rest {
            embedding: None,
            linears: Vec::new(),
            biases: Vec::new(),
            unknown: Vec::new(),
        };
        for name in self.unused() {
            let stem = name.strip_suffix(".weight");
            let bias = stem.map(|stem| format!("{stem}.bias"));
            let has_bias = bias
                .as_ref()
                .is_some_and(|bias| self.tensors.contains_key(bias));
            match (stem, &self.shape(name)[..]) {
                (Some(stem), &[_, columns])
                    if columns == inputs
                        && !has_bias
                        && rest.embedding.is_none()
                        && is_embedding(stem) =>
                {
                    rest.embedding = Some(name.clone());
                }
                (Some(stem), &[rows, columns]) => {
                    rest.biases.extend(bias);
                    rest.linears.push(Linear {
                        stem: stem.into(),
                        rows,
                        columns,
                    });
                }
                _ => rest.unknown.push(name.clone()),
            }
        }
        // A bias without weights belongs to a head whose weights are the embedding's.
        let tied = |name: &String| {
            let stem = name.strip_suffix(".bias").unwrap_or_default();
            rest.embedding.is_some() && rest.linears.is_empty() && names_decoder(stem)
        };
        rest.unknown
            .retain(|name| !rest.biases.contains(name) && !tied(name));
        rest
    }

    /// The head of a file in which everything else is understood.
    fn find_head(&self, rest: &Rest) -> Result<Vec<Linear>, Problem> {
        let (inputs, hidden) = (
            self.model.layers[0].input_size,
            self.model.layers.last().map_or(0, FloatLayer::output_size),
        );
        let behind: Vec<&Linear> = rest
            .linears
            .iter()
            .filter(|linear| !linear.named_front())
            .collect();
        if behind.is_empty() {
            return Ok(Vec::new());
        }
        if let Some(known) = &self.known_heads {
            let named = |name: &String| rest.linears.iter().find(|linear| linear.stem == *name);
            let found: Option<Vec<Linear>> =
                known.iter().map(|name| named(name).cloned()).collect();
            if let Some(found) = found.filter(|found| found.len() == behind.len()) {
                return Ok(found);
            }
        }
        if let Some(found) = chain(&behind, hidden) {
            let in_front = found[0].rows == inputs && found.len() == 1;
            if !in_front || found[0].named_head() {
                return Ok(found);
            }
        }
        let described: Vec<_> = behind.into_iter().map(Linear::describe).collect();
        Err(Problem::new("several linear layers may be the head")
            .notes(described)
            .help(
                "choose with --head NAME (a chain with ReLU between: --head FIRST,SECOND), say which stand \
                 before the recurrent layers with --front, or leave them out with --only-lstm",
            ))
    }

    /// Reads these linear layers as head and what follows it.
    fn heads(&mut self, linears: &[Linear]) -> Result<(), Problem> {
        let mut columns = self.model.layers.last().map_or(0, FloatLayer::output_size);
        for (index, linear) in linears.iter().enumerate() {
            if linear.columns != columns {
                return refuse(
                    &linear.stem,
                    format!("takes {} inputs, {columns} are there", linear.columns),
                    "choose another --head, or leave it out with --only-lstm",
                );
            }
            let meanings = if index == 0 {
                ["linear head, beside the hardware", "bias of the head"]
            } else {
                [
                    "linear layer behind the head, after a ReLU, beside the hardware",
                    "bias of a linear layer behind the head",
                ]
            };
            let head = self.linear(linear, meanings)?;
            columns = linear.rows;
            if index == 0 {
                self.model.head = Some(head);
            } else {
                self.model.dense.push(head);
            }
        }
        let known = self.known_heads.as_ref().is_some_and(|known| {
            known.len() == linears.len()
                && known
                    .iter()
                    .zip(linears)
                    .all(|(name, linear)| *name == linear.stem)
        });
        if linears.len() > 1 && !known {
            let names: Vec<&str> = linears.iter().map(|linear| &*linear.stem).collect();
            self.model.assumptions.push(format!(
                "a ReLU is taken to stand between {}: a state dict does not say",
                names.join(" and ")
            ));
        }
        Ok(())
    }

    pub(super) fn linear(
        &mut self,
        linear: &Linear,
        [meaning, bias_meaning]: [&str; 2],
    ) -> Result<FloatHead, Problem> {
        let Linear {
            stem,
            rows,
            columns,
        } = linear;
        let weight = self.take(&format!("{stem}.weight"), &[*rows, *columns], meaning)?;
        let name = format!("{stem}.bias");
        let bias = if self.tensors.contains_key(&name) {
            self.take(&name, &[*rows], bias_meaning)?
        } else {
            vec![0.0; *rows]
        };
        Ok(FloatHead {
            output_size: *rows,
            weight,
            bias,
        })
    }

    /// A head of which the file has only the bias: its weights are those of the embedding, which
    /// safetensors stores once.
    fn tied_head(&mut self, rest: &Rest) -> Result<(), Problem> {
        let hidden = self.model.layers.last().map_or(0, FloatLayer::output_size);
        let bias = self.unused().find(|name| {
            let stem = name.strip_suffix(".bias").unwrap_or_default();
            names_decoder(stem)
        });
        let (Some(bias), Some(weight)) = (bias.cloned(), &rest.embedding) else {
            return Ok(());
        };
        let shape = self.shape(weight);
        if shape[1] != hidden {
            return refuse(
                weight,
                format!(
                    "has {} columns; to be the weights of the head of {bias}, too, it must have \
                     {hidden}, one for every unit",
                    shape[1]
                ),
                "save the weights of that head, too, or leave it out with --only-lstm",
            );
        }
        let values = self.model.passengers[EMBEDDING].1.clone();
        self.model.head = Some(FloatHead {
            output_size: shape[0],
            weight: values,
            bias: self.take(
                &bias,
                &shape[..1],
                "bias of a head whose weights are the embedding",
            )?,
        });
        Ok(())
    }

    /// Refuses a cell that normalises inside: its gates are others, whatever is left out beside it. Norms inside are
    /// those below the cell's own name, or in a file of the cell alone those as long as all gates together.
    fn no_norm_inside(&self) -> Result<(), Problem> {
        let layers = &self.model.layers;
        let of_gates = |name: &str| {
            let long =
                |layer: &FloatLayer| layer.bias.len() > layer.input_size.max(layer.hidden_size);
            let as_long =
                |layer: &FloatLayer| long(layer) && self.shape(name) == [layer.bias.len()];
            layers.iter().any(as_long)
        };
        let inside = |name: &&String| {
            let Some(rest) = name.strip_prefix(&self.network.prefix) else {
                return false;
            };
            is_norm(rest) && (!self.network.prefix.is_empty() || of_gates(name))
        };
        match self.unused().find(inside) {
            None => Ok(()),
            Some(name) => refuse(
                name,
                "is of a normalisation inside the cell, between its products and its gates",
                "train a plain nn.LSTM or nn.GRU: normalise its input or output, not its gates",
            ),
        }
    }

    /// Refuses a layer of the chosen LSTM that no layer below leads to.
    fn no_stray_layers(&self, rest: &Rest) -> Result<(), Problem> {
        let kinds = ["bias_hh_l", "bias_ih_l", "weight_hh_l", "weight_ih_l"];
        for name in &rest.unknown {
            let stray = name.strip_prefix(&self.network.prefix).and_then(|rest| {
                let number = kinds.iter().find_map(|kind| rest.strip_prefix(kind));
                number?.parse::<usize>().ok()
            });
            if let Some(layer) = stray {
                return refuse(
                    name,
                    format!("is of layer {layer}, and a layer below it is not there"),
                    "save the whole model",
                );
            }
        }
        Ok(())
    }

    /// Everything that is not understood, with the options that leave it out.
    fn unknown(&self, rest: &Rest) -> Problem {
        let mut options = match self.network.title() {
            "" => "--only-lstm".to_owned(),
            title => format!("--prefix {title}"),
        };
        if let Ok(heads) = self.find_head(rest)
            && !heads.is_empty()
        {
            let names: Vec<&str> = heads.iter().map(|head| &*head.stem).collect();
            let names = names.join(",");
            options = if self.network.title().is_empty() {
                format!("--only-lstm, or with --head {names}, which keeps that head")
            } else {
                format!("{options}, or with --head {names}, which keeps that head")
            };
        }
        let lines = self.unused().filter(|name| {
            // A head that is understood needs no mending.
            let stem = ["weight", "bias"]
                .iter()
                .find_map(|part| name.strip_suffix(part)?.strip_suffix('.'));
            let heads = self.find_head(rest).unwrap_or_default();
            !heads.iter().any(|head| Some(&*head.stem) == stem)
                && rest.embedding.as_ref() != Some(*name)
        });
        let tensors: Vec<String> = lines
            .map(|name| format!("{name} {:?}", self.shape(name)))
            .collect();
        let count = match tensors.len() {
            1 => "1 tensor is".to_string(),
            number => format!("{number} tensors are"),
        };
        Problem::new(format!(
            "{count} no part of an LSTM, GRU, head or embedding"
        ))
        .notes(tensors)
        .help(format!(
            "if the core's inputs and outputs are those of the LSTM, leave them out with {options}{}",
            self.front_hint(rest)
        ))
    }

    /// Refuses a linear layer of this project's modules, which was trained in formats of its own.
    fn no_trained_linear(&self, rest: &Rest) -> Result<(), Problem> {
        let hidden = self.model.layers.last().map_or(0, FloatLayer::output_size);
        let of = |name: &String| -> Option<&Linear> {
            let stem = name.strip_suffix(".formats")?;
            rest.linears.iter().find(|linear| linear.stem == stem)
        };
        let Some(linear) = rest.unknown.iter().find_map(of) else {
            return Ok(());
        };
        let mut help =
            "write the model file from Python, lprnn_quant.save(net, PATH); `gen --model` takes it"
                .to_owned();
        if linear.columns == hidden {
            let more = format!(
                "; --head {} reads its weights, and `quantize` chooses their format",
                linear.stem
            );
            help.push_str(&more);
        }
        let problem = "is of a QuantLinear or QuantFront: formats that it was trained with are not read from a state dict";
        refuse(&format!("{}.formats", linear.stem), problem, &help)
    }

    /// How a linear layer that is no head is read as one before the recurrent layers, where its size would do.
    fn front_hint(&self, rest: &Rest) -> String {
        let heads = self.find_head(rest).unwrap_or_default();
        let mut fits = self
            .may_be_front(&rest.linears)
            .filter(|linear| !heads.contains(linear));
        fits.next().map_or_else(String::new, |Linear { stem, .. }| {
            format!("; if {stem} stands before it, --front {stem} reads it, --front {stem}:relu with a ReLU behind it")
        })
    }

    /// Notes what is not read, and how it could be.
    fn leave_out(&mut self, rest: &Rest) {
        let hidden = self.model.layers.last().map_or(0, FloatLayer::output_size);
        let names: Vec<String> = self.unused().cloned().collect();
        for name in names {
            let stem = name.strip_suffix(".weight");
            let linear = rest
                .linears
                .iter()
                .find(|linear| Some(&*linear.stem) == stem);
            let meaning = match linear {
                Some(linear) if linear.columns == hidden => {
                    format!("left out; --head {} reads it", linear.stem)
                }
                _ => "left out".into(),
            };
            let sources = self.tensors[&name].sources.iter();
            let mut files: Vec<String> = sources.map(|source| source.tensor.clone()).collect();
            self.explain(&name, &meaning);
            if files.is_empty() {
                files.push(name);
            }
            self.model.left_out.extend(files);
        }
    }
}

fn is_embedding(stem: &str) -> bool {
    let last = stem.rsplit('.').next().unwrap_or(stem);
    last == "encoder" || last.contains("emb")
}

fn names_decoder(stem: &str) -> bool {
    let linear = Linear {
        stem: stem.into(),
        rows: 0,
        columns: 0,
    };
    linear.named_head()
}

/// `true` if a tensor's name says that it is of a layer, batch or group normalisation.
fn is_norm(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let mut words = name.split(['.', '_']);
    words.any(|word| word.contains("norm") || ["ln", "bn", "gn"].contains(&word))
}
