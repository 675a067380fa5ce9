//! Sequences dealt to the contexts of a core, whose steps come in turn.

use serde::Serialize;

/// A step of a sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SequenceStep {
    /// Sequence, from 0.
    pub sequence: usize,
    /// Its step, from 0.
    pub step: usize,
}

impl std::fmt::Display for SequenceStep {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "step {} of sequence {}", self.step, self.sequence)
    }
}

/// Whose a step is, where contexts come in turn, in words: what nobody says of the inputs.
#[must_use]
pub(super) fn turn_of(step: usize, contexts: usize) -> Option<String> {
    (contexts > 1).then(|| format!("step {} of context {}", step / contexts, step % contexts))
}

/// The steps of sequences of these lengths, each at least 1, in the order in which a core of `contexts`
/// contexts takes them; step n is of context `n % contexts`.
///
/// A context gets the next sequence when its own has ended, so that sequences of one length go round robin.
/// Without any left it gets nothing, `None`, until the last step of the others.
#[must_use]
pub fn deal(lengths: &[usize], contexts: usize) -> Vec<Option<SequenceStep>> {
    let mut waiting = 0..lengths.len();
    let mut left: usize = lengths.iter().sum();
    let mut at: Vec<Option<SequenceStep>> = vec![None; contexts];
    let mut dealt = Vec::with_capacity(left);
    while left > 0 {
        let context = &mut at[dealt.len() % contexts];
        *context = match *context {
            Some(SequenceStep { sequence, step }) if step + 1 < lengths[sequence] => {
                Some(SequenceStep {
                    sequence,
                    step: step + 1,
                })
            }
            _ => waiting
                .next()
                .map(|sequence| SequenceStep { sequence, step: 0 }),
        };
        left -= usize::from(context.is_some());
        dealt.push(*context);
    }
    dealt
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dealt(lengths: &[usize], contexts: usize) -> Vec<(usize, usize)> {
        let none = (usize::MAX, 0);
        deal(lengths, contexts)
            .into_iter()
            .map(|place| place.map_or(none, |place| (place.sequence, place.step)))
            .collect()
    }

    #[test]
    fn steps_are_of_contexts_in_turn() {
        assert_eq!(turn_of(7, 3).unwrap(), "step 2 of context 1");
        assert_eq!(turn_of(7, 1), None);
    }

    #[test]
    fn sequences_of_one_length_go_round_robin() {
        assert_eq!(
            dealt(&[2, 2, 2, 2], 2),
            [
                (0, 0),
                (1, 0),
                (0, 1),
                (1, 1),
                (2, 0),
                (3, 0),
                (2, 1),
                (3, 1)
            ]
        );
        assert_eq!(dealt(&[1, 2], 1), [(0, 0), (1, 0), (1, 1)]);
    }

    #[test]
    fn a_shorter_one_makes_room_for_the_next_and_at_the_end_for_nothing() {
        let nothing = (usize::MAX, 0);
        assert_eq!(
            dealt(&[3, 1, 1], 2),
            [(0, 0), (1, 0), (0, 1), (2, 0), (0, 2)]
        );
        assert_eq!(
            dealt(&[1, 3], 3),
            [
                (0, 0),
                (1, 0),
                nothing,
                nothing,
                (1, 1),
                nothing,
                nothing,
                (1, 2)
            ]
        );
        assert_eq!(dealt(&[], 3), []);
    }
}
