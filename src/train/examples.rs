//! Sequences of vectors whose right answers are known, in batches.

use super::window::{Reading, TrainingTask, Window, WindowGoal};
use crate::quantize::{Emit, SplitMix};

/// Sequences with their right answers. Every pass goes through them in another order, `batch` at a time, in
/// windows of `steps` steps; the state is carried from a window to the next of the same sequences.
#[derive(Clone, Debug)]
pub struct Examples {
    /// Vectors as the first layer takes them, sequence after sequence, `[all steps, width]`.
    vectors: Vec<f32>,
    width: usize,
    lengths: Vec<usize>,
    /// Where each sequence starts, in vectors.
    starts: Vec<usize>,
    /// All answers: one for every step, or one for the last of every sequence.
    goal: WindowGoal,
    when: Emit,
    batch: usize,
    steps: usize,
    seed: u64,
}

/// How examples are put into windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batches {
    /// Sequences side by side, at least 1.
    pub batch: usize,
    /// Most steps of a window, at least 1; of answers at the end of a sequence at least as many as the longest
    /// has.
    pub steps: usize,
    /// Of the order.
    pub seed: u64,
}

impl Examples {
    /// Sequences of vectors `[all steps, width]`, and what is wanted of them.
    ///
    /// # Panics
    /// Where vectors, answers and lengths are not as many as one another say.
    #[must_use]
    pub fn new(
        (vectors, width): (Vec<f32>, usize),
        lengths: Vec<usize>,
        (goal, when): (WindowGoal, Emit),
        batches: Batches,
    ) -> Self {
        let mut end = 0;
        let starts: Vec<usize> = lengths
            .iter()
            .map(|length| {
                end += length;
                end - length
            })
            .collect();
        let answers = match when {
            Emit::Step => end,
            Emit::Last => lengths.len(),
        };
        assert_eq!(vectors.len(), end * width, "a vector for every step");
        let found = match &goal {
            WindowGoal::Classes(classes) => classes.len(),
            WindowGoal::Values { data, weights } => data.len() / weights.len(),
        };
        assert_eq!(found, answers, "answers");
        Self {
            vectors,
            width,
            lengths,
            starts,
            goal,
            when,
            batch: batches.batch,
            steps: batches.steps,
            seed: batches.seed,
        }
    }

    fn longest(&self) -> usize {
        self.lengths.iter().copied().max().unwrap_or(1)
    }

    /// Windows of a batch.
    fn windows_of_batch(&self) -> usize {
        self.longest().div_ceil(self.steps)
    }

    /// The sequences of a batch in the order of a pass.
    fn sequences(&self, pass: u64, batch: usize) -> Vec<usize> {
        let seed = self
            .seed
            .wrapping_add(pass.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let order = SplitMix(seed).order(self.lengths.len());
        let last = order.len().min((batch + 1) * self.batch);
        order[batch * self.batch..last].to_vec()
    }

    /// Rows of a window that an answer is wanted of, and the answers' numbers.
    fn asked(&self, sequences: &[usize], first: usize, steps: usize) -> (Vec<usize>, Vec<usize>) {
        let places =
            (0..steps).flat_map(|step| (0..sequences.len()).map(move |place| (step, place)));
        let wanted = places.filter_map(|(step, place)| {
            let sequence = sequences[place];
            let (at, length) = (first + step, self.lengths[sequence]);
            let answer = match self.when {
                Emit::Step => (at < length).then(|| self.starts[sequence] + at),
                Emit::Last => (at + 1 == length).then_some(sequence),
            };
            answer.map(|answer| (step * sequences.len() + place, answer))
        });
        wanted.unzip()
    }

    fn goal_of(&self, answers: &[usize]) -> WindowGoal {
        match &self.goal {
            WindowGoal::Classes(all) => {
                WindowGoal::Classes(answers.iter().map(|&answer| all[answer]).collect())
            }
            WindowGoal::Values { data, weights } => {
                let width = weights.len();
                let rows = answers
                    .iter()
                    .flat_map(|answer| &data[answer * width..][..width]);
                WindowGoal::Values {
                    data: rows.copied().collect(),
                    weights: weights.clone(),
                }
            }
        }
    }
}

impl TrainingTask for Examples {
    fn windows(&self) -> usize {
        self.lengths.len().div_ceil(self.batch) * self.windows_of_batch()
    }

    /// Steps behind the end of a sequence are zeros, and nothing is wanted of them.
    fn window(&self, pass: u64, index: usize) -> Window {
        let (batch, part) = (
            index / self.windows_of_batch(),
            index % self.windows_of_batch(),
        );
        let sequences = self.sequences(pass, batch);
        let first = part * self.steps;
        let lengths = sequences.iter().map(|&sequence| self.lengths[sequence]);
        let longest = lengths.max().unwrap_or(0);
        let steps = longest.saturating_sub(first).min(self.steps);
        let mut vectors = vec![0.0; steps * sequences.len() * self.width];
        for (row, slot) in vectors.chunks_exact_mut(self.width).enumerate() {
            let (step, sequence) = (row / sequences.len(), sequences[row % sequences.len()]);
            if first + step < self.lengths[sequence] {
                let at = (self.starts[sequence] + first + step) * self.width;
                slot.copy_from_slice(&self.vectors[at..][..self.width]);
            }
        }
        let (asked, answers) = self.asked(&sequences, first, steps);
        Window {
            batch: sequences.len(),
            steps,
            fresh: part == 0,
            lengths: sequences
                .iter()
                .map(|&sequence| self.lengths[sequence].saturating_sub(first).min(steps))
                .collect(),
            read: Reading::Vectors(vectors),
            asked: Some(asked),
            goal: self.goal_of(&answers),
            among: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examples(when: Emit, steps: usize) -> Examples {
        let lengths = vec![3, 5, 1];
        let vectors: Vec<f32> = (0..18).map(|n| n as f32).collect();
        let count = if when == Emit::Step { 9 } else { 3 };
        let goal = WindowGoal::Classes((0..count).collect());
        let batches = Batches {
            batch: 2,
            steps,
            seed: 1,
        };
        Examples::new((vectors, 2), lengths, (goal, when), batches)
    }

    /// Every answer once a pass, asked of the row whose vector it belongs to.
    #[test]
    fn a_pass_asks_every_answer_once_at_its_own_step() {
        for (when, steps) in [
            (Emit::Step, 2),
            (Emit::Step, 5),
            (Emit::Last, 5),
            (Emit::Last, 9),
        ] {
            let task = examples(when, steps);
            for pass in 0..3 {
                let mut found = Vec::new();
                for index in 0..task.windows() {
                    let window = task.window(pass, index);
                    assert_eq!(window, task.window(pass, index));
                    let (Reading::Vectors(vectors), WindowGoal::Classes(classes)) =
                        (&window.read, &window.goal)
                    else {
                        unreachable!("vectors and classes");
                    };
                    assert_eq!(vectors.len(), window.rows() * 2);
                    for (&row, &class) in window.asked.as_ref().unwrap().iter().zip(classes) {
                        let vector = (vectors[row * 2] / 2.0) as u32;
                        let expected = match when {
                            Emit::Step => class,
                            // The last vectors of the three sequences.
                            Emit::Last => [2, 7, 8][class as usize],
                        };
                        assert_eq!(vector, expected);
                        found.push(class);
                    }
                }
                found.sort_unstable();
                let count = if when == Emit::Step { 9 } else { 3 };
                assert_eq!(found, (0..count).collect::<Vec<u32>>());
            }
        }
    }

    #[test]
    fn the_order_changes_from_pass_to_pass() {
        let task = examples(Emit::Last, 5);
        let orders: Vec<Vec<usize>> = (0..8).map(|pass| task.sequences(pass, 0)).collect();
        assert!(orders.iter().any(|order| *order != orders[0]));
    }
}
