//! Arrays of input vectors: one reader for everything that takes some.

use super::watch::Watch;
use crate::diagnostic::{Problem, Problems};
use crate::files::npy::{self, Array};
use crate::ptq::Sequences;
use crate::quantize::QuantizedModel;
use std::path::Path;

/// Order of the sizes of an array of several sequences.
// Comments on the choices are texts of `--help`, where a backtick would be printed.
#[allow(clippy::doc_markdown)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Layout {
    /// [batch, steps, elements]
    BatchFirst,
    /// [steps, batch, elements], as nn.LSTM without `batch_first`
    StepsFirst,
}

/// Where the vectors of each sequence stand in an array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrangement {
    /// Sizes before the last, as the file has them.
    leading: Vec<usize>,
    batch: usize,
    /// Steps of an array's sequence, padding included.
    steps: usize,
    layout: Layout,
    /// Steps of each sequence, each at least 1.
    pub lengths: Vec<usize>,
}

/// Input codes of one or more sequences.
#[derive(Clone, Debug)]
pub struct Inputs {
    /// Sequence after sequence, without padding: `[all steps, input_size]`.
    pub codes: Vec<i32>,
    /// Where they stood.
    pub arrangement: Arrangement,
    /// Float inputs that did not fit the format, by step; `None` where codes were given.
    pub clamped: Option<Vec<u64>>,
}

/// How an array of inputs is laid out.
#[derive(Clone, Copy, Debug)]
pub struct ArrayLayout<'a> {
    /// Order of its sizes.
    pub order: Layout,
    /// Array of the steps of each sequence; what stands behind them is padding.
    pub lengths: Option<&'a Path>,
}

impl ArrayLayout<'_> {
    /// Reads codes of x for `model`, or real numbers to be quantised with `float_input`.
    ///
    /// # Errors
    /// A file of another shape, and numbers that are no codes of x.
    pub fn read(
        &self,
        path: &Path,
        model: &QuantizedModel,
        float_input: bool,
        watch: &dyn Watch,
    ) -> Result<Inputs, Problems> {
        if let Some(embedding) = &model.embedding {
            return self.read_tokens(path, embedding.vocabulary, float_input, watch);
        }
        let (size, format) = model.first_input();
        if float_input {
            let all = self.read_float(path, size, watch)?;
            let steps = all.0.data.chunks_exact(size);
            return Ok(Inputs {
                codes: model.input_codes(&all.0.data),
                clamped: Some(steps.map(|x| model.clamped_inputs(x)).collect()),
                arrangement: all.1,
            });
        }
        let Array { shape, data } = npy::read_i32(path)?;
        let arrangement = self.arrange(path, &shape, size, watch)?;
        if let Some(at) = data.iter().position(|&code| !format.contains(code.into())) {
            let problem = format!("element {at} is {}, no code of {format}", data[at]);
            return Err(Problem::file(path, problem)
                .help("quantise the inputs, or give real numbers with --float-input")
                .into());
        }
        Ok(Inputs {
            codes: arrangement.gather(&data, size),
            arrangement,
            clamped: None,
        })
    }

    /// Reads vectors of whole or real numbers, of `size` elements where that is known.
    ///
    /// # Errors
    /// A file of another shape, and a number that is not finite.
    pub fn read_real(
        &self,
        path: &Path,
        size: Option<usize>,
        watch: &dyn Watch,
    ) -> Result<(Sequences, Arrangement), Problems> {
        let bytes = npy::load(path, "x")?;
        let array = npy::parse_real(&bytes).map_err(|problem| problem.in_file(path))?;
        let mut shape = array.shape;
        if shape.len() == 1 && size.is_none_or(|size| size == 1) {
            shape.push(1);
        }
        let size = size.or(shape.last().copied()).unwrap_or(0);
        let arrangement = self.arrange(path, &shape, size, watch)?;
        let data: Vec<f32> = array.data.iter().map(|&value| value as f32).collect();
        // A finite number of 64 bits may be none of 32.
        if let Some(at) = data.iter().position(|value| !value.is_finite()) {
            let place = npy::place(&shape, at);
            let problem = format!(
                "element {place:?} is {:e}, more than 32 bits hold",
                array.data[at]
            );
            return Err(Problem::file(path, problem)
                .help("bring the inputs to a size below 3.4e38")
                .into());
        }
        let sequences = Sequences {
            data: arrangement.gather(&data, size),
            width: size,
            lengths: arrangement.lengths.clone(),
        };
        Ok((sequences, arrangement))
    }

    /// Reads indices of tokens, [steps] or [batch, steps], with a last dimension of 1 or none.
    pub(super) fn read_tokens(
        &self,
        path: &Path,
        vocabulary: usize,
        float_input: bool,
        watch: &dyn Watch,
    ) -> Result<Inputs, Problems> {
        if float_input {
            let problem = "the model begins with an embedding, which takes indices of tokens";
            return Err(Problem::flag("--float-input", problem)
                .help("give integers, and leave the option out")
                .into());
        }
        let Array { mut shape, data } = npy::read_i32(path)?;
        if shape.len() == 1 || shape.len() == 2 && shape[1] != 1 {
            shape.push(1);
        }
        let arrangement = self.arrange(path, &shape, 1, watch)?;
        let beyond =
            |&index: &i32| usize::try_from(index).map_or(true, |index| index >= vocabulary);
        if let Some(at) = data.iter().position(beyond) {
            let problem = format!(
                "element {at} is {}, the vocabulary has {vocabulary} tokens",
                data[at]
            );
            return Err(Problem::file(path, problem)
                .help(format!("give indices from 0 to {}", vocabulary - 1))
                .into());
        }
        Ok(Inputs {
            codes: arrangement.gather(&data, 1),
            arrangement,
            clamped: None,
        })
    }

    /// Reads real inputs of vectors of `size` elements.
    ///
    /// # Errors
    /// A file of another shape.
    pub fn read_float(
        &self,
        path: &Path,
        size: usize,
        watch: &dyn Watch,
    ) -> Result<(Sequences, Arrangement), Problems> {
        let Array { shape, data } = npy::read_f32(path)?;
        let arrangement = self.arrange(path, &shape, size, watch)?;
        let sequences = Sequences {
            data: arrangement.gather(&data, size),
            width: size,
            lengths: arrangement.lengths.clone(),
        };
        Ok((sequences, arrangement))
    }

    /// Says of an array of this shape where its sequences are.
    fn arrange(
        &self,
        path: &Path,
        shape: &[usize],
        size: usize,
        watch: &dyn Watch,
    ) -> Result<Arrangement, Problems> {
        let layout = self.order;
        let (batch, steps) = match (shape, layout) {
            (&[steps, last], _) if last == size => (1, steps),
            (&[batch, steps, last], Layout::BatchFirst) if last == size => (batch, steps),
            (&[steps, batch, last], Layout::StepsFirst) if last == size => (batch, steps),
            _ => {
                let problem = format!("has the shape {shape:?}");
                return Err(Problem::file(path, problem).help(format!(
                    "give [steps, {size}], [batch, steps, {size}], or [steps, batch, {size}] with \
                     --layout steps-first: the model takes {size} elements"
                )).into());
            }
        };
        if batch == 0 || steps == 0 {
            return Err(Problem::file(path, "holds no steps")
                .help("give at least one")
                .into());
        }
        let lengths = match self.lengths {
            Some(path) => lengths(path, batch, steps)?,
            None => vec![steps; batch],
        };
        if shape.len() == 3 && steps == 1 && batch > 1 {
            let (other, read) = match layout {
                Layout::BatchFirst => ("steps-first", "[batch, steps, elements]"),
                Layout::StepsFirst => ("batch-first", "[steps, batch, elements]"),
            };
            watch.say(&format!(
                "warning: {}: {shape:?} is read as {read}: {batch} sequences of one step each. For one \
                 sequence of {batch} steps give --layout {other}",
                path.display()
            ));
        }
        Ok(Arrangement {
            leading: shape[..shape.len() - 1].to_vec(),
            batch,
            steps,
            layout,
            lengths,
        })
    }
}

/// Steps of each sequence of an array of `batch` sequences of `steps` steps.
fn lengths(path: &Path, batch: usize, steps: usize) -> Result<Vec<usize>, Problems> {
    let bytes = npy::load(path, "lengths")?;
    let array = npy::parse_i32(&bytes).map_err(|problem| problem.in_file(path))?;
    let Array { shape, data } = array;
    if shape != [batch] {
        let problem = format!("has the shape {shape:?}");
        return Err(Problem::file(path, problem)
            .help(format!("give one length for each sequence: [{batch}]"))
            .into());
    }
    let one = |(index, &length): (usize, &i32)| {
        let fits = usize::try_from(length)
            .ok()
            .filter(|length| (1..=steps).contains(length));
        fits.ok_or_else(|| {
            let problem = format!("element {index} is {length}");
            Problem::file(path, problem)
                .help(format!("a sequence of the array has 1 to {steps} steps"))
        })
    };
    Ok(data.iter().enumerate().map(one).collect::<Result<_, _>>()?)
}

impl Arrangement {
    /// Sizes of the array before those of a vector: `[steps]`, or batch and steps in its layout.
    #[must_use]
    pub fn leading(&self) -> &[usize] {
        &self.leading
    }

    /// Where step `step` of sequence `sequence` stands, in vectors.
    fn place(&self, sequence: usize, step: usize) -> usize {
        match self.layout {
            Layout::BatchFirst => sequence * self.steps + step,
            Layout::StepsFirst if self.leading.len() == 1 => step,
            Layout::StepsFirst => step * self.batch + sequence,
        }
    }

    fn places(&self) -> impl Iterator<Item = usize> + '_ {
        let sequences = self.lengths.iter().enumerate();
        let steps = |(sequence, &length)| (0..length).map(move |step| (sequence, step));
        let all = sequences.flat_map(steps);
        all.map(|(sequence, step)| self.place(sequence, step))
    }

    /// The vectors of `data`, sequence after sequence, without padding.
    pub(super) fn gather<T: Copy>(&self, data: &[T], size: usize) -> Vec<T> {
        let vectors = self.places().map(|place| &data[place * size..][..size]);
        vectors.flatten().copied().collect()
    }

    /// Vectors of `size` elements, sequence after sequence, back in the array's layout: its shape and
    /// its contents, 0 for padding.
    pub fn scatter<T: Copy + Default>(&self, data: &[T], size: usize) -> (Vec<usize>, Vec<T>) {
        let mut all = vec![T::default(); self.batch * self.steps * size];
        for (place, vector) in self.places().zip(data.chunks_exact(size)) {
            all[place * size..][..size].copy_from_slice(vector);
        }
        let mut shape = self.leading.clone();
        shape.push(size);
        (shape, all)
    }

    /// Vectors of `size` elements, one a sequence, in the array's layout: its shape and its contents.
    pub fn of_sequences<T: Copy>(&self, data: &[T], size: usize) -> (Vec<usize>, Vec<T>) {
        let shape = match self.leading.len() {
            1 => vec![size],
            _ => vec![self.batch, size],
        };
        (shape, data.to_vec())
    }

    /// Steps of each sequence, where all have as many.
    #[must_use]
    pub fn even(&self) -> Option<usize> {
        let (&first, rest) = self.lengths.split_first()?;
        rest.iter().all(|&length| length == first).then_some(first)
    }

    /// Steps of all sequences.
    #[must_use]
    pub fn total(&self) -> usize {
        self.lengths.iter().sum()
    }
}

#[cfg(test)]
mod tests;
