//! One problem, and several at once.

use super::location::{Location, Within};
use std::borrow::Cow;
use std::fmt::{Display, Formatter};
use std::io::Write;
use std::path::Path;

/// Something that is wrong: where, what, and what helps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where it is.
    pub place: Location,
    /// One sentence, without the place and the remedy.
    pub what: String,
    /// The remedy, in the imperative; `None` where nothing general helps.
    pub help: Option<String>,
    /// Lines of detail: names to choose from, the last words of a tool.
    pub notes: Vec<String>,
}

impl Problem {
    /// A problem at a place, without a remedy yet.
    pub fn at(place: Location, what: impl Display) -> Self {
        Self {
            place,
            what: what.to_string(),
            help: None,
            notes: Vec::new(),
        }
    }

    /// A problem whose place is not known here.
    pub fn new(what: impl Display) -> Self {
        Self::at(Location::Nowhere, what)
    }

    /// A problem of an option of the command line, such as `--units`.
    pub fn flag(option: impl Into<Cow<'static, str>>, what: impl Display) -> Self {
        Self::at(Location::Flag(option.into()), what)
    }

    /// A problem of a setting of a design, such as `implementation.units`.
    pub fn setting(path: impl Into<Cow<'static, str>>, what: impl Display) -> Self {
        Self::at(Location::Setting(path.into()), what)
    }

    /// A problem of a file or folder.
    pub fn file(path: impl AsRef<Path>, what: impl Display) -> Self {
        Self::at(Location::File(path.as_ref().to_owned(), None), what)
    }

    /// A problem of a tensor, network or field of a file that is not known here.
    pub fn within(name: impl Into<String>, what: impl Display) -> Self {
        Self::at(Location::Within(Within::Name(name.into().into())), what)
    }

    /// A problem in a line, from 1, of a text that is not known here.
    pub fn line(line: usize, what: impl Display) -> Self {
        Self::at(Location::Within(Within::Line(line as u32)), what)
    }

    /// A problem of a key or column in a line, from 1.
    pub fn key(line: usize, key: impl Into<String>, what: impl Display) -> Self {
        Self::at(
            Location::Within(Within::Key(line as u32, key.into().into())),
            what,
        )
    }

    /// A problem of a command, a tool or an input without a file.
    pub fn named(name: impl Into<Cow<'static, str>>, what: impl Display) -> Self {
        Self::at(Location::Named(name.into()), what)
    }

    /// Work that Ctrl-C has ended.
    #[must_use]
    pub fn interrupted(command: &'static str) -> Self {
        Self::named(command, "interrupted")
    }

    /// Says what helps.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Prints it, see [`Problems::print`].
    pub fn print(self, to: impl Write) {
        Problems::from(self).print(to);
    }

    /// Adds lines of detail, of which at most fifty are kept.
    #[must_use]
    pub fn notes<T: ToString>(mut self, lines: impl IntoIterator<Item = T>) -> Self {
        const MOST: usize = 50;
        let mut lines = lines.into_iter();
        let shown = lines.by_ref().take(MOST).map(|line| line.to_string());
        self.notes.extend(shown);
        match lines.count() {
            0 => {}
            more => self.notes.push(format!("and {more} more")),
        }
        self
    }

    /// The same, of a tensor, network or field.
    #[must_use]
    pub fn of(mut self, name: impl Into<String>) -> Self {
        self.place = Location::Within(Within::Name(name.into().into()));
        self
    }

    /// The same, of an option, where no place is named yet.
    #[must_use]
    pub fn by_flag(mut self, option: &'static str) -> Self {
        if self.place == Location::Nowhere {
            self.place = Location::Flag(option.into());
        }
        self
    }

    /// The same, of the file that it is about, where no file or option is named yet.
    #[must_use]
    pub fn in_file(mut self, path: impl AsRef<Path>) -> Self {
        let path = || path.as_ref().to_owned();
        self.place = match self.place {
            Location::Nowhere => Location::File(path(), None),
            Location::Within(part) => Location::File(path(), Some(part)),
            other => other,
        };
        self
    }
}

impl Display for Problem {
    fn fmt(&self, out: &mut Formatter<'_>) -> std::fmt::Result {
        match &self.place {
            Location::Nowhere => out.write_str(&self.what)?,
            place => write!(out, "{place}: {}", self.what)?,
        }
        self.notes
            .iter()
            .try_for_each(|line| write!(out, "\n    {line}"))
    }
}

impl std::error::Error for Problem {}

/// Problems of one request, all at once so that they can be mended in one go; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// `value` where nothing is wrong, else the problems in their order.
    ///
    /// # Errors
    /// Any problem.
    pub fn none_or<T>(problems: Vec<Problem>, value: T) -> Result<T, Self> {
        if problems.is_empty() {
            Ok(value)
        } else {
            Err(Self(problems))
        }
    }

    /// The problems in their order.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.0.iter()
    }

    /// The problems of both, in order.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Changes every problem, to make places more precise.
    #[must_use]
    pub fn each(self, change: impl FnMut(Problem) -> Problem) -> Self {
        Self(self.0.into_iter().map(change).collect())
    }

    /// The same, of the file that they are about, see [`Problem::in_file`].
    #[must_use]
    pub fn in_file(self, path: impl AsRef<Path>) -> Self {
        self.each(|problem| problem.in_file(&path))
    }

    /// Says what helps against the last of them.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        if let Some(problem) = self.0.last_mut() {
            problem.help = Some(help.into());
        }
        self
    }

    /// Prints every problem, its notes and its remedy.
    pub fn print(&self, mut to: impl Write) {
        for problem in &self.0 {
            // Nobody to tell when even this cannot be written.
            let _ = writeln!(to, "error: {problem}");
            if let Some(help) = &problem.help {
                let _ = writeln!(to, "help: {help}");
            }
        }
    }
}

impl Display for Problems {
    fn fmt(&self, out: &mut Formatter<'_>) -> std::fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            let end = if index == 0 { "" } else { "\n" };
            write!(out, "{end}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

impl<T: Into<Problem>> From<T> for Problems {
    fn from(problem: T) -> Self {
        Self(vec![problem.into()])
    }
}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl IntoIterator for Problems {
    type Item = Problem;
    type IntoIter = std::vec::IntoIter<Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problem_notes_and_remedy_are_lines_of_their_own() {
        let printed = |problems: Problems| {
            let mut text = Vec::new();
            problems.print(&mut text);
            String::from_utf8(text).unwrap()
        };
        let problem = Problem::new("a; b").help("c; d");
        assert_eq!(printed(problem.clone().into()), "error: a; b\nhelp: c; d\n");
        assert_eq!(
            printed(problem.in_file("x").notes(["e", "f"]).into()),
            "error: x: a; b\n    e\n    f\nhelp: c; d\n"
        );
    }

    #[test]
    fn places_get_more_precise_and_never_less() {
        let tensor = Problem::within("bias", "has another shape").in_file("m.pt");
        assert_eq!(tensor.to_string(), "m.pt: bias: has another shape");
        assert_eq!(tensor.clone().in_file("other"), tensor);
        let line = Problem::key(4, "units", "is missing");
        assert_eq!(line.to_string(), "line 4: units: is missing");
        assert_eq!(
            line.in_file("a.csv").to_string(),
            "a.csv:4: units: is missing"
        );
        let flag = Problem::flag("--units", "is missing");
        assert_eq!(flag.clone().in_file("m.pt"), flag);
    }

    #[test]
    fn long_lists_are_cut() {
        let problem = Problem::new("many").notes(0..52);
        assert_eq!(problem.notes.len(), 51);
        assert_eq!(problem.notes[50], "and 2 more");
    }
}
