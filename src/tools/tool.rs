//! A tool that was found.

use super::kind::ToolKind;
use super::run::{Output, RunError, run};
use serde::Serialize;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// Where a tool was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FoundBy {
    /// A command line option named it.
    Option,
    /// The environment variable of [`ToolKind::variable`] named it.
    Variable,
    /// In a folder filled by `setup.sh`.
    ToolFolder,
    /// On `PATH`.
    Path,
}

/// A tool that runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tool {
    /// Which tool.
    pub kind: ToolKind,
    /// The program.
    pub path: PathBuf,
    /// Arguments that belong to the program, as in `CXX="ccache g++"`.
    pub arguments: Vec<String>,
    /// Environment it needs.
    pub environment: Vec<(String, PathBuf)>,
    /// Its own words on its version, one line.
    pub version: String,
    /// Where it was found.
    pub found_by: FoundBy,
}

impl Tool {
    /// A command that runs the tool, with its own arguments and environment set.
    #[must_use]
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command.args(&self.arguments);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs `command`, made by [`Tool::command`], to its end.
    ///
    /// Standard input is empty. The program gets its own process group; all of that is killed
    /// after `limit`, on [`super::interrupt`], or when this process dies, be it by signal 9: a shell beside
    /// it watches. What leaves the group is out of reach. Its temporary folder is removed after it.
    pub fn run(&self, command: &mut Command, limit: Duration) -> Result<Output, RunError> {
        run(self.kind.name(), command, limit)
    }
}
