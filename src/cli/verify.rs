//! Points that `explore --verify` has measured, for people.

use super::output::{grouped, table};
use crate::flow::{Measured, Verified};
use std::io::Write;

/// Rows of measured figures next to the estimated.
fn figures(one: &Measured) -> Vec<Vec<String>> {
    let heads = ["", "estimated", "measured", "off"].map(String::from);
    let mut rows = vec![heads.to_vec()];
    for figure in &one.compared {
        let off = match figure.synthesised {
            0 => String::new(),
            measured => format!(
                "{:+.1} %",
                100.0 * (figure.estimated as f64 / measured as f64 - 1.0)
            ),
        };
        rows.push(vec![
            figure.what.to_string(),
            grouped(figure.estimated),
            grouped(figure.synthesised),
            off,
        ]);
    }
    rows
}

/// Measured next to estimated, for people.
pub fn human(all: &[Verified], out: &mut dyn Write) -> std::io::Result<()> {
    for Verified {
        roles,
        measured: one,
        ..
    } in all
    {
        let roles: Vec<&str> = roles.iter().map(|role| role.name()).collect();
        writeln!(
            out,
            "\nverified: {} ({}); {}",
            roles.join(", "),
            one.design,
            one.tools.join(", ")
        )?;
        let words = if one.cosim_equal {
            "equal to the reference model"
        } else {
            "DIFFERENT"
        };
        writeln!(out, "  cosimulation: {words}")?;
        if let Some(problem) = &one.problem {
            writeln!(out, "  NOT BUILT: {problem}")?;
            continue;
        }
        table(out, &figures(one))?;
        if let Some(fmax) = one.fmax_mhz {
            let estimated = one.estimated_fmax_mhz.map_or(String::new(), |mhz| {
                let off = 100.0 * (mhz / fmax - 1.0);
                format!(", {mhz:.1} MHz estimated ({off:+.1} %)")
            });
            writeln!(
                out,
                "  routed: {fmax:.1} MHz reached{estimated}, {} MHz aimed at",
                one.clock_mhz
            )?;
        }
        if one.fits == Some(false) {
            writeln!(out, "  DOES NOT FIT the part")?;
        }
    }
    Ok(())
}
