//! The device that a bundle is synthesised for.

use super::open::Opened;
use crate::device::{Family, PlacedPart};
use crate::diagnostic::{Problem, Problems};
use crate::synth::{RouteOptions, SynthError};

/// A device, and the clock to place and route for.
#[derive(Clone, Copy, Debug, Default)]
pub struct DeviceRequest<'a> {
    /// Family; the one that the bundle was generated for where nothing is given.
    pub family: Option<Family>,
    /// Device by nextpnr's name; the family's usual one where nothing is given.
    pub device: Option<&'a str>,
    /// Speed grade of an ECP5.
    pub speed: Option<u32>,
    /// Place and route for this clock.
    pub clock: Option<RoutedClock>,
}

/// Clock and seeds to place and route for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RoutedClock {
    /// Clock to aim at, MHz.
    pub target_mhz: f64,
    /// Seed of the placer.
    pub seed: u64,
    /// Seeds that are tried, from `seed` on.
    pub seeds: u64,
}

impl DeviceRequest<'_> {
    /// The family to map an opened bundle to, and what is placed and routed.
    ///
    /// # Errors
    /// A device that the family does not have, or that makes no difference to what is asked for.
    pub fn of(&self, opened: &Opened) -> Result<(Family, Option<RouteOptions>), Problems> {
        let built_for = opened.planned.config.implementation.target;
        let family = self.family.unwrap_or(built_for);
        if let (Some(device), None, None) = (self.device, self.clock, family.facts().route) {
            let family = family.word();
            let problem = format!("`{device}`: all devices of {family} are mapped alike");
            return Err(Problem::flag("--device", problem)
                .help("leave it out")
                .into());
        }
        let mut route = None;
        // A device that does not exist is an error without a clock too.
        if self.clock.is_some() || self.device.is_some() {
            let part =
                PlacedPart::new(family, self.device, self.speed).map_err(SynthError::from)?;
            route = self.clock.map(|clock| RouteOptions {
                part,
                target_mhz: clock.target_mhz,
                seed: clock.seed,
                seeds: clock.seeds,
            });
        }
        Ok((family.with_device(self.device), route))
    }
}
