use super::*;
use std::collections::BTreeSet;

#[test]
fn every_line_is_a_part_and_no_part_is_there_twice() {
    assert_eq!(Part::all().len(), TABLE.lines().count() - 1);
    let names: BTreeSet<&str> = Part::all().iter().map(|part| part.name).collect();
    assert_eq!(names.len(), Part::all().len());
    assert!(TABLE.starts_with("part,family,series,lut,ff,blocks,block_kbit,uram,dsp,source\n"));
}

/// Rules of the architectures for every part, whatever the figures.
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
