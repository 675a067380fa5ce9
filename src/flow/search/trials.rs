//! Trainings of a search: each once, its outcome in a file of its own.

use super::asked::{ASKED, Asked};
use super::trainer::{Instructions, TrainerWords, TrialPlaces};
use crate::diagnostic::{Problem, Problems};
use crate::files;
use crate::flow::Watch;
use crate::search::{Candidate, CandidateTrial, TrialOutcome};
use crate::tools::{attempt, for_each, interrupted, locked};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The folder of all trials.
const TRIALS: &str = "trials";

/// Runs trainings in the folder of a search.
pub(super) struct Trials<'a> {
    pub folder: &'a Path,
    pub asked: &'a Asked,
    pub jobs: u32,
    pub launcher: &'a str,
}

/// Takes the trials of an older search away.
pub(super) fn remove_older(folder: &Path) -> Result<(), Problem> {
    if !folder.join(ASKED).exists() {
        return Err(Problem::file(folder, "is no folder of a search")
            .help("name a folder that a search has made, or a new one"));
    }
    let trials = folder.join(TRIALS);
    match std::fs::remove_dir_all(&trials) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(files::problem(&trials, "remove", &error))
        }
        _ => Ok(()),
    }
}

impl Trials<'_> {
    /// Networks in real numbers, one for each cell and size of the candidates.
    pub fn floats(
        &self,
        candidates: &[Candidate],
        watch: &dyn Watch,
    ) -> Result<Vec<TrialOutcome>, Problems> {
        if self.asked.float_epochs == 0 {
            return Ok(Vec::new());
        }
        let of = |candidate: &Candidate| {
            CandidateTrial::float(&candidate.network, self.asked.float_epochs)
        };
        let mut trials: Vec<CandidateTrial> = candidates.iter().map(of).collect();
        trials.sort_by_key(|trial| trial.network);
        trials.dedup();
        self.run("real numbers", &trials, watch)
    }

    /// The outcomes of these trials, in their order; those that are there already are not trained again.
    ///
    /// # Errors
    /// An interruption, and trainings that failed, with what they said.
    pub fn run(
        &self,
        title: &str,
        trials: &[CandidateTrial],
        watch: &dyn Watch,
    ) -> Result<Vec<TrialOutcome>, Problems> {
        let program = std::env::current_exe()
            .map_err(|error| Problem::named("lprnn-hw", format!("cannot find itself: {error}")))?;
        let pending: Vec<&CandidateTrial> = (trials.iter())
            .filter(|trial| self.outcome(trial).is_none())
            .collect();
        let progress = watch.begin(title, Some(trials.len()));
        let done = AtomicUsize::new(trials.len() - pending.len());
        progress.at(done.load(Ordering::Relaxed));
        let faults = Mutex::new(Vec::new());
        for_each(pending, Some(self.jobs), |trial| {
            match self.train(trial, &program) {
                Ok(()) => progress.at(done.fetch_add(1, Ordering::Relaxed) + 1),
                Err(_) if interrupted() => {}
                Err(problem) => locked(&faults).push(problem),
            }
        });
        drop(progress);
        if interrupted() {
            return Err(Problem::interrupted("search").into());
        }
        let faults = std::mem::take(&mut *locked(&faults));
        Problems::none_or(faults, ()).map_err(|problems| {
            problems
                .help("run it again with --resume when the cause is mended; what is there is kept")
        })?;
        Ok(trials
            .iter()
            .filter_map(|trial| self.outcome(trial))
            .collect())
    }

    fn place(&self, trial: &CandidateTrial) -> PathBuf {
        place_of(self.folder, trial)
    }

    fn record(trial: &CandidateTrial) -> String {
        format!("epochs-{}.json", trial.epochs)
    }

    /// The outcome of a trial, where it is there and sound.
    fn outcome(&self, trial: &CandidateTrial) -> Option<TrialOutcome> {
        let path = self.place(trial).join(Self::record(trial));
        let text = files::read_table(&path).ok()?;
        let outcome: TrialOutcome = serde_json::from_str(&text).ok()?;
        (outcome.trial == *trial && outcome.value.is_finite()).then_some(outcome)
    }

    /// Trains, and writes the outcome.
    fn train(&self, trial: &CandidateTrial, program: &Path) -> Result<(), Problem> {
        let float = self.float_model(trial);
        let places = TrialPlaces {
            folder: std::path::absolute(self.place(trial))
                .map_err(|error| files::problem(self.folder, "find", &error))?,
            init: float.as_deref(),
        };
        let made = |error| files::problem(&places.folder, "make", &error);
        std::fs::create_dir_all(&places.folder).map_err(made)?;
        let named = |problem: String| Problem::named(Self::name(trial), problem);
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = (cores / self.jobs as usize).max(1);
        let own = self
            .asked
            .trainer
            .command(trial, &places, (program, threads));
        let words: Vec<_> = (self.launcher.split_whitespace().map(Into::into))
            .chain(own)
            .collect();
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]);
        let stdout = self.before(trial, &places)?;
        let said = attempt(&mut command, stdout);
        let found = read_json(&places.said())
            .map_err(|problem| named(format!("{problem}; the training said: {said}")))?;
        let outcome = self.read(trial, &found).map_err(named)?;
        let text = serde_json::to_string_pretty(&outcome).unwrap_or_default() + "\n";
        files::write(&places.folder.join(Self::record(trial)), text.as_bytes())
            .map_err(|error| files::problem(&places.folder, "write", &error))
    }

    /// What a training needs before it starts; where its standard output goes.
    fn before(&self, trial: &CandidateTrial, places: &TrialPlaces<'_>) -> Result<Stdio, Problem> {
        let said = places.said();
        let failed = |error| files::problem(&said, "write", &error);
        match self.asked.trainer {
            TrainerWords::Train(_) => Ok(std::fs::File::create(&said).map_err(failed)?.into()),
            TrainerWords::Command(_) => {
                if said.exists() {
                    std::fs::remove_file(&said).map_err(failed)?;
                }
                let instructions = Instructions {
                    trial: *trial,
                    folder: &places.folder,
                    init: places.init,
                };
                let text = serde_json::to_string_pretty(&instructions).unwrap_or_default() + "\n";
                files::write(&places.widths(), text.as_bytes()).map_err(failed)?;
                Ok(Stdio::null())
            }
        }
    }

    /// The network of a trial in words.
    fn name(trial: &CandidateTrial) -> String {
        if trial.float {
            format!(
                "float {} units, {} epochs",
                trial.network.hidden, trial.epochs
            )
        } else {
            format!("{}, {} epochs", trial.network, trial.epochs)
        }
    }

    /// The model in real numbers that a trial starts from.
    fn float_model(&self, trial: &CandidateTrial) -> Option<PathBuf> {
        if trial.float || self.asked.float_epochs == 0 {
            return None;
        }
        let float = CandidateTrial::float(&trial.network, self.asked.float_epochs);
        let model = self.outcome(&float)?.model?;
        std::path::absolute(self.place(&float).join(model)).ok()
    }

    /// The outcome in what a training said.
    fn read(&self, trial: &CandidateTrial, found: &Value) -> Result<TrialOutcome, String> {
        let metric = &self.asked.metric;
        let value = found.get(metric).or_else(|| found.get("value"));
        let value = value
            .and_then(Value::as_f64)
            .filter(|value| value.is_finite());
        let value = value.ok_or_else(|| {
            let numbers: Vec<&str> = (found.as_object().into_iter().flatten())
                .filter_map(|(key, value)| value.is_number().then_some(key.as_str()))
                .collect();
            format!(
                "the training gave no finite number `{metric}`, but {}; --metric names another",
                if numbers.is_empty() {
                    "none".into()
                } else {
                    numbers.join(", ")
                }
            )
        })?;
        Ok(TrialOutcome {
            trial: *trial,
            value,
            model: match self.asked.trainer {
                TrainerWords::Train(_) => model_name(trial, found),
                TrainerWords::Command(_) => {
                    let named = found.get("model").and_then(Value::as_str);
                    named.map(String::from)
                }
            },
        })
    }
}

/// The folder of a trial.
fn place_of(folder: &Path, trial: &CandidateTrial) -> PathBuf {
    folder.join(TRIALS).join(trial.id())
}

/// Path of the model of a trial in the folder of a search.
pub(super) fn model_of(folder: &Path, outcome: &TrialOutcome) -> Option<PathBuf> {
    Some(place_of(folder, &outcome.trial).join(outcome.model.as_ref()?))
}

/// The name of the model in what `lprnn-hw train` said: of its files the one that is meant.
fn model_name(trial: &CandidateTrial, found: &Value) -> Option<String> {
    let files = found.get("files")?.as_array()?;
    let models = files.iter().filter_map(Value::as_str);
    let mut models = models.filter(|name| name.ends_with(".safetensors"));
    let wanted =
        |name: &&str| !name.starts_with("checkpoint") && name.contains("quantized") != trial.float;
    models.find(wanted).map(|name| format!("training/{name}"))
}

fn read_json(path: &Path) -> Result<Value, String> {
    let text = files::read_table(path).unwrap_or_default();
    if text.trim().is_empty() {
        return Err("it has written no result".into());
    }
    serde_json::from_str(&text).map_err(|error| format!("its result is no JSON object ({error})"))
}
