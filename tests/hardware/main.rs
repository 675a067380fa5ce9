//! The generated Verilog: its text, its words, its netlists, and the checks that have to find what is wrong.

#[path = "../common/mod.rs"]
mod common;

mod bundle;
mod classifier;
mod cosim;
mod diagrams;
mod flows;
mod formal;
mod formula;
mod language;
mod lint;
mod mutants;
mod netlist;
mod powerup;
mod primitives;
mod random_designs;
mod reset;
mod scoreboard;
