//! The design file: TOML, every key known, every error with its line.

use super::kind::{Kind, Value, nearest};
use super::settings::Settings;
use super::table::{GROUPS, SETTINGS, Setting};
use crate::diagnostic::{Location, Problem, Within};
use std::path::Path;
use toml::de::{DeTable, DeValue};

/// A design file larger than this is not one.
pub const MAX_BYTES: u64 = 1 << 20;

/// Reads the settings of a design file's `text`.
///
/// `shown` is its name in messages; relative paths in it are meant from `folder`. Everything
/// that is wrong ends up in [`Settings::problems`].
#[must_use]
pub fn read_settings(text: &str, shown: &str, folder: &Path) -> Settings {
    let mut reader = SettingsReader {
        text,
        shown,
        folder,
        settings: Settings::default(),
        problems: Vec::new(),
    };
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let at = error.span().map_or(0, |span| span.start);
        let message = error.message().replace('\n', ", ");
        reader.refuse(at, "", &message, "write it as TOML: key = value");
    }
    if reader.problems.is_empty() {
        reader.table(document.get_ref(), "");
    }
    reader.problems.sort_by_key(|(at, _)| *at);
    let problems = reader.problems.into_iter().map(|(_, problem)| problem);
    reader.settings.problems.extend(problems);
    reader.settings
}

struct SettingsReader<'a> {
    text: &'a str,
    shown: &'a str,
    folder: &'a Path,
    settings: Settings,
    problems: Vec<(usize, Problem)>,
}

impl SettingsReader<'_> {
    /// `design.toml:4: implementation.units`
    fn place(&self, at: usize, key: &str) -> Location {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = before.matches('\n').count() as u32 + 1;
        let within = match key {
            "" => Within::Line(line),
            _ => Within::Key(line, key.into()),
        };
        Location::File(self.shown.into(), Some(within))
    }

    fn refuse(&mut self, at: usize, key: &str, what: &str, help: &str) {
        let problem = Problem::at(self.place(at, key), what).help(help);
        self.problems.push((at, problem));
    }

    fn table(&mut self, table: &DeTable<'_>, prefix: &str) {
        for (name, value) in table {
            let at = name.span().start;
            let key = if prefix.is_empty() {
                name.get_ref().to_string()
            } else {
                format!("{prefix}.{}", name.get_ref())
            };
            let below = format!("{key}.");
            let is_table = SETTINGS
                .iter()
                .any(|setting| setting.key.starts_with(&below));
            match SETTINGS.iter().find(|setting| setting.key == key) {
                Some(setting) => self.value(setting, value.get_ref(), at),
                None if !is_table => self.unknown(at, &key),
                None => {
                    if let DeValue::Table(inner) = value.get_ref() {
                        self.table(inner, &key);
                        continue;
                    }
                    let help = format!("write [{key}]");
                    self.refuse(at, &key, "is a table of settings", &help);
                }
            }
        }
    }

    fn value(&mut self, setting: &'static Setting, value: &DeValue<'_>, at: usize) {
        let value = match value {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Integer(text) => {
                match i64::from_str_radix(&text.as_str().replace('_', ""), text.radix()) {
                    Ok(value) => Value::Integer(value),
                    Err(_) => Value::Number(f64::INFINITY),
                }
            }
            DeValue::Float(text) => {
                Value::Number(text.as_str().replace('_', "").parse().unwrap_or(f64::NAN))
            }
            other => {
                let what = format!("is a TOML {}", other.type_str());
                let help = match setting.kind {
                    Kind::Choice(_) | Kind::Text => "give text in quotes",
                    _ => "give a number",
                };
                return self.refuse(at, setting.key, &what, help);
            }
        };
        let place = self.place(at, setting.key);
        let before = self.settings.problems.len();
        let folder = Some(self.folder.to_path_buf());
        self.settings.insert(setting, value, place, folder);
        // Problems are put in the order of the lines at the end.
        let found = self.settings.problems.drain(before..);
        self.problems.extend(found.map(|problem| (at, problem)));
    }

    fn unknown(&mut self, at: usize, key: &str) {
        let last = |key: &'_ str| key.rfind('.').map_or(0, |dot| dot + 1);
        let name = &key[last(key)..];
        let keys = || SETTINGS.iter().map(|setting| setting.key);
        let groups = GROUPS.map(|(group, _)| group);
        let known = || keys().chain(groups);
        // A key in the wrong table is a likelier mistake than a misspelt one.
        let near = keys()
            .find(|known| &known[last(known)..] == name)
            .or_else(|| nearest(key, known()))
            .or_else(|| nearest(name, known().map(|known| &known[last(known)..])));
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the tables are {}", groups.join(", ")),
        };
        self.refuse(at, key, "unknown key", &help);
    }
}
