//! Reading a package back.

use super::super::CosimError;
use super::super::error::stimulus;
use super::{FailureFile, SCHEMA, SavedFailure};
use crate::codegen::Interface;
use crate::files;
use std::path::Path;

/// A folder, which anybody may have changed.
struct SavedFolder<'a>(&'a Path);

impl SavedFolder<'_> {
    fn text(&self, name: &str) -> Result<String, CosimError> {
        let path = self.0.join(name);
        Ok(files::read_table(&path).map_err(|error| files::problem(&path, "read", &error))?)
    }

    fn unfit(&self, name: &str, problem: impl std::fmt::Display) -> CosimError {
        let place = self.0.join(name);
        stimulus(format_args!("{}: {problem}", place.display()))
    }

    fn codes(&self, name: &str) -> Result<Vec<i32>, CosimError> {
        let number = |word: &str| {
            let problem = |error| self.unfit(name, format_args!("`{word}`: {error}"));
            word.parse().map_err(problem)
        };
        self.text(name)?.split_whitespace().map(number).collect()
    }

    /// Flags of `count` steps, set at `steps`.
    fn flags(&self, steps: &[usize], count: usize) -> Result<Vec<bool>, CosimError> {
        let mut flags = vec![false; count];
        for &step in steps {
            let flag = flags.get_mut(step).ok_or_else(|| {
                self.unfit("failure.json", format_args!("step {step} of {count}"))
            })?;
            *flag = true;
        }
        Ok(flags)
    }
}

/// Reads a folder that [`super::write`] has written.
pub fn read(folder: &Path) -> Result<SavedFailure, CosimError> {
    let at = SavedFolder(folder);
    let file: FailureFile = serde_json::from_str(&at.text("failure.json")?)
        .map_err(|error| at.unfit("failure.json", error))?;
    if file.schema != SCHEMA {
        let problem = format_args!("schema {}, this reads {SCHEMA}", file.schema);
        return Err(at.unfit("failure.json", problem));
    }
    let interface = Interface::from_json(&at.text("bundle/interface.json")?)
        .map_err(|problem| at.unfit("bundle/interface.json", problem))?;
    let inputs = at.codes("inputs.txt")?;
    // Before anything of that size is made: the scoreboard will want at least one code a step.
    if file.steps > inputs.len() {
        let problem = format_args!("{} codes for {} steps", inputs.len(), file.steps);
        return Err(at.unfit("inputs.txt", problem));
    }
    Ok(SavedFailure {
        bundle: folder.join("bundle"),
        interface,
        expected: at.codes("expected.txt")?,
        last: at.flags(&file.last, file.steps)?,
        clear: if file.clear.is_empty() {
            Vec::new()
        } else {
            at.flags(&file.clear, file.steps)?
        },
        cut: at.flags(&file.cut, file.steps)?,
        inputs,
        pattern: file.pattern,
        seed: file.seed,
        stated: file.stated,
    })
}
