//! `--part` of `gen`: the folding that suits a part.

use super::output::{Console, grouped};
use super::values::percent;
use crate::device::Part;
use crate::diagnostic::{Problem, Problems};
use crate::flow::{Planned, plan_for_part, plan_model};
use crate::hardware::Wanted;
use crate::quantize::QuantizedModel;
use crate::spec::{DesignConfig, Settings};

/// A part, and what is wanted of the folding.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Folding for a part")]
pub struct PartArgs {
    /// Search the best folding for this part: xc7a35t, lfe5u-25f, ice40up5k
    #[arg(long, value_name = "PART")]
    part: Option<String>,
    /// The fastest that fits [default]
    #[arg(long, requires = "part", conflicts_with = "smallest")]
    fastest: bool,
    /// The smallest; within --target-cycles, if given
    #[arg(long, requires = "part")]
    smallest: bool,
    /// Share of the part's LUTs and flip-flops that may be used, percent
    #[arg(long, value_name = "PERCENT", default_value_t = 85.0, requires = "part", value_parser = percent())]
    fill: f64,
}

/// A target that was given and is not the part's family.
pub fn other_family(config: &DesignConfig, given: &Settings, part: &Part) -> Option<Problem> {
    let setting = "implementation.target";
    if given.get(setting).is_none() || config.implementation.target == part.family.sources() {
        return None;
    }
    let family = part.family.word();
    Some(
        Problem::at(
            given.place(setting),
            format!("{} is of the family {family}", part.name),
        )
        .help(format!("leave it out, or give {family}")),
    )
}

impl PartArgs {
    /// The part, where one is given and no setting is at odds with it.
    pub fn find(
        &self,
        config: &DesignConfig,
        given: &Settings,
    ) -> Result<Option<&'static Part>, Problems> {
        let Some(name) = &self.part else {
            return Ok(None);
        };
        let part = Part::find(name).map_err(|unknown| unknown.by_flag("--part"))?;
        self.check(config, given, part)?;
        Ok(Some(part))
    }

    /// Folds a design: as it says itself, or as the part asks for.
    pub fn fold(
        &self,
        (config, model): (DesignConfig, QuantizedModel),
        part: Option<&'static Part>,
        console: Console,
    ) -> Result<Planned, Problems> {
        let Some(part) = part else {
            return plan_model(config, model);
        };
        let wanted = if self.smallest {
            Wanted::Smallest
        } else {
            Wanted::Fastest
        };
        let (planned, point) =
            plan_for_part((config, model), part, self.fill / 100.0, wanted, &console)?;
        console.say(format_args!(
            "{}: {} units x columns of {}, {} cycles a step; estimated {} of {} LUTs, {} of {} blocks of RAM, {} of {} DSP blocks",
            part.name,
            point.folding_text(),
            if point.mac == crate::spec::MacStyle::Dsp { "DSP blocks" } else { "LUTs" },
            grouped(point.cycles_per_step),
            grouped(point.lut_total),
            grouped(part.lut),
            grouped(point.bram),
            grouped(part.bram),
            grouped(point.dsp),
            grouped(part.dsp)
        ));
        Ok(planned)
    }

    /// Settings that the search decides must not be given as well.
    fn check(&self, config: &DesignConfig, given: &Settings, part: &Part) -> Result<(), Problems> {
        let mut issues = Vec::new();
        for setting in [
            "implementation.units",
            "implementation.columns",
            "implementation.max_macs",
        ] {
            if given.get(setting).is_some() {
                let problem = format!(
                    "the folding is given, and --part {} asks to search it",
                    part.name
                );
                issues
                    .push(Problem::at(given.place(setting), problem).help("leave one of them out"));
            }
        }
        issues.extend(other_family(config, given, part));
        if given.get("implementation.target_cycles").is_some() && !self.smallest {
            issues.push(
                Problem::at(
                    given.place("implementation.target_cycles"),
                    "a goal of cycles beside the fastest folding",
                )
                .help("give --smallest for the smallest array that meets it"),
            );
        }
        Problems::none_or(issues, ())
    }
}
