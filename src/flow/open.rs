//! A bundle's folder, back to its design.

use super::place::{MARK, listed};
use super::plan::{MODEL, Planned, plan, read_design};
use crate::codegen::Interface;
use crate::diagnostic::{Problem, Problems};
use crate::files;
use crate::spec::{DesignConfig, Network};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The settings inside a bundle.
pub const DESIGN: &str = "design.toml";

/// The files of a folder that is read, as far as it lists them.
#[must_use]
pub fn bundle_files(folder: &Path) -> Vec<PathBuf> {
    let listed = listed(folder).unwrap_or_default();
    let known = [MARK, MODEL, DESIGN, "failure.json"].map(PathBuf::from);
    let names = listed.into_iter().chain(known);
    names.map(|name| folder.join(name)).collect()
}

/// A folder written by `gen`.
#[derive(Clone, Debug)]
pub struct Opened {
    /// Where it is.
    pub folder: PathBuf,
    /// Signature of the core in it.
    pub interface: Interface,
    /// Its model and design, from the files in the folder.
    pub planned: Planned,
}

/// Opens a folder written by `gen`.
///
/// The core's signature is made anew from model and settings; what the folder says of it must be the
/// same, in every key. So nothing is done with a path or a number that somebody wrote into it.
///
/// # Errors
/// A folder that is no bundle of this version, or was changed: the key that differs is named.
pub fn open(folder: &Path) -> Result<Opened, Problems> {
    let path = folder.join(MARK);
    let text = files::load_table(&path)?;
    let anew = |problem: String| {
        Problem::file(&path, problem).help(
            "generate the design again with `lprnn-hw gen`: it was changed, or is of another version",
        )
    };
    let stated: Value = serde_json::from_str(&text).map_err(|error| anew(error.to_string()))?;
    let settings = folder.join(DESIGN);
    let config = DesignConfig::resolve(read_design(&settings)?)?;
    if config.network != Network::Model(folder.join(MODEL)) {
        let problem = format!("network.model is not {MODEL}, the model of the folder");
        return Err(Problem::file(&settings, problem)
            .help("generate the design again with `lprnn-hw gen`")
            .into());
    }
    let planned = plan(config)?;
    let built = &planned.config.implementation;
    let interface = Interface::new(&planned.model, &planned.design, built);
    let derived = serde_json::to_value(&interface).map_err(|error| anew(error.to_string()))?;
    if let Some(difference) = difference("", &stated, &derived) {
        return Err(anew(difference).into());
    }
    Ok(Opened {
        folder: folder.to_path_buf(),
        interface,
        planned,
    })
}

/// The first key in which two JSON values differ, in words.
fn difference(key: &str, stated: &Value, derived: &Value) -> Option<String> {
    let below = |name: &str| match key {
        "" => name.to_string(),
        _ => format!("{key}.{name}"),
    };
    match (stated, derived) {
        (Value::Object(stated), Value::Object(derived)) => {
            let missing = derived.keys().find(|name| !stated.contains_key(*name));
            let added = stated.keys().find(|name| !derived.contains_key(*name));
            let odd = missing
                .map(|name| format!("{} is missing", below(name)))
                .or_else(|| added.map(|name| format!("{} is not known", below(name))));
            odd.or_else(|| {
                derived
                    .iter()
                    .find_map(|(name, value)| difference(&below(name), &stated[name], value))
            })
        }
        (Value::Array(stated), Value::Array(derived)) if stated.len() == derived.len() => {
            let mut pairs = stated.iter().zip(derived).enumerate();
            pairs.find_map(|(at, (stated, derived))| {
                difference(&below(&at.to_string()), stated, derived)
            })
        }
        _ if stated == derived => None,
        _ => Some(format!(
            "{key} is {}; of the model and {DESIGN} it would be {}",
            short(stated),
            short(derived)
        )),
    }
}

/// A value as a few words.
fn short(value: &Value) -> String {
    match value {
        Value::Array(values) => format!("a list of {}", values.len()),
        Value::Object(_) => "a table".to_string(),
        other => {
            let text = other.to_string();
            match text.char_indices().nth(60) {
                Some((end, _)) => format!("{}...", &text[..end]),
                None => text,
            }
        }
    }
}

#[cfg(test)]
mod tests;
