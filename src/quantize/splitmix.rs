//! The one generator of random numbers.

use crate::fixed::Codes;

/// Growth of the state of [`SplitMix`] from one draw to the next.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// Sebastiano Vigna's `SplitMix64`: small, seeded, the same everywhere. It is part of what a seed means, so it is written out here.
#[derive(Clone, Debug)]
pub struct SplitMix(pub u64);

impl SplitMix {
    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// The generator as it is after `count` more draws: the state counts in equal steps.
    #[must_use]
    pub fn after(&self, count: usize) -> Self {
        Self(self.0.wrapping_add(STEP.wrapping_mul(count as u64)))
    }

    /// A number below `bound`; the bias of 2^-32 and less does not matter for patterns.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((self.next_u64() >> 32) * bound) >> 32
    }

    /// A number between `least` and `most`, both included.
    pub fn between(&mut self, least: i64, most: i64) -> i64 {
        least + ((u128::from(self.next_u64()) * (most - least + 1) as u128) >> 64) as i64
    }

    /// The numbers below `count` in a drawn order.
    pub fn order(&mut self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        for end in (1..count).rev() {
            order.swap(end, self.between(0, end as i64) as usize);
        }
        order
    }

    /// One of `codes`, symmetric if asked: without the most negative one of even levels.
    pub fn code(&mut self, codes: impl Into<Codes>, symmetric: bool) -> i64 {
        let codes = codes.into();
        let (least, step) = (codes.min_code(), codes.step());
        let least = if symmetric { codes.min_weight() } else { least };
        least + step * self.between(0, (codes.max_code() - least) / step)
    }
}
