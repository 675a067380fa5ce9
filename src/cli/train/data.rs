//! Options of the data of a task.

use crate::diagnostic::Problem;
use crate::flow::TaskKind;
use crate::quantize::Emit;
use crate::spec::OutputKind;
use std::path::PathBuf;

/// What is learnt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Learnt {
    /// To tell the tokens of a text from those before them
    Language,
    /// To tell the classes of sequences, or of their steps
    Classify,
    /// To give numbers for sequences, or for their steps
    Regress,
    /// To give the numbers of a series that come later
    Forecast,
}

/// Sequences with their right answers.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Data of a task")]
pub struct TaskArgs {
    /// Inputs to train on, .npy or .npz
    #[arg(long, value_name = "FILE")]
    pub(super) data: Option<PathBuf>,
    /// Right answers, .npy or .npz; without them a forecast is one of the data
    #[arg(long, value_name = "FILE")]
    pub(super) targets: Option<PathBuf>,
    /// Inputs to validate on after every epoch
    #[arg(long, value_name = "FILE", conflicts_with = "valid_fraction")]
    pub(super) valid_data: Option<PathBuf>,
    /// Their right answers
    #[arg(long, value_name = "FILE", requires = "valid_data")]
    pub(super) valid_targets: Option<PathBuf>,
    /// Steps of each of their sequences
    #[arg(long, value_name = "FILE", requires = "valid_data")]
    pub(super) valid_lengths: Option<PathBuf>,
    /// Share of the data that is validated on instead [default: 0.1]
    #[arg(long, value_name = "S")]
    pub(super) valid_fraction: Option<f64>,
    /// Inputs to test the best model on at the end
    #[arg(long, value_name = "FILE")]
    pub(super) test_data: Option<PathBuf>,
    /// Their right answers
    #[arg(long, value_name = "FILE", requires = "test_data")]
    pub(super) test_targets: Option<PathBuf>,
    /// Steps of each of their sequences
    #[arg(long, value_name = "FILE", requires = "test_data")]
    pub(super) test_lengths: Option<PathBuf>,
    /// Answer at every step, or at the last of a sequence [default: as the targets are]
    #[arg(long, value_enum)]
    pub(super) emit: Option<Emit>,
    /// Steps that a forecast looks ahead [default: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) horizon: Option<u32>,
    /// What the linear layer of integers gives: sum (exact), argmax (the index of the largest sum)
    /// [default: argmax to classify, else sum]
    #[arg(long, value_name = "KIND", value_parser = ["sum", "argmax"])]
    pub(super) head_kind: Option<String>,
}

impl TaskArgs {
    /// Refuses options of a task where a language is learnt.
    pub(super) fn refuse_any(&self) -> Result<(), Problem> {
        let given = [
            ("--data", self.data.is_some()),
            ("--targets", self.targets.is_some()),
            ("--valid-data", self.valid_data.is_some()),
            ("--valid-fraction", self.valid_fraction.is_some()),
            ("--test-data", self.test_data.is_some()),
            ("--emit", self.emit.is_some()),
            ("--horizon", self.horizon.is_some()),
            ("--head-kind", self.head_kind.is_some()),
        ];
        refuse_given(
            &given,
            "is an option of other tasks",
            "give --task, or leave it out",
        )
    }

    pub(super) fn gives(&self, task: Learnt) -> Result<OutputKind, Problem> {
        match (self.head_kind.as_deref(), task) {
            (Some("sum"), _) => Ok(OutputKind::Sum),
            (_, Learnt::Classify) => Ok(OutputKind::Argmax),
            (Some(_), _) => Err(
                Problem::flag("--head-kind", "argmax is the answer to classes")
                    .help("leave it out: numbers are sums"),
            ),
            (None, _) => Ok(OutputKind::Sum),
        }
    }

    pub(super) fn share(&self) -> Result<f64, Problem> {
        let share = self.valid_fraction.unwrap_or(0.1);
        if share > 0.0 && share < 1.0 {
            return Ok(share);
        }
        Err(
            Problem::flag("--valid-fraction", format!("{share} is out of range"))
                .help("give a number between 0 and 1"),
        )
    }

    pub(super) fn kind(&self, task: Learnt) -> Result<TaskKind, Problem> {
        let kind = match task {
            Learnt::Forecast => return Ok(TaskKind::Forecast(self.horizon.unwrap_or(1) as usize)),
            Learnt::Regress => TaskKind::Regress,
            Learnt::Classify | Learnt::Language => TaskKind::Classify,
        };
        refuse_given(
            &[("--horizon", self.horizon.is_some())],
            "is an option of a forecast",
            "give --task forecast, or leave it out",
        )?;
        Ok(kind)
    }
}

/// Refuses the first of these options that is given.
pub(super) fn refuse_given(
    given: &[(&'static str, bool)],
    why: &str,
    help: &str,
) -> Result<(), Problem> {
    match given.iter().find(|(_, given)| *given) {
        Some((name, _)) => Err(Problem::flag(*name, why).help(help)),
        None => Ok(()),
    }
}
