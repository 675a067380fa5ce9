//! The steps of a lane's program, and what happens in its phases.

/// A value of a lane's program, by its name.
pub type Name = &'static str;

/// A read port of the activation tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TablePort {
    /// For the sums of a group, one after another.
    Gates,
    /// For the state. Registers may stand behind it, to move what follows out of another group's way.
    State,
}

/// The operands of which a sum is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// x and h, in one running sum.
    Both,
    /// x alone: what was added up when the blocks of h begin.
    X,
    /// h alone: what came after.
    H,
}

/// A step of a lane's program. A value is used as soon as the step's part of the lane is free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// Takes a sum, adds its bias, and requantises it to a pre-activation.
    Take {
        /// Index into the cell's sums.
        sum: usize,
        /// The part of it that is taken.
        source: Source,
        /// The pre-activation, or a part of one.
        to: Name,
    },
    /// The same of a sum with a multiplier: the product, on the lane's multiplier, is requantised.
    Scale {
        /// Index into the cell's sums.
        sum: usize,
        /// The part of it that is taken.
        source: Source,
        /// The pre-activation, or a part of one.
        to: Name,
    },
    /// Looks a pre-activation up in the activation tables.
    Lookup {
        /// The port.
        port: TablePort,
        /// The pre-activation.
        of: Name,
        /// The table's value.
        to: Name,
    },
    /// Reads a value of the state when it is used.
    Load {
        /// Index into the cell's state.
        state: usize,
        /// The value.
        to: Name,
    },
    /// Adds products up, one a cycle: operands, product and sum have a register each.
    Products {
        /// Factors of every product.
        terms: &'static [(Name, Name)],
        /// What the sum begins with, aligned by wiring.
        plus: Option<Name>,
        /// The sum.
        to: Name,
    },
    /// One less a gate value, in the register of an operand.
    Complement {
        /// The gate value.
        of: Name,
        /// The other.
        to: Name,
    },
    /// Drops fraction bits.
    Requantize {
        /// The wide value.
        of: Name,
        /// The narrow one.
        to: Name,
    },
    /// Writes a value of the state.
    Store {
        /// Index into the cell's state.
        state: usize,
        /// The value.
        of: Name,
    },
    /// Gives h out.
    Emit {
        /// The value.
        of: Name,
    },
}

impl Op {
    /// The sum that a lane takes in this step, and what of it.
    #[must_use]
    pub const fn taken(&self) -> Option<(usize, Source)> {
        match *self {
            Self::Take { sum, source, .. } | Self::Scale { sum, source, .. } => Some((sum, source)),
            _ => None,
        }
    }
}

/// Something that a lane does in a phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    /// The sum of a turn is taken.
    Take(usize),
    /// Its bias is there.
    Bias(usize),
    /// Its pre-activation is there.
    PreActivation(usize),
    /// The value that a look-up finds is there, counted over the program.
    Found(usize),
    /// The operands of a product are chosen, counted over the program.
    Operands(usize),
    /// A product is added up.
    Sum(usize),
    /// A value of the state that was read is there.
    Load(usize),
    /// A value of the state is written.
    Store(usize),
    /// h is requantised.
    Last,
}
