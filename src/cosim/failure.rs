//! A mismatch as a folder: everything that is needed to see it again.
//!
//! `bundle/` sources, memories and `interface.json`; `inputs.txt`, `expected.txt`, `got.txt` codes,
//! one line per step; `waves.vcd` the last steps; `failure.json` the rest and the command.

use super::CosimError;
use super::outcome::Difference;
use super::pattern::Pattern;
use super::stimulus::Stimulus;
use super::toolchain::{Core, hex};
use crate::codegen::Interface;
use crate::files;
use crate::tools::Scratch;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};

const SCHEMA: u32 = 1;

/// Contents of the folder, as they are written.
pub(super) struct FailurePackage<'a> {
    pub core: Core<'a>,
    pub stimulus: Stimulus<'a>,
    pub expected: &'a [i32],
    pub got: &'a [i64],
    pub pattern: Pattern,
    pub seed: u64,
    pub difference: &'a Difference,
    pub tools: [String; 2],
    pub waves: &'a Path,
}

/// Contents of the folder, as they are read back.
pub(super) struct SavedFailure {
    pub bundle: PathBuf,
    pub interface: Interface,
    pub inputs: Vec<i32>,
    pub expected: Vec<i32>,
    pub last: Vec<bool>,
    pub clear: Vec<bool>,
    pub pattern: Pattern,
    pub seed: u64,
    /// An output beat and the cycle in which it should leave, where that differed.
    pub stated: Option<(usize, Option<u64>)>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FailureFile {
    schema: u32,
    difference: String,
    replay: String,
    pattern: Pattern,
    seed: u64,
    /// Steps that end a sequence.
    last: Vec<usize>,
    /// Steps before which the state is cleared.
    clear: Vec<usize>,
    steps: usize,
    /// An output beat and the cycle in which it should leave, where that differed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stated: Option<(usize, Option<u64>)>,
    tools: Vec<String>,
}

/// Writes the package to `root/{hash of its contents}`, all or nothing; the folder's path.
pub(super) fn write(root: &Path, package: &FailurePackage<'_>) -> Result<PathBuf, CosimError> {
    let interface = package.core.interface;
    interface
        .check_files()
        .map_err(|message| CosimError::Interface { message })?;
    let outputs = interface.output.elements;
    let wide: Vec<i64> = package.expected.iter().copied().map(i64::from).collect();
    let inputs: Vec<i64> = package
        .stimulus
        .inputs
        .iter()
        .copied()
        .map(i64::from)
        .collect();
    let signature = serde_json::to_string_pretty(interface).expect("plain data") + "\n";
    let mut contents = vec![
        (
            "inputs.txt".to_string(),
            lines(&inputs, interface.input.elements).into_bytes(),
        ),
        (
            "expected.txt".to_string(),
            lines(&wide, outputs).into_bytes(),
        ),
        (
            "got.txt".to_string(),
            lines(package.got, outputs).into_bytes(),
        ),
        ("bundle/interface.json".to_string(), signature.into_bytes()),
    ];
    for name in interface.sources.iter().chain(&interface.memories) {
        let path = package.core.folder.join(name);
        let data = files::read(&path).map_err(|source| CosimError::Read { path, source })?;
        contents.push((format!("bundle/{name}"), data));
    }
    let numbers = |flags: &[bool]| -> Vec<usize> {
        flags
            .iter()
            .enumerate()
            .filter(|(_, flag)| **flag)
            .map(|(step, _)| step)
            .collect()
    };
    let mut failure = FailureFile {
        schema: SCHEMA,
        difference: package.difference.to_string(),
        replay: String::new(),
        pattern: package.pattern,
        seed: package.seed,
        last: numbers(package.stimulus.last),
        clear: numbers(package.stimulus.clear),
        steps: package.stimulus.steps(),
        stated: match *package.difference {
            Difference::Beat { beat, stated, .. } => Some((beat, stated)),
            _ => None,
        },
        tools: package.tools.to_vec(),
    };
    let mut digest = Sha256::new();
    for (name, data) in &contents {
        digest.update(format!("{name}\n{}\n", data.len()));
        digest.update(data);
    }
    digest.update(serde_json::to_vec(&failure).expect("plain data"));
    let folder = root.join(&hex(digest)[..16]);
    failure.replay = format!("lprnn-hw cosim {}", folder.display());
    let text = serde_json::to_string_pretty(&failure).expect("plain data") + "\n";
    contents.push(("failure.json".to_string(), text.into_bytes()));
    if folder.is_dir() {
        return Ok(folder); // the same failure, seen before
    }
    let problem = |path: &Path| {
        let path = path.to_path_buf();
        |source| CosimError::Write { path, source }
    };
    fs::create_dir_all(root).map_err(problem(root))?;
    let scratch = Scratch::within(root, "writing-").map_err(problem(root))?;
    // Of its own permissions: a temporary folder is for its owner alone.
    let work = scratch.path().join("new");
    for (name, data) in &contents {
        let path = work.join(name);
        let parent = path.parent().unwrap_or(root);
        fs::create_dir_all(parent).map_err(problem(parent))?;
        fs::write(&path, data).map_err(problem(&path))?;
    }
    if package.waves.is_file() {
        let path = work.join("waves.vcd");
        fs::copy(package.waves, &path).map_err(problem(&path))?;
    }
    match fs::rename(&work, &folder) {
        Err(_) if folder.is_dir() => {} // another process was faster with the same
        done => done.map_err(problem(&folder))?,
    }
    Ok(folder)
}

/// Reads a folder that [`write`] has written.
pub(super) fn read(folder: &Path) -> Result<SavedFailure, CosimError> {
    let text = |name: &str| {
        let path = folder.join(name);
        files::read_table(&path).map_err(|source| CosimError::Read { path, source })
    };
    let unfit = |name: &str, message: String| CosimError::Stimulus {
        message: format!("{}: {message}", folder.join(name).display()),
    };
    let file: FailureFile = serde_json::from_str(&text("failure.json")?)
        .map_err(|error| unfit("failure.json", error.to_string()))?;
    if file.schema != SCHEMA {
        return Err(unfit(
            "failure.json",
            format!("schema {}, this reads {SCHEMA}", file.schema),
        ));
    }
    let interface = Interface::from_json(&text("bundle/interface.json")?)
        .map_err(|problem| unfit("bundle/interface.json", problem))?;
    let codes = |name: &str| -> Result<Vec<i32>, CosimError> {
        text(name)?
            .split_whitespace()
            .map(|word| {
                word.parse()
                    .map_err(|error| unfit(name, format!("`{word}`: {error}")))
            })
            .collect()
    };
    let inputs = codes("inputs.txt")?;
    // Before anything of that size is made: the scoreboard will want at least one code a step.
    if file.steps > inputs.len() {
        return Err(unfit(
            "inputs.txt",
            format!("{} codes for {} steps", inputs.len(), file.steps),
        ));
    }
    let flags = |steps: &[usize]| -> Result<Vec<bool>, CosimError> {
        let mut flags = vec![false; file.steps];
        for &step in steps {
            *flags
                .get_mut(step)
                .ok_or_else(|| unfit("failure.json", format!("step {step} of {}", file.steps)))? =
                true;
        }
        Ok(flags)
    };
    Ok(SavedFailure {
        bundle: folder.join("bundle"),
        interface,
        expected: codes("expected.txt")?,
        last: flags(&file.last)?,
        clear: if file.clear.is_empty() {
            Vec::new()
        } else {
            flags(&file.clear)?
        },
        inputs,
        pattern: file.pattern,
        seed: file.seed,
        stated: file.stated,
    })
}

/// Decimal codes, one line per step.
fn lines(codes: &[i64], per_step: usize) -> String {
    let mut text = String::new();
    for step in codes.chunks(per_step.max(1)) {
        let words: Vec<String> = step.iter().map(i64::to_string).collect();
        text.push_str(&words.join(" "));
        text.push('\n');
    }
    text
}
