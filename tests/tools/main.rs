//! The programs outside: found, run, stopped, and their reports read.

mod programs;
mod synth;
