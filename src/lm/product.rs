//! Matrix products of row-major slices, on one thread, through `faer`.
//!
//! Callers share work by rows: a product's result depends on its operands and shapes alone, so a
//! fixed division of the work gives the same digits for any number of threads.

use faer::linalg::matmul::matmul;
use faer::traits::ComplexField;
use faer::{Accum, MatMut, MatRef, Par};

/// A row-major matrix, or the transpose of one.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a, T> {
    data: &'a [T],
    rows: usize,
    columns: usize,
    transposed: bool,
}

impl<'a, T> Matrix<'a, T> {
    /// `data` as `[rows, columns]`.
    ///
    /// # Panics
    /// When `data` has another length.
    #[must_use]
    pub fn new(data: &'a [T], rows: usize, columns: usize) -> Self {
        assert_eq!(data.len(), rows * columns, "a matrix [{rows}, {columns}]");
        Self {
            data,
            rows,
            columns,
            transposed: false,
        }
    }

    /// The transpose; nothing moves.
    #[must_use]
    pub fn t(self) -> Self {
        Self {
            transposed: !self.transposed,
            ..self
        }
    }

    fn view(self) -> MatRef<'a, T> {
        let view = MatRef::from_row_major_slice(self.data, self.rows, self.columns);
        if self.transposed {
            view.transpose()
        } else {
            view
        }
    }
}

fn compute<T: ComplexField + Copy>(
    out: &mut [T],
    accum: Accum,
    a: Matrix<T>,
    b: Matrix<T>,
    one: T,
) {
    let (a, b) = (a.view(), b.view());
    let out = MatMut::from_row_major_slice_mut(out, a.nrows(), b.ncols());
    matmul(out, accum, a, b, one, Par::Seq);
}

/// `out = a * b`; `out` is row-major `[rows of a, columns of b]`.
///
/// # Panics
/// When the shapes do not fit.
pub fn product<T: ComplexField + Copy>(out: &mut [T], a: Matrix<T>, b: Matrix<T>) {
    compute(out, Accum::Replace, a, b, faer::traits::math_utils::one());
}

/// `out += a * b`, shaped as in [`product`].
///
/// # Panics
/// When the shapes do not fit.
pub fn add_product<T: ComplexField + Copy>(out: &mut [T], a: Matrix<T>, b: Matrix<T>) {
    compute(out, Accum::Add, a, b, faer::traits::math_utils::one());
}
