//! Synthesis by Yosys and place and route by nextpnr, and what their reports say.
//!
//! [`run`] maps a [`NetlistSources`] to a family and counts what it takes. Every number carries the
//! tool, its version, the stage and the part, since numbers of different tools do not compare.

mod error;
mod harness;
mod route;
mod sources;
mod utilization;
mod warnings;
mod yosys;

pub use error::SynthError;
pub use harness::Overhead;
pub use route::{CriticalPath, RouteOptions, Routed, SeedClock, Used};
pub use sources::NetlistSources;
pub use utilization::{Provenance, Utilization};
pub use yosys::{Options, Synthesis, run};
