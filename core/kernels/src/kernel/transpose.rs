//! Rows become columns, a square of registers at a time.

/// How a block of numbers is turned: `to[lines(c) + r] = from[r·from_step + c]` for `r < rows`, `c < columns`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Turn<'a> {
    pub rows: usize,
    pub columns: usize,
    pub from_step: usize,
    pub to: Lines<'a>,
}

/// Where the lines that were columns begin.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Lines<'a> {
    /// One every so many numbers.
    Every(usize),
    /// Each at a place of its own.
    At(&'a [usize]),
}

impl Turn<'_> {
    /// Numbers that the target must have.
    pub fn reach(&self) -> usize {
        let last = match self.to {
            Lines::Every(step) => self.columns.saturating_sub(1) * step,
            Lines::At(places) => places[..self.columns].iter().copied().max().unwrap_or(0),
        };
        last + self.rows
    }

    #[inline(always)]
    fn line(&self, column: usize) -> usize {
        match self.to {
            Lines::Every(step) => column * step,
            Lines::At(places) => places[column],
        }
    }

    /// Squares of an edge, in the order in which the side that is written or read in longer leaps leaps least.
    #[inline(always)]
    fn squares(&self, edge: usize, mut each: impl FnMut(usize, usize)) {
        if matches!(self.to, Lines::Every(step) if step > self.from_step) {
            for c in (0..self.columns).step_by(edge) {
                (0..self.rows).step_by(edge).for_each(|r| each(r, c));
            }
        } else {
            for r in (0..self.rows).step_by(edge) {
                (0..self.columns).step_by(edge).for_each(|c| each(r, c));
            }
        }
    }
}

/// One number at a time, in tiles that stay in the nearest cache.
///
/// # Safety
/// Every number named by `turn` lies inside what `from` and `to` point at.
pub(super) unsafe fn portable(from: *const f32, to: *mut f32, turn: Turn<'_>) {
    const EDGE: usize = 16;
    turn.squares(EDGE, |r, c| {
        for c in c..(c + EDGE).min(turn.columns) {
            for r in r..(r + EDGE).min(turn.rows) {
                // SAFETY: the caller's.
                unsafe { *to.add(turn.line(c) + r) = *from.add(r * turn.from_step + c) };
            }
        }
    });
}

#[cfg(target_arch = "x86_64")]
pub(super) mod avx512 {
    use super::Turn;
    use std::arch::x86_64::{
        __m512, _MM_HINT_T0, _mm_prefetch, _mm512_castpd_ps, _mm512_castps_pd, _mm512_mask_storeu_ps, _mm512_maskz_loadu_ps,
        _mm512_setzero_ps, _mm512_shuffle_f32x4, _mm512_unpackhi_pd, _mm512_unpackhi_ps, _mm512_unpacklo_pd, _mm512_unpacklo_ps,
    };

    /// Numbers between what is turned and what is fetched.
    const AHEAD: usize = 96;

    /// # Safety
    /// As [`super::portable`]; and the processor has AVX-512.
    #[target_feature(enable = "avx512f")]
    pub unsafe fn transpose(from: *const f32, to: *mut f32, turn: Turn<'_>) {
        let mask = |count: usize| ((1u32 << count) - 1) as u16;
        turn.squares(16, |r, c| {
            let (rows, columns) = (16.min(turn.rows - r), 16.min(turn.columns - c));
            // SAFETY: the masks leave out what is beyond the block.
            unsafe {
                let mut square = [_mm512_setzero_ps(); 16];
                for (row, line) in square.iter_mut().enumerate().take(rows) {
                    let start = from.add((r + row) * turn.from_step + c);
                    *line = _mm512_maskz_loadu_ps(mask(columns), start);
                    // Sixteen rows are more than the processor follows by itself.
                    _mm_prefetch::<_MM_HINT_T0>(start.wrapping_add(AHEAD).cast());
                }
                let square = turned(square);
                for (column, line) in square.iter().enumerate().take(columns) {
                    _mm512_mask_storeu_ps(to.add(turn.line(c + column) + r), mask(rows), *line);
                }
            }
        });
    }

    /// Pairs, then fours, within quarters of a register; then quarters among registers, twice.
    #[target_feature(enable = "avx512f")]
    fn turned(lines: [__m512; 16]) -> [__m512; 16] {
        let zero = _mm512_setzero_ps();
        let (mut pairs, mut fours) = ([zero; 16], [zero; 16]);
        for at in 0..8 {
            pairs[2 * at] = _mm512_unpacklo_ps(lines[2 * at], lines[2 * at + 1]);
            pairs[2 * at + 1] = _mm512_unpackhi_ps(lines[2 * at], lines[2 * at + 1]);
        }
        for at in 0..4 {
            for half in 0..2 {
                let (low, high) = (_mm512_castps_pd(pairs[4 * at + half]), _mm512_castps_pd(pairs[4 * at + 2 + half]));
                fours[4 * at + 2 * half] = _mm512_castpd_ps(_mm512_unpacklo_pd(low, high));
                fours[4 * at + 2 * half + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(low, high));
            }
        }
        // fours[4·a + b], quarter q, holds rows 4·a … 4·a + 3 of column 4·q + b.
        let mut square = [zero; 16];
        for b in 0..4 {
            let (first, second) =
                (_mm512_shuffle_f32x4::<0x44>(fours[b], fours[4 + b]), _mm512_shuffle_f32x4::<0xEE>(fours[b], fours[4 + b]));
            let (third, fourth) =
                (_mm512_shuffle_f32x4::<0x44>(fours[8 + b], fours[12 + b]), _mm512_shuffle_f32x4::<0xEE>(fours[8 + b], fours[12 + b]));
            square[b] = _mm512_shuffle_f32x4::<0x88>(first, third);
            square[4 + b] = _mm512_shuffle_f32x4::<0xDD>(first, third);
            square[8 + b] = _mm512_shuffle_f32x4::<0x88>(second, fourth);
            square[12 + b] = _mm512_shuffle_f32x4::<0xDD>(second, fourth);
        }
        square
    }
}

#[cfg(target_arch = "x86_64")]
pub(super) mod avx2 {
    use super::Turn;
    use std::arch::x86_64::{
        __m256, _mm256_castpd_ps, _mm256_castps_pd, _mm256_loadu_ps, _mm256_permute2f128_ps, _mm256_setzero_ps, _mm256_storeu_ps,
        _mm256_unpackhi_pd, _mm256_unpackhi_ps, _mm256_unpacklo_pd, _mm256_unpacklo_ps,
    };

    /// # Safety
    /// As [`super::portable`]; and the processor has AVX2.
    #[target_feature(enable = "avx2")]
    pub unsafe fn transpose(from: *const f32, to: *mut f32, turn: Turn<'_>) {
        turn.squares(8, |r, c| {
            let (rows, columns) = (8.min(turn.rows - r), 8.min(turn.columns - c));
            // SAFETY: a whole square lies inside; of another, only what does is touched.
            unsafe {
                if rows < 8 || columns < 8 {
                    for (r, c) in (r..r + rows).flat_map(|r| (c..c + columns).map(move |c| (r, c))) {
                        *to.add(turn.line(c) + r) = *from.add(r * turn.from_step + c);
                    }
                    return;
                }
                let mut square = [_mm256_setzero_ps(); 8];
                for (row, line) in square.iter_mut().enumerate() {
                    *line = _mm256_loadu_ps(from.add((r + row) * turn.from_step + c));
                }
                for (column, line) in turned(square).iter().enumerate() {
                    _mm256_storeu_ps(to.add(turn.line(c + column) + r), *line);
                }
            }
        });
    }

    #[target_feature(enable = "avx2")]
    fn turned(lines: [__m256; 8]) -> [__m256; 8] {
        let zero = _mm256_setzero_ps();
        let (mut pairs, mut fours, mut square) = ([zero; 8], [zero; 8], [zero; 8]);
        for at in 0..4 {
            pairs[2 * at] = _mm256_unpacklo_ps(lines[2 * at], lines[2 * at + 1]);
            pairs[2 * at + 1] = _mm256_unpackhi_ps(lines[2 * at], lines[2 * at + 1]);
        }
        for at in 0..2 {
            for half in 0..2 {
                let (low, high) = (_mm256_castps_pd(pairs[4 * at + half]), _mm256_castps_pd(pairs[4 * at + 2 + half]));
                fours[4 * at + 2 * half] = _mm256_castpd_ps(_mm256_unpacklo_pd(low, high));
                fours[4 * at + 2 * half + 1] = _mm256_castpd_ps(_mm256_unpackhi_pd(low, high));
            }
        }
        for b in 0..4 {
            square[b] = _mm256_permute2f128_ps::<0x20>(fours[b], fours[4 + b]);
            square[4 + b] = _mm256_permute2f128_ps::<0x31>(fours[b], fours[4 + b]);
        }
        square
    }
}
