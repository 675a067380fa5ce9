//! The options that describe a design, made of the table of settings.

use crate::diagnostic::{Problem, Problems};
use crate::flow::read_design;
use crate::ptq::FormatRequest;
use crate::quantize::HeadFormat;
use crate::spec::{CellKind, DesignConfig, GROUPS, Kind, Numerics, SETTINGS, Setting, Settings};
use clap::{Arg, ArgMatches, Command, Error};
use std::path::PathBuf;

/// The options of the settings of a table of the design file.
fn options(command: Command, group: &str) -> Command {
    let heading = GROUPS.iter().find(|(name, _)| *name == group);
    let option = |setting: &'static Setting| {
        Arg::new(setting.key)
            .long(setting.option.trim_start_matches('-'))
            .value_name(setting.value_name)
            .help(setting.long_help())
            .help_heading(heading.map(|(_, title)| *title))
            .allow_negative_numbers(true)
    };
    command.args(Setting::of_group(group).map(option))
}

/// The settings that options gave.
fn given(matches: &ArgMatches) -> Settings {
    let mut settings = Settings::default();
    for setting in SETTINGS {
        let word = matches.try_get_one::<String>(setting.key);
        if let Ok(Some(word)) = word {
            settings.option(setting, word);
        }
    }
    settings
}

/// Widths of numbers.
#[derive(Debug)]
pub struct NumericsArgs(Settings);

impl clap::Args for NumericsArgs {
    fn augment_args(command: Command) -> Command {
        options(command, "numerics")
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl clap::FromArgMatches for NumericsArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        Ok(Self(given(matches)))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl NumericsArgs {
    /// `true` if any width of weights, h or x, or levels of them, are given.
    pub fn gives_width(&self) -> bool {
        [
            "numerics.bits",
            "numerics.weight_bits",
            "numerics.act_bits",
            "numerics.input_bits",
            "numerics.levels",
            "numerics.act_levels",
        ]
        .iter()
        .any(|key| self.0.get(key).is_some())
    }

    /// The formats that these options ask for; calibration chooses the others.
    pub fn wanted(&self, head: HeadFormat) -> Result<FormatRequest, Problems> {
        let mut settings = self.0.clone();
        // The bits of c that are left open must not quarrel with a fraction that is given.
        let open = Setting::of("numerics.c.bits");
        if let (None, Kind::Integer(_, most)) = (self.0.get(open.key), open.kind) {
            settings.option(open, &most.to_string());
        }
        if self.0.get("numerics.c.frac").is_none() {
            settings.option(Setting::of("numerics.c.frac"), "0");
        }
        let numerics = Numerics::resolve(settings)?;
        let given = |key: &str| self.0.get(key).and_then(|_| self.0.integer(key));
        let bits = |key: &str| given(key).map(|bits| bits as u32);
        let frac = |key: &str| given(key).map(|frac| frac as i32);
        Ok(FormatRequest {
            weight_bits: numerics.weight_bits,
            act_bits: numerics.act_bits,
            input_bits: numerics.input_bits,
            levels: numerics.levels,
            act_levels: numerics.act_levels,
            row_scale_bits: numerics.row_scale_bits,
            x_frac: None,
            h_frac: numerics.h_frac,
            z_bits: bits("numerics.z.bits"),
            z_frac: frac("numerics.z.frac"),
            a_frac: bits("numerics.gate_frac"),
            c_bits: bits("numerics.c.bits"),
            c_frac: frac("numerics.c.frac"),
            ..FormatRequest::of(numerics.weight_bits, head)
        })
    }

    /// Refuses the bits of multipliers of rows where nothing makes such.
    fn refuse_rows(&self, why: &str, help: &str) -> Result<(), Problems> {
        let key = "numerics.row_scale_bits";
        if self.0.get(key).is_none() {
            return Ok(());
        }
        let problem = Problem::at(self.0.place(key), why);
        Err(problem.help(help).into())
    }

    /// The number formats that these options ask for, of a training of such cells.
    pub fn resolve(&self, cell: CellKind) -> Result<Numerics, Problems> {
        self.refuse_rows(
            "multipliers of rows that are trained have 8 bits",
            "give --row-scales instead",
        )?;
        let mut settings = self.0.clone();
        settings.option(Setting::of("network.cell"), cell.word());
        Numerics::resolve(settings)
    }
}

/// Network, number formats and implementation of a design.
#[derive(Debug)]
pub struct DesignArgs {
    /// The design file that is named.
    pub config: Option<PathBuf>,
    settings: Settings,
}

impl clap::Args for DesignArgs {
    fn augment_args(command: Command) -> Command {
        let config = Arg::new("config")
            .long("config")
            .value_name("FILE")
            .value_parser(clap::value_parser!(PathBuf))
            .help("Settings from a TOML file; options given here win over it");
        let groups = GROUPS.iter().map(|(group, _)| *group);
        groups.fold(command.arg(config), options)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl clap::FromArgMatches for DesignArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        Ok(Self {
            config: matches.get_one("config").cloned(),
            settings: given(matches),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl DesignArgs {
    /// Decides the design from these options and the design file.
    pub fn resolve(&self) -> Result<DesignConfig, Problems> {
        DesignConfig::resolve(self.given()?)
    }

    /// Everything that was given, by option or by the design file.
    pub fn given(&self) -> Result<Settings, Problems> {
        let settings = self.settings.clone();
        Ok(match &self.config {
            Some(path) => settings.over(read_design(path)?),
            None => settings,
        })
    }

    /// `true` if any option of a design is given.
    pub fn is_given(&self) -> bool {
        self.config.is_some() || !self.settings.is_empty()
    }

    /// The files that are read for it.
    pub fn files(&self) -> impl Iterator<Item = PathBuf> {
        let model = self.settings.text("network.model").map(PathBuf::from);
        self.config.clone().into_iter().chain(model)
    }
}
