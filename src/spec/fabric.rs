//! What sources of a family are mapped to: devices of one family can differ.

use super::implementation::Target;

/// A family as synthesis maps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fabric {
    /// Xilinx 7 series.
    Xc7,
    /// Xilinx `UltraScale+`.
    Xcup,
    /// Lattice ECP5.
    Ecp5,
    /// Lattice iCE40 LP and HX: no DSP blocks.
    Ice40,
    /// Lattice iCE40 `UltraPlus`: the same cells, with DSP blocks.
    Ice40Up,
    /// No family.
    Generic,
}

impl Fabric {
    /// The fabric of a device of a family, as nextpnr or the table of parts names it; of the family's
    /// usual one without a device.
    #[must_use]
    pub fn of(family: Target, device: Option<&str>) -> Self {
        let up = |name: &str| name.strip_prefix("ice40").unwrap_or(name).starts_with("up");
        match family {
            Target::Xc7 => Self::Xc7,
            Target::Xcup => Self::Xcup,
            Target::Ecp5 => Self::Ecp5,
            Target::Ice40 if device.is_some_and(up) => Self::Ice40Up,
            Target::Ice40 => Self::Ice40,
            Target::Generic => Self::Generic,
        }
    }

    /// The family that sources are shaped for.
    #[must_use]
    pub const fn target(self) -> Target {
        match self {
            Self::Xc7 => Target::Xc7,
            Self::Xcup => Target::Xcup,
            Self::Ecp5 => Target::Ecp5,
            Self::Ice40 | Self::Ice40Up => Target::Ice40,
            Self::Generic => Target::Generic,
        }
    }

    /// As tables and reports spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Xc7 => "xc7",
            Self::Xcup => "xcup",
            Self::Ecp5 => "ecp5",
            Self::Ice40 => "ice40",
            Self::Ice40Up => "ice40 up",
            Self::Generic => "generic",
        }
    }
}

impl From<Target> for Fabric {
    fn from(family: Target) -> Self {
        Self::of(family, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ultra_plus_is_apart() {
        for (family, device, fabric) in [
            (Target::Ice40, None, Fabric::Ice40),
            (Target::Ice40, Some("hx8k"), Fabric::Ice40),
            (Target::Ice40, Some("ice40lp1k"), Fabric::Ice40),
            (Target::Ice40, Some("up5k"), Fabric::Ice40Up),
            (Target::Ice40, Some("ice40up3k"), Fabric::Ice40Up),
            (Target::Ecp5, Some("25k"), Fabric::Ecp5),
            (Target::Xcup, Some("xcup"), Fabric::Xcup),
        ] {
            assert_eq!(Fabric::of(family, device), fabric);
            assert_eq!(fabric.target(), family);
        }
    }
}
