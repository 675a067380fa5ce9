//! Devices that nextpnr places on.

use super::facts::Route;
use super::family::Family;
use crate::diagnostic::Problem;

/// Device, package and speed grade for place and route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedPart {
    /// Program that places on it.
    pub route: &'static Route,
    /// As nextpnr's option names it: `85k`, `hx8k`.
    pub device: String,
    /// Package, as nextpnr names it.
    pub package: String,
    /// Speed grade, where the family's tool takes one.
    pub speed: Option<u32>,
}

fn refused<T>(
    place: &'static str,
    problem: String,
    remedy: impl Into<String>,
) -> Result<T, Problem> {
    Err(Problem::flag(place, problem).help(remedy))
}

impl PlacedPart {
    /// The part of `family` called `device` (default: the largest) with speed grade `speed`.
    ///
    /// # Errors
    /// Where there is no such device, speed grade, or place and route.
    pub fn new(family: Family, device: Option<&str>, speed: Option<u32>) -> Result<Self, Problem> {
        let Some(route) = family.facts().route else {
            synthesis(family)?;
            return refused(
                "--pnr",
                format!("no open place and route for {}", family.word()),
                "use vivado.tcl of the bundle, or place and route for ecp5 or ice40",
            );
        };
        let wanted = device.unwrap_or(route.devices[0].0);
        let mut devices = route.devices.iter();
        let Some((device, package)) = devices.find(|(device, _)| *device == wanted) else {
            let known: Vec<&str> = route.devices.iter().map(|(device, _)| *device).collect();
            return refused(
                "--device",
                format!("{} has no device `{wanted}`", family.word()),
                format!("expected {}", known.join(", ")),
            );
        };
        Ok(Self {
            route,
            device: (*device).to_string(),
            package: (*package).to_string(),
            speed: grade(route, speed)?,
        })
    }

    /// Options of nextpnr that choose the part.
    #[must_use]
    pub fn options(&self) -> Vec<String> {
        let mut options = vec![
            format!("--{}", self.device),
            "--package".to_string(),
            self.package.clone(),
        ];
        if let Some(speed) = self.speed {
            options.extend(["--speed".to_string(), speed.to_string()]);
        }
        options
    }
}

/// Yosys's command that maps a core without pads to `family`.
///
/// # Errors
/// `generic`, which has no cells.
pub fn synthesis(family: Family) -> Result<String, Problem> {
    match family.facts().yosys_core {
        Some(options) => Ok(format!("{}{options}", family.facts().yosys)),
        None => refused(
            "--target",
            format!("cannot synthesise for `{}`", family.word()),
            "choose xc7, xcup, ecp5 or ice40",
        ),
    }
}

/// The speed grade wanted, or the slowest.
fn grade(route: &Route, wanted: Option<u32>) -> Result<Option<u32>, Problem> {
    let chosen = wanted.or(route.speeds.first().copied());
    match chosen {
        Some(_) if route.speeds.is_empty() => refused(
            "--speed",
            "an iCE40 device is its own speed grade".into(),
            "choose by --device: hx is fast, lp and up are slow",
        ),
        Some(speed) if !route.speeds.contains(&speed) => refused(
            "--speed",
            format!("ECP5 has no speed grade {speed}"),
            "expected 6 (slowest), 7 or 8",
        ),
        chosen => Ok(chosen),
    }
}

impl std::fmt::Display for PlacedPart {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} {}", self.device, self.package)?;
        match self.speed {
            Some(speed) => write!(out, " speed {speed}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
