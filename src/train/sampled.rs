//! A softmax over a sample of the outputs, in place of all of a large vocabulary.
//!
//! The denominator of a softmax is a sum over all outputs. It is estimated from those that a window wants
//! and a sample of the others, each taken with a chance of its own and weighted with one over it (the
//! estimator of Horvitz and Thompson, 1952): its mean is the whole sum.

use super::layout::uniform;
use crate::quantize::SplitMix;

/// Power of a token's count that its chance grows with (as for the negative samples of arXiv 1310.4546).
const POWER: f64 = 0.75;

/// The outputs that a window's loss is taken over.
#[derive(Clone, Debug, PartialEq)]
pub struct SampledOutputs {
    /// Outputs, ascending; every one that the window wants is among them.
    pub outputs: Vec<u32>,
    /// What is added to the score of each: the logarithm of its weight in the softmax's sum.
    pub log_weights: Vec<f32>,
}

impl SampledOutputs {
    /// Where `output` is among them.
    pub(super) fn place(&self, output: u32) -> usize {
        // Whatever is wanted was taken, so that it is found.
        self.outputs.partition_point(|&other| other < output)
    }
}

/// Draws a sample for every window.
#[derive(Clone, Debug)]
pub struct OutputSampler {
    /// Chance of every output, above 0 to 1.
    chances: Vec<f32>,
    seed: u64,
}

impl OutputSampler {
    /// Of every output how often it is wanted, how many are drawn in the mean, and the start of the random
    /// sequences. The most frequent ones are always drawn.
    #[must_use]
    pub fn new(counts: &[u64], samples: usize, seed: u64) -> Self {
        // A token that is never wanted has a chance, too.
        let sizes: Vec<f64> = counts
            .iter()
            .map(|&count| (count as f64 + 1.0).powf(POWER))
            .collect();
        let factor = factor(&sizes, samples as f64);
        let chances = sizes.iter().map(|size| (factor * size).min(1.0) as f32);
        Self {
            chances: chances.collect(),
            seed,
        }
    }

    /// The outputs of window `index` of pass `pass`, which wants those of `wanted`; the same at every call.
    #[must_use]
    pub fn draw(&self, (pass, index): (u64, usize), wanted: &[u32]) -> SampledOutputs {
        let mut first = SplitMix(self.seed ^ pass.rotate_left(32) ^ index as u64);
        let mut noise = SplitMix(first.next_u64());
        let mut is_wanted = vec![false; self.chances.len()];
        for &output in wanted {
            is_wanted[output as usize] = true;
        }
        let mut drawn = SampledOutputs {
            outputs: Vec::new(),
            log_weights: Vec::new(),
        };
        for (output, (&chance, is_wanted)) in self.chances.iter().zip(is_wanted).enumerate() {
            let is_drawn = uniform(&mut noise) < chance;
            if is_wanted || is_drawn {
                let log_weight = if is_wanted { 0.0 } else { -chance.ln() };
                drawn.outputs.push(output as u32);
                drawn.log_weights.push(log_weight);
            }
        }
        drawn
    }
}

/// The factor by which sizes become chances, 1 at most, whose sum is `samples`.
fn factor(sizes: &[f64], samples: f64) -> f64 {
    let mut largest_first = sizes.to_vec();
    largest_first.sort_by(|a, b| b.total_cmp(a));
    let mut rest: f64 = largest_first.iter().sum();
    let mut certain = 0.0;
    for size in largest_first {
        let factor = (samples - certain) / rest;
        if factor * size <= 1.0 {
            return factor;
        }
        certain += 1.0;
        rest -= size;
    }
    // As many samples as outputs: all are certain.
    f64::INFINITY
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sampler(samples: usize) -> OutputSampler {
        let counts: Vec<u64> = (0..500).map(|rank| 100_000 / (rank + 1)).collect();
        OutputSampler::new(&counts, samples, 3)
    }

    #[test]
    fn as_many_are_drawn_as_asked_for_and_every_wanted_one() {
        let sampler = sampler(100);
        let wanted = [499, 0, 250, 250];
        let mut drawn = 0;
        for index in 0..400 {
            let sample = sampler.draw((1, index), &wanted);
            assert!(sample.outputs.is_sorted());
            for output in wanted {
                let place = sample.place(output);
                assert_eq!(sample.outputs[place], output);
                assert!(sample.log_weights[place].abs() < f32::EPSILON);
            }
            drawn += sample.outputs.len();
        }
        let mean = drawn as f64 / 400.0;
        assert!((99.0..104.0).contains(&mean), "{mean}");
        assert_eq!(sampler.draw((1, 7), &wanted), sampler.draw((1, 7), &wanted));
        assert_ne!(sampler.draw((1, 7), &wanted), sampler.draw((2, 7), &wanted));
    }

    #[test]
    fn the_weighted_sum_has_the_mean_of_the_whole_one() {
        let sampler = sampler(60);
        let value = |output: u32| 1.0 / f64::from(output + 3);
        let whole: f64 = (0..500).map(value).sum();
        let sums = (0..4000).map(|index| {
            let sample = sampler.draw((0, index), &[17]);
            let parts = sample.outputs.iter().zip(&sample.log_weights);
            parts
                .map(|(&output, &weight)| value(output) * f64::from(weight).exp())
                .sum::<f64>()
        });
        let mean = sums.sum::<f64>() / 4000.0;
        assert!((mean / whole - 1.0).abs() < 0.01, "{mean} for {whole}");
    }

    #[test]
    fn as_many_samples_as_outputs_are_all_of_them_unweighted() {
        let sample = sampler(500).draw((0, 0), &[1]);
        assert_eq!(sample.outputs.len(), 500);
        assert!(sample.log_weights.iter().all(|&weight| weight == 0.0));
    }
}
