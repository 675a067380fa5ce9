//! Least squares with a pull towards 1.

/// Strengths of the pull that are tried. A weaker one follows the few points of a family, of which
/// there are hardly more than terms.
const PULLS: [f64; 4] = [0.1, 0.2, 0.5, 1.0];

/// The fit whose pull predicts every point best from all the others.
pub fn fit_left_out<const N: usize>(points: &[([f64; N], f64)]) -> [f64; N] {
    let loss = |pull: f64| -> f64 {
        (0..points.len())
            .map(|out| {
                let others: Vec<_> = [&points[..out], &points[out + 1..]].concat();
                let weights = fit(&others, pull);
                let (terms, wanted) = points[out];
                let got: f64 = terms.iter().zip(weights).map(|(t, w)| t * w).sum();
                (got / wanted - 1.0).powi(2)
            })
            .sum()
    };
    let pull = PULLS
        .into_iter()
        .min_by(|&p, &q| loss(p).total_cmp(&loss(q)))
        .unwrap_or(PULLS[0]);
    fit(points, pull)
}

/// Solves for the weights that make `terms . weights` close to `wanted`, relative errors squared,
/// plus `pull` times the squared distance of every weight from 1.
fn fit<const N: usize>(points: &[([f64; N], f64)], pull: f64) -> [f64; N] {
    // Normal equations of the distance from 1.
    let mut matrix = [[0.0; N]; N];
    let mut right = [0.0; N];
    for (terms, wanted) in points {
        let scaled = terms.map(|t| t / wanted);
        let rest = 1.0 - scaled.iter().sum::<f64>();
        for (row, &a) in scaled.iter().enumerate() {
            for (column, &b) in scaled.iter().enumerate() {
                matrix[row][column] += a * b;
            }
            right[row] += a * rest;
        }
    }
    for (index, row) in matrix.iter_mut().enumerate() {
        row[index] += pull;
    }
    solve(matrix, right).map(|distance| 1.0 + distance)
}

/// Gauss's elimination with pivots; the matrix is positive definite.
fn solve<const N: usize>(mut a: [[f64; N]; N], mut b: [f64; N]) -> [f64; N] {
    for step in 0..N {
        let pivot = (step..N)
            .max_by(|&p, &q| a[p][step].abs().total_cmp(&a[q][step].abs()))
            .unwrap_or(step);
        a.swap(step, pivot);
        b.swap(step, pivot);
        let top = a[step];
        for row in step + 1..N {
            let factor = a[row][step] / top[step];
            for column in step..N {
                a[row][column] -= factor * top[column];
            }
            b[row] -= factor * b[step];
        }
    }
    for step in (0..N).rev() {
        for column in step + 1..N {
            b[step] -= a[step][column] * b[column];
        }
        b[step] /= a[step][step];
    }
    b
}
