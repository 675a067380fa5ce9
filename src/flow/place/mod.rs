//! Output that is there as a whole or not at all.

mod file;
mod list;
mod older;

pub use file::{check_different, check_file, write_file, write_inside};
pub use list::listed;

use super::watch::Watch;
use crate::diagnostic::{Problem, Problems};
use crate::files;
use crate::tools::Scratch;
use file::parent_of;
use list::{LIST, list};
use older::{Older, keep};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The file by which a bundle is known, the signature of its core.
pub const MARK: &str = "interface.json";

/// Names that a remark lists.
const NAMED: usize = 5;

/// Where a folder will be written. Made before the work, so that a bad place fails first.
#[derive(Debug)]
pub struct Place {
    target: PathBuf,
    parent: PathBuf,
    /// An older folder of ours, to be replaced.
    older: Option<Older>,
}

/// An error of writing at `path`.
fn refused(path: &Path) -> impl Fn(std::io::Error) -> Problem {
    move |error| files::problem(path, "write", &error)
}

impl Place {
    /// Checks that `target` can be written. An existing folder is refused, and with `force`
    /// replaced, if it is one of ours or empty.
    ///
    /// # Errors
    /// A place where nothing may be written.
    pub fn check(target: &Path, force: bool) -> Result<Self, Problems> {
        Self::marked(target, force, MARK, |_| false)
    }

    /// The same for a folder that is known by the file `mark`; `ours` says what else in it goes when
    /// it is replaced, beside what the list in it names.
    ///
    /// # Errors
    /// As [`Place::check`].
    pub fn marked(
        target: &Path,
        force: bool,
        mark: &str,
        ours: impl Fn(&Path) -> bool,
    ) -> Result<Self, Problems> {
        if target.file_name().is_none() {
            return Err(Problem::file(target, "is not a name for a new folder")
                .help("name the folder to be made")
                .into());
        }
        let older = match std::fs::metadata(target) {
            Err(_) if !target.is_symlink() => None,
            Err(error) => return Err(files::problem(target, "write", &error).into()),
            Ok(_) if !force => {
                return Err(Problem::file(target, "exists already")
                    .help("choose another folder by --out, or give --force to replace it")
                    .into());
            }
            Ok(found) if found.is_dir() => Some(Older::of(target, mark, ours)?),
            Ok(_) => {
                return Err(Problem::file(target, "is not a folder")
                    .help("choose another name by --out")
                    .into());
            }
        };
        // Through a link the folder is replaced that it leads to.
        let target = match &older {
            Some(_) => std::fs::canonicalize(target)
                .map_err(|error| files::problem(target, "read", &error))?,
            None => target.to_path_buf(),
        };
        let parent = parent_of(&target).to_path_buf();
        // The only way to know that a folder can be written to is to do it.
        tempfile::tempfile_in(&parent).map_err(|error| files::problem(&parent, "write", &error))?;
        Ok(Self {
            target,
            parent,
            older,
        })
    }

    /// Writes `files`, by paths relative to the folder, with a list of them, and moves them into
    /// place at once. Files that an older folder held beside its own stay in it, and are returned.
    ///
    /// # Errors
    /// A file that cannot be written, or that others have put where one is to be written.
    pub fn write(&self, files: &BTreeMap<String, Vec<u8>>) -> Result<Vec<PathBuf>, Problems> {
        let foreign = self.older.as_ref().map(|older| &older.foreign);
        let foreign: Vec<PathBuf> = foreign.into_iter().flatten().cloned().collect();
        self.refuse_overlap(files, &foreign)?;
        // Beside the target, since only within one file system can it be moved at once.
        let staging = Scratch::within(&self.parent, ".lprnn-hw-").map_err(refused(&self.parent))?;
        let fresh = staging.path().join("new");
        std::fs::create_dir(&fresh).map_err(refused(&self.target))?;
        self.fill(&fresh, files)?;
        for name in &foreign {
            // A second name until the first goes with its folder: nothing is lost in between.
            let kept = keep(&self.target.join(name), &fresh.join(name));
            kept.map_err(refused(&self.target.join(name)))?;
        }
        let old = staging.path().join("old");
        if self.older.is_some() {
            std::fs::rename(&self.target, &old).map_err(refused(&self.target))?;
        }
        if let Err(error) = std::fs::rename(&fresh, &self.target) {
            if self.older.is_some() {
                // Put the old one back; the first error is the one to tell.
                let _ = std::fs::rename(&old, &self.target);
            }
            return Err(refused(&self.target)(error).into());
        }
        Ok(foreign)
    }

    /// The same; what was kept is said.
    ///
    /// # Errors
    /// As [`Place::write`].
    pub fn write_watched(
        &self,
        files: &BTreeMap<String, Vec<u8>>,
        watch: &dyn Watch,
    ) -> Result<(), Problems> {
        let kept = self.write(files)?;
        let names = kept.iter().take(NAMED);
        let mut text: Vec<String> = names.map(|name| name.display().to_string()).collect();
        if kept.len() > NAMED {
            text.push(format!("and {} more", kept.len() - NAMED));
        }
        if !kept.is_empty() {
            let (folder, names) = (self.target.display(), text.join(", "));
            watch.say(&format!("kept in {folder}, which others wrote: {names}"));
        }
        Ok(())
    }

    /// Writes the files and their list into the new folder `fresh`.
    fn fill(&self, fresh: &Path, files: &BTreeMap<String, Vec<u8>>) -> Result<(), Problems> {
        let list = list(files).into_bytes();
        let all = files
            .iter()
            .map(|(name, contents)| (name.as_str(), contents));
        for (name, contents) in all.chain([(LIST, &list)]) {
            if crate::tools::interrupted() {
                return Err(Problem::file(&self.target, "interrupted").into());
            }
            let path = fresh.join(name);
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder).map_err(refused(&self.target))?;
            }
            std::fs::write(&path, contents).map_err(refused(&self.target.join(name)))?;
        }
        Ok(())
    }

    /// The folder, where a link leads.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.target
    }

    /// A file that is to be written where something lies that stays.
    fn refuse_overlap(
        &self,
        files: &BTreeMap<String, Vec<u8>>,
        foreign: &[PathBuf],
    ) -> Result<(), Problems> {
        let names = files.keys().map(Path::new).chain([Path::new(LIST)]);
        let names: Vec<&Path> = names.collect();
        let overlaps = |one: &&PathBuf| {
            let mut names = names.iter();
            names.any(|name| name.starts_with(one) || one.starts_with(name))
        };
        match foreign.iter().find(overlaps) {
            None => Ok(()),
            Some(name) => Err(Problem::file(
                self.target.join(name),
                "was not written by this command, and would be replaced",
            )
            .help("move it away, or choose another folder by --out")
            .into()),
        }
    }
}

#[cfg(test)]
mod tests;
