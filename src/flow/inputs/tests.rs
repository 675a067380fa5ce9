//! Tests of `inputs.rs`.

use super::*;

#[test]
fn both_layouts_give_the_same_sequences_and_come_back() {
    // Sequence s, step t, element e is 100 s + 10 t + e; 2 sequences of 3 steps of 2.
    let value = |s: usize, t: usize, e: usize| (100 * s + 10 * t + e) as i32;
    for layout in [Layout::BatchFirst, Layout::StepsFirst] {
        let (outer, inner) = match layout {
            Layout::BatchFirst => (2, 3),
            Layout::StepsFirst => (3, 2),
        };
        let mut data = Vec::new();
        for a in 0..outer {
            for b in 0..inner {
                let (s, t) = if layout == Layout::BatchFirst {
                    (a, b)
                } else {
                    (b, a)
                };
                data.extend((0..2).map(|e| value(s, t, e)));
            }
        }
        let mut arrangement = Arrangement {
            leading: vec![outer, inner],
            batch: 2,
            steps: 3,
            layout,
            lengths: vec![3, 3],
        };
        let all = arrangement.gather(&data, 2);
        assert_eq!(all, [0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121]);
        assert_eq!(
            arrangement.scatter(&all, 2),
            (vec![outer, inner, 2], data.clone())
        );
        arrangement.lengths = vec![1, 2];
        let some = arrangement.gather(&data, 2);
        assert_eq!(some, [0, 1, 100, 101, 110, 111]);
        let (_, padded) = arrangement.scatter(&some, 2);
        assert_eq!(arrangement.gather(&padded, 2), some);
        assert_eq!(padded.iter().filter(|&&value| value == 0).count(), 6 + 1);
    }
    let one = Arrangement {
        leading: vec![3],
        batch: 1,
        steps: 3,
        layout: Layout::StepsFirst,
        lengths: vec![2],
    };
    assert_eq!(one.gather(&[7, 8, 9], 1), [7, 8]);
}
