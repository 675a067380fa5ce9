//! The dense layer.

use super::cell::{Cell, RowSum};
use super::op::{Event, Op, Source};

/// A dense layer: one sum a row, no state, nothing that comes back.
pub static DENSE: Cell = Cell::new(
    "dense",
    &[RowSum { gate: "y" }],
    &[],
    &[
        Op::Take {
            sum: 0,
            source: Source::Both,
            to: "y",
        },
        Op::Emit { of: "y" },
    ],
    &[("take_i", Event::Take(0))],
);
