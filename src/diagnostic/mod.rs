//! Everything that is refused, from where it is found to the terminal.
//!
//! A [`Problem`] has a typed place, one sentence, what helps and notes, each a value of its own. A place
//! gets more precise on the way up: a tensor gets the name of its file, a setting becomes the option
//! or the line of the file that gave it. [`Problems::print`] is the one printer.

mod location;
mod problem;

pub use location::{Location, Within};
pub use problem::{Problem, Problems};
