//! Sets are cut where they should be.

use super::*;

fn set(lengths: &[usize], when: Emit) -> KnownSet {
    let steps: usize = lengths.iter().sum();
    let answers = if when == Emit::Step {
        steps
    } else {
        lengths.len()
    };
    KnownSet {
        inputs: Sequences {
            data: (0..2 * steps).map(|n| n as f32).collect(),
            width: 2,
            lengths: lengths.to_vec(),
        },
        targets: Targets {
            when,
            wanted: Answers::Classes((0..answers as u32).collect()),
        },
    }
}

#[test]
fn what_is_held_out_is_not_trained_on() {
    for when in [Emit::Step, Emit::Last] {
        let all = set(&[3, 1, 4, 2, 5], when);
        let (train, valid) = held_out(&all, 0.4, 7).unwrap();
        assert_eq!(
            (train.inputs.lengths.len(), valid.inputs.lengths.len()),
            (3, 2)
        );
        let steps = |set: &KnownSet| {
            set.inputs
                .data
                .iter()
                .map(|x| *x as i32)
                .collect::<Vec<_>>()
        };
        let mut both = [steps(&train), steps(&valid)].concat();
        both.sort_unstable();
        assert_eq!(both, (0..30).collect::<Vec<_>>());
        let Answers::Classes(classes) = &valid.targets.wanted else {
            unreachable!("classes");
        };
        if when == Emit::Step {
            // The answer of a step is its number.
            let first = valid.inputs.data.chunks(2).map(|x| x[0] as u32 / 2);
            assert!(first.eq(classes.iter().copied()));
        }
        assert_eq!(held_out(&all, 0.4, 7).unwrap().1, valid);
    }
}

#[test]
fn of_a_series_the_end_is_held_out() {
    let (train, valid) = held_out(&set(&[10], Emit::Step), 0.2, 1).unwrap();
    assert_eq!(
        (&train.inputs.lengths[..], &valid.inputs.lengths[..]),
        (&[8][..], &[2][..])
    );
    assert_eq!(valid.inputs.data, [16.0, 17.0, 18.0, 19.0]);
    assert_eq!(valid.targets.wanted, Answers::Classes(vec![8, 9]));
    assert!(held_out(&set(&[10], Emit::Last), 0.2, 1).is_err());
}

#[test]
fn a_forecast_is_of_x_itself() {
    let all = set(&[4, 3], Emit::Step).inputs;
    let step = forecast(&all, 2, Emit::Step).unwrap();
    assert_eq!(step.inputs.lengths, [2, 1]);
    assert_eq!(step.inputs.data, [0.0, 1.0, 2.0, 3.0, 8.0, 9.0]);
    let wanted = |data: &[f64]| Answers::Values {
        data: data.to_vec(),
        width: 2,
    };
    assert_eq!(
        step.targets.wanted,
        wanted(&[4.0, 5.0, 6.0, 7.0, 12.0, 13.0])
    );
    let last = forecast(&all, 2, Emit::Last).unwrap();
    assert_eq!(last.targets.wanted, wanted(&[6.0, 7.0, 12.0, 13.0]));
    assert!(forecast(&all, 3, Emit::Step).is_err());
}

#[test]
fn few_sequences_are_cut_into_pieces() {
    let sets = |lengths: &[usize], when| TaskSets {
        kind: TaskKind::Classify,
        train: set(lengths, when),
        valid: set(&[2], when),
        test: None,
    };
    assert_eq!(sets(&[10], Emit::Step).lengths_in_training(4), [3, 3, 3, 1]);
    assert_eq!(
        sets(&[4, 7], Emit::Step).lengths_in_training(4),
        [2, 2, 4, 3]
    );
    assert_eq!(sets(&[4, 7], Emit::Last).lengths_in_training(4), [4, 7]);
    assert_eq!(sets(&[4, 7], Emit::Step).lengths_in_training(2), [4, 7]);
}
