//! Training of a language model, with everything that it leaves in a folder.

mod report;
mod session;
mod setup;
mod texts;

pub use report::TrainReport;
pub use setup::{Begin, Training};
pub use texts::{TextFiles, Texts};

use super::place::{check_file, write_file};
use super::watch::Watch;
use crate::diagnostic::{Problem, Problems};
use crate::files;
use crate::import::FloatModel;
use crate::train::{TrainOptions, Trainer};
use session::Session;
use setup::{CHECKPOINT, FLOAT, LOG, PLOT, QUANTIZED, VOCABULARY};
use std::collections::BTreeMap;

impl Training<'_> {
    /// Trains, and writes models, vocabulary, log and checkpoint after every epoch.
    ///
    /// # Errors
    /// A model to start from of other sizes, a place that cannot be written, a checkpoint of another
    /// training, a training that diverged, and an interruption, which leaves a checkpoint.
    pub fn run(
        &self,
        texts: &Texts,
        options: TrainOptions,
        start: Option<&FloatModel>,
        watch: &dyn Watch,
    ) -> Result<TrainReport, Problems> {
        let settings = self.settings(&options, texts);
        let sizes = options.sizes.clone();
        if let Some(kind) = start.and_then(FloatModel::other_cell) {
            let problem = format!("has {} layers; LSTMs are trained only", kind.title());
            return Err(Problem::flag("--init", problem)
                .help("start from a language model of LSTM layers, or from none")
                .into());
        }
        let mut trainer = Trainer::new(options, start).ok_or_else(|| {
            Problem::flag("--init", format!("its shapes are not those of {sizes:?}"))
                .help("give the sizes of that model, or none to start from")
        })?;
        self.prepare(&mut trainer, &settings)?;
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(self.threads.unwrap_or(0))
            .build()
            .map_err(|error| Problem::flag("--threads", error))?;
        let vocabulary = texts.vocabulary.to_json();
        write_file(&self.folder.join(VOCABULARY), vocabulary.as_bytes())?;
        let mut session = Session {
            run: self,
            watch,
            texts,
            settings: &settings,
            trainer,
        };
        pool.install(|| session.train())
    }

    /// Makes the folder, or takes up what a checkpoint in it left.
    fn prepare(
        &self,
        trainer: &mut Trainer,
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
        for name in [CHECKPOINT, FLOAT, QUANTIZED, VOCABULARY, LOG, PLOT] {
            check_file(&self.folder.join(name), &self.read)?;
        }
        Ok(())
    }

    /// Settings that must be the same when a training goes on, by the names of their options.
    fn settings(&self, options: &TrainOptions, texts: &Texts) -> BTreeMap<String, String> {
        let digest = |tokens: &[u32]| {
            let bytes: Vec<u8> = tokens.iter().flat_map(|one| one.to_le_bytes()).collect();
            let start = &files::sha256(&bytes)[..16];
            format!("{} tokens, SHA-256 {start}...", tokens.len())
        };
        let text = |value: &dyn std::fmt::Debug| format!("{value:?}");
        [
            ("text", digest(&texts.train)),
            ("valid", digest(&texts.valid)),
            ("bits", text(&options.numbers)),
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
            ("streams", text(&self.streams)),
            ("seed", text(&options.seed)),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_string(), value))
        .collect()
    }
}
