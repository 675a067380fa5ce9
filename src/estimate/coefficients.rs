//! Fitted factors, as `lprnn-hw fit coefficients` writes them: compiled in, or read from a file.

use super::terms::{CARRY_TERMS, DELAYS, FF_TERMS, LUT_TERMS};
use crate::device::{ClockClass, Family};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

/// How far a figure was off on designs outside the fit, percent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Error {
    /// Median of the absolute error.
    pub median: f64,
    /// Worst absolute error.
    pub worst: f64,
}

/// Factors of one family.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FamilyFactors {
    /// Factor of every term of LUTs.
    pub lut: [f64; LUT_TERMS.len()],
    /// Factor of every term of flip-flops.
    pub ff: [f64; FF_TERMS.len()],
    /// Factor of every term of carry cells.
    pub carry: [f64; CARRY_TERMS.len()],
    /// LUT sites of a carry cell.
    pub luts_of_carry: u8,
    /// Errors of LUTs of logic, of all LUT sites, of flip-flops, of carry cells.
    pub errors: [Error; 4],
}

/// Factors of the delays of one class of devices.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockFactors {
    /// Factor of every term of the period.
    pub delays: [f64; DELAYS.len()],
    /// Error of the clock.
    pub error: Error,
}

/// Everything that a fit gives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coefficients {
    /// Number of the format of this file.
    pub schema: u32,
    /// Versions of Yosys in the table.
    pub yosys: String,
    /// Versions of nextpnr in the table.
    pub nextpnr: String,
    /// By family.
    pub families: BTreeMap<String, FamilyFactors>,
    /// By class of devices.
    pub clocks: BTreeMap<ClockClass, ClockFactors>,
}

/// Number of the format.
pub const SCHEMA: u32 = 1;

/// Largest factor: those of a fit are near 1, and delays are a few ns.
const MOST: f64 = 1e6;

/// Families that must be there.
const FAMILIES: [Family; 5] = [
    Family::Xc7,
    Family::Xcup,
    Family::Ecp5,
    Family::Ice40,
    Family::Ice40Up,
];

/// Coefficients where they are found without a search: what every estimate is made with.
#[derive(Debug)]
pub struct FactorTable {
    all: Coefficients,
    families: [FamilyFactors; FAMILIES.len()],
}

impl From<Coefficients> for FactorTable {
    fn from(all: Coefficients) -> Self {
        let families = FAMILIES.map(|family| all.families[family.key()]);
        Self { all, families }
    }
}

impl FactorTable {
    /// The coefficients that are compiled in.
    #[must_use]
    pub fn built_in() -> Arc<Self> {
        static BUILT_IN: LazyLock<Arc<FactorTable>> = LazyLock::new(|| {
            let text = include_str!("data/coefficients.json");
            let read = Coefficients::from_json(text).expect("tests read the committed file");
            Arc::new(read.into())
        });
        BUILT_IN.clone()
    }

    /// As they stand in a file.
    #[must_use]
    pub const fn coefficients(&self) -> &Coefficients {
        &self.all
    }

    /// The factors of a family.
    #[must_use]
    pub fn factors(&self, family: Family) -> &FamilyFactors {
        let key = family.key();
        let at = FAMILIES.iter().position(|fitted| fitted.key() == key);
        // Every family has the key of a fitted one: a test says so.
        &self.families[at.unwrap_or(0)]
    }
}

impl Coefficients {
    /// Reads the file of a fit.
    ///
    /// # Errors
    /// The first fault of the file.
    pub fn from_json(text: &str) -> Result<Self, String> {
        let read: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if read.schema != SCHEMA {
            return Err(format!(
                "has the schema {}, this program reads {SCHEMA}",
                read.schema
            ));
        }
        if let Some((place, number)) = read
            .numbers()
            .find(|(_, number)| !number.is_finite() || number.abs() > MOST)
        {
            return Err(format!("{place} has the factor {number}"));
        }
        match FAMILIES
            .iter()
            .find(|family| !read.families.contains_key(family.key()))
        {
            Some(family) => Err(format!("has no factors of the family {}", family.key())),
            None => Ok(read),
        }
    }

    /// Every factor, with the family or class that it is of.
    fn numbers(&self) -> impl Iterator<Item = (&str, f64)> {
        let families = self.families.iter().flat_map(|(name, family)| {
            let factors = family.lut.iter().chain(&family.ff).chain(&family.carry);
            factors.map(move |&factor| (name.as_str(), factor))
        });
        let clocks = self.clocks.iter().flat_map(|(class, clock)| {
            let factors = clock.delays.iter();
            factors.map(|&factor| (class.name(), factor))
        });
        families.chain(clocks)
    }

    /// The file.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Plain data has a text.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_family_has_factors() {
        for family in Family::ALL {
            let fitted = FAMILIES.iter().any(|fitted| fitted.key() == family.key());
            assert!(fitted, "{}", family.word());
        }
    }
}
