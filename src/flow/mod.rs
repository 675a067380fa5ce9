//! From settings to a checked core: what the command line, benches, examples and tests call.
//!
//! [`plan()`] makes model and design of the settings, [`build()`] the files, [`Place`] puts them into a folder at
//! once, [`open()`] reads a folder back, [`check()`] holds the core in it against the reference, [`measure()`]
//! synthesises it. Nothing here prints: results are values, problems are
//! [`Problems`](crate::diagnostic::Problems), and long work tells a [`Watch`].

mod build;
mod check;
mod compute;
mod demo;
mod device;
mod estimate;
mod eval;
mod fold;
mod inputs;
mod jobs;
mod measure;
mod open;
mod place;
mod plan;
mod quantize;
mod run;
mod saturation;
mod score;
mod search;
mod sweep;
mod training;
mod verify;
mod watch;
mod writing;

pub use build::{BenchInputs, Built, build, build_with};
pub use check::{
    Checked, Checking, Comparison, CoreInputs, FAILURES, LoadSource, check, pattern_words, replay,
    write_words,
};
pub use compute::{Computed, Wants, compute};
pub use demo::{DemoReport, Stage, demo};
pub use device::{DeviceRequest, RoutedClock};
pub use estimate::EstimateReport;
pub use eval::{EvalReport, EvalRequest};
pub use fold::plan_for_part;
pub use inputs::{Arrangement, ArrayLayout, Inputs, Layout};
pub use jobs::{Engine, Export, Jobs, MeasuredAll, Workers};
pub use measure::{Compared, Measurement, measure};
pub use open::{DESIGN, Opened, bundle_files, open};
pub use place::{MARK, Place, check_different, check_file, listed, write_file, write_inside};
pub use plan::{MODEL, Planned, plan, plan_core, plan_model, read_design, with_model};
pub use quantize::{OffsetRequest, QuantizeReport, QuantizeRequest};
pub use run::{HeadOutput, RunRequest, StepsReport};
pub use saturation::{LayerSaturation, Rate};
pub use score::{
    Answered, AnsweringModel, ModelInputs, ScoreReport, ScoreRequest, TargetShape, read_targets,
};
pub use search::{
    Asked, CoreFigures, Instructions, NetworkSearch, SearchReport, TrainerWords, TriedNetwork,
};
pub use sweep::{SweepReport, sweep};
pub use training::{
    Begin, KnownSet, LanguageTraining, SetFiles, TaskFiles, TaskKind, TaskReport, TaskSets,
    TaskTraining, TextFiles, Texts, TrainReport, Training,
};
pub use verify::{Measured, Verified};
pub use watch::{Ongoing, Silent, Watch};
pub use writing::{Disagreement, Writing, WritingModel, WritingReport, WritingRequest};
