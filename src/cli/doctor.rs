//! `lprnn-hw doctor`.

use super::output::{Console, Results};
use super::{Ended, progress::Progress};
use crate::diagnostic::{Problem, Problems};
use crate::tools::{self, Search, ToolsReport};
use serde::Serialize;
use std::io::Write;

/// Arguments of `doctor`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Example:
  lprnn-hw doctor
  LPRNN_YOSYS=/usr/bin/yosys lprnn-hw doctor --format json

Exit status: 0 when every required tool works, 2 when one is missing.")]
pub struct DoctorArgs {}

#[derive(Serialize)]
struct Diagnosis {
    schema: u32,
    healthy: bool,
    #[serde(flatten)]
    report: ToolsReport,
}

impl Results for Diagnosis {
    fn human(&self, out: &mut dyn Write) -> std::io::Result<()> {
        for tool in &self.report.tools {
            match (&tool.tool, &tool.problem) {
                (Some(found), _) => {
                    writeln!(out, "ok       {:<15} {}", tool.name, found.version)?;
                    writeln!(out, "         {:<15} {}", "", found.path.display())?;
                }
                (None, problem) => {
                    let state = if tool.required { "MISSING" } else { "absent" };
                    let problem = problem.as_deref().unwrap_or_default();
                    writeln!(out, "{state:<8} {:<15} {problem}", tool.name)?;
                }
            }
        }
        match (&self.report.cache, &self.report.cache_problem) {
            (_, Some(problem)) => writeln!(out, "MISSING  {:<15} {problem}", "cache"),
            (Some(cache), None) => writeln!(out, "ok       {:<15} {}", "cache", cache.display()),
            (None, None) => Ok(()),
        }
    }
}

/// Looks for every tool and prints what was found.
pub fn run(_: &DoctorArgs, console: Console) -> Result<Ended, Problems> {
    let progress = Progress::spinner(console, "asking every tool for its version");
    let report = tools::doctor(&Search::from_env());
    drop(progress);
    let diagnosis = Diagnosis {
        schema: 1,
        healthy: report.healthy(),
        report,
    };
    console.print(&diagnosis)?;
    if diagnosis.healthy {
        return Ok(Ended::Well);
    }
    let missing: Vec<&str> = diagnosis
        .report
        .tools
        .iter()
        .filter(|tool| tool.required && tool.tool.is_none())
        .map(|tool| tool.name)
        .collect();
    Err(if missing.is_empty() {
        Problem::named("doctor", "the cache folder cannot be used")
            .help("set LPRNN_CACHE to a folder that can be written")
            .into()
    } else {
        Problem::named("doctor", format!("not usable: {}", missing.join(", ")))
            .help("run ./setup.sh in the project's folder, or follow the lines above")
            .into()
    })
}
