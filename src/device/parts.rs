//! Real parts and what they have, from the makers' data sheets (`data/parts.csv`).

use super::family::Family;
use crate::diagnostic::Problem;
use std::sync::OnceLock;

const TABLE: &str = include_str!("data/parts.csv");

/// What an FPGA has.
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
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_line_is_a_part_and_no_part_is_there_twice() {
        assert_eq!(Part::all().len(), TABLE.lines().count() - 1);
        let names: BTreeSet<&str> = Part::all().iter().map(|part| part.name).collect();
        assert_eq!(names.len(), Part::all().len());
        assert!(TABLE.starts_with("part,family,series,lut,ff,blocks,block_kbit,uram,dsp,source\n"));
    }

    /// What the architectures say of every part, whatever the figures.
    #[test]
    fn figures_are_possible_in_their_family() {
        for part in Part::all() {
            let name = part.name;
            assert!(part.lut > 0 && part.bram > 0, "{name}");
            match part.family {
                // Two flip-flops to a LUT; slices of 4, CLBs of 8; block RAM in pairs of 18 kb.
                Family::Xc7 | Family::Xcup => {
                    assert_eq!(part.ff, 2 * part.lut, "{name}");
                    assert_eq!(part.lut % 4, 0, "{name}");
                    assert_eq!((part.bram % 2, part.block_bits), (0, 18 * 1024), "{name}");
                    assert!(part.dsp > 0, "{name}");
                }
                Family::Ecp5 => {
                    assert_eq!((part.ff, part.block_bits), (part.lut, 18 * 1024), "{name}");
                }
                Family::Ice40 | Family::Ice40Up => {
                    assert_eq!((part.ff, part.block_bits), (part.lut, 4096), "{name}");
                    assert_eq!(part.lut % 8, 0, "{name}");
                }
                Family::Generic => panic!("{name} has no family"),
            }
            assert!(part.uram == 0 || part.family == Family::Xcup, "{name}");
            let document = ["DS180", "DS190", "DS890", "DS891", "FPGA-DS-020"];
            assert!(
                document.iter().any(|known| part.source.starts_with(known)),
                "{name}"
            );
        }
    }

    /// Within a series of the table nothing shrinks while LUTs grow, save where the maker says so.
    #[test]
    fn series_grow() {
        for pair in Part::all().windows(2) {
            let (small, large) = (&pair[0], &pair[1]);
            if small.series != large.series || large.lut < small.lut {
                continue;
            }
            let known = ["xczu4", "xczu5", "xczu7"].contains(&large.name);
            assert!(
                known || large.bram >= small.bram,
                "{} {}",
                small.name,
                large.name
            );
            let known = ["xczu7"].contains(&large.name);
            assert!(
                known || large.dsp >= small.dsp,
                "{} {}",
                small.name,
                large.name
            );
        }
    }

    #[test]
    fn packages_and_case_do_not_matter() {
        for (given, name) in [
            ("xc7a35t", "xc7a35t"),
            ("XC7A35TCPG236-1", "xc7a35t"),
            ("xczu3eg-sbva484-1-e", "xczu3"),
            ("LFE5U-25F-6BG381C", "lfe5u-25f"),
            ("iCE40UP5K-SG48", "ice40up5k"),
            (" xc7z020clg400-1 ", "xc7z020"),
        ] {
            assert_eq!(Part::find(given).unwrap().name, name);
        }
    }

    #[test]
    fn unknown_parts_are_answered_with_the_nearest() {
        for (given, like) in [
            ("xc7a34t", "xc7a35t"),
            ("7a35t", "xc7a35t"),
            ("xczu30", "xczu3"),
            ("up5k", "ice40up5k"),
            ("lfe5u-25", "lfe5u-25f"),
            ("stratix", "--target"),
            ("", "--target"),
        ] {
            let remedy = Part::find(given).unwrap_err().help.unwrap();
            assert!(remedy.contains(like), "{given}: {remedy}");
        }
    }
}
