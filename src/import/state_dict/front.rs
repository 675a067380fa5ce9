//! Linear layers before the recurrent ones.

use super::StateDictReader;
use super::chain::{Linear, named};
use crate::diagnostic::Problem;
use crate::import::error::refuse;
use crate::import::model::{FloatFront, ImportOptions};

/// Names as `--front` has them: each with whether a `ReLU` stands behind it.
fn asked(text: &str) -> Vec<(String, bool)> {
    let one = |name: &str| match name.trim().strip_suffix(":relu") {
        Some(name) => (name.to_owned(), true),
        None => (name.trim().to_owned(), false),
    };
    text.split(',').map(one).collect()
}

impl StateDictReader<'_> {
    /// Reads the linear layers before the first recurrent one: those that the file names, or that `--front` does. A
    /// state dict says neither which they are nor what stands behind them.
    pub(super) fn front(&mut self, options: &ImportOptions) -> Result<(), Problem> {
        let names = match (&options.front, &self.known_front) {
            (Some(_), Some(_)) => {
                let problem = "the file says itself what stands before the recurrent layers";
                return Err(Problem::flag("--front", problem).help("leave the option out"));
            }
            (None, Some(known)) if !options.only_lstm => known.clone()?,
            (Some(text), None) => asked(text),
            _ => return Ok(()),
        };
        let linears: Vec<Linear> = self.linears();
        let mut found = Vec::new();
        for (name, relu) in names {
            let (linear, place) = match linears.iter().find(|linear| linear.stem == name) {
                Some(linear) => (linear.clone(), name),
                None => (one(&linears, &name)?, format!("--front {name}")),
            };
            found.push((linear, relu, place));
        }
        let mut wanted = self.model.layers[0].input_size;
        for (linear, _, place) in found.iter().rev() {
            if linear.rows != wanted {
                return refuse(
                    place,
                    format!(
                        "gives {} elements, {wanted} are taken behind it",
                        linear.rows
                    ),
                    "name the linear layers before the recurrent ones in their order",
                );
            }
            wanted = linear.columns;
        }
        if self.model.fractions.is_some() {
            return refuse(
                &found[0].2,
                "stands before a QuantLSTM or QuantGRU: formats that it was trained with are not read from a state dict",
                "write the model file from Python, lprnn_quant.save(net, PATH); `gen --model` takes it",
            );
        }
        for (linear, relu, _) in found {
            let meaning = if relu {
                "linear layer before the recurrent ones, a ReLU behind it"
            } else {
                "linear layer before the recurrent ones"
            };
            let linear = self.linear(
                &linear,
                [meaning, "bias of a linear layer before the recurrent ones"],
            )?;
            self.model.front.push(FloatFront { linear, relu });
        }
        Ok(())
    }

    /// Every matrix that is not read yet.
    fn linears(&self) -> Vec<Linear> {
        let linear = |name: &String| {
            let stem = name.strip_suffix(".weight")?.to_owned();
            match self.shape(name)[..] {
                [rows, columns] if rows > 0 && columns > 0 => Some(Linear {
                    stem,
                    rows,
                    columns,
                }),
                _ => None,
            }
        };
        self.unused().filter_map(linear).collect()
    }

    /// The linear layers that may stand before the recurrent ones, by their size.
    pub(super) fn may_be_front<'a>(
        &self,
        linears: &'a [Linear],
    ) -> impl Iterator<Item = &'a Linear> {
        let inputs = self.model.layers[0].input_size;
        let free = self.model.front.is_empty();
        linears
            .iter()
            .filter(move |linear| free && linear.rows == inputs)
    }
}

/// The one linear layer of this name, or ending of a name.
fn one(linears: &[Linear], name: &str) -> Result<Linear, Problem> {
    let found = named(linears, name, "--front")?;
    match <[Linear; 1]>::try_from(found) {
        Ok([only]) => Ok(only),
        Err(several) => refuse(
            &format!("--front {name}"),
            format!("names {} linear layers", several.len()),
            "name each of them, with :relu where a ReLU stands behind it",
        ),
    }
}
