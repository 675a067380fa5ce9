//! A search for the smallest network that is good enough, with everything that it leaves in a folder.

mod asked;
mod core;
mod report;
mod trainer;
mod trials;
mod tried;

pub use asked::Asked;
pub use report::{CoreFigures, SearchReport, TriedNetwork};
pub use trainer::{Instructions, TrainerWords};

use super::jobs::Jobs;
use super::sweep::{SweepReport, sweep};
use super::training::Begin;
use super::watch::Watch;
use crate::diagnostic::{Problem, Problems};
use crate::explore::report::ReportSetting;
use crate::explore::{
    Accuracies, AccuracyRow, Evaluator, Limits, NetworkShape, Plan, Spec, Sweep, Work,
};
use crate::files;
use crate::search::{
    Candidate, CandidateTrial, Goal, Schedule, Scored, TrialOutcome, choose, promising,
};
use asked::ASKED;
use core::CoreRequest;
use std::collections::BTreeMap;
use std::path::Path;
use trials::Trials;
use tried::Tried;

/// A search to be run.
#[derive(Debug)]
pub struct NetworkSearch<'a> {
    /// What decides its result.
    pub asked: Asked,
    /// Folder for everything that it leaves.
    pub folder: &'a Path,
    /// A new folder, a search to go on with, or one to begin again.
    pub begin: Begin,
    /// Points from which networks and their prices come.
    pub specs: Vec<Spec>,
    /// Estimates of their hardware.
    pub evaluator: Evaluator,
    /// Limits of the hardware.
    pub limits: Limits,
    /// Clock, and whether the report lists points that miss a limit.
    pub setting: ReportSetting,
    /// Trainings at once.
    pub jobs: u32,
    /// Put before every command, words between blanks.
    pub launcher: &'a str,
}

impl NetworkSearch<'_> {
    /// Prices, trains, chooses, and builds the core of what is chosen.
    ///
    /// # Errors
    /// A folder that is not one of this search, limits that no network meets, trainings that failed (what others
    /// gave is kept), a goal that no network reaches (the nearest is named), and an interruption.
    pub fn run(&mut self, watch: &dyn Watch) -> Result<SearchReport, Problems> {
        let priced = sweep(&self.evaluator, &self.specs, self.limits, None, watch)?;
        let candidates = self.asked.candidates(&priced);
        self.prepare()?;
        let trials = Trials {
            folder: self.folder,
            asked: &self.asked,
            jobs: self.jobs,
            launcher: self.launcher,
        };
        let floats = trials.floats(&candidates, watch)?;
        let goal = self.goal(&floats)?;
        let tried = self.halve(&trials, candidates, &goal, watch)?;
        self.conclude(&tried, &floats, &goal, watch)
    }

    /// Makes the folder, or sees that it is of this search.
    fn prepare(&self) -> Result<(), Problems> {
        let path = self.folder.join(ASKED);
        if self.begin == Begin::New && self.folder.exists() {
            return Err(Problem::file(self.folder, "exists already")
                .help("give --resume to go on, --force to start again, or another folder")
                .into());
        }
        if self.begin == Begin::Resume {
            let before = Asked::from_json(&files::load_table(&path)?)
                .map_err(|problem| Problem::file(&path, problem))?;
            let others = self.asked.differences(&before);
            if !others.is_empty() {
                let problem = format!("is of another search: {} differ", others.join(", "));
                return Err(Problem::file(&path, problem)
                    .help("give the options of that search, or another folder")
                    .into());
            }
            return Ok(());
        }
        if self.begin == Begin::Again && self.folder.exists() {
            trials::remove_older(self.folder)?;
        }
        let text = self.asked.to_json();
        super::place::write_inside(self.folder, Path::new(ASKED), text.as_bytes())
    }

    fn goal(&self, floats: &[TrialOutcome]) -> Result<Goal, Problem> {
        let larger = self.asked.larger_is_better;
        let better = |a: f64, b: f64| if larger { a.max(b) } else { a.min(b) };
        let float = floats.iter().map(|float| float.value).reduce(better);
        self.asked.aim.goal(larger, float).ok_or_else(|| {
            Problem::flag("--max-loss", "no network of real numbers was trained")
                .help("give --float-epochs, or --min-accuracy instead")
        })
    }

    /// Trains stage by stage.
    fn halve(
        &self,
        trials: &Trials<'_>,
        candidates: Vec<Candidate>,
        goal: &Goal,
        watch: &dyn Watch,
    ) -> Result<Vec<Tried>, Problems> {
        let asked = &self.asked;
        let schedule = Schedule::new(candidates.len(), asked.epochs, asked.stages, asked.eta);
        let with_nothing = |candidate| Tried {
            candidate,
            values: BTreeMap::new(),
        };
        let mut tried: Vec<Tried> = candidates.into_iter().map(with_nothing).collect();
        let mut going_on: Vec<usize> = (0..tried.len()).collect();
        for (stage, rung) in schedule.0.iter().enumerate() {
            let of = |&index: &usize| CandidateTrial {
                network: tried[index].candidate.network,
                float: false,
                epochs: rung.epochs,
            };
            let asked: Vec<CandidateTrial> = going_on.iter().map(of).collect();
            let title = format!("stage {}: {} epochs", stage + 1, rung.epochs);
            let outcomes = trials.run(&title, &asked, watch)?;
            let scored: Vec<Scored> = (going_on.iter().zip(&outcomes))
                .map(|(&index, outcome)| Scored {
                    price: tried[index].candidate.price,
                    value: outcome.value,
                })
                .collect();
            for (&index, outcome) in going_on.iter().zip(outcomes) {
                tried[index].values.insert(rung.epochs, outcome);
            }
            if let Some(next) = schedule.0.get(stage + 1) {
                let kept = promising(&scored, goal, next.candidates);
                going_on = kept.into_iter().map(|place| going_on[place]).collect();
            }
        }
        Ok(tried)
    }

    /// Writes table, page, model and core, and says what was found.
    fn conclude(
        &mut self,
        tried: &[Tried],
        floats: &[TrialOutcome],
        goal: &Goal,
        watch: &dyn Watch,
    ) -> Result<SearchReport, Problems> {
        let scored: Vec<Scored> = tried.iter().filter_map(Tried::scored).collect();
        let chosen = choose(&scored, goal);
        let known = self.accuracies(tried, floats);
        let networks: Vec<NetworkShape> = tried.iter().map(|one| one.candidate.network).collect();
        self.specs.retain(|spec| networks.contains(&spec.network));
        let limits = Limits {
            least_accuracy: chosen.map(|_| goal.value),
            ..self.limits
        };
        let final_sweep = sweep(&self.evaluator, &self.specs, limits, Some(&known), watch)?;
        let mut report = SearchReport::new(&self.asked, tried, floats, goal, chosen);
        let mut files = self.page(&final_sweep, &known, watch)?;
        files.insert("trials.csv".into(), report.to_csv());
        let plan = Plan::of(&final_sweep, false, Work::Synth, self.setting.clock_mhz);
        let plan = Jobs::files(&plan).into_iter();
        files.extend(plan.map(|(name, contents)| (format!("plan/{name}"), contents)));
        for (name, contents) in &files {
            super::place::write_inside(self.folder, Path::new(name), contents)?;
        }
        let Some(chosen) = chosen else {
            return Err(report.nothing_found().into());
        };
        report.core = self.core(&tried[chosen], &final_sweep, watch)?;
        let json = report.to_json();
        super::place::write_inside(self.folder, Path::new("result.json"), json.as_bytes())?;
        Ok(report)
    }

    /// Copies the model of the chosen network and generates its core; `None` where the trainer named no model.
    fn core(
        &self,
        best: &Tried,
        sweep: &Sweep,
        watch: &dyn Watch,
    ) -> Result<Option<CoreFigures>, Problems> {
        let model = (best.values.values().next_back())
            .and_then(|outcome| trials::model_of(self.folder, outcome));
        let Some(model) = model else {
            return Ok(None);
        };
        let own = (sweep.judged.iter())
            .filter(|judged| judged.kept() && judged.point.network == best.candidate.network);
        let request = CoreRequest {
            folder: self.folder,
            model,
            limits: self.limits,
            target: self.evaluator.target,
            point: own.min_by_key(|judged| {
                let price = self.asked.smallest.price(judged);
                (price, judged.point.cycles_per_step)
            }),
        };
        Ok(Some(request.build(watch)?))
    }

    /// What was measured, as a file of accuracies says it: the last value of every network.
    fn accuracies(&self, tried: &[Tried], floats: &[TrialOutcome]) -> Accuracies {
        let last = tried
            .iter()
            .filter_map(|one| one.values.values().next_back());
        let rows = last.chain(floats).enumerate();
        Accuracies {
            metric: self.asked.metric.clone(),
            larger_is_better: self.asked.larger_is_better,
            rows: rows
                .map(|(line, outcome)| {
                    let network = &outcome.trial.network;
                    let coded = !outcome.trial.float;
                    AccuracyRow {
                        weight_bits: coded.then_some(network.weight_bits),
                        act_bits: coded.then_some(network.act_bits),
                        input_bits: coded.then_some(network.input_bits),
                        z_bits: coded.then_some(network.z_bits),
                        levels: coded.then_some(network.levels),
                        row_scale_bits: coded.then_some(network.row_scale_bits.unwrap_or(0)),
                        ternary: false,
                        direction: network.direction,
                        hidden: network.hidden,
                        layers: network.layers,
                        value: outcome.value,
                        line: line + 1,
                    }
                })
                .collect(),
        }
    }

    /// Points, summary and page, as `explore` makes them of the same networks.
    fn page(
        &self,
        sweep: &Sweep,
        known: &Accuracies,
        watch: &dyn Watch,
    ) -> Result<BTreeMap<String, Vec<u8>>, Problems> {
        let report = SweepReport::new(sweep, Some(known), self.setting, None, watch)?;
        Ok(report.files(sweep, Some(known))?)
    }
}
