//! File formats that are not ours.

pub mod npy;
