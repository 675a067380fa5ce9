//! A report of the tools: which are there, which are missing.

use super::find::Search;
use super::kind::ToolKind;
use super::tool::Tool;
use crate::diagnostic::Problem;
use serde::Serialize;

/// Finding of [`doctor`] on one tool.
#[derive(Clone, Debug, Serialize)]
pub struct ToolReport {
    /// Name of the tool.
    pub name: &'static str,
    /// Its use.
    pub purpose: &'static str,
    /// `true` if the project's own checks need it.
    pub required: bool,
    /// The tool, when it works.
    pub tool: Option<Tool>,
    /// Why not and what mends it, when it does not.
    pub problem: Option<String>,
}

/// Every tool, and the folder that compiled models are kept in.
#[derive(Clone, Debug, Serialize)]
pub struct ToolsReport {
    /// One entry per tool, in the order of [`ToolKind::ALL`].
    pub tools: Vec<ToolReport>,
    /// Where compiled models are kept.
    pub cache: Option<std::path::PathBuf>,
    /// Why the cache cannot be used and what mends it.
    pub cache_problem: Option<String>,
}

impl ToolsReport {
    /// `true` if everything required works.
    #[must_use]
    pub fn healthy(&self) -> bool {
        self.cache_problem.is_none()
            && self
                .tools
                .iter()
                .all(|report| !report.required || report.tool.is_some())
    }
}

/// Looks for every tool, runs each for its version, and tries to write to the cache.
#[must_use]
pub fn doctor(search: &Search) -> ToolsReport {
    let tools = ToolKind::ALL
        .into_iter()
        .map(|kind| {
            let found = search.find(kind);
            let (tool, error) = match found {
                Ok(tool) => (Some(tool), None),
                Err(error) => (None, Some(Problem::from(error))),
            };
            let problem = error.map(|Problem { what, help, .. }| {
                let help = help.unwrap_or_default();
                // What the tool said stands on lines of its own, behind the remedy.
                match what.split_once('\n') {
                    Some((first, said)) => format!("{first}; {help}\n{said}"),
                    None => format!("{what}; {help}"),
                }
            });
            ToolReport {
                name: kind.name(),
                purpose: kind.purpose(),
                required: kind.required(),
                tool,
                problem,
            }
        })
        .collect();
    let cache = super::cache_folder();
    let cache_problem = match &cache {
        None => Some("no cache folder is known; set LPRNN_CACHE or HOME".to_string()),
        Some(folder) => super::make_private(folder)
            .and_then(|()| tempfile::tempfile_in(folder))
            .err()
            .map(|error| {
                format!(
                    "cannot use {}: {error}; set LPRNN_CACHE to a folder of your own",
                    folder.display()
                )
            }),
    };
    ToolsReport {
        tools,
        cache,
        cache_problem,
    }
}
