//! The design file: TOML, every key known, every error with its line.

use super::settings::{FIELDS, Kind, Settings, Value, find, nearest};
use crate::diagnostic::{Location, Problem, Within};
use std::path::Path;
use toml::de::{DeTable, DeValue};

/// A design file larger than this is not one.
pub const MAX_BYTES: u64 = 1 << 20;

/// Reads the settings of a design file's `text`.
///
/// `shown` is its name in messages; relative paths in it are meant from `folder`. Everything
/// that is wrong ends up in [`Settings::issues`].
#[must_use]
pub fn read_settings(text: &str, shown: &str, folder: &Path) -> Settings {
    let mut reader = Reader {
        text,
        shown,
        folder,
        settings: Settings::default(),
        issues: Vec::new(),
    };
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let at = error.span().map_or(0, |span| span.start);
        let message = error.message().replace('\n', ", ");
        reader.issue(at, "", &message, "write it as TOML: key = value");
    }
    if reader.issues.is_empty() {
        reader.table(document.get_ref(), "");
    }
    reader.issues.sort_by_key(|(at, _)| *at);
    let issues = reader.issues.into_iter().map(|(_, issue)| issue);
    reader.settings.issues.extend(issues);
    reader.settings
}

struct Reader<'a> {
    text: &'a str,
    shown: &'a str,
    folder: &'a Path,
    settings: Settings,
    issues: Vec<(usize, Problem)>,
}

impl Reader<'_> {
    /// `design.toml:4: implementation.units`
    fn place(&self, at: usize, path: &str) -> Location {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = before.matches('\n').count() as u32 + 1;
        let within = match path {
            "" => Within::Line(line),
            _ => Within::Key(line, path.into()),
        };
        Location::File(self.shown.into(), Some(within))
    }

    fn issue(&mut self, at: usize, path: &str, problem: &str, remedy: &str) {
        let place = self.place(at, path);
        self.issues
            .push((at, Problem::at(place, problem).help(remedy)));
    }

    fn table(&mut self, table: &DeTable<'_>, prefix: &str) {
        for (key, value) in table {
            let at = key.span().start;
            let path = if prefix.is_empty() {
                key.get_ref().to_string()
            } else {
                format!("{prefix}.{}", key.get_ref())
            };
            let is_table = FIELDS
                .iter()
                .any(|field| field.path.starts_with(&format!("{path}.")));
            let field = FIELDS.iter().find(|field| field.path == path);
            match (field, value.get_ref()) {
                (Some(field), value) => self.value(field.path, value, at),
                (None, DeValue::Table(inner)) if is_table => self.table(inner, &path),
                (None, _) if is_table => {
                    self.issue(
                        at,
                        &path,
                        "is a table of settings",
                        &format!("write [{path}]"),
                    );
                }
                (None, _) => self.unknown(at, &path),
            }
        }
    }

    fn value(&mut self, path: &'static str, value: &DeValue<'_>, at: usize) {
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
                let kind = other.type_str();
                let wanted = match find(path).kind {
                    Kind::Choice(_) | Kind::Text => "a text",
                    _ => "a number",
                };
                self.issue(
                    at,
                    path,
                    &format!("is a TOML {kind}"),
                    &format!("give {wanted}"),
                );
                return;
            }
        };
        let place = self.place(at, path);
        let before = self.settings.issues.len();
        self.settings
            .insert(path, value, place, Some(self.folder.to_path_buf()));
        // Issues are put in the order of the lines at the end.
        for issue in self.settings.issues.drain(before..) {
            self.issues.push((at, issue));
        }
    }

    fn unknown(&mut self, at: usize, path: &str) {
        let last = path.rsplit('.').next().unwrap_or(path);
        // A key in the wrong table is a likelier mistake than a misspelt one.
        let moved = FIELDS
            .iter()
            .map(|field| field.path)
            .find(|known| known.rsplit('.').next() == Some(last));
        let tables = ["network", "numerics", "implementation"];
        let known = FIELDS.iter().map(|field| field.path).chain(tables);
        let remedy = match moved.or_else(|| nearest(path, known.clone())) {
            Some(near) => format!("did you mean `{near}`?"),
            None => match nearest(last, known.map(|p| p.rsplit('.').next().unwrap_or(p))) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the tables are {}", tables.join(", ")),
            },
        };
        self.issue(at, path, "unknown key", &remedy);
    }
}
