//! Files from outside, read within limits; files of ours, written whole or not at all; and file
//! formats that are not ours.

pub mod archive;
mod digest;
mod fill;
pub mod npy;
mod problem;
mod read;
mod write;

pub use digest::sha256;
pub use fill::fill;
pub use problem::{load, load_table, problem};
pub use read::{Refused, TABLE, read, read_table, read_within};
pub use write::{resolve, write, write_with};
