//! The core of the network that was chosen.

use super::report::CoreFigures;
use crate::device::{Family, Part};
use crate::diagnostic::{Problem, Problems};
use crate::explore::{Judged, Limits};
use crate::files;
use crate::flow::{DESIGN, Watch};
use crate::spec::FoldingGoal;
use crate::tools::attempt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The model beside the core.
const MODEL: &str = "model.safetensors";
/// The core.
const CORE: &str = "core";

/// What the core is made of.
pub(super) struct CoreRequest<'a> {
    /// Folder of the search.
    pub folder: &'a Path,
    /// The chosen model.
    pub model: PathBuf,
    /// Limits that the core must meet.
    pub limits: Limits,
    /// Family, where no part is given.
    pub target: Family,
    /// The cheapest point of the chosen network.
    pub point: Option<&'a Judged>,
}

impl CoreRequest<'_> {
    /// Copies the model and generates its core as `gen` does; figures as `estimate` prints them.
    pub(super) fn build(&self, watch: &dyn Watch) -> Result<CoreFigures, Problems> {
        let bytes = files::load(&self.model)?;
        crate::flow::write_inside(self.folder, MODEL.as_ref(), &bytes)?;
        let _progress = watch.begin("generating the core", None);
        let arguments = self.arguments();
        let (model, core) = (self.folder.join(MODEL), self.folder.join(CORE));
        let mut generate = ours("gen")?;
        generate.arg("--model").arg(&model).args(&arguments);
        printed(generate.arg("--force").arg("--out").arg(&core)).map_err(|said| {
            let problem = format!("the core of the chosen network cannot be generated: {said}");
            Problem::file(&model, problem).help(
                "dense layers and embedding of the whole network need room too: give a larger part, or relax the limits",
            )
        })?;
        let mut estimate = ours("estimate")?;
        estimate.arg("--config").arg(core.join(DESIGN));
        if let Some(part) = self.limits.part {
            estimate.args(["--part", part.name]);
        }
        let found = printed(&mut estimate).map_err(|said| Problem::file(&core, said))?;
        Ok(CoreFigures::new(arguments.join(" "), &found))
    }

    /// Arguments of `gen` beside model and folder.
    fn arguments(&self) -> Vec<String> {
        let mut words = match self.limits.part {
            Some(part) => self.for_part(part),
            None => self.folded(),
        };
        let contexts = self.point.map_or(1, |judged| judged.point.contexts);
        if contexts > 1 {
            words.extend(["--contexts".into(), contexts.to_string()]);
        }
        if let Some(steps) = self.point.and_then(|judged| judged.point.max_steps) {
            words.extend(["--max-steps".into(), steps.to_string()]);
        }
        words
    }

    /// The smallest folding of the whole network on a part.
    fn for_part(&self, part: &Part) -> Vec<String> {
        let fill = (100.0 * self.limits.fill).to_string();
        let mut words = ["--part", part.name, "--smallest", "--fill", &fill]
            .map(String::from)
            .to_vec();
        if let Some(deadline) = self.limits.deadline {
            words.extend(["--target-cycles".into(), deadline.most().to_string()]);
        }
        words
    }

    /// Family and folding of the point.
    fn folded(&self) -> Vec<String> {
        let mut words = vec!["--target".into(), self.target.word().into()];
        let Some(Judged { point, .. }) = self.point else {
            return words;
        };
        let mut add = |option: &str, value: String| words.extend([option.to_string(), value]);
        match point.explicit_folding() {
            FoldingGoal::Explicit { units, columns } => {
                add("--units", units.to_string());
                add("--columns", columns.to_string());
            }
            FoldingGoal::MaxMacs { macs } => add("--max-macs", macs.to_string()),
            FoldingGoal::TargetCycles { cycles } => add("--target-cycles", cycles.to_string()),
        }
        let mac = serde_json::to_string(&point.mac).unwrap_or_default();
        add("--mac", mac.replace('"', ""));
        words
    }
}

/// A command of this program, printing JSON.
fn ours(name: &str) -> Result<Command, Problem> {
    let program = std::env::current_exe()
        .map_err(|error| Problem::named("lprnn-hw", format!("cannot find itself: {error}")))?;
    let mut command = Command::new(program);
    command.args(["-q", name, "--format", "json"]);
    Ok(command)
}

/// The object that a command prints; what it said where it prints none.
fn printed(command: &mut Command) -> Result<serde_json::Value, String> {
    let file = tempfile::NamedTempFile::new().map_err(|error| error.to_string())?;
    let stdout = file.reopen().map_err(|error| error.to_string())?;
    let said = attempt(command, stdout.into());
    let text = files::read_table(file.path()).unwrap_or_default();
    serde_json::from_str(&text).map_err(|_| said)
}
