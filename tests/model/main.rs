//! Models: read, trained, quantised, measured, and run as software.

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/float_models.rs"]
mod float_models;
#[path = "../common/signals.rs"]
mod signals;

mod demo_model;
mod directions;
mod entropy;
mod eval;
mod front;
mod import;
mod lm;
mod network;
mod numerics;
mod ptq;
mod python;
mod streams;
mod tasks;
mod train;
