//! The foldings that any search looks at, whatever it ranks them by.

use super::spec::LayerSpec;

/// Arrays larger than this are not looked at, multiply-accumulates per layer.
const LARGEST_ARRAY: usize = 1 << 16;

/// Sizes that one folding is to suit: the largest of all layers.
#[derive(Clone, Copy, Debug)]
pub struct Layers {
    sums: usize,
    hidden: usize,
    longest: usize,
}

impl Layers {
    /// The sizes of one layer.
    #[must_use]
    pub fn one(spec: &LayerSpec) -> Self {
        Self {
            sums: spec.sums(),
            hidden: spec.hidden_size,
            longest: spec.longest_operand(),
        }
    }

    /// The sizes of all layers that share a folding.
    #[must_use]
    pub fn all(specs: &[LayerSpec]) -> Self {
        let sizes = specs.iter().map(Self::one);
        let most = |one: Self, other: Self| Self {
            sums: one.sums.max(other.sums),
            hidden: one.hidden.max(other.hidden),
            longest: one.longest.max(other.longest),
        };
        let least = Self {
            sums: 1,
            hidden: 1,
            longest: 1,
        };
        sizes.fold(least, most)
    }
}

/// `count` is the fewest that cut `total` into as few pieces.
const fn fewest(total: usize, count: usize) -> bool {
    count == 1 || total.div_ceil(count - 1) > total.div_ceil(count)
}

/// Units by columns, at most `macs` multiply-accumulates, both ascending: units that are the fewest for their
/// number of groups; columns that are the fewest for their number of blocks, or hold a whole number of
/// groups.
pub fn candidates(layers: Layers, macs: usize) -> impl Iterator<Item = (usize, usize)> {
    let Layers {
        sums,
        hidden,
        longest,
    } = layers;
    let macs = macs.min(LARGEST_ARRAY);
    (1..=hidden.min(macs / sums))
        .filter(move |&units| fewest(hidden, units))
        .flat_map(move |units| {
            (1..=longest.min(macs / (sums * units)))
                .filter(move |&columns| fewest(longest, columns) || columns.is_multiple_of(units))
                .map(move |columns| (units, columns))
        })
}

#[cfg(test)]
mod tests {
    use super::super::lstm::LSTM;
    use super::*;

    fn found(sizes: (usize, usize)) -> Vec<(usize, usize)> {
        let spec = LayerSpec::ordinary(&LSTM, sizes, (4, 4));
        candidates(Layers::one(&spec), usize::MAX).collect()
    }

    #[test]
    fn candidates_hold_the_useful_foldings() {
        let useful = found((32, 20));
        for folding in [
            (1, 1),
            (1, 32),
            (20, 20),
            (20, 32),
            (10, 30),
            (5, 15),
            (7, 21),
        ] {
            assert!(useful.contains(&folding), "{folding:?}");
        }
        // 6 units make 4 groups of 20 as 5 do, 12 columns 3 blocks of 32 as 11 do.
        assert!(!useful.iter().any(|&(units, _)| units == 6));
        assert!(!useful.contains(&(7, 12)) && useful.contains(&(7, 11)));
        let large = found((4096, 4096));
        let within = |&(units, columns): &(usize, usize)| 4 * units * columns <= 1 << 16;
        assert!(large.len() > 1000 && large.iter().all(within));
    }
}
