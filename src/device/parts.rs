//! Real parts and what they have, from the makers' data sheets (`data/parts.csv`).

use super::family::Family;
use crate::diagnostic::Problem;
use std::sync::OnceLock;

const TABLE: &str = include_str!("data/parts.csv");

/// Resources of an FPGA.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Part {
    /// Name without package and speed grade: `xc7a35t`, `lfe5u-25f`, `ice40up5k`.
    pub name: &'static str,
    /// Family that its devices are of.
    pub family: Family,
    /// As the maker calls the series.
    pub series: &'static str,
    /// LUT6 on Xilinx, LUT4 on Lattice.
    pub lut: u64,
    /// Flip-flops.
    pub ff: u64,
    /// Block RAM in the family's smallest blocks, as estimates and synthesis count them.
    pub bram: u64,
    /// Bits of such a block, parity bits included: 18432, or 4096 on iCE40.
    pub block_bits: u64,
    /// `UltraRAM` blocks of 288 kb; generated cores do not use them.
    pub uram: u64,
    /// DSP blocks: `DSP48E1`, `DSP48E2`, `MULT18X18D`, `SB_MAC16`.
    pub dsp: u64,
    /// Number of the data sheet.
    pub source: &'static str,
}

fn parse(line: &'static str) -> Option<Part> {
    let mut cells = line.split(',');
    let name = cells.next()?;
    let family = Family::of_word(cells.next()?)?.with_device(Some(name));
    let series = cells.next()?;
    let mut number = || cells.next()?.parse::<u64>().ok();
    let part = Part {
        name,
        family,
        series,
        lut: number()?,
        ff: number()?,
        bram: number()?,
        block_bits: 1024 * number()?,
        uram: number()?,
        dsp: number()?,
        source: cells.next()?,
    };
    cells.next().is_none().then_some(part)
}

/// The answer to a name that no part has, with those that are like it.
fn unknown(wanted: &str, given: &str) -> Problem {
    let names = || Part::all().iter().map(|part| part.name);
    let mut near: Vec<(usize, &str)> = names()
        .map(|known| (strsim::damerau_levenshtein(wanted, known), known))
        .collect();
    near.sort_unstable();
    let close = near.iter().filter(|(distance, _)| *distance <= 3);
    let like: Vec<&str> = close.take(3).map(|&(_, known)| known).collect();
    let within: Vec<&str> = names()
        .filter(|known| wanted.len() >= 3 && known.contains(wanted))
        .collect();
    let nearest = near
        .first()
        .filter(|(distance, known)| distance * 2 <= known.len());
    let meant = if !within.is_empty() && within.len() <= 6 {
        within
    } else if !like.is_empty() {
        like
    } else {
        nearest.iter().map(|&&(_, known)| known).collect()
    };
    let remedy = if meant.is_empty() {
        format!(
            "give a part such as xc7a35t, xczu3, lfe5u-25f or ice40up5k ({} are known, docs/explore.md \
             lists them), or a family by --target",
            Part::all().len()
        )
    } else {
        format!("did you mean {}?", meant.join(", "))
    };
    Problem::new(format!("unknown part `{given}`")).help(remedy)
}

impl Part {
    /// All parts, series by series, each from the smallest to the largest.
    pub fn all() -> &'static [Self] {
        static PARTS: OnceLock<Vec<Part>> = OnceLock::new();
        // A test reads every line.
        PARTS.get_or_init(|| TABLE.lines().skip(1).filter_map(parse).collect())
    }

    /// The part that `name` begins with, in any case: `XC7A35TCPG236-1` is an `xc7a35t`.
    pub fn find(name: &str) -> Result<&'static Self, Problem> {
        let wanted = name.trim().to_ascii_lowercase();
        let fits = |part: &&Self| {
            wanted.strip_prefix(part.name).is_some_and(|rest| {
                // `xc7a35t` is no prefix of a longer number, `xczu3` none of `xczu30`.
                !(rest.starts_with(|next: char| next.is_ascii_digit()))
            })
        };
        if let Some(part) = Self::all()
            .iter()
            .filter(fits)
            .max_by_key(|part| part.name.len())
        {
            return Ok(part);
        }
        Err(unknown(&wanted, name.trim()))
    }

    /// Parts of a family, by LUTs ascending.
    #[must_use]
    pub fn of_family(family: Family) -> Vec<&'static Self> {
        let shaped = |part: &&Self| part.family.sources() == family.sources();
        let mut parts: Vec<&Self> = Self::all().iter().filter(shaped).collect();
        parts.sort_by_key(|part| (part.lut, part.bram, part.dsp, part.name));
        parts
    }
}

#[cfg(test)]
mod tests;
