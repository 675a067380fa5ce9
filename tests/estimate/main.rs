//! Estimates and sweeps: the fit, what it promises, and what is explored with it.

mod contexts;
mod directions;
mod explore;
mod fit;
mod promises;
mod sweeps;
