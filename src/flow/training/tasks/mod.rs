//! Training of a network on sequences whose right answers are known.

mod report;
mod scaling;
mod sets;

pub use report::TaskReport;
pub use sets::{KnownSet, SetFiles, TaskFiles, TaskKind, TaskSets};

use super::digest;
use super::session::Session;
use super::setup::Training;
use super::subject::{Judgement, Models, Subject};
use crate::diagnostic::{Problem, Problems};
use crate::flow::{Answered, AnsweringModel, ModelInputs, Watch};
use crate::import::{FloatModel, ImportOptions};
use crate::quantize::{DenseOutput, Emit, QuantizedModel};
use crate::score::{Answers, Metric, cross_entropy, weighted_squares};
use crate::spec::OutputKind;
use crate::train::{Batches, Epoch, Examples, TrainOptions, TrainingTask};
use report::describe;
use scaling::Scaling;
use std::collections::BTreeMap;

const FLOAT: &str = "model.safetensors";
const QUANTIZED: &str = "model_quantized.safetensors";

/// A network for a task in training.
#[derive(Clone, Debug)]
pub struct TaskTraining<'a> {
    /// Sequences and their right answers.
    pub sets: &'a TaskSets,
    /// What the linear layer of an integer model gives: its sums, or the index of the largest.
    pub gives: OutputKind,
}

struct Supervised<'a> {
    sets: &'a TaskSets,
    gives: OutputKind,
    scaling: Scaling,
    examples: Examples,
}

impl TaskTraining<'_> {
    /// Trains, and writes models, log and checkpoint after every epoch. The scale of inputs and targets is
    /// learnt from the data trained on, and the models take and give what the files have.
    ///
    /// # Errors
    /// A model to start from of other cells or sizes, a place that cannot be written, a checkpoint of another
    /// training, a training that diverged, and an interruption, which leaves a checkpoint.
    pub fn run(
        &self,
        run: &Training,
        mut options: TrainOptions,
        start: Option<&FloatModel>,
        watch: &dyn Watch,
    ) -> Result<TaskReport, Problems> {
        let scaling = Scaling::learnt(&self.sets.train);
        let vectors = scaling.input.taken_off(&self.sets.train.inputs.data);
        options.x_frac = (options.numbers).map(|numbers| scaling::fraction(&vectors, numbers));
        let examples = self.examples(vectors, &scaling, &options);
        let start = match start {
            Some(model) => scaling.inward(model),
            None => scaling.first(&options),
        };
        let supervised = Supervised {
            sets: self.sets,
            gives: self.gives,
            scaling,
            examples,
        };
        run.of(&supervised, (options, Some(&start)), watch, |session| {
            supervised.report(session, watch)
        })
    }

    fn examples(&self, vectors: Vec<f32>, scaling: &Scaling, options: &TrainOptions) -> Examples {
        let KnownSet { inputs, targets } = &self.sets.train;
        let goal = scaling.goal(&targets.wanted);
        let lengths = self.sets.lengths_in_training(options.batch);
        let batches = Batches {
            batch: options.batch,
            steps: options.steps,
            seed: options.seed,
        };
        Examples::new(
            (vectors, inputs.width),
            lengths,
            (goal, targets.when),
            batches,
        )
    }
}

impl Supervised<'_> {
    /// The answers of a model that is written, sums in the place of the index of the largest.
    fn sums(models: &Models) -> AnsweringModel {
        match &models.quantized {
            None => AnsweringModel::Float(models.float.clone()),
            Some(model) => {
                let mut model = model.clone();
                if let Some(dense) = model.head.last_mut() {
                    dense.output = DenseOutput::Sum;
                }
                AnsweringModel::integer(model)
            }
        }
    }

    fn answers(
        model: &AnsweringModel,
        set: &KnownSet,
        watch: &dyn Watch,
    ) -> Result<Answered, Problems> {
        let inputs = ModelInputs::real(set.inputs.clone());
        Ok(model.answers(&inputs, set.targets.when, watch)?)
    }

    /// The model of the file that was written.
    fn written(&self, session: &Session) -> Result<AnsweringModel, Problems> {
        let [float, integers] = self.names();
        let name = if session.quantizes() { integers } else { float };
        let import = ImportOptions {
            // What a state dict does not say, and a model file does.
            last_states: !session.quantizes()
                && !session.trainer.options().sizes.output_order.is_time(),
            ..ImportOptions::default()
        };
        AnsweringModel::read(&session.run.folder.join(name), &import)
    }

    fn report(&self, session: &Session, watch: &dyn Watch) -> Result<TaskReport, Problems> {
        let best = session.best_epoch()?;
        let model = self.written(session)?;
        let sets = [
            ("valid", Some(&self.sets.valid)),
            ("test", self.sets.test.as_ref()),
        ];
        let mut found = BTreeMap::new();
        for (name, set) in sets {
            let Some(set) = set else { continue };
            let given = Self::answers(&model, set, watch)?;
            let values = metrics(&given.answers, &set.targets.wanted).into_iter();
            found.extend(values.map(|(metric, value)| (format!("{name}_{metric}"), value)));
        }
        Ok(TaskReport {
            schema: 1,
            task: self.sets.kind,
            arithmetic: model.arithmetic(),
            epochs: session.trainer.history().len() as u64,
            best_epoch: best.epoch,
            valid_loss: best.valid,
            metrics: found,
            files: session.files(),
        })
    }
}

/// All metrics of these answers, by name.
fn metrics(answers: &Answers, wanted: &Answers) -> BTreeMap<String, f64> {
    let all = Metric::all_of(wanted).into_iter();
    let values = all.filter_map(|metric| {
        let value = metric.value(answers, wanted)?;
        Some((metric.name().to_string(), value))
    });
    values.collect()
}

impl Subject for Supervised<'_> {
    fn task(&self) -> &dyn TrainingTask {
        &self.examples
    }

    fn names(&self) -> [&'static str; 2] {
        [FLOAT, QUANTIZED]
    }

    fn beside(&self) -> Vec<(&'static str, Vec<u8>)> {
        Vec::new()
    }

    fn delivered(&self, models: Models) -> Models {
        let when = self.sets.train.targets.when;
        Models {
            float: self.scaling.outward(&models.float),
            quantized: models.quantized.map(|mut model: QuantizedModel| {
                self.scaling.deliver(&mut model);
                if let Some(dense) = model.head.last_mut() {
                    dense.when = when;
                    if self.gives == OutputKind::Argmax {
                        dense.output = DenseOutput::Argmax;
                    }
                }
                model
            }),
        }
    }

    fn judge(&self, models: &Models, watch: &dyn Watch) -> Result<Judgement, Problems> {
        let given = Self::answers(&Self::sums(models), &self.sets.valid, watch)?;
        let wanted = &self.sets.valid.targets.wanted;
        let loss = match (&given.answers, wanted) {
            (Answers::Values { data, width }, Answers::Classes(classes)) => {
                cross_entropy(data, *width, classes)
            }
            (Answers::Values { data, .. }, Answers::Values { data: wanted, .. }) => {
                weighted_squares(data, wanted, &self.scaling.weights())
            }
            (Answers::Classes(_), _) => f64::NAN,
        };
        if !loss.is_finite() {
            return Err(Problem::new("validation: the answers are not finite")
                .help("try a smaller --rate or --clip")
                .into());
        }
        let layers = given.saturation.iter();
        Ok(Judgement {
            loss,
            metrics: metrics(&given.answers, wanted),
            clamped: layers
                .map(|layer| [layer.z.share, layer.c.share, layer.h.share])
                .collect(),
        })
    }

    fn describe(&self, line: &Epoch) -> String {
        describe(line)
    }

    fn unit(&self) -> (f64, &'static str) {
        match self.sets.train.targets.wanted {
            Answers::Classes(_) => (1.0, "nats an answer"),
            Answers::Values { .. } => (1.0, "squared error by variance"),
        }
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        let when = match self.sets.train.targets.when {
            Emit::Step => "step",
            Emit::Last => "last",
        };
        vec![
            ("data", set_digest(&self.sets.train)),
            ("valid-data", set_digest(&self.sets.valid)),
            ("task", format!("{:?}", self.sets.kind)),
            ("emit", when.into()),
            ("head-kind", format!("{:?}", self.gives)),
        ]
    }
}

/// Data and targets as settings have them.
fn set_digest(set: &KnownSet) -> String {
    let data = set.inputs.data.iter().flat_map(|value| value.to_le_bytes());
    let lengths = set.inputs.lengths.iter();
    let lengths = lengths.flat_map(|&length| (length as u64).to_le_bytes());
    let mut bytes: Vec<u8> = data.chain(lengths).collect();
    match &set.targets.wanted {
        Answers::Classes(classes) => {
            bytes.extend(classes.iter().flat_map(|class| class.to_le_bytes()));
        }
        Answers::Values { data, .. } => {
            bytes.extend(data.iter().flat_map(|value| value.to_le_bytes()));
        }
    }
    digest(&format!("{} sequences", set.inputs.lengths.len()), &bytes)
}
