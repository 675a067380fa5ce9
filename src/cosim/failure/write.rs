//! Writing a package, all or nothing.

use super::super::CosimError;
use super::super::deal::turn_of;
use super::super::outcome::Difference;
use super::super::toolchain::hex;
use super::{FailureFile, FailurePackage, SCHEMA};
use crate::files;
use crate::tools::Scratch;
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};

/// Files by their name in the package.
type PackageFiles = Vec<(String, Vec<u8>)>;

/// Writes the package to `root/{hash of its contents}`, all or nothing; the folder's path.
pub fn write(root: &Path, package: &FailurePackage<'_>) -> Result<PathBuf, CosimError> {
    let mut contents = contents(package)?;
    let mut failure = record(package);
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
    // The same failure may have been seen before.
    if !folder.is_dir() {
        put(root, &folder, &contents, package.waves)?;
    }
    Ok(folder)
}

/// Words in, words wanted, words got, and the bundle.
fn contents(package: &FailurePackage<'_>) -> Result<PackageFiles, CosimError> {
    let interface = package.core.interface;
    interface
        .check_files()
        .map_err(|message| CosimError::Interface { message })?;
    let outputs = interface.output.elements;
    let wide = |codes: &[i32]| -> Vec<i64> { codes.iter().copied().map(i64::from).collect() };
    let inputs = wide(package.stimulus.inputs);
    let signature = serde_json::to_string_pretty(interface).expect("plain data") + "\n";
    let texts = [
        ("inputs.txt", lines(&inputs, interface.input.elements)),
        ("expected.txt", lines(&wide(package.expected), outputs)),
        ("got.txt", lines(package.got, outputs)),
        ("bundle/interface.json", signature),
    ];
    let mut contents: PackageFiles = texts
        .map(|(name, text)| (name.to_string(), text.into_bytes()))
        .into();
    for name in interface.sources.iter().chain(&interface.memories) {
        let path = package.core.folder.join(name);
        let data = files::read(&path).map_err(|error| files::problem(&path, "read", &error))?;
        contents.push((format!("bundle/{name}"), data));
    }
    Ok(contents)
}

/// `failure.json` without the command.
fn record(package: &FailurePackage<'_>) -> FailureFile {
    let numbers = |flags: &[bool]| -> Vec<usize> {
        let steps = flags.iter().enumerate().filter(|(_, flag)| **flag);
        steps.map(|(step, _)| step).collect()
    };
    let turn = |step| turn_of(step, package.core.interface.contexts);
    let turn = package.difference.step().and_then(turn);
    let turn = turn.map(|turn| format!(" ({turn})")).unwrap_or_default();
    FailureFile {
        schema: SCHEMA,
        difference: format!("{}{turn}", package.difference),
        replay: String::new(),
        pattern: package.pattern,
        seed: package.seed,
        last: numbers(package.stimulus.last),
        clear: numbers(package.stimulus.clear),
        cut: numbers(package.stimulus.cut),
        steps: package.stimulus.steps(),
        stated: match *package.difference {
            Difference::Beat { beat, stated, .. } => Some((beat, stated)),
            _ => None,
        },
        tools: package.tools.to_vec(),
    }
}

/// Makes `folder`, inside `root`, at once.
fn put(
    root: &Path,
    folder: &Path,
    contents: &[(String, Vec<u8>)],
    waves: &Path,
) -> Result<(), CosimError> {
    let problem = |path: &Path| {
        let path = path.to_path_buf();
        move |error| files::problem(&path, "write", &error)
    };
    fs::create_dir_all(root).map_err(problem(root))?;
    let scratch = Scratch::within(root, "writing-").map_err(problem(root))?;
    // Of its own permissions: a temporary folder is for its owner alone.
    let work = scratch.path().join("new");
    for (name, data) in contents {
        let path = work.join(name);
        let parent = path.parent().unwrap_or(root);
        fs::create_dir_all(parent).map_err(problem(parent))?;
        fs::write(&path, data).map_err(problem(&path))?;
    }
    if waves.is_file() {
        let path = work.join("waves.vcd");
        fs::copy(waves, &path).map_err(problem(&path))?;
    }
    match fs::rename(&work, folder) {
        Err(_) if folder.is_dir() => Ok(()), // another process was faster with the same
        done => Ok(done.map_err(problem(folder))?),
    }
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
