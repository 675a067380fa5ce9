//! Real inputs to calibrate with.

/// Input vectors of some sequences, one sequence after another; each starts from zero state.
#[derive(Clone, Debug, PartialEq)]
pub struct Sequences {
    /// `[all steps, width]`.
    pub data: Vec<f32>,
    /// Elements of a vector.
    pub width: usize,
    /// Steps of every sequence, each at least 1.
    pub lengths: Vec<usize>,
}

/// Fewest steps of a piece that stands for a longer sequence.
const SHORTEST_PIECE: usize = 128;
/// A sample has at least so many pieces, where the data has as many.
const PIECES: usize = 4;

impl Sequences {
    /// One sequence `[steps, width]`.
    ///
    /// # Panics
    /// When `data` is no whole number of vectors, or empty.
    #[must_use]
    pub fn one(data: Vec<f32>, width: usize) -> Self {
        assert!(
            !data.is_empty() && data.len().is_multiple_of(width),
            "no whole vectors"
        );
        let lengths = vec![data.len() / width];
        Self {
            data,
            width,
            lengths,
        }
    }

    /// Steps of all sequences.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.lengths.iter().sum()
    }

    /// The same sequences, each from its last step to its first.
    pub(super) fn turned(&self) -> Self {
        let sequences = split(&self.data, self.width, &self.lengths);
        let turned = sequences.flat_map(|one| one.chunks_exact(self.width).rev().flatten());
        Self {
            data: turned.copied().collect(),
            width: self.width,
            lengths: self.lengths.clone(),
        }
    }

    /// About `most` steps of the data: all of it, or pieces evenly spaced, each of which starts from
    /// zero state as a sequence does.
    pub(super) fn sample(&self, most: usize) -> Self {
        if self.steps() <= most {
            return self.clone();
        }
        let piece = (most / PIECES).max(SHORTEST_PIECE);
        let mut pieces = Vec::new();
        let mut first = 0;
        for &length in &self.lengths {
            for at in (0..length).step_by(piece) {
                pieces.push((first + at, piece.min(length - at)));
            }
            first += length;
        }
        let wanted = (most * pieces.len())
            .div_ceil(self.steps())
            .clamp(1, pieces.len());
        let mut sample = Self {
            data: Vec::new(),
            width: self.width,
            lengths: Vec::new(),
        };
        for index in 0..wanted {
            let (first, length) = pieces[index * pieces.len() / wanted];
            sample
                .data
                .extend_from_slice(&self.data[first * self.width..][..length * self.width]);
            sample.lengths.push(length);
        }
        sample
    }
}

/// The parts of `all`, `[all steps, width]`, that belong to each sequence.
pub fn split<'a, T>(
    mut all: &'a [T],
    width: usize,
    lengths: &'a [usize],
) -> impl Iterator<Item = &'a [T]> {
    lengths.iter().map(move |&length| {
        let (one, rest) = all.split_at(length * width);
        all = rest;
        one
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_whole_vectors_from_all_over() {
        let data: Vec<f32> = (0..2 * 1000).map(|n| n as f32).collect();
        let mut all = Sequences::one(data, 2);
        assert_eq!(all.sample(1000), all);
        all.lengths = vec![700, 10, 290];
        let sample = all.sample(300);
        assert!((200..=450).contains(&sample.steps()), "{}", sample.steps());
        assert_eq!(sample.data.len(), 2 * sample.steps());
        assert!(
            sample
                .data
                .chunks(2)
                .all(|x| x[0] as i32 % 2 == 0 && x[1] as i32 == x[0] as i32 + 1)
        );
        assert!(sample.data[0] < 0.5 && sample.data.iter().any(|&x| x >= 1400.0));
        let parts: Vec<usize> = split(&all.data, 2, &all.lengths)
            .map(<[f32]>::len)
            .collect();
        assert_eq!(parts, [1400, 20, 580]);
    }
}
