//! The longest time that a step may take.

/// Most cycles of a step, as they were asked for: by number, or by a time at a clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Deadline {
    cycles: u64,
    clock_mhz: Option<f64>,
}

impl Deadline {
    /// So many cycles.
    #[must_use]
    pub const fn cycles(cycles: u64) -> Self {
        Self {
            cycles,
            clock_mhz: None,
        }
    }

    /// The whole cycles of `microseconds` at `clock_mhz`; `None` where not one fits.
    #[must_use]
    pub fn time(microseconds: f64, clock_mhz: f64) -> Option<Self> {
        // The product of two decimals may lie a hair below the whole number that is meant.
        let cycles = (microseconds * clock_mhz * (1.0 + 1e-12)) as u64;
        (cycles > 0).then_some(Self {
            cycles,
            clock_mhz: Some(clock_mhz),
        })
    }

    /// Most cycles.
    #[must_use]
    pub const fn most(&self) -> u64 {
        self.cycles
    }

    /// The option that asked for it.
    #[must_use]
    pub const fn option(&self) -> &'static str {
        match self.clock_mhz {
            None => "--max-cycles",
            Some(_) => "--max-time",
        }
    }

    /// The option with a value that allows `cycles`.
    #[must_use]
    pub fn allowing(&self, cycles: u64) -> String {
        match self.clock_mhz {
            None => format!("--max-cycles {cycles}"),
            // Rounded up, to a nanosecond.
            Some(mhz) => format!("--max-time {}us", (1e3 * cycles as f64 / mhz).ceil() / 1e3),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_to_allow_cycles_does() {
        for (cycles, mhz) in [
            (1, 100.0),
            (7, 3.0),
            (8192, 66.7),
            (123_457, 0.032),
            (5, 1999.9),
        ] {
            let text = Deadline::time(1.0e9, mhz).unwrap().allowing(cycles);
            let time = text.strip_prefix("--max-time ").unwrap();
            let time: f64 = time.strip_suffix("us").unwrap().parse().unwrap();
            let again = Deadline::time(time, mhz).unwrap();
            assert!(
                again.most() >= cycles,
                "{cycles} at {mhz}: {}",
                again.most()
            );
            assert_eq!(again.option(), "--max-time");
        }
        assert_eq!(Deadline::time(0.1, 1.0), None);
        assert_eq!(Deadline::time(0.3, 10.0).unwrap().most(), 3);
    }
}
