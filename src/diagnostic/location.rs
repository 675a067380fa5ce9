//! Places that a problem can have.

use std::borrow::Cow;
use std::fmt::{Display, Formatter, Result};
use std::path::PathBuf;

/// Where a problem is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Location {
    /// Nowhere in particular: the sentence stands alone.
    #[default]
    Nowhere,
    /// An option of the command line, with its dashes.
    Flag(Cow<'static, str>),
    /// A setting of a design by its dotted path, until it is known who gave it.
    Setting(Cow<'static, str>),
    /// A part of a file, until it is known which file.
    Within(Within),
    /// A file or folder, or a part of it.
    File(PathBuf, Option<Within>),
    /// A command, a tool, an input that has a name and no file.
    Named(Cow<'static, str>),
}

/// A part of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Within {
    /// A line, from 1.
    Line(u32),
    /// A key or column in a line, from 1.
    Key(u32, Box<str>),
    /// A tensor, network, layer or field by its name in the file.
    Name(Box<str>),
}

impl Display for Location {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        match self {
            Self::Nowhere => Ok(()),
            Self::Flag(name) | Self::Setting(name) | Self::Named(name) => out.write_str(name),
            Self::Within(Within::Line(line)) => write!(out, "line {line}"),
            Self::Within(Within::Key(line, key)) => write!(out, "line {line}: {key}"),
            Self::Within(Within::Name(name)) => out.write_str(name),
            Self::File(path, part) => {
                write!(out, "{}", path.display())?;
                match part {
                    None => Ok(()),
                    Some(Within::Line(line)) => write!(out, ":{line}"),
                    Some(Within::Key(line, key)) => write!(out, ":{line}: {key}"),
                    Some(Within::Name(name)) => write!(out, ": {name}"),
                }
            }
        }
    }
}
