//! Measured accuracies of networks, from a CSV file.

mod cells;
mod columns;
mod direction;
mod read;
mod table;

pub use read::read;
pub use table::{Accuracies, AccuracyRow};
