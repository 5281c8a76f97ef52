//! Convolutions of one voxel (1³, stride 1): plain matrix products in which voxels are the columns, so that hardly anything
//! has to be moved before it is multiplied.

use rayon::prelude::*;

use crate::geometry::Geometry;
use crate::kernel::{Block, Lines, Processor, Stretch, Turn};
use crate::scratch::Scratch;
use crate::shared::Shared;

/// Blocks of columns taken at once.
const TOGETHER: usize = 4;
/// Voxels taken before the next rows, where they are the depth of a product.
const DEPTH: usize = 256;

/// Whether a convolution is one.
pub(crate) fn is_pointwise(geometry: &Geometry) -> bool {
    geometry.kernel == [1; 3] && geometry.stride == [1; 3] && geometry.padding == [0; 3]
}

/// `[out, voxels] = weight · [in, voxels]`, plus the bias.
pub(crate) fn forward(geometry: &Geometry, input: &[f32], weight: &[f32], bias: Option<&[f32]>, output: &mut [f32]) {
    let factor = Tiles::new(weight, geometry.out_channels, geometry.in_channels, false);
    product(geometry, &factor, input, bias, output);
}

/// `[in, voxels] = weightᵀ · [out, voxels]`.
pub(crate) fn input_gradient(geometry: &Geometry, weight: &[f32], output_gradient: &[f32], input_gradient: &mut [f32]) {
    let factor = Tiles::new(weight, geometry.in_channels, geometry.out_channels, true);
    product(geometry, &factor, output_gradient, None, input_gradient);
}

/// The first factor of a product, rows in tiles: `[tile][depth][rows of a tile]`, in the very order in which it is read.
struct Tiles {
    numbers: Scratch,
    rows: usize,
    depth: usize,
}

impl Tiles {
    /// Of `[rows, depth]`, or of `[depth, rows]` where that is how it lies.
    fn new(factor: &[f32], rows: usize, depth: usize, lies_across: bool) -> Self {
        let processor = Processor::get();
        let tile = processor.max_rows;
        let mut numbers = Scratch::new(rows.div_ceil(tile) * tile * depth);
        numbers.par_chunks_mut(tile * depth).enumerate().for_each(|(part, to)| {
            let (first, count) = (part * tile, tile.min(rows - part * tile));
            if lies_across {
                for (k, line) in to.chunks_exact_mut(tile).enumerate() {
                    line[..count].copy_from_slice(&factor[k * rows + first..][..count]);
                }
            } else {
                let turn = Turn { rows: count, columns: depth, from_step: depth, to: Lines::Every(tile) };
                processor.transpose(&factor[first * depth..], to, turn);
            }
        });
        Self { numbers, rows, depth }
    }
}

fn product(geometry: &Geometry, factor: &Tiles, source: &[f32], bias: Option<&[f32]>, target: &mut [f32]) {
    let processor = Processor::get();
    let Tiles { ref numbers, rows, depth } = *factor;
    let tile = processor.max_rows;
    let tiles = rows.div_ceil(tile);
    let voxels: usize = geometry.input.iter().product();
    if voxels == 0 || geometry.batch == 0 {
        return;
    }
    let width = processor.width(voxels);
    let blocks = voxels.div_ceil(width);
    // Some blocks beside each other are taken at once: a channel's voxels lie far from the next one's, and each way there
    // is to be worth it.
    let tasks = 4 * rayon::current_num_threads();
    let together = (geometry.batch * blocks / tasks).clamp(1, TOGETHER);
    let groups = blocks.div_ceil(together);
    // With few columns, rows are shared out too.
    let parts = tasks.div_ceil(geometry.batch * groups).min(tiles);
    let target = Shared::new(target);
    (0..geometry.batch * groups * parts).into_par_iter().for_each(|task| {
        let (n, group, part) = (task / (groups * parts), task / parts % groups, task % parts);
        let first = group * together * width;
        let source = &source[n * depth * voxels..][..depth * voxels];
        let ahead = (together * width).min(voxels - first);
        let panel = depth * width;
        let mut b = Scratch::new(ahead.div_ceil(width) * panel);
        for k in 0..depth {
            let line = &source[k * voxels + first..][..ahead];
            for (at, part) in line.chunks(width).enumerate() {
                let to = &mut b[at * panel + k * width..][..width];
                to[..part.len()].copy_from_slice(part);
                to[part.len()..].fill(0.0);
            }
        }
        let mut c = Scratch::new(tile * width);
        let own = part * tiles / parts..(part + 1) * tiles / parts;
        for (at, (beside, b)) in own.flat_map(|at| b.chunks_exact(panel).enumerate().map(move |panel| (at, panel))) {
            let first = first + beside * width;
            let wide = width.min(voxels - first);
            let (start, count) = (at * tile, tile.min(rows - at * tile));
            let block = Block {
                a: &numbers[at * tile * depth..][..tile * depth],
                a_row: 1,
                a_group: 4,
                a_step: tile,
                b,
                stretches: &[Stretch { a: 0, b: 0 }],
                depth,
                c_row: width,
                c_group: 4 * width,
                rows: count,
                is_first: true,
            };
            processor.add_product(width, &mut c, &block);
            for (r, line) in c.chunks_exact(width).take(count).enumerate() {
                // SAFETY: one task alone has these voxels of these channels.
                #[expect(unsafe_code, reason = "the voxels of a channel lie between those of others")]
                let out = unsafe { target.part((n * rows + start + r) * voxels + first, wide) };
                match bias {
                    None => out.copy_from_slice(&line[..wide]),
                    Some(bias) => out.iter_mut().zip(line).for_each(|(number, sum)| *number = sum + bias[start + r]),
                }
            }
        }
    });
}

/// `weight = [out, voxels] · [in, voxels]ᵀ`, over all samples.
pub(crate) fn weight_gradient(geometry: &Geometry, input: &[f32], output_gradient: &[f32], gradient: &mut [f32]) {
    let processor = Processor::get();
    let Geometry { batch, in_channels, out_channels, .. } = *geometry;
    let voxels: usize = geometry.input.iter().product();
    if voxels == 0 || batch == 0 {
        gradient.fill(0.0);
        return;
    }
    let width = processor.width(in_channels);
    let blocks = in_channels.div_ceil(width);
    let wanted = (4 * rayon::current_num_threads()).div_ceil(blocks);
    let rows_each = out_channels.div_ceil(wanted).next_multiple_of(processor.max_rows).min(out_channels);
    let row_parts = out_channels.div_ceil(rows_each);
    let target = Shared::new(gradient);
    (0..blocks * row_parts).into_par_iter().for_each(|task| {
        let (block, part) = (task / row_parts, task % row_parts);
        let (first, wide) = (block * width, width.min(in_channels - block * width));
        let rows = part * rows_each..((part + 1) * rows_each).min(out_channels);
        let mut c = Scratch::new(rows.len() * width);
        let mut b = Scratch::new(DEPTH * width);
        for (n, from) in (0..batch).flat_map(|n| (0..voxels).step_by(DEPTH).map(move |from| (n, from))) {
            let deep = DEPTH.min(voxels - from);
            if wide < width {
                b.fill(0.0);
            }
            let turn = Turn { rows: wide, columns: deep, from_step: voxels, to: Lines::Every(width) };
            processor.transpose(&input[(n * in_channels + first) * voxels + from..], &mut b, turn);
            let tiles = rows.len().div_ceil(processor.max_rows);
            for tile in 0..tiles {
                let (low, high) = (tile * rows.len() / tiles, (tile + 1) * rows.len() / tiles);
                let block = Block {
                    a: output_gradient,
                    a_row: voxels,
                    a_group: 4 * voxels,
                    a_step: 1,
                    b: &b,
                    stretches: &[Stretch { a: (n * out_channels + rows.start + low) * voxels + from, b: 0 }],
                    depth: deep,
                    c_row: width,
                    c_group: 4 * width,
                    rows: high - low,
                    is_first: n == 0 && from == 0,
                };
                processor.add_product(width, &mut c[low * width..], &block);
            }
        }
        for (r, line) in rows.zip(c.chunks_exact(width)) {
            // SAFETY: one task alone has these pairs of channels.
            #[expect(unsafe_code, reason = "a channel's numbers lie between those of others")]
            let out = unsafe { target.part(r * in_channels + first, wide) };
            out.copy_from_slice(&line[..wide]);
        }
    });
}
