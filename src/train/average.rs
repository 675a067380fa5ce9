//! A running mean of the parameters: what is trained wanders around it (Polyak and Juditsky, 1992).

use rayon::prelude::*;

/// Parameters that one task takes.
const PIECE: usize = 1 << 16;
/// Windows that a mean is made of, at most: more cost time and change little.
const SAMPLES: u64 = 64;

/// The mean of the parameters behind the last windows: of all of them at first, then one in which older ones
/// fade.
#[derive(Clone, Debug)]
pub(super) struct Average {
    /// Windows that it is over.
    over: u64,
    /// Windows since the start.
    pub windows: u64,
    pub values: Vec<f32>,
}

impl Average {
    /// Over `over` windows, beginning at `values`.
    pub(super) fn new(over: usize, values: &[f32]) -> Self {
        Self {
            over: over as u64,
            windows: 0,
            values: values.to_vec(),
        }
    }

    /// Takes in the parameters behind a window.
    pub(super) fn take(&mut self, values: &[f32]) {
        let every = (self.over / SAMPLES).max(1);
        self.windows += 1;
        if !self.windows.is_multiple_of(every) {
            return;
        }
        let samples = (self.windows / every).min((self.over / every).max(1));
        let share = 1.0 / samples as f32;
        let pieces = self.values.par_chunks_mut(PIECE);
        pieces
            .zip(values.par_chunks(PIECE))
            .for_each(|(means, values)| {
                for (mean, value) in means.iter_mut().zip(values) {
                    *mean += share * (value - *mean);
                }
            });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The mean behind each of `count` windows, the parameter being 1, 2, 3 and so on.
    fn means(over: usize, count: u16) -> Vec<f32> {
        let mut average = Average::new(over, &[0.0]);
        (1..=count)
            .map(|window| {
                average.take(&[f32::from(window)]);
                average.values[0]
            })
            .collect()
    }

    #[test]
    fn it_is_the_plain_mean_at_first_and_then_older_ones_fade() {
        assert_eq!(means(4, 4), [1.0, 1.5, 2.0, 2.5]);
        // A quarter of the way to 5.
        assert_eq!(means(4, 5)[4..], [2.5 + 2.5 / 4.0]);
        assert_eq!(means(1, 3), [1.0, 2.0, 3.0]);
    }

    #[test]
    fn of_many_windows_every_so_many_are_taken() {
        let means = means(640, 1000);
        // Before the tenth window it is where it began.
        assert_eq!(means[8..10], [0.0, 10.0]);
        assert_eq!(means[639..640], [f32::midpoint(10.0, 640.0)]);
        // What fades lags behind by as many windows as the mean is over, and comes near that slowly.
        assert!((400.0..640.0).contains(&means[999]), "{}", means[999]);
    }
}
