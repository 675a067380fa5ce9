//! The one definition of a number format: its width, its levels, its fraction.

use serde::{Deserialize, Serialize};

/// Most bits of codes with odd levels; from 5 bits on they gain nothing.
pub const MOST_ODD_BITS: u32 = 4;

/// The integers that the codes of a format are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Levels {
    /// All integers of two's complement, zero among them.
    #[default]
    Even,
    /// The odd integers only, evenly around zero.
    Odd,
}

/// The codes of a format, without its fraction: `N` bits hold `-2^(N-1) ..= 2^(N-1) - 1`, or the odd
/// integers of `-(2^N - 1) ..= 2^N - 1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Codes {
    /// Width of a code in bits, at least 1.
    pub bits: u32,
    /// The integers that they are; one bit is always odd.
    pub levels: Levels,
}

/// Codes of so many bits with even levels; at one bit -1 and 1.
impl From<u32> for Codes {
    fn from(bits: u32) -> Self {
        Self::new(bits, Levels::Even)
    }
}

impl Codes {
    /// Codes of `bits` bits; one bit has odd levels whatever is asked for, since two codes cannot hold
    /// zero evenly.
    #[must_use]
    pub const fn new(bits: u32, levels: Levels) -> Self {
        let levels = if bits == 1 { Levels::Odd } else { levels };
        Self { bits, levels }
    }

    /// `true` if they are the odd integers.
    #[must_use]
    pub const fn is_odd(self) -> bool {
        matches!(self.levels, Levels::Odd)
    }

    /// `true` if they are what the bits alone say: even levels, but odd ones at one bit.
    #[must_use]
    pub const fn is_usual(self) -> bool {
        self.bits == 1 || !self.is_odd()
    }

    /// The format with these codes and this fraction.
    #[must_use]
    pub const fn at(self, frac: i32) -> QFormat {
        QFormat {
            bits: self.bits,
            frac,
            levels: self.levels,
        }
    }

    /// Bits of the largest magnitude, which is at most `2^m`: one less than the width, or as many.
    #[must_use]
    pub const fn magnitude_bits(self) -> u32 {
        if self.is_odd() {
            self.bits
        } else {
            self.bits - 1
        }
    }

    /// The fraction at which they reach just below 1, and 1 itself at one bit.
    #[must_use]
    pub const fn unit_frac(self) -> i32 {
        match self.bits {
            1 => 0,
            _ => self.magnitude_bits() as i32,
        }
    }

    /// Largest code: `2^(bits-1) - 1`, odd `2^bits - 1`.
    #[must_use]
    pub const fn max_code(self) -> i64 {
        (1 << self.magnitude_bits()) - 1
    }

    /// Smallest code: `-2^(bits-1)`, odd `-(2^bits - 1)`.
    #[must_use]
    pub const fn min_code(self) -> i64 {
        if self.is_odd() {
            -self.max_code()
        } else {
            -self.max_code() - 1
        }
    }

    /// Smallest code of a weight: as far from zero as the largest. The most negative code of even levels
    /// is not used.
    #[must_use]
    pub const fn min_weight(self) -> i64 {
        -self.max_code()
    }

    /// Distance of neighbouring codes.
    #[must_use]
    pub const fn step(self) -> i64 {
        if self.is_odd() { 2 } else { 1 }
    }

    /// `true` if `code` is one of them.
    #[must_use]
    pub const fn contains(self, code: i64) -> bool {
        code >= self.min_code() && code <= self.max_code() && (!self.is_odd() || code & 1 == 1)
    }
}

/// Which levels weights, x and h get, by their bits.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum LevelRule {
    /// Even levels, zero among them; one bit is -1 and 1.
    #[default]
    Even,
    /// Odd levels up to 4 bits, such as -3, -1, 1, 3 at 2 bits; wider ones are even.
    Odd,
    /// Odd levels at 1 and 2 bits, even ones above.
    Auto,
}

impl LevelRule {
    /// Every rule.
    pub const ALL: [Self; 3] = [Self::Even, Self::Odd, Self::Auto];

    /// As it is given and stored.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Even => "even",
            Self::Odd => "odd",
            Self::Auto => "auto",
        }
    }

    /// The plainest rule that gives codes of these bits the same levels.
    #[must_use]
    pub fn plainest(self, bits: &[u32]) -> Self {
        let same = |rule: &Self| bits.iter().all(|&bits| rule.of(bits) == self.of(bits));
        Self::ALL.into_iter().find(same).unwrap_or(self)
    }

    /// Even levels alone, which go without saying.
    #[must_use]
    pub fn is_even(&self) -> bool {
        *self == Self::Even
    }

    /// The codes of `bits` bits.
    #[must_use]
    pub fn of(self, bits: u32) -> Codes {
        let most = match self {
            Self::Even => 1,
            Self::Odd => MOST_ODD_BITS,
            Self::Auto => 2,
        };
        let odd = bits <= most;
        Codes::new(bits, if odd { Levels::Odd } else { Levels::Even })
    }
}

/// A signed fixed-point format: codes, and their value `code * 2^-frac`. `s{bits}.{frac}` for short, with
/// odd levels `o{bits}.{frac}`.
///
/// `frac` may be negative or larger than `bits`. In a file it is `{"bits", "frac"}`, with
/// `"levels": "odd"` from two bits on where they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "StoredFormat", into = "StoredFormat")]
pub struct QFormat {
    /// Width of a code in bits, at least 1.
    pub bits: u32,
    /// Number of fraction bits.
    pub frac: i32,
    /// The integers that the codes are; one bit is always odd.
    pub levels: Levels,
}

impl QFormat {
    /// The format `s{bits}.{frac}`; at one bit `o1.{frac}`.
    #[must_use]
    pub const fn new(bits: u32, frac: i32) -> Self {
        Codes::new(bits, Levels::Even).at(frac)
    }

    /// The format `o{bits}.{frac}`.
    #[must_use]
    pub const fn odd(bits: u32, frac: i32) -> Self {
        Codes::new(bits, Levels::Odd).at(frac)
    }

    /// Width and levels.
    #[must_use]
    pub const fn codes(self) -> Codes {
        Codes::new(self.bits, self.levels)
    }

    /// `true` if the codes are the odd integers.
    #[must_use]
    pub const fn is_odd(self) -> bool {
        self.codes().is_odd()
    }

    /// Largest code: `2^(bits-1) - 1`, odd `2^bits - 1`.
    #[must_use]
    pub const fn max_code(self) -> i64 {
        self.codes().max_code()
    }

    /// Smallest code: `-2^(bits-1)`, odd `-(2^bits - 1)`.
    #[must_use]
    pub const fn min_code(self) -> i64 {
        self.codes().min_code()
    }

    /// `true` if `code` is one of the format's codes.
    #[must_use]
    pub const fn contains(self, code: i64) -> bool {
        self.codes().contains(code)
    }

    /// The real value of one step of the integers, `2^-frac`; odd codes are two of them apart.
    #[must_use]
    pub fn ulp(self) -> f64 {
        f64::from(-self.frac).exp2()
    }
}

impl std::fmt::Display for QFormat {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let levels = if self.is_odd() { 'o' } else { 's' };
        write!(out, "{levels}{}.{}", self.bits, self.frac)
    }
}

/// A format as files have it: levels are said where the bits alone do not say them.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredFormat {
    bits: u32,
    frac: i32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    levels: Option<Levels>,
}

impl From<QFormat> for StoredFormat {
    fn from(format: QFormat) -> Self {
        Self {
            bits: format.bits,
            frac: format.frac,
            levels: (!format.codes().is_usual()).then_some(format.levels),
        }
    }
}

impl TryFrom<StoredFormat> for QFormat {
    type Error = &'static str;

    fn try_from(stored: StoredFormat) -> Result<Self, Self::Error> {
        let codes = stored_codes(stored.bits, stored.levels)?;
        Ok(codes.at(stored.frac))
    }
}

/// The codes of a width and of the levels that a file says, where it says any.
///
/// # Errors
/// Even levels of one bit, which has two codes only.
pub fn stored_codes(bits: u32, levels: Option<Levels>) -> Result<Codes, &'static str> {
    match (bits, levels) {
        (1, Some(Levels::Even)) => Err("levels: codes of 1 bit are -1 and 1, always odd"),
        _ => Ok(Codes::new(bits, levels.unwrap_or_default())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_codes_are_the_odd_integers_of_one_more_bit() {
        let of = |bits| {
            let codes = Codes::new(bits, Levels::Odd);
            let all = -100..=100;
            all.filter(|&code| codes.contains(code)).collect::<Vec<_>>()
        };
        assert_eq!(of(1), [-1, 1]);
        assert_eq!(of(2), [-3, -1, 1, 3]);
        assert_eq!(of(3), [-7, -5, -3, -1, 1, 3, 5, 7]);
        assert_eq!(of(4).len(), 16);
        assert_eq!(Codes::new(1, Levels::Even), Codes::new(1, Levels::Odd));
    }

    #[test]
    fn files_say_levels_where_the_bits_do_not() {
        let text = |format: QFormat| serde_json::to_string(&format).unwrap();
        assert_eq!(text(QFormat::new(4, 3)), r#"{"bits":4,"frac":3}"#);
        assert_eq!(text(QFormat::new(1, 0)), r#"{"bits":1,"frac":0}"#);
        assert_eq!(
            text(QFormat::odd(2, 2)),
            r#"{"bits":2,"frac":2,"levels":"odd"}"#
        );
        let read = |text: &str| serde_json::from_str::<QFormat>(text);
        for format in [QFormat::new(4, 3), QFormat::new(1, 0), QFormat::odd(3, 2)] {
            assert_eq!(read(&text(format)).unwrap(), format);
        }
        let even = r#"{"bits":2,"frac":0,"levels":"even"}"#;
        assert_eq!(read(even).unwrap(), QFormat::new(2, 0));
        for wrong in [
            r#"{"bits":1,"frac":0,"levels":"even"}"#,
            r#"{"bits":2,"frac":0,"levels":"third"}"#,
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
