//! Settings that were given, each with its place.

use super::kind::Value;
use super::table::Setting;
use crate::diagnostic::{Location, Problem};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A value and where it was given.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    /// The value.
    pub value: Value,
    /// `--units`, or `design.toml:4: implementation.units`.
    pub place: Location,
    /// Folder that a relative path is meant from: the one of the design file.
    pub folder: Option<PathBuf>,
}

/// Settings that were given, and the problems of those that could not be.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    given: BTreeMap<&'static str, Given>,
    /// All problems so far.
    pub problems: Vec<Problem>,
}

/// Settings of which one replaces all others when it comes from a stronger source.
const RIVALS: &[&[&str]] = &[
    &[
        "implementation.units",
        "implementation.columns",
        "implementation.target_cycles",
        "implementation.max_macs",
    ],
    &["implementation.state_policy", "implementation.window"],
];

/// `true` for a setting that a model file answers.
pub(super) fn is_shape(key: &str) -> bool {
    !["network.model", "network.core"].contains(&key) && !key.starts_with("implementation.")
}

impl Settings {
    /// Takes the word that an option of the command line was given.
    pub fn option(&mut self, setting: &'static Setting, word: &str) {
        self.insert(setting, setting.kind.read(word), setting.place(), None);
    }

    /// Checks `value` and keeps it, or its problem.
    pub(super) fn insert(
        &mut self,
        setting: &'static Setting,
        value: Value,
        place: Location,
        folder: Option<PathBuf>,
    ) {
        match setting.kind.check(value) {
            Ok(value) => {
                let given = Given {
                    value,
                    place,
                    folder,
                };
                self.given.insert(setting.key, given);
            }
            Err(problem) => self.problems.push(Problem { place, ..problem }),
        }
    }

    /// These settings, and those of `weaker` that say nothing against them.
    #[must_use]
    pub fn over(mut self, mut weaker: Self) -> Self {
        for rivals in RIVALS {
            if rivals.iter().any(|key| self.given.contains_key(key)) {
                weaker.given.retain(|key, _| !rivals.contains(key));
            }
        }
        if self.given.contains_key("network.model") {
            weaker.given.retain(|key, _| !is_shape(key));
        }
        if self.given.keys().any(|key| is_shape(key)) {
            weaker.given.remove("network.model");
        }
        for (key, given) in weaker.given {
            self.given.entry(key).or_insert(given);
        }
        self.problems.extend(weaker.problems);
        self
    }

    /// `true` where nothing was given, right or wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.given.is_empty() && self.problems.is_empty()
    }

    /// The value that was given for `key`, with its place.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Given> {
        self.given.get(key)
    }

    /// The whole number for `key`: given, or what the table has.
    #[must_use]
    pub fn integer(&self, key: &str) -> Option<i64> {
        match self.value(key)? {
            Value::Integer(value) => Some(value),
            _ => None,
        }
    }

    /// The text for `key`: given, or what the table has.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<String> {
        match self.value(key)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value for `key`: given, or what the table has.
    #[must_use]
    pub fn value(&self, key: &str) -> Option<Value> {
        let given = self.get(key).map(|given| given.value.clone());
        given.or_else(|| Setting::of(key).preset())
    }

    /// Where everything was given.
    #[must_use]
    pub fn origins(&self) -> BTreeMap<&'static str, Location> {
        let place = |(key, given): (&&'static str, &Given)| (*key, given.place.clone());
        self.given.iter().map(place).collect()
    }

    /// Where `key` was given, or the option to give it by.
    #[must_use]
    pub fn place(&self, key: &str) -> Location {
        let given = self.get(key).map(|given| given.place.clone());
        given.unwrap_or_else(|| Setting::of(key).place())
    }
}
