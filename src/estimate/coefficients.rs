//! Fitted factors. Written by `cargo run --release --example calibrate -- fit`; do not edit.

use super::terms::{CARRY_TERMS, FF_TERMS, LUT_TERMS};
use crate::spec::Target;

/// How far a figure was off on designs outside the fit, percent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Error {
    /// Median of the absolute error.
    pub median: f64,
    /// Worst absolute error.
    pub worst: f64,
}

/// Factors of one family.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Calibration {
    /// Factor of every term of LUTs.
    pub lut: [f64; LUT_TERMS.len()],
    /// Factor of every term of flip-flops.
    pub ff: [f64; FF_TERMS.len()],
    /// Factor of every term of carry cells.
    pub carry: [f64; CARRY_TERMS.len()],
    /// LUT sites of a carry cell.
    pub luts_of_carry: u8,
    /// Errors of LUTs of logic, of all LUT sites, of flip-flops, of carry cells.
    pub errors: [Error; 4],
}

/// The factors of a family.
#[must_use]
pub const fn calibration(family: Target) -> &'static Calibration {
    match family {
        Target::Xc7 | Target::Generic => &XC7,
        Target::Xcup => &XCUP,
        Target::Ecp5 => &ECP5,
        Target::Ice40 => &ICE40,
    }
}

const fn error(median: f64, worst: f64) -> Error {
    Error { median, worst }
}

// Factors and errors.

const XC7: Calibration = Calibration {
    lut: [0.92, 1.1, 0.987, 0.968, 1.0, 0.892, 1.059, 0.842],
    ff: [1.022, 1.003, 1.012, 1.0, 0.917, 1.015],
    carry: [0.998, 1.108, 1.095, 1.228],
    luts_of_carry: 0,
    errors: [
        error(0.8, 11.5),
        error(1.3, 9.8),
        error(0.3, 5.1),
        error(2.2, 11.8),
    ],
};

const ECP5: Calibration = Calibration {
    lut: [0.837, 1.0, 1.061, 0.816, 1.0, 1.078, 1.202, 0.752],
    ff: [1.022, 0.985, 0.967, 1.009, 0.982, 1.032],
    carry: [0.995, 1.01, 1.019, 1.202],
    luts_of_carry: 2,
    errors: [
        error(4.2, 7.9),
        error(2.7, 6.2),
        error(0.6, 3.5),
        error(1.1, 3.7),
    ],
};

const XCUP: Calibration = Calibration {
    lut: [0.881, 1.037, 0.997, 0.732, 1.0, 1.013, 1.027, 0.995],
    ff: [1.011, 1.03, 1.02, 0.906, 0.927, 1.084],
    carry: [0.982, 1.141, 0.939, 1.364],
    luts_of_carry: 0,
    errors: [
        error(2.0, 5.3),
        error(2.3, 4.6),
        error(0.4, 15.2),
        error(1.3, 34.2),
    ],
};

const ICE40: Calibration = Calibration {
    lut: [1.025, 1.084, 1.062, 1.089, 1.116, 1.008, 1.108, 1.046],
    ff: [0.988, 1.0, 0.994, 0.993, 0.982, 0.996],
    carry: [0.803, 1.245, 0.896, 1.322],
    luts_of_carry: 0,
    errors: [
        error(2.6, 9.1),
        error(2.6, 9.1),
        error(1.2, 4.0),
        error(2.7, 9.0),
    ],
};
