//! Classes of devices whose clock is estimated.

use serde::{Deserialize, Serialize};

/// Devices with the same delays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ClockClass {
    /// ECP5 of speed grade 6, the slowest.
    #[serde(rename = "ecp5 speed 6")]
    Ecp5,
    /// iCE40 HX.
    #[serde(rename = "ice40 hx")]
    Ice40Hx,
    /// iCE40 UP, which is short for `UltraPlus`.
    #[serde(rename = "ice40 up")]
    Ice40Up,
}

impl ClockClass {
    /// All classes.
    pub const ALL: [Self; 3] = [Self::Ecp5, Self::Ice40Hx, Self::Ice40Up];

    /// As tables name it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ecp5 => "ecp5 speed 6",
            Self::Ice40Hx => "ice40 hx",
            Self::Ice40Up => "ice40 up",
        }
    }
}
