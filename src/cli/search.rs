//! `lprnn-hw search`.

use super::Ended;
use super::axes::{AxesArgs, LimitArgs, Reader};
use super::output::{Console, Results, grouped, table};
use super::values::number;
use crate::diagnostic::{Problem, Problems};
use crate::explore::report::ReportSetting;
use crate::explore::{Axes, Evaluator, Limits, larger_is_better};
use crate::fit::factors;
use crate::flow::{Asked, Begin, NetworkSearch, SearchReport, TrainerWords};
use crate::search::{Aim, Objective};
use crate::spec::{DirectionKind, Numerics};
use std::io::Write;
use std::path::PathBuf;

/// Options of `train` that the search decides.
const DECIDED: [&str; 22] = [
    "--direction",
    "--bits",
    "--weight-bits",
    "--act-bits",
    "--input-bits",
    "--levels",
    "--act-levels",
    "--h-frac",
    "--row-scales",
    "--z-bits",
    "--z-frac",
    "--hidden",
    "--layers",
    "--cell",
    "--float",
    "--epochs",
    "--init",
    "--resume",
    "--force",
    "--format",
    "--threads",
    "--output",
];

/// Arguments of `search`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  lprnn-hw search --weight-bits 1..4 --act-bits 2..4 --levels auto --hidden 64..256:32 --part ice40up5k \\
    --max-time 1ms --max-loss 2 --metric valid_bits -o found -- --text train.txt --valid valid.txt --level char
  lprnn-hw search --weight-bits 2..4 --act-bits 2..4 --hidden 16..64:16 --target xc7 --min-accuracy 0.92 \\
    --metric accuracy -o found --command 'python train.py {widths.json} {result.json}'

Every network of the axes that has a point within the limits is a candidate. All are trained for a few
epochs, of each stage one of --eta goes on with --eta times the epochs: those that no other beats in both
price and measure first. A candidate that costs more than one that is good enough already is dropped. The
answer is the cheapest network of the last stages that is good enough.

Training is `lprnn-hw train` with the arguments behind --, or a command of yours: it reads the network, the
epochs and a folder for its checkpoints in {widths.json}, and writes {result.json}, an object with the measure
under its name and, if a core is to be generated, the path of the `model` (docs/search.md).

The folder then holds model.safetensors, core/, trials.csv, result.json, and points.csv, summary.md and
index.html as explore writes them. A search that was stopped goes on with --resume.

Exit status: 0 found; 2 could not: bad input, a training that failed, or no network that is good enough (the
nearest is named); what was trained is kept.")]
pub struct SearchArgs {
    #[command(flatten)]
    axes: AxesArgs,
    #[command(flatten)]
    limits: LimitArgs,
    /// Coefficients of the estimator, written by `fit coefficients` [default: built in]
    #[arg(long, value_name = "FILE", help_heading = "Limits")]
    coefficients: Option<PathBuf>,
    /// Measure in what the training says: valid_bits, valid_perplexity, valid_accuracy ..
    #[arg(
        long,
        value_name = "NAME",
        default_value = "valid_bits",
        help_heading = "Goal"
    )]
    metric: String,
    /// A network is good enough with this value of the measure, or a better one
    #[arg(
        long,
        value_name = "VALUE",
        allow_negative_numbers = true,
        help_heading = "Goal",
        required_unless_present = "max_loss"
    )]
    min_accuracy: Option<f64>,
    /// A network is good enough if its measure is at most so many percent worse than that of the best network
    /// in real numbers
    #[arg(long, value_name = "PERCENT", conflicts_with = "min_accuracy", value_parser = percent_of_loss, help_heading = "Goal")]
    max_loss: Option<f64>,
    /// What is to be small
    #[arg(long, value_enum, default_value = "luts", help_heading = "Goal")]
    smallest: Objective,
    /// Epochs of the last stage
    #[arg(long, value_name = "N", default_value_t = 9, value_parser = clap::value_parser!(u64).range(1..), help_heading = "Training")]
    epochs: u64,
    /// Epochs of a network in real numbers for every size, from which the candidates start; 0 for none [default: as --epochs]
    #[arg(long, value_name = "N", help_heading = "Training")]
    float_epochs: Option<u64>,
    /// Stages
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=10), help_heading = "Training")]
    stages: u32,
    /// Ratio of the epochs of two stages, and of their candidates
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(2..=10), help_heading = "Training")]
    eta: u32,
    /// Candidates at most; of more so many are drawn
    #[arg(long, value_name = "N", default_value_t = 27, value_parser = clap::value_parser!(u32).range(1..=10_000), help_heading = "Training")]
    candidates: u32,
    /// Seed of that draw
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = "Training")]
    seed: u64,
    /// Command that trains a candidate, in place of `lprnn-hw train`
    #[arg(
        long,
        value_name = "COMMAND",
        conflicts_with = "train",
        help_heading = "Training"
    )]
    command: Option<String>,
    /// Trainings at once; they share the cores
    #[arg(short, long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1024), help_heading = "Training")]
    jobs: u32,
    /// Words before every training's command, such as `srun -n1`
    #[arg(
        long,
        value_name = "WORDS",
        default_value = "",
        help_heading = "Training"
    )]
    launcher: String,
    /// Folder for everything that the search leaves
    #[arg(short, long, value_name = "FOLDER", help_heading = "Output")]
    out: PathBuf,
    /// Go on with the search in the folder
    #[arg(long, conflicts_with = "force", help_heading = "Output")]
    resume: bool,
    /// Begin again where the folder holds an older search
    #[arg(long, help_heading = "Output")]
    force: bool,
    /// Arguments of `lprnn-hw train`: data, batch, rule, rate ..
    #[arg(
        last = true,
        value_name = "TRAIN ARGUMENTS",
        required_unless_present = "command"
    )]
    train: Vec<String>,
}

/// A share in percent, with or without the sign.
fn percent_of_loss(text: &str) -> Result<f64, String> {
    number(0.0, 1000.0, "up to 1000")(text.trim_end_matches('%'))
}

impl SearchArgs {
    fn trainer(&self) -> Result<TrainerWords, Problem> {
        if let Some(command) = &self.command {
            for place in TrainerWords::PLACEHOLDERS {
                if !command.contains(place) {
                    let problem = format!("`{command}` has no {place}");
                    return Err(Problem::flag("--command", problem).help(
                        "a search says the network in {widths.json} and reads the measure from {result.json}",
                    ));
                }
            }
            return Ok(TrainerWords::Command(command.clone()));
        }
        let name = |word: &str| word.split('=').next().unwrap_or_default().to_string();
        let decided = |word: &&String| DECIDED.contains(&name(word).as_str()) || **word == "-o";
        match self.train.iter().find(decided) {
            Some(word) => Err(Problem::named(name(word), "is decided by the search")
                .help("give it before --, as an axis of the search, or leave it out")),
            None => Ok(TrainerWords::Train(self.train.clone())),
        }
    }

    fn asked(&self, axes: &Axes, limits: Limits, target: &str) -> Result<Asked, Problem> {
        let larger_is_better = larger_is_better(&self.metric).ok_or_else(|| {
            let problem = format!(
                "whether more or less of `{}` is better is not known",
                self.metric
            );
            Problem::flag("--metric", problem)
                .help("name the measure after what it is, such as valid_accuracy or test_loss")
        })?;
        let aim = self.min_accuracy.map(Aim::Value);
        let aim = aim
            .or(self.max_loss.map(Aim::Loss))
            .unwrap_or(Aim::Loss(0.0));
        let trainer = self.trainer()?;
        if let (TrainerWords::Train(_), Some(bits)) = (&trainer, axes.row_scale_bits)
            && bits != 8
        {
            let problem = format!("`train` fits multipliers of 8 bits, not of {bits}");
            return Err(Problem::flag("--row-scale-bits", problem).help("give 8"));
        }
        let backward = axes.directions.contains(&DirectionKind::Backward);
        if backward && matches!(trainer, TrainerWords::Train(_)) {
            let problem =
                "`train` trains forward and bidirectional layers, not backward ones alone";
            let help = "leave backward out, or give --command";
            return Err(Problem::flag("--direction", problem).help(help));
        }
        let part = limits.part.map_or(target, |part| part.name);
        let steps = axes.max_steps;
        let steps = steps.map(|steps| format!(", sequences of up to {steps} steps"));
        let cycles = limits
            .deadline
            .map(|deadline| format!(", {} cycles", deadline.most()));
        Ok(Asked {
            schema: Asked::SCHEMA,
            trainer,
            metric: self.metric.clone(),
            larger_is_better,
            aim,
            smallest: self.smallest,
            float_epochs: self.float_epochs.unwrap_or(self.epochs),
            epochs: self.epochs,
            stages: self.stages,
            eta: self.eta,
            candidates: self.candidates as usize,
            seed: self.seed,
            networks: axes.networks(),
            limits: format!(
                "{part}, fill {}{}{}",
                limits.fill,
                cycles.unwrap_or_default(),
                steps.unwrap_or_default()
            ),
        })
    }
}

/// Searches, and prints what was found.
pub fn run(args: &SearchArgs, console: Console) -> Result<Ended, Problems> {
    let mut reader = Reader { issues: Vec::new() };
    let axes = args.axes.read(&mut reader);
    let (target, limits) = args.limits.read(&mut reader);
    Problems::none_or(reader.issues, ())?;
    let mut search = NetworkSearch {
        asked: args.asked(&axes, limits, target.word())?,
        folder: &args.out,
        begin: match (args.resume, args.force) {
            (true, _) => Begin::Resume,
            (false, true) => Begin::Again,
            (false, false) => Begin::New,
        },
        specs: axes.specs()?,
        evaluator: Evaluator {
            fitted: factors(args.coefficients.as_deref())?,
            ..Evaluator::new(target, Numerics::default())
        },
        limits,
        setting: ReportSetting {
            clock_mhz: args.limits.clock,
            all: false,
        },
        jobs: args.jobs,
        launcher: &args.launcher,
    };
    console.print(&search.run(&console)?)?;
    Ok(Ended::Well)
}

impl Results for SearchReport {
    fn human(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let heads = ["", "network", self.smallest.unit(), "epochs", &self.metric];
        let mut rows = vec![heads.map(String::from).to_vec()];
        for one in &self.networks {
            let mark = match (one.chosen, one.good_enough) {
                (true, _) => "chosen",
                (false, true) => "good enough",
                (false, false) => "",
            };
            rows.push(vec![
                mark.to_string(),
                one.name.clone(),
                grouped(one.price),
                one.epochs.to_string(),
                format!("{:.4}", one.value),
            ]);
        }
        table(out, &rows)?;
        let word = if self.larger_is_better {
            "least"
        } else {
            "most"
        };
        write!(
            out,
            "  good enough: {} of at {word} {:.4}",
            self.metric, self.least_accuracy
        )?;
        match self.float {
            Some(float) => writeln!(out, "; in real numbers {float:.4}")?,
            None => writeln!(out)?,
        }
        writeln!(
            out,
            "  {} epochs of candidates, {} in real numbers",
            self.epochs, self.float_epochs
        )?;
        let Some(core) = &self.core else {
            return writeln!(out, "  no core: the training named no model");
        };
        writeln!(
            out,
            "core: gen --model model.safetensors {}",
            core.arguments
        )?;
        let show = |count: Option<u64>| count.map_or("-".to_string(), grouped);
        writeln!(
            out,
            "  the whole network, estimated: {} LUT sites, {} flip-flops, {} block RAM, {} DSP blocks; {} cycles a step",
            show(core.lut_total),
            show(core.ff),
            show(core.bram),
            show(core.dsp),
            show(core.cycles_per_step)
        )
    }
}
