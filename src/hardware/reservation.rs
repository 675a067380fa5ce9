//! The reservation table of a lane: which part of it works in which phase of a group.

use super::op::{Event, Name, Op, TablePort};
use std::collections::BTreeMap;

/// The parts of a lane that only one group can use at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum LanePart {
    /// The subtraction, addition and requantisation of sums.
    Sums,
    /// The multiplier with the sum behind it.
    Multiplier,
    /// A port of the tables.
    Gates,
    /// The other.
    State,
}

/// A value and the phases in which it stands in a register.
#[derive(Clone, Copy, Debug)]
struct Held {
    from: usize,
    /// Read from the state when it is used, and in no register.
    loaded: Option<usize>,
    until: usize,
}

/// A program being put into phases: the reservation table of a lane.
#[derive(Default)]
pub(super) struct Reservation {
    gate_registers: usize,
    state_registers: usize,
    used: BTreeMap<LanePart, Vec<usize>>,
    values: BTreeMap<Name, Held>,
    phases: BTreeMap<Event, usize>,
    turns: usize,
    lookups: usize,
    products: usize,
    depth: usize,
}

impl Reservation {
    /// Puts every step of `program` into the first phase in which its values are there and its part of
    /// the lane is free, with registers behind the ports of the tables.
    pub(super) fn of(program: &[Op], gate_registers: usize, state_registers: usize) -> Self {
        let mut lane = Self {
            gate_registers,
            state_registers,
            ..Self::default()
        };
        for op in program {
            lane.place(op);
        }
        lane
    }

    /// Phase from which on h is there.
    pub(super) const fn depth(&self) -> usize {
        self.depth
    }

    /// Phases of all events.
    pub(super) fn into_phases(self) -> BTreeMap<Event, usize> {
        self.phases
    }

    /// The first phase from `earliest` on in which a part is free for `cycles` cycles; it is taken.
    fn reserve(&mut self, part: LanePart, earliest: usize, cycles: usize) -> usize {
        let used = self.used.entry(part).or_default();
        let mut start = earliest;
        while (start..start + cycles).any(|phase| used.contains(&phase)) {
            start += 1;
        }
        used.extend(start..start + cycles);
        start
    }

    /// The phase from which on a value is there.
    fn ready(&self, value: Name) -> usize {
        self.values.get(value).map_or(0, |held| held.from)
    }

    fn uses(&mut self, value: Name, phase: usize) {
        if let Some(held) = self.values.get_mut(value) {
            held.until = held.until.max(phase);
            if let Some(state) = held.loaded {
                self.phases.insert(Event::Load(state), phase);
            }
        }
    }

    fn define(&mut self, value: Name, from: usize, loaded: Option<usize>) {
        let held = Held {
            from,
            loaded,
            until: from,
        };
        self.values.insert(value, held);
    }

    fn place(&mut self, op: &Op) {
        match *op {
            Op::Take { to, .. } => {
                let phase = self.reserve(LanePart::Sums, 0, 1);
                self.take(phase, phase + 3, to);
            }
            Op::Scale { to, .. } => self.scale(to),
            Op::Lookup { port, of, to } => self.look_up(port, of, to),
            Op::Load { state, to } => self.define(to, 0, Some(state)),
            Op::Products { terms, plus, to } => self.add_products(terms, plus, to),
            Op::Complement { of, to } => {
                let from = self.ready(of);
                self.define(to, from, None);
            }
            Op::Requantize { of, to } => {
                let phase = self.ready(of);
                self.uses(of, phase);
                self.define(to, phase + 1, None);
            }
            Op::Store { state, of } => {
                let phase = self.ready(of);
                self.uses(of, phase);
                self.phases.insert(Event::Store(state), phase);
            }
            Op::Emit { of } => {
                self.depth = self.ready(of);
                self.phases.insert(Event::Last, self.depth - 1);
            }
        }
    }

    /// A sum taken in `phase`, whose code is there in phase `found`. Difference, bias and requantisation end
    /// in a register each.
    fn take(&mut self, phase: usize, found: usize, to: Name) {
        let turn = self.turns;
        self.turns += 1;
        let events = [Event::Take(turn), Event::Bias(turn)];
        self.phases.extend(events.into_iter().zip(phase..));
        self.phases.insert(Event::PreActivation(turn), found);
        self.define(to, found, None);
    }

    /// The sum with its bias is held for no cycle: the multiplier must be free when it is there. Operands,
    /// product and sum have three registers more.
    fn scale(&mut self, to: Name) {
        let with_bias = 2;
        let used = |lane: &Self, part, phase| {
            let phases: Option<&Vec<usize>> = lane.used.get(&part);
            phases.is_some_and(|phases| phases.contains(&phase))
        };
        let mut phase = 0;
        while used(self, LanePart::Sums, phase)
            || used(self, LanePart::Multiplier, phase + with_bias)
        {
            phase += 1;
        }
        self.reserve(LanePart::Sums, phase, 1);
        self.reserve(LanePart::Multiplier, phase + with_bias, 1);
        self.take(phase, phase + 6, to);
    }

    /// The tables read in one cycle.
    fn look_up(&mut self, port: TablePort, of: Name, to: Name) {
        let (part, registers) = match port {
            TablePort::Gates => (LanePart::Gates, self.gate_registers),
            TablePort::State => (LanePart::State, self.state_registers),
        };
        let phase = self.reserve(part, self.ready(of), 1);
        self.uses(of, phase);
        let found = phase + 1 + registers;
        self.phases.insert(Event::Found(self.lookups), found);
        self.lookups += 1;
        self.define(to, found, None);
    }

    /// Operands, product and sum end in a register each; the sum is held for no cycle.
    fn add_products(&mut self, terms: &[(Name, Name)], plus: Option<Name>, to: Name) {
        let earliest = terms.iter().enumerate().map(|(term, &(a, b))| {
            let ready = self.ready(a).max(self.ready(b));
            ready.saturating_sub(term)
        });
        let begins = plus.map_or(0, |value| self.ready(value).saturating_sub(2));
        let earliest = earliest.max().unwrap_or(0).max(begins);
        let start = self.reserve(LanePart::Multiplier, earliest, terms.len());
        for (phase, &(a, b)) in (start..).zip(terms) {
            self.uses(a, phase);
            self.uses(b, phase);
            self.phases.insert(Event::Operands(self.products), phase);
            self.phases.insert(Event::Sum(self.products), phase + 2);
            self.products += 1;
        }
        if let Some(value) = plus {
            self.uses(value, start + 2);
        }
        self.define(to, start + terms.len() + 2, None);
    }

    /// Distances that two groups must not have, bit d for distance d: those of two uses of one part, and
    /// those at which a register would take the next group's value while this one's is wanted.
    pub(super) fn clashes(&self) -> u64 {
        let mut mask = 0u64;
        for phases in self.used.values() {
            for (one, other) in phases
                .iter()
                .flat_map(|one| phases.iter().map(move |other| (one, other)))
            {
                mask |= 1 << one.abs_diff(*other);
            }
        }
        let held = self.values.values().filter(|held| held.loaded.is_none());
        let longest = held.map(|held| held.until - held.from).max().unwrap_or(0);
        mask | ((1 << longest) - 1) & !1
    }
}
