//! Sequences and their right answers, from files.

use crate::diagnostic::{Problem, Problems};
use crate::flow::score::{TargetShape, read_targets};
use crate::flow::{ArrayLayout, Watch};
use crate::ptq::{Sequences, split};
use crate::quantize::{Emit, SplitMix};
use crate::score::{Answers, Targets};
use serde::Serialize;
use std::path::Path;

/// What is learnt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TaskKind {
    /// To tell classes.
    Classify,
    /// To give numbers.
    Regress,
    /// To give the numbers of x that come so many steps later.
    Forecast(usize),
}

/// Files of some sequences.
#[derive(Clone, Copy, Debug)]
pub struct SetFiles<'a> {
    /// Real inputs.
    pub data: &'a Path,
    /// Right answers; those of a forecast are the data's own where nothing is given.
    pub targets: Option<&'a Path>,
    /// Layout of both.
    pub layout: ArrayLayout<'a>,
}

/// Files of a task, and how they are read.
#[derive(Clone, Copy, Debug)]
pub struct TaskFiles<'a> {
    /// What is learnt.
    pub kind: TaskKind,
    /// When the network answers; as the targets have it where nothing is said.
    pub emit: Option<Emit>,
    /// Trained on.
    pub train: SetFiles<'a>,
    /// Validated on after every epoch; a share of what is trained on where there is none.
    pub valid: Option<SetFiles<'a>>,
    /// That share.
    pub valid_fraction: f64,
    /// Of the choice of that share.
    pub seed: u64,
    /// The best model is tested on it.
    pub test: Option<SetFiles<'a>>,
}

/// Sequences and their right answers.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownSet {
    /// Real inputs.
    pub inputs: Sequences,
    /// Right answers.
    pub targets: Targets,
}

/// Everything that a task is learnt from.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskSets {
    /// What is learnt.
    pub kind: TaskKind,
    /// Trained on.
    pub train: KnownSet,
    /// Validated on.
    pub valid: KnownSet,
    /// Tested on.
    pub test: Option<KnownSet>,
}

impl TaskSets {
    /// Reads the files of a task.
    ///
    /// # Errors
    /// A file that cannot be read, targets that do not fit the data or one another, targets that are all the
    /// same, sequences too short for a forecast, and too few to validate on some.
    pub fn read(files: &TaskFiles, watch: &dyn Watch) -> Result<Self, Problems> {
        let shape = TargetShape {
            classes: files.kind == TaskKind::Classify,
            outputs: None,
            when: files.emit,
        };
        let train = read_set(&files.train, (files.kind, shape, None), watch)?;
        let at = files.train.targets.unwrap_or(files.train.data);
        check_variety(&train).map_err(|problem| problem.in_file(at))?;
        let known = TargetShape {
            outputs: Some(outputs(&train)),
            when: Some(train.targets.when),
            ..shape
        };
        let like =
            |set: &SetFiles| read_set(set, (files.kind, known, Some(train.inputs.width)), watch);
        let test = files.test.as_ref().map(like).transpose()?;
        let valid = files.valid.as_ref().map(like).transpose()?;
        let (train, valid) = match valid {
            Some(valid) => (train, valid),
            None => held_out(&train, files.valid_fraction, files.seed)?,
        };
        let sets = Self {
            kind: files.kind,
            train,
            valid,
            test,
        };
        watch.say(&sets.describe());
        Ok(sets)
    }

    /// Outputs of the linear layer.
    #[must_use]
    pub fn outputs(&self) -> usize {
        outputs(&self.train)
    }

    /// With an answer at every step fewer sequences than `batch` are cut into pieces.
    #[must_use]
    pub fn is_cut(&self, batch: usize) -> bool {
        self.train.targets.when == Emit::Step && self.train.inputs.lengths.len() < batch
    }

    /// Lengths of the sequences as they are trained on: with an answer at every step fewer sequences than
    /// `batch` are cut into as many pieces, each of which starts from zero state.
    #[must_use]
    pub fn lengths_in_training(&self, batch: usize) -> Vec<usize> {
        let lengths = &self.train.inputs.lengths;
        if !self.is_cut(batch) {
            return lengths.clone();
        }
        let pieces = batch.div_ceil(lengths.len());
        let cut = |&length: &usize| {
            let piece = length.div_ceil(pieces);
            (0..length)
                .step_by(piece)
                .map(move |at| piece.min(length - at))
        };
        lengths.iter().flat_map(cut).collect()
    }

    /// What was read, in a line.
    fn describe(&self) -> String {
        let inputs = &self.train.inputs;
        let what = match self.train.targets.wanted {
            Answers::Classes(_) => format!("{} classes", self.outputs()),
            Answers::Values { width, .. } => format!("{width} numbers"),
        };
        let when = match self.train.targets.when {
            Emit::Step => "at every step",
            Emit::Last => "at the last step of each",
        };
        format!(
            "trained on {} sequences, {} steps of {} elements; {what} {when}; validated on {} sequences, {} steps",
            inputs.lengths.len(),
            inputs.steps(),
            inputs.width,
            self.valid.inputs.lengths.len(),
            self.valid.inputs.steps()
        )
    }
}

/// Outputs that a network for these targets has.
fn outputs(set: &KnownSet) -> usize {
    match &set.targets.wanted {
        Answers::Classes(classes) => classes.iter().max().map_or(0, |&most| most as usize + 1),
        Answers::Values { width, .. } => *width,
    }
}

fn read_set(
    files: &SetFiles,
    (kind, shape, width): (TaskKind, TargetShape, Option<usize>),
    watch: &dyn Watch,
) -> Result<KnownSet, Problems> {
    let (inputs, places) = files.layout.read_real(files.data, width, watch)?;
    match (files.targets, kind) {
        (None, TaskKind::Forecast(horizon)) => {
            let when = shape.when.unwrap_or(Emit::Step);
            let set = forecast(&inputs, horizon, when);
            Ok(set.map_err(|problem| problem.in_file(files.data))?)
        }
        (None, _) => Err(Problem::flag("--targets", "is missing")
            .help("give the right answers, .npy or .npz")
            .into()),
        (Some(path), _) => Ok(KnownSet {
            targets: read_targets(path, &places, shape)?,
            inputs,
        }),
    }
}

/// x less its last steps, and x so many steps later.
fn forecast(all: &Sequences, horizon: usize, when: Emit) -> Result<KnownSet, Problem> {
    if let Some(at) = all.lengths.iter().position(|&length| length <= horizon) {
        let problem = format!("sequence {at} has {} steps", all.lengths[at]);
        return Err(Problem::new(problem).help(format!(
            "a forecast of {horizon} steps wants at least {}",
            horizon + 1
        )));
    }
    let width = all.width;
    let (mut data, mut wanted, mut lengths) = (Vec::new(), Vec::new(), Vec::new());
    for (sequence, &length) in split(&all.data, width, &all.lengths).zip(&all.lengths) {
        let inputs = (length - horizon) * width;
        data.extend_from_slice(&sequence[..inputs]);
        let later = &sequence[horizon * width..];
        let asked = match when {
            Emit::Step => later,
            Emit::Last => &later[inputs - width..],
        };
        wanted.extend(asked.iter().map(|&value| f64::from(value)));
        lengths.push(length - horizon);
    }
    Ok(KnownSet {
        inputs: Sequences {
            data,
            width,
            lengths,
        },
        targets: Targets {
            when,
            wanted: Answers::Values {
                data: wanted,
                width,
            },
        },
    })
}

/// Refuses targets that there is nothing to learn of.
fn check_variety(set: &KnownSet) -> Result<(), Problem> {
    if let Some(class) = set.targets.wanted.only_class() {
        return Err(Problem::new(format!("all targets are class {class}"))
            .help("give sequences of at least two classes: there is nothing to tell apart"));
    }
    if let Answers::Values { data, .. } = &set.targets.wanted
        && data
            .iter()
            .all(|value| value.to_bits() == data[0].to_bits())
    {
        return Err(Problem::new(format!("all targets are {}", data[0]))
            .help("give targets that differ: there is nothing to learn"));
    }
    Ok(())
}

/// Takes a share of a set away: whole sequences by a dice of this seed, or the end of the only one.
fn held_out(set: &KnownSet, share: f64, seed: u64) -> Result<(KnownSet, KnownSet), Problem> {
    let count = set.inputs.lengths.len();
    if count == 1 {
        return split_series(set, share);
    }
    let held = ((count as f64 * share).round() as usize).clamp(1, count - 1);
    let mut order = SplitMix(!seed).order(count);
    let (valid, train) = order.split_at_mut(held);
    valid.sort_unstable();
    train.sort_unstable();
    Ok((set.of(train), set.of(valid)))
}

/// The end of the only sequence becomes one to validate on.
fn split_series(set: &KnownSet, share: f64) -> Result<(KnownSet, KnownSet), Problem> {
    let steps = set.inputs.steps();
    if set.targets.when == Emit::Last || steps < 2 {
        return Err(
            Problem::flag("--valid-fraction", "there is one example only")
                .help("give --valid-data and --valid-targets, or more sequences"),
        );
    }
    let held = ((steps as f64 * share).round() as usize).clamp(1, steps - 1);
    let part = |from: usize, to: usize| KnownSet {
        inputs: Sequences {
            data: set.inputs.data[from * set.inputs.width..to * set.inputs.width].to_vec(),
            width: set.inputs.width,
            lengths: vec![to - from],
        },
        targets: Targets {
            when: Emit::Step,
            wanted: set.targets.wanted.part(from..to),
        },
    };
    Ok((part(0, steps - held), part(steps - held, steps)))
}

impl KnownSet {
    /// These sequences of it.
    fn of(&self, sequences: &[usize]) -> Self {
        let width = self.inputs.width;
        let mut starts = vec![0];
        for &length in &self.inputs.lengths {
            starts.push(starts[starts.len() - 1] + length);
        }
        let (mut data, mut lengths) = (Vec::new(), Vec::new());
        let mut wanted = self.targets.wanted.part(0..0);
        for &sequence in sequences {
            let steps = starts[sequence]..starts[sequence + 1];
            data.extend_from_slice(&self.inputs.data[steps.start * width..steps.end * width]);
            lengths.push(steps.len());
            let answers = match self.targets.when {
                Emit::Step => steps,
                Emit::Last => sequence..sequence + 1,
            };
            wanted.extend(self.targets.wanted.part(answers));
        }
        Self {
            inputs: Sequences {
                data,
                width,
                lengths,
            },
            targets: Targets {
                when: self.targets.when,
                wanted,
            },
        }
    }
}

#[cfg(test)]
mod tests;
