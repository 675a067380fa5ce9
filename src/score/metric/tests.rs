//! Metrics of small answers, against figures of scikit-learn 1.7 and by hand.

use super::*;

fn near(found: Option<f64>, expected: f64) {
    let found = found.unwrap();
    assert!((found - expected).abs() < 1e-12, "{found}, not {expected}");
}

#[test]
fn classes_are_counted_as_others_count_them() {
    let wanted = Answers::Classes(vec![0, 0, 1, 1, 2, 2, 2, 4]);
    let given = Answers::Classes(vec![0, 1, 1, 1, 2, 0, 2, 3]);
    near(Metric::Accuracy.value(&given, &wanted), 5.0 / 8.0);
    // sklearn.metrics.f1_score(wanted, given, average="macro")
    near(Metric::F1.value(&given, &wanted), 0.42);
}

#[test]
fn the_largest_number_is_the_class_and_the_lower_of_equal_ones() {
    let given = Answers::Values {
        data: vec![0.5, 1.0, 1.0, -1.0, -2.0, -1.0, 0.0, 0.0, 3.0],
        width: 3,
    };
    assert_eq!(given.classes(), [1, 0, 2]);
    near(
        Metric::Accuracy.value(&given, &Answers::Classes(vec![1, 0, 1])),
        2.0 / 3.0,
    );
}

#[test]
fn errors_of_real_numbers_are_taken_over_all_elements() {
    let wanted = Answers::Values {
        data: vec![1.0, 2.0, 3.0, 4.0],
        width: 2,
    };
    let given = Answers::Values {
        data: vec![1.0, 0.0, 4.0, 6.0],
        width: 2,
    };
    near(Metric::Mae.value(&given, &wanted), 1.25);
    near(Metric::Rmse.value(&given, &wanted), 1.5);
}

#[test]
fn what_does_not_belong_together_has_no_value() {
    let classes = Answers::Classes(vec![0, 1]);
    let values = Answers::Values {
        data: vec![0.0, 1.0],
        width: 1,
    };
    let given = Answers::Classes(vec![0, 1]);
    assert_eq!(Metric::Rmse.value(&given, &classes), None);
    assert_eq!(Metric::Rmse.value(&given, &values), None);
    assert_eq!(Metric::F1.value(&given, &Answers::Classes(vec![0])), None);
    assert_eq!(
        Metric::F1.value(&Answers::Classes(Vec::new()), &Answers::Classes(Vec::new())),
        None
    );
}
