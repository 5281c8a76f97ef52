//! The same loop in the words of each processor.

use super::Block;

/// The loop for one kind of vectors: `R` rows by `V` vectors of C stay in registers while A's numbers are spread over vectors
/// and B's vectors are read once each.
macro_rules! product {
    ($(#[$target:meta])? $vector:ty, $lanes:literal, $load:expr, $store:expr, $spread:expr, $multiply_add:expr, [$($rows:literal)*]) => {
        $(#[$target])?
        unsafe fn rows<const R: usize, const V: usize>(c: *mut f32, block: &Block<'_>) {
            unsafe {
                let place = |r: usize, v: usize| c.wrapping_add(r / 4 * block.c_group + r % 4 * block.c_row + v * $lanes);
                let mut sums: [[$vector; V]; R] = [[$spread(&0.0); V]; R];
                if !block.is_first {
                    for r in 0..R {
                        for v in 0..V {
                            sums[r][v] = $load(place(r, v));
                        }
                    }
                }
                let row = block.a_row;
                for stretch in block.stretches {
                    // One pointer serves four rows: few enough for the registers.
                    let first = block.a.as_ptr().wrapping_add(stretch.a);
                    let mut a = [first, first.wrapping_add(block.a_group), first.wrapping_add(2 * block.a_group)];
                    let mut b = block.b.as_ptr().add(stretch.b);
                    for _ in 0..block.depth {
                        let mut columns: [$vector; V] = [$load(b); V];
                        for v in 1..V {
                            columns[v] = $load(b.add(v * $lanes));
                        }
                        for r in 0..R {
                            let number = $spread(a[r / 4].wrapping_add(r % 4 * row));
                            for v in 0..V {
                                sums[r][v] = $multiply_add(number, columns[v], sums[r][v]);
                            }
                        }
                        for pointer in &mut a {
                            *pointer = pointer.wrapping_add(block.a_step);
                        }
                        b = b.wrapping_add(V * $lanes);
                    }
                }
                for r in 0..R {
                    for v in 0..V {
                        $store(place(r, v), sums[r][v]);
                    }
                }
            }
        }

        /// # Safety
        /// The processor has these instructions, and every number the block names lies inside its slice.
        pub unsafe fn add_product(is_wide: bool, c: *mut f32, block: &Block<'_>) {
            unsafe {
                match (block.rows, is_wide) {
                    $(($rows, true) => rows::<$rows, 2>(c, block),
                    ($rows, false) => rows::<$rows, 1>(c, block),)*
                    _ => unreachable!("more rows than registers"),
                }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
pub(super) mod avx512 {
    use super::Block;
    use std::arch::x86_64::{__m512, _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_set1_ps, _mm512_storeu_ps};

    product!(#[target_feature(enable = "avx512f")] __m512, 16, |p: *const f32| _mm512_loadu_ps(p), |p: *mut f32, v| _mm512_storeu_ps(p, v),
        |p: *const f32| _mm512_set1_ps(*p), |a, b, c| _mm512_fmadd_ps(a, b, c), [1 2 3 4 5 6 7 8 9 10 11 12]);
}

#[cfg(target_arch = "x86_64")]
pub(super) mod avx2 {
    use super::Block;
    use std::arch::x86_64::{__m256, _mm256_broadcast_ss, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_storeu_ps};

    product!(#[target_feature(enable = "avx2,fma")] __m256, 8, |p: *const f32| _mm256_loadu_ps(p), |p: *mut f32, v| _mm256_storeu_ps(p, v),
        |p: *const f32| _mm256_broadcast_ss(&*p), |a, b, c| _mm256_fmadd_ps(a, b, c), [1 2 3 4 5 6]);
}

#[cfg(target_arch = "aarch64")]
pub(super) mod neon {
    use super::Block;
    use std::arch::aarch64::{float32x4_t, vfmaq_f32, vld1q_dup_f32, vld1q_f32, vst1q_f32};

    product!(#[target_feature(enable = "neon")] float32x4_t, 4, |p: *const f32| vld1q_f32(p), |p: *mut f32, v| vst1q_f32(p, v),
        |p: *const f32| vld1q_dup_f32(p), |a, b, c| vfmaq_f32(c, a, b), [1 2 3 4 5 6 7 8]);
}

/// Arrays that the compiler turns into whatever vectors it is allowed to use.
pub(super) mod portable {
    use super::Block;

    type Lanes = [f32; 8];

    fn multiply_add(a: Lanes, b: Lanes, c: Lanes) -> Lanes {
        std::array::from_fn(|lane| a[lane] * b[lane] + c[lane])
    }

    product!(Lanes, 8, |p: *const f32| p.cast::<Lanes>().read_unaligned(), |p: *mut f32, v| p.cast::<Lanes>().write_unaligned(v),
        |p: *const f32| [*p; 8], multiply_add, [1 2 3 4]);
}
