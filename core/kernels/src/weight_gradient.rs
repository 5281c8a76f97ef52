//! How the weight's gradient is summed: for each tap a product of the input's channels with the output gradient's, over the
//! voxels that meet through it.

use rayon::prelude::*;

use crate::geometry::{Geometry, Run};
use crate::kernel::{Block, Lines, Processor, Stretch, Turn};
use crate::pack::ChannelsLast;
use crate::scratch::Scratch;
use crate::shared::Shared;

/// Input channels of one block of sums.
const ROWS: usize = 12;
/// Numbers of the output's gradient that are gone through with all taps before the next: half a MiB.
const NEAR: usize = 128 << 10;
/// Stretches joined into one call.
const STRETCHES: usize = 64;
/// Tasks that are enough for any processor; below it the planes of taps are shared out too.
const TASKS: usize = 32;

/// What the tasks share.
struct Sums<'a> {
    geometry: &'a Geometry,
    out: [usize; 3],
    /// Columns of a block of sums: channels of the output.
    width: usize,
    /// Rows of a block of sums: channels of the input, or, where these are few, the taps along the last axis with them.
    rows: usize,
    /// Whether they are taps and channels.
    merged: bool,
    runs: [Vec<Run>; 3],
    /// Runs along the last axis, one a column of taps; a single one if these are merged.
    row_runs: Vec<Run>,
    a_width: usize,
    a_row: usize,
    samples: Vec<(ChannelsLast, ChannelsLast)>,
}

pub(crate) fn weight_gradient(geometry: &Geometry, input: &[f32], output_gradient: &[f32], gradient: &mut [f32]) {
    let processor = Processor::get();
    let Geometry { batch, in_channels, out_channels, kernel, .. } = *geometry;
    let out = geometry.output();
    if output_gradient.is_empty() {
        gradient.fill(0.0);
        return;
    }
    let runs: [Vec<Run>; 3] = std::array::from_fn(|axis| geometry.forward_axis(axis, out[axis]));
    let width = processor.width(out_channels);
    let merged = in_channels <= 4 && geometry.dilation[2] == 1 && kernel[2] > 1;
    let all_rows = if merged { kernel[2] * in_channels } else { in_channels };
    let rows = if merged { all_rows.min(processor.max_rows) } else { ROWS.min(processor.max_rows) };
    let margin = if merged { geometry.padding[2].max(reach_behind(geometry, out[2])) } else { 0 };
    let row_runs = if merged {
        vec![Run { to: 0, to_step: 1, from: margin - geometry.padding[2], from_step: geometry.stride[2], count: out[2] }]
    } else {
        runs[2].clone()
    };
    let a_width = if merged { in_channels } else { rows };
    let sample = |n: usize| {
        let (in_len, out_len) = (input.len() / batch, output_gradient.len() / batch);
        let a = ChannelsLast::new(&input[n * in_len..][..in_len], in_channels, a_width, geometry.input[2], margin);
        (a, ChannelsLast::new(&output_gradient[n * out_len..][..out_len], out_channels, width, out[2], 0))
    };
    let samples = (0..batch).map(sample).collect();
    let a_row = geometry.input[2] + 2 * margin;
    let sums = Sums { geometry, out, width, rows, merged, runs, row_runs, a_width, a_row, samples };

    let (blocks, row_blocks) = (out_channels.div_ceil(width), all_rows.div_ceil(rows));
    let parts = if blocks * row_blocks >= TASKS { 1 } else { kernel[0] };
    let target = Shared::new(gradient);
    (0..blocks * row_blocks * parts).into_par_iter().for_each(|task| {
        let (block, row_block, part) = (task / (row_blocks * parts), task / parts % row_blocks, task % parts);
        let planes = if parts == 1 { 0..kernel[0] } else { part..part + 1 };
        let first = row_block * rows;
        let count = rows.min(all_rows - first);
        let found = sums.of(block, first, count, planes.clone());
        sums.write(&found, &target, block, first, count, planes.start);
    });
}

/// Voxels behind the last one that the kernel reaches.
fn reach_behind(geometry: &Geometry, out: usize) -> usize {
    let last = (out - 1) * geometry.stride[2] + geometry.kernel[2];
    last.saturating_sub(geometry.input[2] + geometry.padding[2])
}

impl Sums<'_> {
    /// `[rows][taps of the planes][width]`.
    fn of(&self, block: usize, first: usize, count: usize, planes: std::ops::Range<usize>) -> Scratch {
        let processor = Processor::get();
        let (out, kernel, size) = (self.out, self.geometry.kernel, self.geometry.input);
        let per_row = planes.len() * kernel[1] * self.row_runs.len() * self.width;
        let mut sums = Scratch::new(count * per_row);
        sums.fill(0.0);
        let near = (NEAR / (out[1] * out[2] * self.width)).clamp(1, out[0]);
        for (a, b) in &self.samples {
            let a = if self.merged { &a.numbers[first..] } else { &a.numbers[first / self.rows * a.block_len..][..a.block_len] };
            let b = &b.numbers[block * b.block_len..][..b.block_len];
            for from in (0..out[0]).step_by(near) {
                let taps = planes.clone().flat_map(|d| (0..kernel[1]).flat_map(move |h| self.row_runs.iter().map(move |run| (d, h, run))));
                for ((d, h, run), at) in taps.zip((0..).step_by(self.width)) {
                    let c = &mut sums[at..];
                    let mut stretches = [Stretch::default(); STRETCHES];
                    let mut filled = 0;
                    let mut add = |stretches: &[Stretch]| {
                        let a_step = run.from_step * self.a_width;
                        let block = Block {
                            a,
                            a_row: 1,
                            a_group: 4,
                            a_step,
                            b,
                            stretches,
                            depth: run.count,
                            c_row: per_row,
                            c_group: 4 * per_row,
                            rows: count,
                            is_first: false,
                        };
                        processor.add_product(self.width, c, &block);
                    };
                    for z in from..(from + near).min(out[0]) {
                        let Some(sz) = self.runs[0][d].source(z) else { continue };
                        for y in 0..out[1] {
                            let Some(sy) = self.runs[1][h].source(y) else { continue };
                            stretches[filled] = Stretch {
                                a: ((sz * size[1] + sy) * self.a_row + run.from) * self.a_width,
                                b: ((z * out[1] + y) * out[2] + run.to) * self.width,
                            };
                            filled += 1;
                            if filled == STRETCHES {
                                add(&stretches);
                                filled = 0;
                            }
                        }
                    }
                    add(&stretches[..filled]);
                }
            }
        }
        sums
    }

    fn write(&self, sums: &[f32], target: &Shared<'_>, block: usize, first: usize, count: usize, first_plane: usize) {
        let Geometry { in_channels, out_channels, kernel, .. } = *self.geometry;
        let all_taps = self.geometry.taps();
        let taps = sums.len() / (count * self.width);
        let columns = self.width.min(out_channels - block * self.width);
        let first_tap = first_plane * kernel[1] * kernel[2];
        let to = Lines::Every(in_channels * all_taps);
        // Rows whose numbers end up behind each other: all, or none where only some taps are at hand or a row is a tap.
        let (lines, together) = match self.merged {
            false if taps == all_taps => (1, count * taps),
            false => (count, taps),
            true => (count * taps, 1),
        };
        for line in 0..lines {
            let (row, tap) = (line * together / taps, line * together % taps);
            let (channel, tap) =
                if self.merged { ((first + row) % in_channels, tap * kernel[2] + (first + row) / in_channels) } else { (first + row, tap) };
            let start = (block * self.width * in_channels + channel) * all_taps + first_tap + tap;
            let turn = Turn { rows: together, columns, from_step: self.width, to };
            // SAFETY: one task alone has these taps of these channels.
            #[expect(unsafe_code, reason = "the taps of a plane lie between those of others")]
            unsafe {
                target.transpose(&sums[line * together * self.width..], start, turn);
            }
        }
    }
}
