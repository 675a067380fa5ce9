//! The families Yosys synthesises for, and the parts nextpnr places them on.

use super::SynthError;
use crate::spec::{Fabric, Target};
use crate::tools::ToolKind;

/// A part for place and route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// As nextpnr's option names it: `85k`, `hx8k`.
    pub device: String,
    /// Package, as nextpnr names it.
    pub package: String,
    /// Speed grade, where the family's tool takes one.
    pub speed: Option<u32>,
}

/// Devices of a family with the package that is taken, the default first.
const ECP5: [(&str, &str); 4] = [
    ("85k", "CABGA756"),
    ("45k", "CABGA554"),
    ("25k", "CABGA381"),
    ("12k", "CABGA381"),
];
const ICE40: [(&str, &str); 6] = [
    ("hx8k", "ct256"),
    ("hx4k", "tq144"),
    ("hx1k", "tq144"),
    ("lp8k", "cm225"),
    ("lp1k", "cm121"),
    ("up5k", "sg48"),
];
const SPEEDS: [u32; 3] = [6, 7, 8];

impl Part {
    /// The part of `family` called `device` (default: the largest) with speed grade `speed`.
    pub fn new(
        family: Target,
        device: Option<&str>,
        speed: Option<u32>,
    ) -> Result<Self, SynthError> {
        let devices: &[(&str, &str)] = match family {
            Target::Ecp5 => &ECP5,
            Target::Ice40 => &ICE40,
            Target::Generic => return Err(SynthError::NoFamily),
            Target::Xc7 | Target::Xcup => {
                return Err(SynthError::Part {
                    place: "--pnr",
                    problem: format!("no open place and route for {}", name(family)),
                    remedy: "use vivado.tcl of the bundle, or place and route for ecp5 or ice40"
                        .into(),
                });
            }
        };
        let wanted = device.unwrap_or(devices[0].0);
        let Some((device, package)) = devices.iter().find(|(device, _)| *device == wanted) else {
            let known: Vec<&str> = devices.iter().map(|(device, _)| *device).collect();
            return Err(SynthError::Part {
                place: "--device",
                problem: format!("{} has no device `{wanted}`", name(family)),
                remedy: format!("there are {}", known.join(", ")),
            });
        };
        let speed = match (family, speed) {
            (Target::Ecp5, speed) => {
                let speed = speed.unwrap_or(SPEEDS[0]);
                if !SPEEDS.contains(&speed) {
                    return Err(SynthError::Part {
                        place: "--speed",
                        problem: format!("ECP5 has no speed grade {speed}"),
                        remedy: "there are 6 (slowest), 7 and 8".into(),
                    });
                }
                Some(speed)
            }
            (_, Some(_)) => {
                return Err(SynthError::Part {
                    place: "--speed",
                    problem: "an iCE40 device is its own speed grade".into(),
                    remedy: "choose by --device: hx is fast, lp and up are slow".into(),
                });
            }
            (_, None) => None,
        };
        Ok(Self {
            device: (*device).to_string(),
            package: (*package).to_string(),
            speed,
        })
    }

    /// Options of nextpnr that choose the part.
    pub(super) fn options(&self) -> Vec<String> {
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

impl std::fmt::Display for Part {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} {}", self.device, self.package)?;
        match self.speed {
            Some(speed) => write!(out, " speed {speed}"),
            None => Ok(()),
        }
    }
}

/// The family as options and reports spell it.
#[must_use]
pub const fn name(family: Target) -> &'static str {
    match family {
        Target::Xc7 => "xc7",
        Target::Xcup => "xcup",
        Target::Ecp5 => "ecp5",
        Target::Ice40 => "ice40",
        Target::Generic => "generic",
    }
}

/// Yosys's command that maps to `fabric`.
pub(super) fn command(fabric: Fabric) -> Result<String, SynthError> {
    Ok(match fabric {
        Fabric::Xc7 => "synth_xilinx -family xc7 -flatten -noiopad -noclkbuf".to_string(),
        Fabric::Xcup => "synth_xilinx -family xcup -flatten -noiopad -noclkbuf".to_string(),
        Fabric::Ecp5 => "synth_ecp5".to_string(),
        Fabric::Ice40Up => "synth_ice40 -device u -dsp".to_string(),
        Fabric::Ice40 => "synth_ice40".to_string(),
        Fabric::Generic => return Err(SynthError::NoFamily),
    })
}

/// The program that places and routes `family`.
pub(super) fn router(family: Target) -> ToolKind {
    match family {
        Target::Ice40 => ToolKind::NextpnrIce40,
        _ => ToolKind::NextpnrEcp5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remedy::Remedy;

    #[test]
    fn defaults_are_ecp5_85k_speed_6_and_hx8k() {
        let part = Part::new(Target::Ecp5, None, None).unwrap();
        assert_eq!(part.to_string(), "85k CABGA756 speed 6");
        let part = Part::new(Target::Ice40, None, None).unwrap();
        assert_eq!(part.to_string(), "hx8k ct256");
    }

    #[test]
    fn wrong_parts_are_refused_with_the_right_ones() {
        for (family, device, speed, why) in [
            (Target::Ecp5, Some("99k"), None, "85k, 45k, 25k, 12k"),
            (Target::Ecp5, None, Some(5), "6 (slowest), 7 and 8"),
            (Target::Ice40, Some("85k"), None, "hx8k"),
            (Target::Ice40, None, Some(6), "--device"),
            (Target::Xc7, None, None, "no open place and route"),
            (Target::Generic, None, None, "choose xc7"),
        ] {
            let error = Part::new(family, device, speed).unwrap_err();
            let said = format!("{error}; {}", error.help().unwrap_or_default());
            assert!(said.contains(why), "{said}");
        }
    }

    #[test]
    fn only_the_up_devices_have_dsp_blocks() {
        let command = |device| command(Fabric::of(Target::Ice40, Some(device))).unwrap();
        assert!(command("up5k").contains("-dsp"));
        assert!(!command("hx8k").contains("-dsp"));
    }
}
