//! A recurrent cell as the hardware sees it: which sums an array forms for a unit, and what is kept
//! from step to step.

/// The operands of a sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// x and h, in one running sum.
    Both,
}

/// One dot product of a unit: one row of the array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sum {
    /// Name of the gate.
    pub gate: &'static str,
    /// Its operands.
    pub source: Source,
}

/// A recurrent cell.
#[derive(Debug, PartialEq, Eq)]
pub struct Cell {
    /// Name in descriptions.
    pub name: &'static str,
    /// Sums of a unit, in the order of the array's rows and of the model's weights.
    pub sums: &'static [Sum],
    /// The order in which a lane takes the sums, as indices into `sums`.
    pub turns: &'static [usize],
    /// Values of a unit that are kept from step to step, h not counted.
    pub state: &'static [&'static str],
}

const fn both(gate: &'static str) -> Sum {
    Sum {
        gate,
        source: Source::Both,
    }
}

/// The long short-term memory without peepholes.
pub static LSTM: Cell = Cell {
    name: "lstm",
    sums: &[both("i"), both("f"), both("g"), both("o")],
    turns: &[2, 0, 1, 3],
    state: &["c"],
};
