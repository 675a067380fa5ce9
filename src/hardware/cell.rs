//! A recurrent cell as the hardware sees it: the sums that an array forms for a unit, and the program
//! by which a lane makes a state and an output of them.

use super::op::{Event, Name, Op, Source};
use super::timing::LaneTiming;
use std::sync::OnceLock;

/// One dot product of a unit: one row of the array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowSum {
    /// Name of the gate.
    pub gate: &'static str,
}

/// A recurrent cell.
#[derive(Debug)]
pub struct Cell {
    /// Name in descriptions.
    pub name: &'static str,
    /// Sums of a unit, in the order of the array's rows and of the model's weights.
    pub sums: &'static [RowSum],
    /// Values of a unit that are kept from step to step, h not counted.
    pub state: &'static [Name],
    /// The lane's work on the sums of a group.
    pub program: &'static [Op],
    /// Ports of the lane's module that are high in one phase, each with the event of that phase.
    pub strobes: &'static [(&'static str, Event)],
    /// Timings without and with registers behind the tables, worked out once.
    timings: [OnceLock<Vec<LaneTiming>>; 2],
}

impl PartialEq for Cell {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.sums == other.sums && self.program == other.program
    }
}

impl Eq for Cell {}

impl Cell {
    /// A cell of these sums, of this state, with this program, for a lane with these strobes.
    #[must_use]
    pub const fn new(
        name: &'static str,
        sums: &'static [RowSum],
        state: &'static [Name],
        program: &'static [Op],
        strobes: &'static [(&'static str, Event)],
    ) -> Self {
        Self {
            name,
            sums,
            state,
            program,
            strobes,
            timings: [const { OnceLock::new() }; 2],
        }
    }

    /// The lane's module, without the library's prefix.
    #[must_use]
    pub fn lane(&self) -> String {
        format!("lane_{}", self.name)
    }

    /// The order in which a lane takes the sums, as indices into them, and what of each.
    pub fn turns(&self) -> impl Iterator<Item = (usize, Source)> + '_ {
        self.program.iter().filter_map(Op::taken)
    }

    /// Every sum is multiplied by a number of its row.
    #[must_use]
    pub fn scales_rows(&self) -> bool {
        let mut program = self.program.iter();
        program.any(|op| matches!(op, Op::Scale { .. }))
    }

    /// The sum whose parts of x and of h are taken apart.
    #[must_use]
    pub fn parted(&self) -> Option<usize> {
        let mut turns = self.turns();
        turns.find_map(|(sum, source)| (source == Source::H).then_some(sum))
    }

    /// The numbers by which the reference counts what the lane takes, in the order of its turns: a sum's own,
    /// and for the part of h of one that is taken apart the number after all.
    pub fn codes(&self) -> impl Iterator<Item = usize> + '_ {
        self.turns().map(|(sum, source)| match source {
            Source::H => self.sums.len(),
            Source::Both | Source::X => sum,
        })
    }

    /// Gate of such a number.
    #[must_use]
    pub fn gate_of(&self, code: usize) -> Option<&'static str> {
        let turns = self.codes().zip(self.turns());
        let mut found = turns.filter(|&(number, _)| number == code);
        found.next().map(|(_, (sum, _))| self.sums[sum].gate)
    }

    /// Timings of a lane, by the registers that stand behind the state's table port beside those that
    /// the family wants: 0 first.
    pub fn timings(&'static self, table_register: bool) -> &'static [LaneTiming] {
        self.timings[usize::from(table_register)].get_or_init(|| {
            (0..=LaneTiming::MOST_SLACK)
                .map(|slack| LaneTiming::new(self.program, table_register, slack))
                .collect()
        })
    }
}
