//! The convolution as one small matrix product per tap, over the voxels that have a partner through it.
//!
//! Padding is never multiplied. With dilation 4 on a map of 8³ voxels, seven of ten products of the textbook way are with
//! zeros.

use rayon::prelude::*;

use crate::geometry::Run;
use crate::kernel::{Block, Lines, Processor, Stretch, Turn};
use crate::pack::{ChannelsLast, Panels, WeightLayout};
use crate::scratch::Scratch;
use crate::shared::Shared;

/// Numbers of A that stay in the nearest cache while a panel of B runs past.
const DEPTH: usize = 128;
/// Numbers of a block of C kept while its taps are added: a quarter of a MiB.
const KEPT: usize = 64 << 10;
/// Stretches joined into one call.
const STRETCHES: usize = 64;

/// What a pass over the voxels needs to know; the forward pass and the input's gradient differ in this alone.
pub(crate) struct Pass<'a> {
    pub batch: usize,
    /// What is read, `[N, source_channels, source…]`.
    pub source: &'a [f32],
    pub source_channels: usize,
    pub source_size: [usize; 3],
    /// Size of what is written, `[N, columns, target…]`.
    pub target_size: [usize; 3],
    /// Per axis and tap.
    pub runs: [Vec<Run>; 3],
    pub weight: &'a [f32],
    pub layout: WeightLayout,
    /// Added to every voxel of a column.
    pub bias: Option<&'a [f32]>,
}

/// Taps that share a place along the last axis, and so the range of voxels they serve.
struct Row {
    run: Run,
    /// Along D, along H, index of the panel.
    taps: Vec<[usize; 3]>,
}

impl Pass<'_> {
    pub fn run(&self, target: &mut [f32]) {
        let processor = Processor::get();
        let (columns, depth) = (self.layout.columns, self.source_channels);
        let width = processor.width(columns);
        let [_, height, row] = self.target_size;
        let per_sample = self.target_size.iter().product::<usize>();
        if per_sample == 0 || self.batch == 0 {
            return;
        }
        // A source of few channels: neighbours along the last axis are taken as depth, at the price of zeros at its ends.
        let merged = self.merged();
        let (layout, margin) = merged.map_or((self.layout, 0), |(margin, _)| {
            let kernel = self.runs[2].len();
            let layout = WeightLayout { depth: kernel * depth, taps: self.layout.taps / kernel, ..self.layout };
            (layout, margin)
        });
        let rearranged = merged.map(|_| self.tap_innermost());
        let (weight, layout) = match &rearranged {
            None => (self.weight, layout),
            Some(weight) => (&weight[..], WeightLayout { depth_step: layout.taps, column_step: layout.depth * layout.taps, ..layout }),
        };
        // Channels of one depth block lie together: what is multiplied at a time is small and whole lines of the cache.
        let a_voxel = DEPTH.min(depth);
        let rows = self.rows(merged.map(|(_, run)| run));
        let blocks = columns.div_ceil(width);
        let planes = self.planes_together(width, blocks);
        let samples: Vec<ChannelsLast> = (0..self.batch)
            .map(|n| {
                let len = self.source.len() / self.batch;
                ChannelsLast::new(&self.source[n * len..][..len], depth, a_voxel, self.source_size[2], margin)
            })
            .collect();
        let source_size = [self.source_size[0], self.source_size[1], self.source_size[2] + 2 * margin];
        let chunks = self.target_size[0].div_ceil(planes);
        let panels = Panels::new(weight, layout, width, DEPTH, self.batch * chunks > 1);
        let target = Shared::new(target);
        (0..self.batch * blocks * chunks).into_par_iter().for_each(|task| {
            let (n, block, chunk) = (task / (blocks * chunks), task / chunks % blocks, task % chunks);
            let planes = chunk * planes..((chunk + 1) * planes).min(self.target_size[0]);
            let voxels = planes.len() * height * row;
            let mut c = Scratch::new(voxels * width);
            let line = &self.bias.map_or_else(|| vec![0.0; width], |bias| padded(bias, block * width, width));
            c.chunks_exact_mut(width).for_each(|voxel| voxel.copy_from_slice(line));
            let mut own = panels.room();
            for (from, deep) in panels.depth_blocks() {
                let b = panels.get(block, from, deep, &mut own);
                for group in &rows {
                    let a = &samples[n].numbers[from / DEPTH * samples[n].block_len..];
                    let piece = Piece { a, a_voxel, source_size, deep, b, width };
                    self.add(processor, &mut c, planes.clone(), group, &piece);
                }
            }
            let start = (n * columns + block * width) * per_sample + planes.start * height * row;
            let turn = Turn { rows: voxels, columns: width.min(columns - block * width), from_step: width, to: Lines::Every(per_sample) };
            // SAFETY: one task alone has these planes of these channels of this sample.
            #[expect(unsafe_code, reason = "the planes of a channel lie between those of others")]
            unsafe {
                target.transpose(&c, start, turn);
            }
        });
    }

    /// The margin each row of the source needs, and the one run that then serves all taps along the last axis; where worthwhile.
    fn merged(&self) -> Option<(usize, Run)> {
        let runs = &self.runs[2];
        if runs.len() < 2 || self.source_channels > 4 {
            return None;
        }
        // A tap without padding tells where the others would be.
        let (tap, known) = runs.iter().enumerate().find(|(_, run)| run.count > 0 && run.to_step == 1)?;
        let step = known.from_step;
        // From of output 0 through tap 0; taps must be neighbours.
        let start = known.from as isize - (known.to * step) as isize - tap as isize;
        for (tap, run) in runs.iter().enumerate().filter(|(_, run)| run.count > 0) {
            if run.from as isize - (run.to * step) as isize - tap as isize != start || run.from_step != step || run.to_step != 1 {
                return None;
            }
        }
        let row = self.target_size[2];
        let last = start + ((row - 1) * step + runs.len() - 1) as isize;
        let margin = (-start).max(last + 1 - self.source_size[2] as isize).max(0) as usize;
        Some((margin, Run { to: 0, to_step: 1, from: (start + margin as isize) as usize, from_step: step, count: row }))
    }

    /// The weight as `[columns, kernel W · depth, kernel D · kernel H]`, depth fastest within the neighbours.
    fn tap_innermost(&self) -> Vec<f32> {
        let WeightLayout { columns, depth, taps, column_step, depth_step } = self.layout;
        let kernel = self.runs[2].len();
        let mut rearranged = Vec::with_capacity(columns * depth * taps);
        for n in 0..columns {
            for (w, k) in (0..kernel).flat_map(|w| (0..depth).map(move |k| (w, k))) {
                rearranged.extend((0..taps / kernel).map(|t| self.weight[n * column_step + k * depth_step + t * kernel + w]));
            }
        }
        rearranged
    }

    fn rows(&self, merged: Option<Run>) -> Vec<Row> {
        let [deep, high, wide] = [0, 1, 2].map(|axis| self.runs[axis].len());
        let planes: Vec<[usize; 2]> = (0..deep).flat_map(|d| (0..high).map(move |h| [d, h])).collect();
        if let Some(run) = merged {
            return vec![Row { run, taps: planes.iter().enumerate().map(|(at, [d, h])| [*d, *h, at]).collect() }];
        }
        let row =
            |w: usize| Row { run: self.runs[2][w], taps: planes.iter().enumerate().map(|(at, [d, h])| [*d, *h, at * wide + w]).collect() };
        (0..wide).map(row).filter(|row| row.run.count > 0).collect()
    }

    /// So many planes that a block of C stays near, and every thread has work.
    fn planes_together(&self, width: usize, blocks: usize) -> usize {
        let [planes, height, row] = self.target_size;
        let near = (KEPT / (height * row * width)).max(1);
        let wanted = (3 * rayon::current_num_threads()).div_ceil(self.batch * blocks).min(planes);
        near.min(planes.div_ceil(wanted)).max(1)
    }

    /// Adds what the taps of a group bring to some planes.
    fn add(&self, processor: Processor, c: &mut [f32], planes: std::ops::Range<usize>, group: &Row, piece: &Piece<'_>) {
        let [_, height, row] = self.target_size;
        let panel = Panels::tap_step(piece.deep, piece.width);
        // As many taps at once as have panels in the nearest cache.
        let together = (4096 / panel).clamp(1, STRETCHES);
        let run = group.run;
        let tiles = run.count.div_ceil(processor.max_rows);
        if run.count == 4 && together == 1 && processor.max_rows >= 8 {
            group.taps.iter().for_each(|tap| self.add_fours(processor, c, planes.clone(), run, *tap, piece));
            return;
        }
        for taps in group.taps.chunks(together) {
            for z in planes.clone() {
                for y in 0..height {
                    let mut stretches = [Stretch::default(); STRETCHES];
                    let mut count = 0;
                    for [d, h, panel_index] in taps {
                        if let (Some(sz), Some(sy)) = (self.runs[0][*d].source(z), self.runs[1][*h].source(y)) {
                            let voxel = (sz * piece.source_size[1] + sy) * piece.source_size[2] + run.from;
                            stretches[count] = Stretch { a: voxel * piece.a_voxel, b: panel_index * panel };
                            count += 1;
                        }
                    }
                    if count == 0 {
                        continue;
                    }
                    let line = ((z - planes.start) * height + y) * row + run.to;
                    for tile in 0..tiles {
                        let (first, end) = (tile * run.count / tiles, (tile + 1) * run.count / tiles);
                        let skipped = first * run.from_step * piece.a_voxel;
                        let block = Block {
                            a: &piece.a[skipped..],
                            a_row: run.from_step * piece.a_voxel,
                            a_group: 4 * run.from_step * piece.a_voxel,
                            a_step: 1,
                            b: piece.b,
                            stretches: &stretches[..count],
                            depth: piece.deep,
                            c_row: run.to_step * piece.width,
                            c_group: 4 * run.to_step * piece.width,
                            rows: end - first,
                            is_first: false,
                        };
                        processor.add_product(piece.width, &mut c[(line + first * run.to_step) * piece.width..], &block);
                    }
                }
            }
        }
    }
}

impl Pass<'_> {
    /// The same for one tap that serves four voxels of a row: so few would leave the processor waiting for its own sums, so
    /// several rows are taken at once.
    fn add_fours(&self, processor: Processor, c: &mut [f32], planes: std::ops::Range<usize>, run: Run, tap: [usize; 3], piece: &Piece<'_>) {
        let [_, height, row] = self.target_size;
        let [d, h, panel] = tap;
        let rows = self.runs[1][h];
        let a_row = run.from_step * piece.a_voxel;
        for z in planes.clone() {
            let Some(sz) = self.runs[0][d].source(z) else { continue };
            for first in (0..rows.count).step_by(processor.max_rows / 4) {
                let together = (processor.max_rows / 4).min(rows.count - first);
                let (y, sy) = (rows.to + first * rows.to_step, rows.from + first * rows.from_step);
                let voxel = (sz * piece.source_size[1] + sy) * piece.source_size[2] + run.from;
                let block = Block {
                    a: piece.a,
                    a_row,
                    a_group: rows.from_step * piece.source_size[2] * piece.a_voxel,
                    a_step: 1,
                    b: piece.b,
                    stretches: &[Stretch { a: voxel * piece.a_voxel, b: panel * Panels::tap_step(piece.deep, piece.width) }],
                    depth: piece.deep,
                    c_row: run.to_step * piece.width,
                    c_group: rows.to_step * row * piece.width,
                    rows: 4 * together,
                    is_first: false,
                };
                let line = ((z - planes.start) * height + y) * row + run.to;
                processor.add_product(piece.width, &mut c[line * piece.width..], &block);
            }
        }
    }
}

/// `width` numbers from `first` on, zeros where there are no more.
fn padded(bias: &[f32], first: usize, width: usize) -> Vec<f32> {
    (first..first + width).map(|at| bias.get(at).copied().unwrap_or(0.0)).collect()
}

/// A source and the panels of one depth block.
struct Piece<'a> {
    a: &'a [f32],
    a_voxel: usize,
    source_size: [usize; 3],
    deep: usize,
    b: &'a [f32],
    width: usize,
}
