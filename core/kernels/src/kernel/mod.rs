//! The innermost loop: a small block of a matrix product, held in registers.
//!
//! One program serves every processor; which instructions it uses is found out when it runs.

#![allow(unsafe_code, reason = "vector instructions and raw pointers live in this folder only")]

mod transpose;
mod vectors;
mod wide;

use std::sync::OnceLock;

pub(crate) use transpose::{Lines, Turn};
pub(crate) use wide::Loop;

/// Terms of a block: where in A and in B a stretch of `depth` products begins.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Stretch {
    pub a: usize,
    pub b: usize,
}

/// A block of C and what is added to it:
/// `C[r'·c_row + n] += Σ_stretches Σ_{k < depth} A[a + r'·a_row + k·a_step] · B[b + k·width + n]` for `r < rows`, `n < width`, where
/// r' is r, but every fourth row begins anew at a multiple of `a_group` and `c_group`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Block<'a> {
    pub a: &'a [f32],
    pub a_row: usize,
    /// From one row to the fourth after it; `4·a_row` where all rows are alike.
    pub a_group: usize,
    pub a_step: usize,
    pub b: &'a [f32],
    pub stretches: &'a [Stretch],
    pub depth: usize,
    pub c_row: usize,
    /// As `a_group`.
    pub c_group: usize,
    /// At most [`Processor::max_rows`].
    pub rows: usize,
    /// Whether C is overwritten, not added to.
    pub is_first: bool,
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
    Portable,
}

/// What this machine's processor can do; `MEDLEY_INSTRUCTIONS` (avx2, portable) names something less, to try it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Processor {
    instructions: Instructions,
    lanes: usize,
    /// Rows of C that fit the registers beside two vectors of columns.
    pub max_rows: usize,
}

impl Processor {
    /// The best, or the one that is wished for.
    pub fn get() -> Self {
        static FOUND: OnceLock<Processor> = OnceLock::new();
        *FOUND.get_or_init(|| {
            let (all, wanted) = (Self::all(), std::env::var("MEDLEY_INSTRUCTIONS").unwrap_or_default());
            all.iter().copied().find(|one| one.name().eq_ignore_ascii_case(&wanted)).unwrap_or(all[0])
        })
    }

    /// Every kind of instructions this machine has, best first.
    pub fn all() -> Vec<Self> {
        let mut all = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") {
                all.push(Self { instructions: Instructions::Avx512, lanes: 16, max_rows: 12 });
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                all.push(Self { instructions: Instructions::Avx2, lanes: 8, max_rows: 6 });
            }
        }
        #[cfg(target_arch = "aarch64")]
        all.push(Self { instructions: Instructions::Neon, lanes: 4, max_rows: 8 });
        all.push(Self { instructions: Instructions::Portable, lanes: 8, max_rows: 4 });
        all
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
        let Block { a, a_row, a_group, a_step, b, stretches, depth, c_row, c_group, rows, .. } = *block;
        if rows == 0 || depth == 0 {
            return;
        }
        let farthest = |row: usize, group: usize| {
            let (groups, last) = ((rows - 1) / 4, (rows - 1) % 4);
            (groups * group + last * row).max(groups.saturating_sub(1) * group + last.max(3 * groups.min(1)) * row)
        };
        assert!(rows <= self.max_rows && farthest(c_row, c_group) + width <= c.len());
        let (a_reach, b_reach) = (farthest(a_row, a_group) + (depth - 1) * a_step, depth * width);
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

impl Processor {
    /// Turns a block.
    ///
    /// # Panics
    /// If a slice is too short for it.
    pub fn transpose(self, from: &[f32], to: &mut [f32], turn: Turn<'_>) {
        assert!(turn.rows == 0 || turn.columns == 0 || turn.reach() <= to.len());
        // SAFETY: both slices were checked, the other one in there.
        unsafe { self.transpose_to(from, to.as_mut_ptr(), turn) };
    }

    /// Turns a block to a place whose lines lie between those of others.
    ///
    /// # Safety
    /// `to` may be written wherever the turn leads, and nobody else touches it meanwhile.
    ///
    /// # Panics
    /// If `from` is too short.
    pub unsafe fn transpose_to(self, from: &[f32], to: *mut f32, turn: Turn<'_>) {
        if turn.rows == 0 || turn.columns == 0 {
            return;
        }
        assert!((turn.rows - 1) * turn.from_step + turn.columns <= from.len());
        // SAFETY: `from` was checked, `to` is the caller's promise, and the instructions were detected.
        unsafe {
            match self.instructions {
                #[cfg(target_arch = "x86_64")]
                Instructions::Avx512 => transpose::avx512::transpose(from.as_ptr(), to, turn),
                #[cfg(target_arch = "x86_64")]
                Instructions::Avx2 => transpose::avx2::transpose(from.as_ptr(), to, turn),
                _ => transpose::portable(from.as_ptr(), to, turn),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is trained on one machine is trained the same on another.
    #[test]
    fn vectors_of_any_width_make_the_same_bits() {
        let number = |at: usize| ((at * 7919 % 1009) as f32 - 500.0) / 300.0;
        let (columns, depth, rows) = (64, 129, 4);
        let a: Vec<f32> = (0..rows * depth).map(number).collect();
        let product = |processor: Processor| {
            let width = processor.width(columns);
            let mut c = vec![0.0; rows * columns];
            for first in (0..columns).step_by(width) {
                let b: Vec<f32> = (0..depth * width).map(|at| number(at / width * columns + first + at % width + 11)).collect();
                let block = Block {
                    a: &a,
                    a_row: depth,
                    a_group: 4 * depth,
                    a_step: 1,
                    b: &b,
                    stretches: &[Stretch::default()],
                    depth,
                    c_row: columns,
                    c_group: 4 * columns,
                    rows,
                    is_first: false,
                };
                processor.add_product(width, &mut c[first..], &block);
            }
            c.into_iter().map(f32::to_bits).collect::<Vec<_>>()
        };
        // Without the instruction that multiplies and adds at once, every product is rounded once more.
        let mut with_it = Processor::all().into_iter().filter(|processor| processor.name() != "portable").map(product);
        if let Some(first) = with_it.next() {
            assert!(with_it.all(|other| other == first));
        }
    }

    #[test]
    fn a_turned_block_has_every_number_in_its_place_and_touches_no_other() {
        for processor in Processor::all() {
            for (rows, columns) in [(1, 1), (16, 16), (3, 17), (33, 27), (8, 40), (25, 9)] {
                let to_step = rows + 3;
                let turn = Turn { rows, columns, from_step: columns + 5, to: Lines::Every(to_step) };
                let from: Vec<f32> = (0..rows * turn.from_step).map(|at| at as f32).collect();
                let mut to = vec![-1.0; columns * to_step];
                processor.transpose(&from, &mut to, turn);
                let places: Vec<usize> = (0..columns).map(|c| c * to_step).collect();
                let mut again = vec![-1.0; columns * to_step];
                processor.transpose(&from, &mut again, Turn { to: Lines::At(&places), ..turn });
                assert_eq!(to, again);
                for (at, found) in to.iter().enumerate() {
                    let (c, r) = (at / to_step, at % to_step);
                    assert_eq!(*found, if r < rows { from[r * turn.from_step + c] } else { -1.0 }, "{} {rows}×{columns}", processor.name());
                }
            }
        }
    }

    #[test]
    fn every_kind_of_instructions_computes_the_same() {
        let number = |at: usize| ((at * 37 % 101) as f32 - 50.0) / 50.0;
        for processor in Processor::all() {
            for columns in [1, 2 * processor.lanes] {
                let width = processor.width(columns);
                for rows in 1..=processor.max_rows {
                    let (depth, a_row, a_step, c_row) = (5, 11, 2, width + 3);
                    let (a_group, c_group) = (53, 4 * c_row + 1);
                    let a: Vec<f32> = (0..400).map(number).collect();
                    let b: Vec<f32> = (0..3 * depth * width).map(|at| number(at + 7)).collect();
                    let stretches = [Stretch { a: 3, b: 0 }, Stretch { a: 40, b: 2 * depth * width }];
                    let before: Vec<f32> = (0..rows.div_ceil(4) * c_group).map(|at| number(at + 3)).collect();
                    let mut c = before.clone();
                    processor.add_product(
                        width,
                        &mut c,
                        &Block {
                            a: &a,
                            a_row,
                            a_group,
                            a_step,
                            b: &b,
                            stretches: &stretches,
                            depth,
                            c_row,
                            c_group,
                            rows,
                            is_first: false,
                        },
                    );
                    for (at, (found, before)) in c.iter().zip(&before).enumerate() {
                        let (group, r, n) = (at / c_group, at % c_group / c_row, at % c_group % c_row);
                        let mut wanted = f64::from(*before);
                        for stretch in stretches.iter().filter(|_| r < 4 && 4 * group + r < rows && n < width) {
                            for k in 0..depth {
                                wanted += f64::from(a[stretch.a + group * a_group + r * a_row + k * a_step])
                                    * f64::from(b[stretch.b + k * width + n]);
                            }
                        }
                        assert!((f64::from(*found) - wanted).abs() < 1e-5, "{} rows {rows} width {width}", processor.name());
                    }
                }
            }
        }
    }
}
