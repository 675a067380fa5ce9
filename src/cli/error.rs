//! The one error a command can end with, and how it is printed.

use crate::codegen::CodegenError;
use crate::cosim::CosimError;
use crate::files::npy::NpyError;
use crate::hardware::DesignError;
use crate::import::ImportError;
use crate::lm::LmError;
use crate::quantize::ModelFileError;
use crate::remedy::Remedy;
use crate::spec::SpecErrors;
use crate::synth::SynthError;
use crate::tools::{FindError, RunError};
use std::io::Write;
use std::path::Path;

/// A command could not do its work.
#[derive(Debug)]
pub struct CliError {
    problems: Vec<Problem>,
}

#[derive(Debug)]
struct Problem {
    text: String,
    help: Option<String>,
}

impl CliError {
    /// `place: problem`, without a remedy that we know of.
    pub fn new(place: impl std::fmt::Display, problem: impl std::fmt::Display) -> Self {
        Self {
            problems: vec![Problem {
                text: format!("{place}: {problem}"),
                help: None,
            }],
        }
    }

    /// Several problems, in their order.
    pub fn all(lines: impl Iterator<Item = String>) -> Self {
        let problems = lines.map(|text| Problem { text, help: None });
        Self {
            problems: problems.collect(),
        }
    }

    /// The problems of both, in order.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.problems.extend(other.problems);
        self
    }

    /// Adds the remedy, of the last problem if there are several.
    #[must_use]
    pub fn help(mut self, remedy: impl Into<String>) -> Self {
        if let Some(problem) = self.problems.last_mut() {
            problem.help = Some(remedy.into());
        }
        self
    }

    /// A problem that names its place itself, without a remedy that we know of.
    pub fn plain(problem: impl Into<String>) -> Self {
        Self {
            problems: vec![Problem {
                text: problem.into(),
                help: None,
            }],
        }
    }

    /// What a library says, with its remedy.
    pub fn of(error: &impl Remedy) -> Self {
        Self::placed(error, error.to_string())
    }

    /// The same, of the file that it is about.
    pub fn in_file(path: &Path, error: &impl Remedy) -> Self {
        Self::placed(error, format!("{}: {error}", path.display()))
    }

    fn placed(error: &impl Remedy, text: String) -> Self {
        let help = error.help();
        Self {
            problems: vec![Problem { text, help }],
        }
    }

    /// A file or folder that cannot be read or written.
    pub fn io(path: &Path, verb: &str, error: &std::io::Error) -> Self {
        use std::io::ErrorKind as Kind;
        let refused = crate::files::Refused::of(error);
        let remedy = match error.kind() {
            _ if refused.is_some() => refused.map(crate::files::Refused::help),
            Kind::NotFound | Kind::NotADirectory => Some("check the path"),
            Kind::PermissionDenied => Some("check the permissions, or choose another place"),
            Kind::StorageFull | Kind::QuotaExceeded => Some("free some space, then run it again"),
            Kind::FileTooLarge => Some("raise the limit (`ulimit -f`), or choose another place"),
            Kind::IsADirectory => Some("name a file, not a folder"),
            _ => None,
        };
        let error = Self::new(path.display(), format!("cannot {verb}: {error}"));
        match remedy {
            Some(remedy) => error.help(remedy),
            None => error,
        }
    }

    /// Prints every problem with its remedy.
    pub fn print(&self, mut to: impl Write) {
        for problem in &self.problems {
            // Nobody to tell when even this cannot be written.
            let _ = writeln!(to, "error: {}", problem.text);
            if let Some(help) = &problem.help {
                let _ = writeln!(to, "help: {help}");
            }
        }
    }
}

impl From<NpyError> for CliError {
    fn from(error: NpyError) -> Self {
        match error {
            NpyError::Io { path, source } => Self::io(&path, "read or write", &source),
            NpyError::Format { .. } => Self::of(&error),
        }
    }
}

impl From<ImportError> for CliError {
    fn from(error: ImportError) -> Self {
        match error {
            ImportError::Io { path, source } => Self::io(&path, "read", &source),
            _ => Self::of(&error),
        }
    }
}

impl From<ModelFileError> for CliError {
    fn from(error: ModelFileError) -> Self {
        Self::placed(&error, format!("model: {error}"))
    }
}

impl From<LmError> for CliError {
    fn from(error: LmError) -> Self {
        match error {
            LmError::Import(error) => error.into(),
            _ => Self::of(&error),
        }
    }
}

impl From<SpecErrors> for CliError {
    fn from(errors: SpecErrors) -> Self {
        let problems = errors.0.into_iter().map(|issue| Problem {
            text: format!("{}: {}", issue.place, issue.problem),
            help: Some(issue.remedy),
        });
        Self {
            problems: problems.collect(),
        }
    }
}

/// Errors that know their remedy.
macro_rules! with_remedy {
    ($($error:ty),* $(,)?) => {$(
        impl From<$error> for CliError {
            fn from(error: $error) -> Self {
                Self::of(&error)
            }
        }
    )*};
}

with_remedy!(CodegenError, FindError);

/// Of a program that ended badly.
const WHICH: &str = "`lprnn-hw doctor` says which program that is";

impl From<RunError> for CliError {
    fn from(error: RunError) -> Self {
        let told = Self::plain(error.to_string());
        match error {
            RunError::Interrupted { .. } => told,
            _ => told.help(WHICH),
        }
    }
}

impl From<SynthError> for CliError {
    fn from(error: SynthError) -> Self {
        match error {
            SynthError::Run(error) => error.into(),
            _ => Self::of(&error),
        }
    }
}

impl From<CosimError> for CliError {
    fn from(error: CosimError) -> Self {
        match error {
            CosimError::Run(error) => error.into(),
            _ => Self::of(&error),
        }
    }
}

impl From<DesignError> for CliError {
    fn from(error: DesignError) -> Self {
        match error {
            DesignError::NoLayers => Self::of(&error),
            // The message begins with the name of the setting.
            _ => Self::placed(&error, format!("implementation.{error}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remedy::Fault;

    fn printed(error: &CliError) -> String {
        let mut text = Vec::new();
        error.print(&mut text);
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn problem_and_remedy_are_two_lines() {
        let fault = Fault::new("a; b", "c; d");
        assert_eq!(printed(&CliError::of(&fault)), "error: a; b\nhelp: c; d\n");
        let error = CliError::in_file(Path::new("x"), &fault);
        assert_eq!(printed(&error), "error: x: a; b\nhelp: c; d\n");
        let error = CliError::plain("failed\n    a; b");
        assert_eq!(printed(&error), "error: failed\n    a; b\n");
    }
}
