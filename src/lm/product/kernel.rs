//! The innermost loop of a matrix product: a tile of sums that stays in registers.

use pulp::Simd;

/// An element of matrices, and the vectors that it is computed in.
pub trait Element: Copy + Default + Send + Sync + std::ops::AddAssign + 'static {
    /// As many elements as a register of `S` holds.
    type Vector<S: Simd>: Copy;
    /// A vector of equal elements.
    fn splat<S: Simd>(simd: S, value: Self) -> Self::Vector<S>;
    /// `a * b + c`, rounded once where that is the faster way.
    fn mul_add<S: Simd>(
        simd: S,
        a: Self::Vector<S>,
        b: Self::Vector<S>,
        c: Self::Vector<S>,
    ) -> Self::Vector<S>;
    /// A slice as vectors, without what is left over.
    fn vectors<S: Simd>(slice: &[Self]) -> &[Self::Vector<S>];
    /// The same, to be written.
    fn vectors_mut<S: Simd>(slice: &mut [Self]) -> &mut [Self::Vector<S>];
}

macro_rules! element {
    ($type:ty, $vector:ident, $splat:ident, $mul_add:ident, $of:ident, $of_mut:ident) => {
        impl Element for $type {
            type Vector<S: Simd> = S::$vector;
            #[inline(always)]
            fn splat<S: Simd>(simd: S, value: Self) -> S::$vector {
                simd.$splat(value)
            }
            #[inline(always)]
            fn mul_add<S: Simd>(
                simd: S,
                a: S::$vector,
                b: S::$vector,
                c: S::$vector,
            ) -> S::$vector {
                simd.$mul_add(a, b, c)
            }
            #[inline(always)]
            fn vectors<S: Simd>(slice: &[Self]) -> &[S::$vector] {
                S::$of(slice).0
            }
            #[inline(always)]
            fn vectors_mut<S: Simd>(slice: &mut [Self]) -> &mut [S::$vector] {
                S::$of_mut(slice).0
            }
        }
    };
}
element!(
    f32,
    f32s,
    splat_f32s,
    mul_add_e_f32s,
    as_simd_f32s,
    as_mut_simd_f32s
);
element!(
    f64,
    f64s,
    splat_f64s,
    mul_add_e_f64s,
    as_simd_f64s,
    as_mut_simd_f64s
);

/// Columns of a panel: two of the widest vectors.
pub const fn width<T>() -> usize {
    128 / size_of::<T>()
}

/// Most rows of a tile: two vectors of sums in each, two of `b` and one of `a` are in registers.
pub const fn most_rows<S: Simd>() -> usize {
    if S::REGISTER_COUNT >= 32 { 12 } else { 6 }
}

/// `sums[i][j] = sum_k a[k][i] * b[k][j]` for `rows` of 2, 4, 6, 8 or 12: a `[depth, rows]`, b
/// `[depth, width]`, sums `[rows, width]`.
#[inline(always)]
pub fn tile<T: Element, S: Simd>(simd: S, rows: usize, a: &[T], b: &[T], sums: &mut [T]) {
    match rows {
        12 => tile_of::<T, S, 12>(simd, a, b, sums),
        8 => tile_of::<T, S, 8>(simd, a, b, sums),
        6 => tile_of::<T, S, 6>(simd, a, b, sums),
        4 => tile_of::<T, S, 4>(simd, a, b, sums),
        _ => tile_of::<T, S, 2>(simd, a, b, sums),
    }
}

#[inline(always)]
fn tile_of<T: Element, S: Simd, const ROWS: usize>(simd: S, a: &[T], b: &[T], sums: &mut [T]) {
    let vectors = width::<T>() * size_of::<T>() / size_of::<T::Vector<S>>();
    for part in (0..vectors).step_by(2) {
        let mut tile = [[T::splat(simd, T::default()); 2]; ROWS];
        let columns = T::vectors::<S>(b).chunks_exact(vectors);
        for (a, b) in a.as_chunks::<ROWS>().0.iter().zip(columns) {
            for (sums, &a) in tile.iter_mut().zip(a) {
                let a = T::splat(simd, a);
                sums[0] = T::mul_add(simd, a, b[part], sums[0]);
                sums[1] = T::mul_add(simd, a, b[part + 1], sums[1]);
            }
        }
        let rows = sums.chunks_exact_mut(width::<T>());
        for (row, sums) in rows.zip(tile) {
            T::vectors_mut::<S>(row)[part..part + 2].copy_from_slice(&sums);
        }
    }
}
