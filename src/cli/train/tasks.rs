//! A training for a task that is no language.

use super::super::training::Ends;
use super::args::TrainArgs;
use super::begin::training;
use super::data::refuse_given;
use crate::diagnostic::{Problem, Problems};
use crate::flow::{
    ArrayLayout, SetFiles, TaskFiles, TaskKind, TaskReport, TaskSets, TaskTraining, Watch,
};
use crate::import::FloatModel;
use crate::quantize::Emit;
use crate::train::TrainOptions;
use std::path::PathBuf;

/// Most steps of a window where answers are wanted at every step and nothing is said.
const WINDOW: usize = 64;

/// Reads the sets of a task.
pub(super) fn sets<'a>(args: &'a TrainArgs, watch: &dyn Watch) -> Result<TaskSets, Problems> {
    refuse_given(
        &[
            ("--text", args.text.is_some()),
            ("--valid", args.valid.is_some()),
            ("--test", args.test.is_some()),
            ("--vocab", args.vocab.is_some()),
        ],
        "is an option of --task language",
        "give --data, --valid-data and --test-data instead",
    )?;
    refuse_given(
        &[("--softmax-samples", args.softmax_samples.is_some())],
        "is an option of --task language",
        "leave it out: the loss is taken over all classes",
    )?;
    let data = args.data.data.as_deref().ok_or_else(|| {
        Problem::flag("--data", "is missing").help("give inputs to train on, .npy or .npz")
    })?;
    let layout = args.layout.get();
    let of = &args.data;
    let train = SetFiles {
        data,
        targets: of.targets.as_deref(),
        layout,
    };
    let other = |data: &'a Option<PathBuf>, targets, lengths| {
        let data = data.as_deref()?;
        let lengths: &'a Option<PathBuf> = lengths;
        let targets: &'a Option<PathBuf> = targets;
        Some(SetFiles {
            data,
            targets: targets.as_deref(),
            layout: ArrayLayout {
                lengths: lengths.as_deref(),
                ..layout
            },
        })
    };
    let files = TaskFiles {
        kind: of.kind(args.task)?,
        emit: of.emit,
        train,
        valid: other(&of.valid_data, &of.valid_targets, &of.valid_lengths),
        valid_fraction: of.share()?,
        seed: args.training.seed(),
        test: other(&of.test_data, &of.test_targets, &of.test_lengths),
    };
    TaskSets::read(&files, watch)
}

/// How a network for these sets is trained.
pub(super) fn options(args: &TrainArgs, sets: &TaskSets) -> Result<TrainOptions, Problems> {
    let batch = args.training.batch(false);
    let longest = sets.lengths_in_training(batch).into_iter().max();
    let longest = longest.unwrap_or(1);
    let both = !args.training.direction().is_forward();
    if both {
        check_whole(sets, batch)?;
    }
    let last = sets.train.targets.when == Emit::Last;
    if let (true, Some(steps)) = (last || both, args.training.steps)
        && (steps as usize) < longest
    {
        let why = if last {
            format!("the answer to {longest} comes at their end")
        } else {
            format!("of {longest} a backward layer takes the last first")
        };
        return Err(
            Problem::flag("--steps", format!("{steps} steps, and {why}"))
                .help("leave it out: windows are whole sequences")
                .into(),
        );
    }
    args.training.options(Ends::Vectors {
        inputs: sets.train.inputs.width,
        outputs: sets.outputs(),
        steps: if last || both {
            longest
        } else {
            longest.min(WINDOW)
        },
    })
}

/// Refuses what a layer of both directions cannot be trained on: pieces of sequences, and the future of a series.
fn check_whole(sets: &TaskSets, batch: usize) -> Result<(), Problem> {
    if matches!(sets.kind, TaskKind::Forecast(_)) && sets.train.targets.when == Emit::Step {
        let why = "a backward layer reads the steps that are to be foretold";
        return Err(Problem::flag("--direction", why)
            .help("give forward, or --emit last: what comes behind the end of each sequence"));
    }
    if sets.is_cut(batch) {
        let sequences = sets.train.inputs.lengths.len();
        let why = format!(
            "fewer sequences than --batch {batch} are cut into pieces, and a backward layer begins at a sequence's end"
        );
        return Err(Problem::flag("--direction", why).help(format!(
            "give --batch {sequences}, or data cut into sequences [batch, steps, elements]"
        )));
    }
    Ok(())
}

/// Trains for a task.
pub(super) fn run(
    args: &TrainArgs,
    start: Option<&FloatModel>,
    watch: &dyn Watch,
) -> Result<TaskReport, Problems> {
    let gives = args.data.gives(args.task)?;
    let sets = sets(args, watch)?;
    let options = options(args, &sets)?;
    let of = &args.data;
    let read = [
        &of.data,
        &of.targets,
        &of.valid_data,
        &of.valid_targets,
        &of.valid_lengths,
        &of.test_data,
        &of.test_targets,
        &of.test_lengths,
        &args.init,
    ];
    let training = training(args, read.into_iter().flatten());
    let task = TaskTraining { sets: &sets, gives };
    task.run(&training, options, start, watch)
}
