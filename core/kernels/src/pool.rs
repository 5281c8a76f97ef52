//! Max-pooling over cubes. Padding never wins.

use rayon::prelude::*;

/// Sizes of a pooling; the window is the same along each axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pooling {
    /// Samples times channels.
    pub maps: usize,
    /// Size of the input.
    pub input: [usize; 3],
    /// Edge of the window.
    pub kernel: usize,
    /// Input voxels between two windows.
    pub stride: usize,
    /// Voxels of minus infinity before the first and after the last; less than `kernel`.
    pub padding: usize,
}

impl Pooling {
    /// Size of the output.
    #[must_use]
    pub fn output(&self) -> [usize; 3] {
        self.input.map(|size| (size + 2 * self.padding).checked_sub(self.kernel).map_or(0, |room| room / self.stride + 1))
    }

    fn window(&self, axis: usize, at: usize) -> std::ops::Range<usize> {
        let start = at * self.stride;
        start.saturating_sub(self.padding)..(start + self.kernel).saturating_sub(self.padding).min(self.input[axis])
    }
}

/// The largest of each window, and where in its map it was found (the first, if several are equal; NaN wins, as in PyTorch).
///
/// # Shapes
/// - input: `[maps, D, H, W]`
/// - output, winners: `[maps, D', H', W']`, overwritten
///
/// # Panics
/// If a slice is not as long as the sizes say.
pub fn max_pool3d(pooling: &Pooling, input: &[f32], output: &mut [f32], winners: &mut [u32]) {
    let (out, voxels) = (pooling.output(), pooling.input.iter().product::<usize>());
    let places: usize = out.iter().product();
    assert_eq!([input.len(), output.len(), winners.len()], [pooling.maps * voxels, pooling.maps * places, pooling.maps * places]);
    if places == 0 || pooling.maps == 0 {
        return;
    }
    let [_, height, row] = pooling.input;
    let columns: Vec<std::ops::Range<usize>> = (0..out[2]).map(|w| pooling.window(2, w)).collect();
    let maps = output.par_chunks_mut(places).zip(winners.par_chunks_mut(places)).zip(input.par_chunks(voxels));
    maps.for_each(|((output, winners), map)| {
        // Along W and H first: the largest of a row's column over the window's rows, then over its columns.
        let (mut best, mut place) = (vec![0.0f32; row], vec![0u32; row]);
        let mut at = 0;
        for d in 0..out[0] {
            let planes = pooling.window(0, d);
            for h in 0..out[1] {
                let rows = pooling.window(1, h);
                best.fill(f32::NEG_INFINITY);
                let mut is_first = true;
                for (z, y) in planes.clone().flat_map(|z| rows.clone().map(move |y| (z, y))) {
                    let start = (z * height + y) * row;
                    let line = &map[start..][..row];
                    for (((best, place), number), offset) in best.iter_mut().zip(&mut place).zip(line).zip(start as u32..) {
                        let wins = is_first || *number > *best || number.is_nan();
                        *best = if wins { *number } else { *best };
                        *place = if wins { offset } else { *place };
                    }
                    is_first = false;
                }
                for columns in &columns {
                    let (mut largest, mut winner) = (best[columns.start], place[columns.start]);
                    for w in columns.start + 1..columns.end {
                        // Among equals the one that lies first.
                        let wins = best[w] > largest || best[w].is_nan() || (best[w] == largest && place[w] < winner);
                        (largest, winner) = if wins { (best[w], place[w]) } else { (largest, winner) };
                    }
                    output[at] = largest;
                    winners[at] = winner;
                    at += 1;
                }
            }
        }
    });
}

/// Each output's gradient goes to the voxel that won.
///
/// # Shapes
/// - output_gradient, winners: `[maps, D', H', W']`
/// - input_gradient: `[maps, D, H, W]`, overwritten
///
/// # Panics
/// If a slice is not as long as the sizes say, or a winner lies in no map.
pub fn max_pool3d_gradient(pooling: &Pooling, winners: &[u32], output_gradient: &[f32], input_gradient: &mut [f32]) {
    let (places, voxels) = (pooling.output().iter().product::<usize>(), pooling.input.iter().product::<usize>());
    let lengths = [winners.len(), output_gradient.len(), input_gradient.len()];
    assert_eq!(lengths, [pooling.maps * places, pooling.maps * places, pooling.maps * voxels]);
    input_gradient.fill(0.0);
    if places == 0 || pooling.maps == 0 {
        return;
    }
    let maps = input_gradient.par_chunks_mut(voxels).zip(winners.par_chunks(places)).zip(output_gradient.par_chunks(places));
    maps.for_each(|((map, winners), gradient)| {
        for (winner, number) in winners.iter().zip(gradient) {
            map[*winner as usize] += number;
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_maximum_of_each_cube_and_its_gradient_goes_to_the_winner() {
        for (input, kernel, stride, padding) in [([5, 4, 6], 3, 2, 1), ([3, 3, 3], 3, 1, 1), ([8, 2, 7], 2, 2, 0), ([1, 1, 1], 3, 2, 1)] {
            let pooling = Pooling { maps: 2, input, kernel, stride, padding };
            let voxels: usize = input.iter().product();
            // Negative, so that padding with zeros would be seen; with equals.
            let numbers: Vec<f32> = (0..2 * voxels).map(|v| -1.0 - ((v * 7919) % 23) as f32).collect();
            let out = pooling.output();
            let places: usize = out.iter().product();
            let (mut output, mut winners) = (vec![0.0; 2 * places], vec![0; 2 * places]);
            max_pool3d(&pooling, &numbers, &mut output, &mut winners);
            let mut wins = vec![0.0; 2 * voxels];
            for map in 0..2 {
                for at in 0..places {
                    let [d, h, w] = [at / (out[1] * out[2]), at / out[2] % out[1], at % out[2]];
                    let mut winner: Option<usize> = None;
                    for z in pooling.window(0, d) {
                        for y in pooling.window(1, h) {
                            for x in pooling.window(2, w) {
                                let offset = (z * input[1] + y) * input[2] + x;
                                if winner.is_none_or(|winner| numbers[map * voxels + offset] > numbers[map * voxels + winner]) {
                                    winner = Some(offset);
                                }
                            }
                        }
                    }
                    let winner = winner.expect("a window with voxels");
                    assert_eq!(output[map * places + at], numbers[map * voxels + winner]);
                    assert_eq!(winners[map * places + at] as usize, winner, "{input:?}");
                    wins[map * voxels + winner] += 1.0 + at as f32;
                }
            }
            let upstream: Vec<f32> = (0..2 * places).map(|at| 1.0 + (at % places) as f32).collect();
            let mut gradient = vec![7.0; 2 * voxels];
            max_pool3d_gradient(&pooling, &winners, &upstream, &mut gradient);
            assert_eq!(gradient, wins);
        }
    }
}
