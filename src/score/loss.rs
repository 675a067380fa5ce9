//! What answers cost: the losses that training makes small.

/// Mean of `-ln p` of the right classes, `p` the softmax of the answers, `[answers, width]`.
#[must_use]
pub fn cross_entropy(answers: &[f64], width: usize, classes: &[u32]) -> f64 {
    let rows = answers.chunks_exact(width).zip(classes);
    let costs = rows.map(|(row, &class)| {
        let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = row.iter().map(|value| (value - largest).exp()).sum();
        sum.ln() + largest - row[class as usize]
    });
    costs.sum::<f64>() / classes.len() as f64
}

/// Mean over all answers and outputs of the squared errors, each output's times its weight.
#[must_use]
pub fn weighted_squares(answers: &[f64], wanted: &[f64], weights: &[f64]) -> f64 {
    let pairs = answers.iter().zip(wanted).zip(weights.iter().cycle());
    let errors = pairs.map(|((answer, wanted), weight)| weight * (answer - wanted).powi(2));
    errors.sum::<f64>() / wanted.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_of_small_answers() {
        // Of equal answers every class costs ln of their number; of far ones their distance.
        let equal = cross_entropy(&[3.0, 3.0, -1e3, -1e3], 2, &[0, 1]);
        assert!((equal - 2f64.ln()).abs() < 1e-12);
        assert!((cross_entropy(&[0.0, 50.0], 2, &[0]) - 50.0).abs() < 1e-12);
        let squares = weighted_squares(&[1.0, 2.0, 3.0, 4.0], &[0.0, 2.0, 1.0, 1.0], &[1.0, 2.0]);
        assert!((squares - (1.0 + 4.0 + 18.0) / 4.0).abs() < 1e-12);
    }
}
