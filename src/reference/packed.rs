//! Integer matrix products for many vectors at once, in vector instructions where there are some.
//!
//! Sums are 32 bits wide: the caller proves that they fit, from the weights. They are exact, so
//! no order of addition, no width of vectors and no instruction set changes them.

use pulp::NullaryFnOnce;
#[cfg(target_arch = "x86_64")]
use pulp::x86::{V3, V4};

/// Rows of one block: what a register of 512 bits holds of 32-bit sums.
const ROWS: usize = 16;

/// Two neighbouring codes of a vector.
pub(super) type CodePair = [i16; 2];

/// Pairs of a vector of `elements` codes, the last one filled up with zero.
pub(super) const fn pairs(elements: usize) -> usize {
    elements.div_ceil(2)
}

/// A matrix in blocks of [`ROWS`] rows: for every pair of columns, the pair of each row.
#[derive(Clone, Debug)]
pub(super) struct PackedRows {
    blocks: usize,
    pairs: usize,
    data: Vec<[i16; 2 * ROWS]>,
}

/// Instructions on one block of sums.
trait Lanes: Copy {
    type Sums: Copy;
    fn zero(self) -> Self::Sums;
    /// Adds the products of every row's pair with `h`.
    fn add(self, sums: Self::Sums, weights: &[i16; 2 * ROWS], h: CodePair) -> Self::Sums;
    fn store(self, sums: Self::Sums) -> [i32; ROWS];
}

#[cfg(target_arch = "x86_64")]
impl Lanes for V4 {
    type Sums = std::arch::x86_64::__m512i;

    #[inline(always)]
    fn zero(self) -> Self::Sums {
        self.avx512f._mm512_setzero_si512()
    }

    #[inline(always)]
    fn add(self, sums: Self::Sums, weights: &[i16; 2 * ROWS], h: CodePair) -> Self::Sums {
        let h = self.avx512f._mm512_set1_epi32(pulp::cast(h));
        let products = self.avx512bw._mm512_madd_epi16(pulp::cast(*weights), h);
        self.avx512f._mm512_add_epi32(sums, products)
    }

    #[inline(always)]
    fn store(self, sums: Self::Sums) -> [i32; ROWS] {
        pulp::cast(sums)
    }
}

#[cfg(target_arch = "x86_64")]
impl Lanes for V3 {
    type Sums = [std::arch::x86_64::__m256i; 2];

    #[inline(always)]
    fn zero(self) -> Self::Sums {
        [self.avx._mm256_setzero_si256(); 2]
    }

    #[inline(always)]
    fn add(self, sums: Self::Sums, weights: &[i16; 2 * ROWS], h: CodePair) -> Self::Sums {
        let h = self.avx._mm256_set1_epi32(pulp::cast(h));
        let weights: Self::Sums = pulp::cast(*weights);
        std::array::from_fn(|half| {
            let products = self.avx2._mm256_madd_epi16(weights[half], h);
            self.avx2._mm256_add_epi32(sums[half], products)
        })
    }

    #[inline(always)]
    fn store(self, sums: Self::Sums) -> [i32; ROWS] {
        pulp::cast(sums)
    }
}

/// The definition, for every machine.
#[derive(Clone, Copy)]
struct Portable;

impl Lanes for Portable {
    type Sums = [i32; ROWS];

    #[inline(always)]
    fn zero(self) -> Self::Sums {
        [0; ROWS]
    }

    #[inline(always)]
    fn add(self, mut sums: Self::Sums, weights: &[i16; 2 * ROWS], h: CodePair) -> Self::Sums {
        for (sum, pair) in sums.iter_mut().zip(weights.as_chunks::<2>().0) {
            *sum += i32::from(pair[0]) * i32::from(h[0]) + i32::from(pair[1]) * i32::from(h[1]);
        }
        sums
    }

    #[inline(always)]
    fn store(self, sums: Self::Sums) -> [i32; ROWS] {
        sums
    }
}

impl PackedRows {
    /// Packs `[rows, columns]`, row-major.
    pub(super) fn new(weights: &[i16], rows: usize, columns: usize) -> Self {
        let (blocks, pairs) = (rows.div_ceil(ROWS), pairs(columns));
        let mut data = vec![[0; 2 * ROWS]; blocks * pairs];
        for (row, weights) in weights.chunks_exact(columns).enumerate() {
            for (column, &weight) in weights.iter().enumerate() {
                let block = &mut data[row / ROWS * pairs + column / 2];
                block[row % ROWS * 2 + column % 2] = weight;
            }
        }
        Self {
            blocks,
            pairs,
            data,
        }
    }

    /// Length of one vector of sums: the rows, filled up to whole blocks.
    pub(super) fn stride(&self) -> usize {
        self.blocks * ROWS
    }

    /// `out[v][r] = sum_n weights[r][n] * vectors[v][n]`: vectors `[V, pairs]` in,
    /// `[V, stride]` out.
    pub(super) fn multiply(&self, vectors: &[CodePair], out: &mut [i32]) {
        let job = PackedJob {
            packed: self,
            vectors,
            out,
        };
        #[cfg(target_arch = "x86_64")]
        {
            if let Some(v4) = V4::try_new() {
                return v4.vectorize(On::<_, 5, 4>(v4, job));
            }
            if let Some(v3) = V3::try_new() {
                return v3.vectorize(On::<_, 1, 4>(v3, job));
            }
        }
        On::<_, 1, 1>(Portable, job).call();
    }

    /// Sums of the products with vectors `[V, pairs]`: `[V, stride]`.
    pub(super) fn products(&self, vectors: &[CodePair]) -> Vec<i32> {
        let mut sums = vec![0; vectors.len() / self.pairs * self.stride()];
        self.multiply(vectors, &mut sums);
        sums
    }
}

struct PackedJob<'a> {
    packed: &'a PackedRows,
    vectors: &'a [CodePair],
    out: &'a mut [i32],
}

/// A job on these lanes, `B` blocks of rows times `V` vectors in registers.
struct On<'a, L, const B: usize, const V: usize>(L, PackedJob<'a>);

impl<L: Lanes, const B: usize, const V: usize> NullaryFnOnce for On<'_, L, B, V> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self(lanes, job) = self;
        let (pairs, stride) = (job.packed.pairs, job.packed.stride());
        let whole = job.vectors.len() / pairs / V * V;
        let (vectors, rest) = job.vectors.split_at(whole * pairs);
        let (out, out_rest) = job.out.split_at_mut(whole * stride);
        for (vectors, out) in vectors
            .chunks_exact(V * pairs)
            .zip(out.chunks_exact_mut(V * stride))
        {
            rows::<L, B, V>(lanes, job.packed, vectors, out);
        }
        for (vector, out) in rest
            .chunks_exact(pairs)
            .zip(out_rest.chunks_exact_mut(stride))
        {
            rows::<L, B, 1>(lanes, job.packed, vector, out);
        }
    }
}

/// All rows for `V` vectors.
#[inline(always)]
fn rows<L: Lanes, const B: usize, const V: usize>(
    lanes: L,
    packed: &PackedRows,
    vectors: &[CodePair],
    out: &mut [i32],
) {
    let whole = packed.blocks / B * B;
    for block in (0..whole).step_by(B) {
        some_rows::<L, B, V>(lanes, packed, block, vectors, out);
    }
    for block in whole..packed.blocks {
        some_rows::<L, 1, V>(lanes, packed, block, vectors, out);
    }
}

#[inline(always)]
fn some_rows<L: Lanes, const B: usize, const V: usize>(
    lanes: L,
    packed: &PackedRows,
    first: usize,
    vectors: &[CodePair],
    out: &mut [i32],
) {
    let (pairs, stride) = (packed.pairs, packed.stride());
    let blocks: [&[[i16; 2 * ROWS]]; B] =
        std::array::from_fn(|block| &packed.data[(first + block) * pairs..][..pairs]);
    let vectors: [&[CodePair]; V] = std::array::from_fn(|v| &vectors[v * pairs..][..pairs]);
    let mut sums = [[lanes.zero(); V]; B];
    for pair in 0..pairs {
        for (sums, block) in sums.iter_mut().zip(blocks) {
            for (sum, vector) in sums.iter_mut().zip(vectors) {
                *sum = lanes.add(*sum, &block[pair], vector[pair]);
            }
        }
    }
    for (block, sums) in sums.into_iter().enumerate() {
        for (v, sums) in sums.into_iter().enumerate() {
            let at = v * stride + (first + block) * ROWS;
            out[at..at + ROWS].copy_from_slice(&lanes.store(sums));
        }
    }
}

#[cfg(test)]
mod tests;
