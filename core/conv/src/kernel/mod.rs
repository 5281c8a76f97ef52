//! The innermost loop: a small block of a matrix product, held in registers.
//!
//! One program serves every processor; which instructions it uses is found out when it runs.

#![allow(unsafe_code, reason = "vector instructions and raw pointers live in this folder only")]

mod vectors;

use std::sync::OnceLock;

/// Terms of a block: where in A and in B a stretch of `depth` products begins.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Stretch {
    pub a: usize,
    pub b: usize,
}

/// A block of C and what is added to it:
/// `C[r·c_row + n] += Σ_stretches Σ_{k < depth} A[a + r·a_row + k·a_step] · B[b + k·width + n]` for `r < rows`, `n < width`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Block<'a> {
    pub a: &'a [f32],
    pub a_row: usize,
    pub a_step: usize,
    pub b: &'a [f32],
    pub stretches: &'a [Stretch],
    pub depth: usize,
    pub c_row: usize,
    /// At most [`Processor::max_rows`].
    pub rows: usize,
}

/// The instructions to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Instructions {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "aarch64")]
    Neon,
    #[cfg_attr(target_arch = "aarch64", allow(dead_code, reason = "every such processor has vectors"))]
    Portable,
}

/// What this machine's processor can do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Processor {
    instructions: Instructions,
    lanes: usize,
    /// Rows of C that fit the registers beside two vectors of columns.
    pub max_rows: usize,
}

impl Processor {
    pub fn get() -> Self {
        static FOUND: OnceLock<Processor> = OnceLock::new();
        *FOUND.get_or_init(Self::detect)
    }

    fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") {
                return Self { instructions: Instructions::Avx512, lanes: 16, max_rows: 12 };
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                return Self { instructions: Instructions::Avx2, lanes: 8, max_rows: 6 };
            }
            Self { instructions: Instructions::Portable, lanes: 8, max_rows: 4 }
        }
        #[cfg(target_arch = "aarch64")]
        return Self { instructions: Instructions::Neon, lanes: 4, max_rows: 10 };
        #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
        return Self { instructions: Instructions::Portable, lanes: 8, max_rows: 4 };
    }

    /// Its name, for people.
    pub fn name(self) -> &'static str {
        match self.instructions {
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => "AVX-512",
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => "AVX2",
            #[cfg(target_arch = "aarch64")]
            Instructions::Neon => "NEON",
            Instructions::Portable => "portable",
        }
    }

    /// Every kind of instructions this machine has, best first.
    #[cfg(test)]
    pub fn all() -> Vec<Self> {
        let portable = Self { instructions: Instructions::Portable, lanes: 8, max_rows: 4 };
        let mut all = vec![Self::get()];
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            all.push(Self { instructions: Instructions::Avx2, lanes: 8, max_rows: 6 });
        }
        all.push(portable);
        all
    }

    /// Columns of a block of C for a matrix of `columns`: one vector or two.
    pub fn width(self, columns: usize) -> usize {
        if columns <= self.lanes { self.lanes } else { 2 * self.lanes }
    }

    /// Adds to a block of C, whose first number is `c[0]`.
    ///
    /// # Panics
    /// If a slice is too short for what the block names, or `rows` too many.
    #[inline]
    pub fn add_product(self, width: usize, c: &mut [f32], block: &Block<'_>) {
        let Block { a, a_row, a_step, b, stretches, depth, c_row, rows } = *block;
        if rows == 0 || depth == 0 {
            return;
        }
        assert!(rows <= self.max_rows && (rows - 1) * c_row + width <= c.len());
        let (a_reach, b_reach) = ((rows - 1) * a_row + (depth - 1) * a_step, depth * width);
        for stretch in stretches {
            assert!(stretch.a + a_reach < a.len() && stretch.b + b_reach <= b.len());
        }
        let is_wide = width == 2 * self.lanes;
        assert!(is_wide || width == self.lanes);
        // SAFETY: every number read or written was checked to lie inside its slice, and the instructions were detected.
        unsafe {
            match self.instructions {
                #[cfg(target_arch = "x86_64")]
                Instructions::Avx512 => vectors::avx512::add_product(is_wide, c.as_mut_ptr(), block),
                #[cfg(target_arch = "x86_64")]
                Instructions::Avx2 => vectors::avx2::add_product(is_wide, c.as_mut_ptr(), block),
                #[cfg(target_arch = "aarch64")]
                Instructions::Neon => vectors::neon::add_product(is_wide, c.as_mut_ptr(), block),
                Instructions::Portable => vectors::portable::add_product(is_wide, c.as_mut_ptr(), block),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_instructions_computes_the_same() {
        let number = |at: usize| ((at * 37 % 101) as f32 - 50.0) / 50.0;
        for processor in Processor::all() {
            for columns in [1, 2 * processor.lanes] {
                let width = processor.width(columns);
                for rows in 1..=processor.max_rows {
                    let (depth, a_row, a_step, c_row) = (5, 11, 2, width + 3);
                    let a: Vec<f32> = (0..300).map(number).collect();
                    let b: Vec<f32> = (0..3 * depth * width).map(|at| number(at + 7)).collect();
                    let stretches = [Stretch { a: 3, b: 0 }, Stretch { a: 40, b: 2 * depth * width }];
                    let before: Vec<f32> = (0..rows * c_row).map(|at| number(at + 3)).collect();
                    let mut c = before.clone();
                    processor.add_product(width, &mut c, &Block { a: &a, a_row, a_step, b: &b, stretches: &stretches, depth, c_row, rows });
                    for (at, (found, before)) in c.iter().zip(&before).enumerate() {
                        let (r, n) = (at / c_row, at % c_row);
                        let mut wanted = f64::from(*before);
                        for stretch in stretches.iter().filter(|_| n < width) {
                            for k in 0..depth {
                                wanted += f64::from(a[stretch.a + r * a_row + k * a_step]) * f64::from(b[stretch.b + k * width + n]);
                            }
                        }
                        assert!((f64::from(*found) - wanted).abs() < 1e-5, "{} rows {rows} width {width}", processor.name());
                    }
                }
            }
        }
    }
}
