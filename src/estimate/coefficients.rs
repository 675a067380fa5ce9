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
    lut: [0.916, 1.054, 0.985, 0.949, 1.0, 0.974, 1.031, 0.918],
    ff: [1.002, 1.0, 1.0, 1.0, 0.997, 1.0],
    carry: [1.016, 1.121, 1.084, 1.088],
    luts_of_carry: 0,
    errors: [
        error(0.9, 13.0),
        error(1.3, 11.2),
        error(0.5, 5.1),
        error(2.0, 12.7),
    ],
};

const ECP5: Calibration = Calibration {
    lut: [0.892, 1.0, 0.95, 0.87, 1.0, 1.038, 1.009, 0.837],
    ff: [1.004, 0.998, 0.994, 1.0, 0.998, 1.003],
    carry: [1.021, 1.016, 1.019, 1.072],
    luts_of_carry: 2,
    errors: [
        error(1.7, 12.7),
        error(1.6, 8.3),
        error(0.8, 12.0),
        error(1.0, 27.7),
    ],
};

const XCUP: Calibration = Calibration {
    lut: [0.903, 1.006, 0.971, 0.757, 1.0, 1.004, 1.011, 0.976],
    ff: [1.001, 1.006, 1.006, 0.988, 0.987, 1.029],
    carry: [0.983, 1.091, 1.071, 1.201],
    luts_of_carry: 0,
    errors: [
        error(1.6, 6.1),
        error(2.0, 5.3),
        error(0.3, 15.1),
        error(1.2, 32.0),
    ],
};

const ICE40: Calibration = Calibration {
    lut: [1.097, 1.187, 1.054, 1.043, 1.135, 0.987, 1.165, 0.992],
    ff: [0.982, 0.998, 0.99, 0.995, 0.988, 0.997],
    carry: [0.835, 1.08, 1.052, 1.082],
    luts_of_carry: 0,
    errors: [
        error(5.1, 13.5),
        error(5.1, 13.5),
        error(0.8, 2.8),
        error(3.2, 26.3),
    ],
};
