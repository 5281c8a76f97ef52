//! How the weight's gradient is summed: for each tap a product of the input's channels with the output gradient's, over the
//! voxels that meet through it.

use rayon::prelude::*;

use crate::geometry::{Geometry, Run};
use crate::kernel::{Block, Processor, Stretch};
use crate::pack::ChannelsLast;
use crate::scratch::Scratch;
use crate::shared::Shared;

/// Input channels of one block of sums.
const ROWS: usize = 8;
/// Numbers of the output's gradient that are gone through with all taps before the next: half a MiB.
const NEAR: usize = 128 << 10;
/// Stretches joined into one call.
const STRETCHES: usize = 64;

pub(crate) fn weight_gradient(geometry: &Geometry, input: &[f32], output_gradient: &[f32], gradient: &mut [f32]) {
    let processor = Processor::get();
    let Geometry { batch, in_channels, out_channels, .. } = *geometry;
    let (size, out) = (geometry.input, geometry.output());
    gradient.fill(0.0);
    if output_gradient.is_empty() {
        return;
    }
    let runs: [Vec<Run>; 3] = std::array::from_fn(|axis| geometry.forward_axis(axis, out[axis]));
    let width = processor.width(out_channels);
    let blocks = out_channels.div_ceil(width);
    let merged = in_channels <= 4 && geometry.dilation[2] == 1 && geometry.kernel[2] > 1;
    // Rows of a block of sums: input channels, or, where these are few, the taps along the last axis with them.
    let sum_rows = if merged { geometry.kernel[2] * in_channels } else { in_channels };
    let rows = if merged { sum_rows.min(processor.max_rows) } else { ROWS.min(processor.max_rows) };
    let row_blocks = sum_rows.div_ceil(rows);
    let margin = if merged { geometry.padding[2].max(margin_behind(geometry, out[2])) } else { 0 };
    let row_taps: Vec<(usize, Run)> = if merged {
        let from = margin - geometry.padding[2];
        vec![(0, Run { to: 0, to_step: 1, from, from_step: geometry.stride[2], count: out[2] })]
    } else {
        runs[2].iter().copied().enumerate().collect()
    };
    let a_width = if merged { in_channels } else { rows };
    let a_row_voxels = size[2] + 2 * margin;
    let planes = (NEAR / (out[1] * out[2] * width)).clamp(1, out[0]);
    let taps = geometry.taps();
    let kernel = geometry.kernel;

    for n in 0..batch {
        let (in_len, out_len) = (input.len() / batch, output_gradient.len() / batch);
        let a = ChannelsLast::new(&input[n * in_len..][..in_len], in_channels, a_width, size[2], margin);
        let b = ChannelsLast::new(&output_gradient[n * out_len..][..out_len], out_channels, width, out[2], 0);
        let target = Shared::new(gradient);
        (0..blocks * row_blocks * kernel[0]).into_par_iter().for_each(|task| {
            let (block, row_block, d) = (task / (row_blocks * kernel[0]), task / kernel[0] % row_blocks, task % kernel[0]);
            let first_row = row_block * rows;
            let count = rows.min(sum_rows - first_row);
            let a = if merged { &a.numbers[first_row..] } else { &a.numbers[row_block * a.block_len..][..a.block_len] };
            let b = &b.numbers[block * b.block_len..][..b.block_len];
            let per_tap = count * width;
            let mut sums = Scratch::new(kernel[1] * row_taps.len() * per_tap);
            sums.fill(0.0);
            for from in (0..out[0]).step_by(planes) {
                for h in 0..kernel[1] {
                    for (place, (_, run)) in row_taps.iter().enumerate() {
                        let c = &mut sums[(h * row_taps.len() + place) * per_tap..][..per_tap];
                        let mut stretches = [Stretch::default(); STRETCHES];
                        let mut filled = 0;
                        let mut add = |stretches: &[Stretch]| {
                            let block = Block {
                                a,
                                a_row: 1,
                                a_step: run.from_step * a_width,
                                b,
                                stretches,
                                depth: run.count,
                                c_row: width,
                                rows: count,
                            };
                            processor.add_product(width, c, &block);
                        };
                        for z in from..(from + planes).min(out[0]) {
                            let Some(sz) = runs[0][d].source(z) else { continue };
                            for y in 0..out[1] {
                                let Some(sy) = runs[1][h].source(y) else { continue };
                                stretches[filled] = Stretch {
                                    a: ((sz * size[1] + sy) * a_row_voxels + run.from) * a_width,
                                    b: ((z * out[1] + y) * out[2] + run.to) * width,
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
            for h in 0..kernel[1] {
                for (place, (w, _)) in row_taps.iter().enumerate() {
                    let sums = &sums[(h * row_taps.len() + place) * per_tap..][..per_tap];
                    for (r, line) in sums.chunks_exact(width).enumerate() {
                        let (channel, w) = if merged { ((first_row + r) % in_channels, (first_row + r) / in_channels) } else { (first_row + r, *w) };
                        let tap = (d * kernel[1] + h) * kernel[2] + w;
                        for (column, sum) in line.iter().take(out_channels - block * width).enumerate() {
                            let at = ((block * width + column) * in_channels + channel) * taps + tap;
                            // SAFETY: one task alone has this plane of taps of these channels.
                            #[expect(unsafe_code, reason = "the taps of a plane lie between those of others")]
                            let number = unsafe { target.part(at, 1) };
                            number[0] += sum;
                        }
                    }
                }
            }
        });
    }
}

/// Voxels behind the last one that the kernel reaches.
fn margin_behind(geometry: &Geometry, out: usize) -> usize {
    let last = (out - 1) * geometry.stride[2] + geometry.kernel[2];
    last.saturating_sub(geometry.input[2] + geometry.padding[2])
}
