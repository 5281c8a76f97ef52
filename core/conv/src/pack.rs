//! Numbers laid out as the innermost loop wants them.

use rayon::prelude::*;

use crate::scratch::Scratch;

/// How a weight `[rows, …]` is read: column (output of the product) `n`, depth `k`, tap `t` lie at
/// `n·column + k·depth + t·tap`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WeightLayout {
    pub columns: usize,
    pub depth: usize,
    pub taps: usize,
    pub column_step: usize,
    pub depth_step: usize,
    pub tap_step: usize,
}

/// A weight in panels `[column block][depth block][tap][k][n]`, where n has the width of a block of C and what lies beyond
/// the last column is zero.
pub(crate) struct Panels {
    numbers: Scratch,
    width: usize,
    depth: usize,
    depth_block: usize,
    taps: usize,
}

impl Panels {
    pub fn pack(weight: &[f32], layout: WeightLayout, width: usize, depth_block: usize) -> Self {
        let WeightLayout { columns, depth, taps, column_step, depth_step, tap_step } = layout;
        let blocks = columns.div_ceil(width);
        let mut numbers = Scratch::new(blocks * width * depth * taps);
        let in_depth = depth.div_ceil(depth_block);
        // A depth block's panels lie behind each other, so only the last is shorter.
        let mut parts = Vec::with_capacity(blocks * in_depth);
        let mut rest = &mut numbers[..];
        for block in 0..blocks {
            for from in (0..depth).step_by(depth_block) {
                let deep = depth_block.min(depth - from);
                let (part, others) = rest.split_at_mut(taps * deep * width);
                parts.push((block * width, from, deep, part));
                rest = others;
            }
        }
        parts.into_par_iter().for_each(|(first, from, deep, part)| {
            let wide = width.min(columns - first);
            if wide < width {
                part.fill(0.0);
            }
            for k in 0..deep {
                for tap in 0..taps {
                    let source = &weight[first * column_step + (from + k) * depth_step + tap * tap_step..];
                    let line = &mut part[(tap * deep + k) * width..][..wide];
                    for (n, number) in line.iter_mut().enumerate() {
                        *number = source[n * column_step];
                    }
                }
            }
        });
        Self { numbers, width, depth, depth_block, taps }
    }

    /// Where depth blocks begin, and how deep each is.
    pub fn depth_blocks(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (depth, block) = (self.depth, self.depth_block);
        (0..depth).step_by(block).map(move |from| (from, block.min(depth - from)))
    }

    /// The panels of all taps for a column block and a depth block.
    pub fn of(&self, column_block: usize, from: usize, deep: usize) -> &[f32] {
        let start = (column_block * self.depth + from) * self.taps * self.width;
        &self.numbers[start..][..self.taps * deep * self.width]
    }
}

/// `[C, V]` to `[⌈C / width⌉, V, width]`: channels last in blocks; what lies beyond the last channel is zero.
///
/// With `margin`, every row of `row` voxels gets that many zero voxels before it and after it.
pub(crate) struct ChannelsLast {
    pub numbers: Scratch,
    /// Numbers from one block to the next.
    pub block_len: usize,
}

impl ChannelsLast {
    pub fn new(input: &[f32], channels: usize, width: usize, row: usize, margin: usize) -> Self {
        let voxels = input.len() / channels;
        let rows = voxels / row;
        let blocks = channels.div_ceil(width);
        let padded = row + 2 * margin;
        let block_len = rows * padded * width;
        let mut numbers = Scratch::new(blocks * block_len);
        // Few rows at a time, so that both sides stay in the nearest cache.
        let together = (4096 / (row * width)).clamp(1, rows.max(1));
        numbers.par_chunks_mut(block_len).enumerate().for_each(|(block, part)| {
            let first = block * width;
            let wide = width.min(channels - first);
            part.par_chunks_mut(together * padded * width).enumerate().for_each(|(chunk, lines)| {
                if wide < width || margin > 0 {
                    lines.fill(0.0);
                }
                for (line, out) in lines.chunks_mut(padded * width).enumerate() {
                    let at = (chunk * together + line) * row;
                    let out = &mut out[margin * width..][..row * width];
                    transpose(&input[first * voxels + at..], voxels, wide, out, width, row);
                }
            });
        });
        Self { numbers, block_len }
    }
}

/// `to[v·to_step + c] = from[c·from_step + v]` for `c < channels`, `v < voxels`.
fn transpose(from: &[f32], from_step: usize, channels: usize, to: &mut [f32], to_step: usize, voxels: usize) {
    const TILE: usize = 16;
    for c in (0..channels).step_by(TILE) {
        let high = TILE.min(channels - c);
        for v in (0..voxels).step_by(TILE) {
            let wide = TILE.min(voxels - v);
            for dv in 0..wide {
                let line = &mut to[(v + dv) * to_step + c..][..high];
                let source = &from[c * from_step + v + dv..];
                for (dc, number) in line.iter_mut().enumerate() {
                    *number = source[dc * from_step];
                }
            }
        }
    }
}
