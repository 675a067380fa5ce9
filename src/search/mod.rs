//! The search for the smallest network that is good enough: which candidates there are, how long each is trained,
//! and which go on.
//!
//! A [`Candidate`] is a network with its price, that of its cheapest point within the limits of a sweep. [`Schedule`]
//! is successive halving (Jamieson and Talwalkar 2016): all are trained shortly, [`promising`] picks those that
//! are trained further, and [`choose`] names the cheapest of what reaches the [`Goal`]. Nothing here trains: the
//! values come from whoever does.

mod candidate;
mod goal;
mod halving;
mod trial;

pub use candidate::{Candidate, Objective, candidates, drawn};
pub use goal::{Aim, Goal};
pub use halving::{Rung, Schedule, Scored, choose, promising};
pub use trial::{CandidateTrial, TrialOutcome};
