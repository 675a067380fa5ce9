//! Measured accuracies of networks, from a CSV file.

mod cells;
mod columns;
mod direction;
mod read;
mod table;

pub use direction::of_name as larger_is_better;
pub use read::read;
pub use table::{Accuracies, AccuracyRow};
