//! Convolutions of one voxel (1³, stride 1): plain matrix products in which voxels are the columns, so that hardly anything
//! has to be moved before it is multiplied.

use rayon::prelude::*;

use crate::geometry::Geometry;
use crate::kernel::{Block, Lines, Processor, Stretch, Turn};
use crate::scratch::Scratch;
use crate::shared::Shared;

/// Terms of a product taken before the next rows.
const DEPTH: usize = 256;
/// Numbers of a block of C kept while depth blocks are added.
const ROWS: usize = 128;

/// Whether a convolution is one.
pub(crate) fn is_pointwise(geometry: &Geometry) -> bool {
    geometry.kernel == [1; 3] && geometry.stride == [1; 3] && geometry.padding == [0; 3]
}

/// The first factor of a product, `[rows, depth]`.
#[derive(Clone, Copy)]
struct Factor<'a> {
    numbers: &'a [f32],
    rows: usize,
    depth: usize,
}

/// `[out, voxels] = weight · [in, voxels]`, plus the bias.
pub(crate) fn forward(geometry: &Geometry, input: &[f32], weight: &[f32], bias: Option<&[f32]>, output: &mut [f32]) {
    let Geometry { in_channels, out_channels, .. } = *geometry;
    let factor = Factor { numbers: weight, rows: out_channels, depth: in_channels };
    product(geometry, factor, input, bias, output);
}

/// `[in, voxels] = weightᵀ · [out, voxels]`.
pub(crate) fn input_gradient(geometry: &Geometry, weight: &[f32], output_gradient: &[f32], input_gradient: &mut [f32]) {
    let Geometry { in_channels, out_channels, .. } = *geometry;
    // Turned once, so that neighbours are what is multiplied one after the other.
    let mut turned = Scratch::new(weight.len());
    turned.par_chunks_mut(16 * out_channels).enumerate().for_each(|(part, lines)| {
        let columns = lines.len() / out_channels;
        let turn = Turn { rows: out_channels, columns, from_step: in_channels, to: Lines::Every(out_channels) };
        Processor::get().transpose(&weight[16 * part..], lines, turn);
    });
    let factor = Factor { numbers: &turned, rows: in_channels, depth: out_channels };
    product(geometry, factor, output_gradient, None, input_gradient);
}

fn product(geometry: &Geometry, factor: Factor<'_>, source: &[f32], bias: Option<&[f32]>, target: &mut [f32]) {
    let depth = factor.depth;
    let processor = Processor::get();
    let voxels: usize = geometry.input.iter().product();
    if voxels == 0 || geometry.batch == 0 {
        return;
    }
    let width = processor.width(voxels);
    let blocks = voxels.div_ceil(width);
    // With few columns, rows are shared out too.
    let wanted = (4 * rayon::current_num_threads()).div_ceil(geometry.batch * blocks);
    let rows_each = factor.rows.div_ceil(wanted).next_multiple_of(processor.max_rows).min(factor.rows.max(1));
    let row_parts = factor.rows.div_ceil(rows_each);
    let target = Shared::new(target);
    (0..geometry.batch * blocks * row_parts).into_par_iter().for_each(|task| {
        let (n, block, part) = (task / (blocks * row_parts), task / row_parts % blocks, task % row_parts);
        let (first, wide) = (block * width, width.min(voxels - block * width));
        let source = &source[n * depth * voxels..][..depth * voxels];
        let mut b = Scratch::new(depth * width);
        for k in 0..depth {
            let line = &mut b[k * width..][..width];
            line[..wide].copy_from_slice(&source[k * voxels + first..][..wide]);
            line[wide..].fill(0.0);
        }
        let rows = part * rows_each..((part + 1) * rows_each).min(factor.rows);
        let mut c = Scratch::new(ROWS.min(rows.len()) * width);
        for start in rows.clone().step_by(ROWS) {
            let count = ROWS.min(rows.end - start);
            for (r, line) in c.chunks_exact_mut(width).take(count).enumerate() {
                line.fill(bias.map_or(0.0, |bias| bias[start + r]));
            }
            for from in (0..depth).step_by(DEPTH) {
                let deep = DEPTH.min(depth - from);
                let tiles = count.div_ceil(processor.max_rows);
                for tile in 0..tiles {
                    let (low, high) = (tile * count / tiles, (tile + 1) * count / tiles);
                    let stretch = Stretch { a: (start + low) * depth + from, b: from * width };
                    let block = Block {
                        a: factor.numbers,
                        a_row: depth,
                        a_group: 4 * depth,
                        a_step: 1,
                        b: &b,
                        stretches: &[stretch],
                        depth: deep,
                        c_row: width,
                        c_group: 4 * width,
                        rows: high - low,
                    };
                    processor.add_product(width, &mut c[low * width..], &block);
                }
            }
            for (r, line) in c.chunks_exact(width).take(count).enumerate() {
                // SAFETY: one task alone has these voxels of these channels.
                #[expect(unsafe_code, reason = "the voxels of a channel lie between those of others")]
                let out = unsafe { target.part((n * factor.rows + start + r) * voxels + first, wide) };
                out.copy_from_slice(&line[..wide]);
            }
        }
    });
}

/// `weight = [out, voxels] · [in, voxels]ᵀ`, over all samples.
pub(crate) fn weight_gradient(geometry: &Geometry, input: &[f32], output_gradient: &[f32], gradient: &mut [f32]) {
    let processor = Processor::get();
    let Geometry { batch, in_channels, out_channels, .. } = *geometry;
    let voxels: usize = geometry.input.iter().product();
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
        c.fill(0.0);
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
