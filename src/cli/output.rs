//! Data on standard output, for people or for programs.

use crate::diagnostic::Problems;
use serde::Serialize;
use std::io::{ErrorKind, Write};
use std::path::Path;

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Text and tables.
    Human,
    /// One JSON object.
    Json,
}

/// The results of a command: as JSON by serde, as text by [`Results::human`].
pub trait Results: Serialize {
    /// Writes the text for people.
    fn human(&self, out: &mut dyn Write) -> std::io::Result<()>;
}

/// How this run talks: format of the data, and whether anything else is said.
#[derive(Clone, Copy, Debug)]
pub struct Console {
    /// Format of standard output.
    pub format: Format,
    /// `true` where progress and remarks are left out.
    pub quiet: bool,
}

impl Console {
    /// Prints the results to standard output.
    pub fn print(self, results: &impl Results) -> Result<(), Problems> {
        Self::text(|out| match self.format {
            Format::Human => results.human(out),
            Format::Json => {
                serde_json::to_writer_pretty(&mut *out, results)?;
                writeln!(out)
            }
        })
    }

    /// Prints a text to standard output at once. A reader that has gone away is no error.
    pub fn text(fill: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<(), Problems> {
        let mut text = Vec::new();
        let written = fill(&mut text);
        let mut out = std::io::stdout().lock();
        let written = written.and_then(|()| out.write_all(&text));
        match written.and_then(|()| out.flush()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                Err(crate::files::problem(Path::new("standard output"), "write", &error).into())
            }
            _ => Ok(()),
        }
    }

    /// Says something on standard error, unless asked to be quiet.
    pub fn say(self, message: impl std::fmt::Display) {
        if !self.quiet {
            // Nobody to tell when standard error is gone.
            let _ = writeln!(std::io::stderr(), "{message}");
        }
    }
}

/// A number with blanks between groups of three digits.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// Rows of cells in columns: the first flush left, the others flush right.
pub fn table(out: &mut dyn Write, rows: &[Vec<String>]) -> std::io::Result<()> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for row in rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let blanks = " ".repeat(widths[column] - cell.chars().count());
            if column == 0 {
                line.extend(["  ", cell, &blanks]);
            } else {
                line.extend(["  ", &blanks, cell]);
            }
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_in_threes() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1000), "1 000");
        assert_eq!(grouped(1_234_567), "1 234 567");
    }

    #[test]
    fn columns_line_up() {
        let mut text = Vec::new();
        let row = |cells: &[&str]| cells.iter().map(ToString::to_string).collect();
        table(
            &mut text,
            &[row(&["LUT", "7"]), row(&["DSP blocks", "123"])],
        )
        .unwrap();
        assert_eq!(
            String::from_utf8(text).unwrap(),
            "  LUT           7\n  DSP blocks  123\n"
        );
    }
}
