//! Training, with everything that it leaves in a folder: of a language model, or of a network for another task.

mod language;
mod report;
mod session;
mod setup;
mod subject;
mod tasks;
mod texts;

pub use language::{LanguageTraining, TrainReport};
pub use setup::{Begin, Training};
pub use tasks::{KnownSet, SetFiles, TaskFiles, TaskKind, TaskReport, TaskSets, TaskTraining};
pub use texts::{TextFiles, Texts};

use super::place::check_file;
use super::watch::Watch;
use crate::diagnostic::{Problem, Problems};
use crate::files;
use crate::import::FloatModel;
use crate::train::{Sizes, TrainOptions, Trainer};
use session::Session;
use setup::{CHECKPOINT, LOG, PLOT};
use std::collections::BTreeMap;
use subject::Subject;

impl Training<'_> {
    /// Trains a subject, writes models, log and checkpoint after every epoch, and ends with what `finish` makes
    /// of it.
    fn of<T: Send>(
        &self,
        subject: &dyn Subject,
        (options, start): (TrainOptions, Option<&FloatModel>),
        watch: &dyn Watch,
        finish: impl FnOnce(&Session) -> Result<T, Problems> + Send,
    ) -> Result<T, Problems> {
        let settings = settings(&options, subject);
        let sizes = options.sizes.clone();
        if start.is_some_and(|model| !model.front.is_empty()) {
            let problem =
                "the model has linear layers before the recurrent ones, which are not trained";
            return Err(Problem::flag("--init", problem)
                .help("start from a model of recurrent layers and a linear one behind them, or from none")
                .into());
        }
        let mut trainer = Trainer::new(options, start).ok_or_else(|| misfit(&sizes, start))?;
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(self.threads.unwrap_or(0))
            .build()
            .map_err(|error| Problem::flag("--threads", error))?;
        if trainer.options().fit_h {
            pool.install(|| trainer.fit_h(subject.task()));
        }
        self.prepare(&mut trainer, subject, &settings)?;
        let mut session = Session {
            run: self,
            watch,
            subject,
            settings: &settings,
            trainer,
        };
        pool.install(|| {
            session.train()?;
            finish(&session)
        })
    }

    /// Makes the folder, or takes up what a checkpoint in it left.
    fn prepare(
        &self,
        trainer: &mut Trainer,
        subject: &dyn Subject,
        settings: &BTreeMap<String, String>,
    ) -> Result<(), Problems> {
        let checkpoint = self.folder.join(CHECKPOINT);
        if self.begin == Begin::Resume {
            let bytes = files::load(&checkpoint)?;
            trainer
                .resume(&bytes, settings)
                .map_err(|error| Problem::from(error).in_file(&checkpoint))?;
        } else {
            if self.folder.exists() && self.begin == Begin::New {
                return Err(Problem::file(self.folder, "exists already")
                    .help("give --resume to go on, --force to start again, or another folder")
                    .into());
            }
            std::fs::create_dir_all(self.folder)
                .map_err(|error| files::problem(self.folder, "make", &error))?;
        }
        let beside = subject.beside();
        let names = beside.iter().map(|(name, _)| *name);
        for name in [CHECKPOINT, LOG, PLOT]
            .into_iter()
            .chain(subject.names())
            .chain(names)
        {
            check_file(&self.folder.join(name), &self.read)?;
        }
        Ok(())
    }
}

/// Settings that must be the same when a training goes on, by the names of their options.
fn settings(options: &TrainOptions, subject: &dyn Subject) -> BTreeMap<String, String> {
    let text = |value: &dyn std::fmt::Debug| format!("{value:?}");
    let mut all = vec![
        ("bits", text(&options.numbers)),
        ("fit-h", text(&options.fit_h)),
        ("row-scales", text(&options.row_scales)),
        ("hidden", text(&options.sizes)),
        ("batch", text(&options.batch)),
        ("steps", text(&options.steps)),
        ("rule", text(&options.rule)),
        ("rate", text(&options.rate)),
        ("decay", text(&options.decay)),
        ("decay-from", text(&options.decay_from)),
        ("clip", text(&options.clip)),
        ("dropout", text(&options.dropout)),
        ("range-epochs", text(&options.range_epochs)),
        ("windows", text(&options.windows)),
        ("average", text(&options.average)),
        ("seed", text(&options.seed)),
    ];
    all.extend(subject.settings());
    let named = all.into_iter();
    named
        .map(|(name, value)| (name.to_string(), value))
        .collect()
}

/// The start of a digest of some bytes, as settings have it.
fn digest(what: &str, bytes: &[u8]) -> String {
    format!("{what}, SHA-256 {}...", &files::sha256(bytes)[..16])
}

/// Why a model cannot be started from.
fn misfit(sizes: &Sizes, start: Option<&FloatModel>) -> Problem {
    let layers = || start.into_iter().flat_map(|model| &model.layers);
    let mut cells = layers().map(|layer| layer.recurrence.kind());
    let mut directions = layers().map(|layer| layer.direction.kind());
    let (found, wanted, option) = if let Some(kind) = cells.find(|&kind| kind != sizes.cell) {
        (kind.title(), sizes.cell.title(), "--cell")
    } else if let Some(kind) = directions.find(|&kind| kind != sizes.direction) {
        (kind.word(), sizes.direction.word(), "--direction")
    } else {
        return Problem::flag("--init", format!("its shapes are not those of {sizes:?}"))
            .help("give the sizes of that model, or none to start from");
    };
    let problem = format!("has {found} layers, {wanted} layers are trained");
    Problem::flag("--init", problem).help(format!(
        "give {option} as that model has it, or none to start from"
    ))
}
