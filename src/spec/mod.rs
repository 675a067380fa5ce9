//! What was asked for: names, targets, folding and policies of a design, validated.

mod implementation;

pub use implementation::{FoldingGoal, Implementation, MacStyle, MemoryInit, StatePolicy, Target};
