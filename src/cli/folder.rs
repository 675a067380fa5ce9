//! Output that is there as a whole or not at all.

use super::output::Console;
use crate::diagnostic::{Problem, Problems};
use crate::tools::Scratch;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};

/// The file by which a folder of ours is known.
pub const MARK: &str = "interface.json";

/// The list of what was written into a folder, as `sha256sum -c` reads it.
const LIST: &str = "files.sha256";
/// Files that an error names, or a remark.
const NAMED: usize = 5;

/// Where a folder will be written. Made before the work, so that a bad place fails first.
#[derive(Debug)]
pub struct Place {
    target: PathBuf,
    parent: PathBuf,
    /// An older folder of ours, to be replaced.
    older: Option<Older>,
}

/// What an older folder holds.
#[derive(Debug, Default)]
struct Older {
    /// What was not written by the command, by paths relative to the folder: it stays.
    foreign: BTreeSet<PathBuf>,
}

impl Place {
    /// Checks that `target` can be written. An existing folder is refused, and with `force`
    /// replaced, if it is one of ours or empty.
    pub fn check(target: &Path, force: bool) -> Result<Self, Problems> {
        Self::marked(target, force, MARK, |_| false)
    }

    /// The same for a folder that is known by the file `mark`; `ours` says what else in it goes when
    /// it is replaced, beside what the list in it names.
    pub fn marked(
        target: &Path,
        force: bool,
        mark: &str,
        ours: impl Fn(&Path) -> bool,
    ) -> Result<Self, Problems> {
        if target.file_name().is_none() {
            return Err(Problem::file(target, "is no name for a new folder")
                .help("name the folder to be made")
                .into());
        }
        let older = match std::fs::metadata(target) {
            Err(_) if !target.is_symlink() => None,
            Err(error) => return Err(crate::files::problem(target, "write", &error).into()),
            Ok(_) if !force => {
                return Err(Problem::file(target, "exists already")
                    .help("choose another folder by --out, or give --force to replace it")
                    .into());
            }
            Ok(found) if found.is_dir() => Some(Older::of(target, mark, ours)?),
            Ok(_) => {
                return Err(Problem::file(target, "is no folder")
                    .help("choose another name by --out")
                    .into());
            }
        };
        // Through a link the folder is replaced that it leads to.
        let target = match &older {
            Some(_) => std::fs::canonicalize(target)
                .map_err(|error| crate::files::problem(target, "read", &error))?,
            None => target.to_path_buf(),
        };
        let parent = parent_of(&target).to_path_buf();
        // The only way to know that a folder can be written to is to do it.
        tempfile::tempfile_in(&parent)
            .map_err(|error| crate::files::problem(&parent, "write", &error))?;
        Ok(Self {
            target,
            parent,
            older,
        })
    }

    /// Writes `files`, by paths relative to the folder, with a list of them, and moves them into
    /// place at once. Files that an older folder held beside its own stay in it, and are named.
    pub fn write(
        &self,
        files: &BTreeMap<String, Vec<u8>>,
        console: Console,
    ) -> Result<(), Problems> {
        let io = |path: &Path| {
            let path = path.to_path_buf();
            move |error| crate::files::problem(&path, "write", &error)
        };
        let foreign = self.older.as_ref().map(|older| &older.foreign);
        let foreign: Vec<&Path> = foreign
            .into_iter()
            .flatten()
            .map(PathBuf::as_path)
            .collect();
        self.refuse_overlap(files, &foreign)?;
        // Beside the target, since only within one file system can it be moved at once.
        let staging = Scratch::within(&self.parent, ".lprnn-hw-").map_err(io(&self.parent))?;
        let fresh = staging.path().join("new");
        std::fs::create_dir(&fresh).map_err(io(&self.target))?;
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
                std::fs::create_dir_all(folder).map_err(io(&self.target))?;
            }
            let written = std::fs::File::create(&path).and_then(|mut file| {
                file.write_all(contents)?;
                file.flush()
            });
            written.map_err(io(&self.target.join(name)))?;
        }
        for name in &foreign {
            // A second name until the first goes with its folder: nothing is lost in between.
            let kept = keep(&self.target.join(name), &fresh.join(name));
            kept.map_err(io(&self.target.join(name)))?;
        }
        let old = staging.path().join("old");
        if self.older.is_some() {
            std::fs::rename(&self.target, &old).map_err(io(&self.target))?;
        }
        if let Err(error) = std::fs::rename(&fresh, &self.target) {
            if self.older.is_some() {
                // Put the old one back; the first error is the one to tell.
                let _ = std::fs::rename(&old, &self.target);
            }
            return Err(crate::files::problem(&self.target, "write", &error).into());
        }
        if !foreign.is_empty() {
            let shown = self.target.display();
            console.say(format_args!(
                "kept in {shown}, which others wrote: {}",
                some(&foreign)
            ));
        }
        Ok(())
    }

    /// A file that is to be written where something lies that stays.
    fn refuse_overlap(
        &self,
        files: &BTreeMap<String, Vec<u8>>,
        foreign: &[&Path],
    ) -> Result<(), Problems> {
        let names = files.keys().map(Path::new).chain([Path::new(LIST)]);
        let names: Vec<&Path> = names.collect();
        let overlaps = |one: &&Path| {
            let mut names = names.iter();
            names.any(|name| name.starts_with(one) || one.starts_with(name))
        };
        match foreign.iter().copied().find(overlaps) {
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

impl Older {
    /// Looks through the folder `target`.
    fn of(target: &Path, mark: &str, ours: impl Fn(&Path) -> bool) -> Result<Self, Problems> {
        let read = |error| crate::files::problem(target, "read", &error);
        let mut found = BTreeSet::new();
        walk(target, Path::new(""), &mut found).map_err(read)?;
        if found.is_empty() {
            return Ok(Self::default());
        }
        if !target.join(mark).is_file() {
            return Err(Problem::file(
                target,
                format!("holds something else: there is no {mark} in it"),
            )
            .help("choose another folder by --out")
            .into());
        }
        let listed = listed(target).ok_or_else(|| {
            Problem::file(
                target,
                format!("says not what was written into it: there is no {LIST} in it"),
            )
            .help("choose another folder by --out, or remove this one by hand")
        })?;
        found.retain(|path| path != Path::new(LIST) && !listed.contains(path) && !ours(path));
        Ok(Self { foreign: found })
    }
}

/// Everything below `folder` that is no folder, links as they are, and folders that hold nothing.
fn walk(root: &Path, below: &Path, found: &mut BTreeSet<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(root.join(below))? {
        let entry = entry?;
        let path = below.join(entry.file_name());
        let before = found.len();
        if entry.file_type()?.is_dir() {
            walk(root, &path, found)?;
            if found.len() > before {
                continue;
            }
        }
        found.insert(path);
    }
    Ok(())
}

/// Gives what lies at `from` the name `to` as well.
fn keep(from: &Path, to: &Path) -> std::io::Result<()> {
    if let Some(folder) = to.parent() {
        std::fs::create_dir_all(folder)?;
    }
    if from.is_dir() && !from.is_symlink() {
        return std::fs::create_dir_all(to);
    }
    // Some file systems have no second names.
    std::fs::hard_link(from, to).or_else(|error| {
        if from.is_file() && !from.is_symlink() {
            std::fs::copy(from, to).map(|_| ())
        } else {
            Err(error)
        }
    })
}

/// The paths of `files` with their digests, a line each.
fn list(files: &BTreeMap<String, Vec<u8>>) -> String {
    let lines = files
        .iter()
        .map(|(name, contents)| format!("{}  {name}\n", super::model::digest(contents)));
    lines.collect()
}

/// The paths that the list in `folder` names; `None` where there is no list.
pub fn listed(folder: &Path) -> Option<BTreeSet<PathBuf>> {
    let text = crate::files::read_table(&folder.join(LIST)).ok()?;
    let paths = text.lines().filter_map(|line| line.split_once("  "));
    Some(paths.map(|(_, path)| PathBuf::from(path)).collect())
}

/// The first few names.
fn some(names: &[&Path]) -> String {
    let mut text: Vec<String> = names
        .iter()
        .take(NAMED)
        .map(|name| name.display().to_string())
        .collect();
    if names.len() > NAMED {
        text.push(format!("and {} more", names.len() - NAMED));
    }
    text.join(", ")
}

/// The folder that `path` is in.
pub fn parent_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(text: &str) -> BTreeMap<String, Vec<u8>> {
        let file = |name: &str| (name.to_string(), text.as_bytes().to_vec());
        [file(MARK), file("rtl/a.v")].into()
    }

    const CONSOLE: Console = Console {
        format: super::super::output::Format::Human,
        quiet: true,
    };

    fn entries(folder: &Path) -> usize {
        std::fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn a_folder_is_replaced_by_force_only() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("out");
        Place::check(&target, false)
            .unwrap()
            .write(&files("one"), CONSOLE)
            .unwrap();
        assert!(Place::check(&target, false).is_err());
        let stale = target.join("rtl/stale.v");
        let mut older = files("one");
        older.insert("rtl/stale.v".into(), Vec::new());
        Place::check(&target, true)
            .unwrap()
            .write(&older, CONSOLE)
            .unwrap();
        assert!(stale.exists());
        std::fs::create_dir_all(target.join("obj_dir/empty")).unwrap();
        std::fs::write(target.join("rtl/mine.v"), "mine").unwrap();
        std::os::unix::fs::symlink("nowhere", target.join("link")).unwrap();
        Place::check(&target, true)
            .unwrap()
            .write(&files("two"), CONSOLE)
            .unwrap();
        assert_eq!(std::fs::read(target.join("rtl/a.v")).unwrap(), b"two");
        assert!(!stale.exists());
        assert_eq!(std::fs::read(target.join("rtl/mine.v")).unwrap(), b"mine");
        assert!(target.join("obj_dir/empty").is_dir());
        assert!(target.join("link").is_symlink());
        assert_eq!(entries(home.path()), 1);
    }

    #[test]
    fn what_is_not_ours_stays() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("thesis.tex"), "").unwrap();
        assert!(Place::check(home.path(), true).is_err());
        assert!(Place::check(&home.path().join("thesis.tex"), true).is_err());
        assert!(Place::check(&home.path().join("no/such/parent"), false).is_err());
        assert_eq!(entries(home.path()), 1);
    }

    #[test]
    fn what_lies_where_a_file_is_to_be_written_is_named() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("out");
        let write = |files: BTreeMap<_, _>| Place::check(&target, true)?.write(&files, CONSOLE);
        write(files("one")).unwrap();
        std::fs::write(target.join("notes"), "mine").unwrap();
        let mut more = files("two");
        more.insert("notes".into(), Vec::new());
        assert!(write(more).is_err());
        assert_eq!(std::fs::read(target.join("rtl/a.v")).unwrap(), b"one");
        std::fs::remove_file(target.join(LIST)).unwrap();
        assert!(write(files("two")).is_err(), "nobody knows what is whose");
    }

    #[test]
    fn a_folder_is_replaced_where_a_link_leads() {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(name);
        std::fs::create_dir(at("real")).unwrap();
        std::os::unix::fs::symlink("real", at("link")).unwrap();
        let place = Place::check(&at("link"), true).unwrap();
        place.write(&files("one"), CONSOLE).unwrap();
        assert!(at("link").is_symlink() && at("real").join(MARK).is_file());
    }

    #[test]
    fn a_write_that_fails_leaves_nothing() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("out");
        let place = Place::check(&target, false).unwrap();
        let mut files = files("one");
        files.insert("rtl/a.v/b.v".into(), Vec::new()); // a file cannot be a folder
        assert!(place.write(&files, CONSOLE).is_err());
        assert_eq!(entries(home.path()), 0);
    }
}
