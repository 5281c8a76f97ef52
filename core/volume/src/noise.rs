//! Voxels at random, for tests.

/// `count` voxels of which about `percent` in a hundred are set; the same for the same seed (xorshift64).
pub(crate) fn noise(count: usize, seed: u64, percent: u64) -> Vec<bool> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 33) % 100 < percent
    };
    (0..count).map(|_| next()).collect()
}
