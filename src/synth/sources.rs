//! The Verilog of a design, as scripts name it.

use super::SynthError;
use crate::codegen::Interface;
use crate::diagnostic::Problem;
use crate::files;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Verilog to synthesise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetlistSources {
    /// Folder that the sources are relative to.
    pub folder: PathBuf,
    /// Top module.
    pub top: String,
    /// Its clock, for place and route.
    pub clock: String,
    /// Sources in compile order, relative to `folder`; memory files lie beside them.
    pub sources: Vec<String>,
}

impl NetlistSources {
    /// The design of a bundle that `gen` wrote, by its `interface.json`.
    pub fn open(bundle: &Path) -> Result<Self, SynthError> {
        let path = bundle.join("interface.json");
        let text =
            files::read_table(&path).map_err(|error| files::problem(&path, "read", &error))?;
        let interface = Interface::from_json(&text).map_err(|problem| unfit(&path, problem))?;
        Ok(Self::of(bundle, &interface))
    }

    /// The core of this signature, its sources below `folder`.
    #[must_use]
    pub fn of(folder: &Path, interface: &Interface) -> Self {
        Self {
            folder: folder.to_path_buf(),
            top: interface.top.clone(),
            clock: interface.clock.clone(),
            sources: interface.sources.clone(),
        }
    }

    /// The names go into scripts: nothing in them may mean something there.
    pub(super) fn check_names(&self, path: &Path) -> Result<(), SynthError> {
        let word = |letter: char| letter.is_ascii_alphanumeric() || "_.-/".contains(letter);
        let inside = |source: &&String| {
            !source.is_empty()
                && source.chars().all(word)
                && source
                    .split('/')
                    .all(|part| !matches!(part, "" | "." | ".."))
        };
        let odd = self.sources.iter().find(|source| !inside(source));
        let names = [&self.top, &self.clock];
        let odd = odd.or_else(|| {
            names.into_iter().find(|name| {
                name.is_empty() || name.contains(|letter| !word(letter) || "./-".contains(letter))
            })
        });
        match odd {
            Some(name) => {
                let problem = format!("{name:?} is not a source or module of the bundle");
                Err(unfit(path, problem))
            }
            None if self.sources.is_empty() => Err(unfit(path, "no sources")),
            None => Ok(()),
        }
    }

    /// Commands that read the sources, copied to `design` in the scratch folder.
    pub(super) fn read(&self) -> String {
        let sources = self.sources.iter();
        sources.fold(String::new(), |mut script, source| {
            // Deferred, since memory files are parameters. Writing to a string cannot fail.
            let _ = writeln!(script, "read_verilog -defer design/{source}");
            script
        })
    }

    /// Copies the sources and the memory files beside them below `to`.
    ///
    /// No link to the folder: Yosys as WebAssembly refuses one that leads out of where it runs.
    pub(super) fn copy(&self, to: &Path) -> Result<(), SynthError> {
        let mut beside = BTreeSet::new();
        for source in &self.sources {
            let parent = Path::new(source).parent().unwrap_or(Path::new(""));
            if beside.insert(parent) {
                let folder = to.join(parent);
                std::fs::create_dir_all(&folder)
                    .map_err(|error| files::problem(&folder, "write", &error))?;
            }
            copy_file(&self.folder.join(source), &to.join(source))?;
        }
        for parent in beside {
            let folder = self.folder.join(parent);
            let unread = |error| files::problem(&folder, "read", &error);
            for entry in std::fs::read_dir(&folder).map_err(unread)? {
                let name = entry.map_err(unread)?.file_name();
                let from = folder.join(&name);
                if from.extension().is_some_and(|ending| ending == "mem") && from.is_file() {
                    copy_file(&from, &to.join(parent).join(&name))?;
                }
            }
        }
        Ok(())
    }
}

/// A signature that cannot be understood.
fn unfit(path: &Path, problem: impl std::fmt::Display) -> SynthError {
    let problem = Problem::file(path, problem);
    problem
        .help("generate the design again with `lprnn-hw gen`")
        .into()
}

/// Copies one file; says which end of it failed.
fn copy_file(from: &Path, to: &Path) -> Result<(), SynthError> {
    let bytes = files::read(from).map_err(|error| files::problem(from, "read", &error))?;
    Ok(std::fs::write(to, bytes).map_err(|error| files::problem(to, "write", &error))?)
}
