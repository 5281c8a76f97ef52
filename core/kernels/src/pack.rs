//! Numbers laid out as the innermost loop wants them.

use rayon::prelude::*;

use crate::kernel::{Lines, Processor, Turn};
use crate::scratch::Scratch;

/// How a weight `[rows, …]` is read: column (output of the product) `n`, depth `k`, tap `t` lie at
/// `n·column + k·depth + t`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WeightLayout {
    pub columns: usize,
    pub depth: usize,
    pub taps: usize,
    pub column_step: usize,
    pub depth_step: usize,
}

/// A weight in panels `[column block][depth block][tap][k][n]`, where n has the width of a block of C and what lies beyond
/// the last column is zero.
pub(crate) struct Panels<'a> {
    weight: &'a [f32],
    layout: WeightLayout,
    width: usize,
    depth_block: usize,
    /// All of them, or none where each is made when it is needed.
    packed: Option<Scratch>,
}

impl<'a> Panels<'a> {
    /// Panels that will be used again and again are made at once (`all`), others one after another, where they stay in the cache
    /// from making to using.
    pub fn new(weight: &'a [f32], layout: WeightLayout, width: usize, depth_block: usize, all: bool) -> Self {
        let mut panels = Self { weight, layout, width, depth_block, packed: None };
        if all {
            let mut numbers = Scratch::new(layout.columns.div_ceil(width) * panels.block_len());
            numbers.par_chunks_mut(panels.block_len()).enumerate().for_each(|(block, part)| {
                let mut rest = part;
                for (from, deep) in panels.depth_blocks() {
                    let (part, others) = rest.split_at_mut(panels.len(deep));
                    panels.pack(block, from, deep, part);
                    rest = others;
                }
            });
            panels.packed = Some(numbers);
        }
        panels
    }

    /// From one tap's panel to the next: not a power of two, or the lines of all taps would share one place in the cache.
    pub fn tap_step(deep: usize, width: usize) -> usize {
        deep * width + 32
    }

    /// Where depth blocks begin, and how deep each is.
    pub fn depth_blocks(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (depth, block) = (self.layout.depth, self.depth_block);
        (0..depth).step_by(block).map(move |from| (from, block.min(depth - from)))
    }

    /// Room for panels that are made when they are needed; none where all are made.
    pub fn room(&self) -> Scratch {
        Scratch::new(if self.packed.is_some() { 0 } else { self.len(self.depth_block.min(self.layout.depth)) })
    }

    /// Numbers in the panels of all taps for a column block and a depth block.
    fn len(&self, deep: usize) -> usize {
        self.layout.taps * Self::tap_step(deep, self.width)
    }

    fn block_len(&self) -> usize {
        self.depth_blocks().map(|(_, deep)| self.len(deep)).sum()
    }

    /// The panels of all taps for a column block and a depth block; made in `room`, if need be.
    pub fn get<'b>(&'b self, block: usize, from: usize, deep: usize, room: &'b mut Scratch) -> &'b [f32] {
        match &self.packed {
            Some(packed) => {
                let before: usize = self.depth_blocks().take_while(|(at, _)| *at < from).map(|(_, deep)| self.len(deep)).sum();
                &packed[block * self.block_len() + before..][..self.len(deep)]
            }
            None => {
                let own = &mut room[..self.len(deep)];
                self.pack(block, from, deep, own);
                own
            }
        }
    }

    fn pack(&self, block: usize, from: usize, deep: usize, part: &mut [f32]) {
        let (processor, width) = (Processor::get(), self.width);
        let WeightLayout { columns, taps, column_step, depth_step, .. } = self.layout;
        let first = block * width;
        let wide = width.min(columns - first);
        if wide < width {
            part.fill(0.0);
        }
        let start = first * column_step + from * depth_step;
        // A run of numbers that lie together is turned at once: taps of one depth, or of all.
        let (runs, run) = if depth_step == taps { (1, deep * taps) } else { (deep, taps) };
        let tap_step = Self::tap_step(deep, width);
        let lines: Vec<usize> = (0..run).map(|at| at % taps * tap_step + at / taps * width).collect();
        for k in 0..runs {
            for n in (0..wide).step_by(16) {
                let turn = Turn { rows: 16.min(wide - n), columns: run, from_step: column_step, to: Lines::At(&lines) };
                processor.transpose(&self.weight[start + k * depth_step + n * column_step..], &mut part[k * width + n..], turn);
            }
        }
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
        let processor = Processor::get();
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
                if margin == 0 {
                    let turn = Turn { rows: wide, columns: lines.len() / width, from_step: voxels, to: Lines::Every(width) };
                    processor.transpose(&input[first * voxels + chunk * together * row..], lines, turn);
                    return;
                }
                for (line, out) in lines.chunks_mut(padded * width).enumerate() {
                    let at = (chunk * together + line) * row;
                    let out = &mut out[margin * width..][..row * width];
                    processor.transpose(
                        &input[first * voxels + at..],
                        out,
                        Turn { rows: wide, columns: row, from_step: voxels, to: Lines::Every(width) },
                    );
                }
            });
        });
        Self { numbers, block_len }
    }
}
