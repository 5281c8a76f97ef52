//! Runs of equal voxels along rows, joined into connected pieces by a forest of runs.
//!
//! Two passes over runs in place of voxels, as in He, Chao and Suzuki, *A run-based two-scan labeling algorithm* (2008); slabs of planes
//! are joined beside each other, then to each other.

use std::cmp::Ordering;
use std::ops::Range;

use rayon::prelude::*;

use super::Connectivity;

/// Voxels of equal value that follow each other in a row: first, and one past the last.
pub(crate) type Run = [u32; 2];

/// The runs of an array and the piece that each belongs to.
pub(crate) struct JoinedRuns {
    /// Row `n` has the runs `first[n]..first[n + 1]`.
    first: Vec<u32>,
    /// In storage order.
    pub runs: Vec<Run>,
    /// For each run the first run of its piece.
    pub root: Vec<u32>,
}

impl JoinedRuns {
    /// Which runs row `n` has; rows are counted along `j`, then `k`.
    pub fn of_row(&self, row: usize) -> Range<usize> {
        self.first[row] as usize..self.first[row + 1] as usize
    }
}

/// The runs of the voxels that `is_wanted`; runs of one value that touch are in one piece.
pub(crate) fn joined_runs<T: Copy + PartialEq + Send + Sync>(
    shape: [usize; 3],
    voxels: &[T],
    connectivity: Connectivity,
    is_wanted: impl Fn(T) -> bool + Sync,
) -> JoinedRuns {
    let [wide, high, deep] = shape;
    let rows = Rows { wide, high, voxels };
    let thick = deep.div_ceil(4 * rayon::current_num_threads()).max(1);
    let lows: Vec<usize> = (0..deep).step_by(thick).collect();
    let slabs: Vec<JoinedRuns> = lows
        .par_iter()
        .map(|&low| {
            let slab = Rows { voxels: &voxels[low * wide * high..(low + thick).min(deep) * wide * high], ..rows };
            let mut found = slab.found(&is_wanted);
            for k in 0..slab.voxels.len() / (wide * high) {
                slab.join_plane(&mut found, k, connectivity, k > 0, true);
            }
            found
        })
        .collect();
    let count = slabs.iter().map(|slab| slab.runs.len()).sum();
    let mut all =
        JoinedRuns { first: Vec::with_capacity(high * deep + 1), runs: Vec::with_capacity(count), root: Vec::with_capacity(count) };
    all.first.push(0);
    for slab in slabs {
        let before = all.runs.len() as u32;
        all.first.extend(slab.first[1..].iter().map(|n| n + before));
        all.runs.extend_from_slice(&slab.runs);
        all.root.extend(slab.root.iter().map(|n| n + before));
    }
    for &low in lows.iter().skip(1) {
        rows.join_plane(&mut all, low, connectivity, true, false);
    }
    // A run's parent comes before it, so its own root is known by then.
    for n in 0..count {
        all.root[n] = all.root[all.root[n] as usize];
    }
    all
}

/// Rows of an array, without its number of planes.
#[derive(Clone, Copy)]
struct Rows<'a, T> {
    wide: usize,
    high: usize,
    voxels: &'a [T],
}

impl<T: Copy + PartialEq> Rows<'_, T> {
    /// All runs, each a piece of its own.
    fn found(&self, is_wanted: impl Fn(T) -> bool) -> JoinedRuns {
        let mut runs: Vec<Run> = Vec::new();
        let mut first = vec![0];
        for row in self.voxels.chunks_exact(self.wide) {
            let mut at = 0;
            while let Some(&value) = row.get(at) {
                let end = at + equal_at_start(&row[at..], value);
                if is_wanted(value) {
                    runs.push([at as u32, end as u32]);
                }
                at = end;
            }
            first.push(runs.len() as u32);
        }
        let root = (0..runs.len() as u32).collect();
        JoinedRuns { first, runs, root }
    }

    /// Joins the runs of plane `k` to those before them.
    fn join_plane(&self, runs: &mut JoinedRuns, k: usize, connectivity: Connectivity, to_plane_below: bool, within_plane: bool) {
        let (slanted, is_full) = (connectivity != Connectivity::Faces, connectivity == Connectivity::Corners);
        for j in 0..self.high {
            let row = k * self.high + j;
            if runs.of_row(row).is_empty() {
                continue;
            }
            if within_plane && j > 0 {
                self.join_rows(runs, row, row - 1, slanted);
            }
            if to_plane_below {
                let below = row - self.high;
                self.join_rows(runs, row, below, slanted);
                if slanted && j > 0 {
                    self.join_rows(runs, row, below - 1, is_full);
                }
                if slanted && j + 1 < self.high {
                    self.join_rows(runs, row, below + 1, is_full);
                }
            }
        }
    }

    /// Joins runs of equal value of two rows: those that overlap, and with `slanted` also those that end where the other begins.
    fn join_rows(&self, all: &mut JoinedRuns, row: usize, other: usize, slanted: bool) {
        let (rows, others) = (all.of_row(row), all.of_row(other));
        let reach = u32::from(slanted);
        let value = |row: usize, run: Run| self.voxels[row * self.wide + run[0] as usize];
        let join_if_touching = |all: &mut JoinedRuns, n: usize, m: usize| {
            let (a, b) = (all.runs[n], all.runs[m]);
            if a[0] < b[1] + reach && b[0] < a[1] + reach && value(row, a) == value(other, b) {
                join(&mut all.root, n as u32, m as u32);
            }
        };
        let (mut n, mut m) = (rows.start, others.start);
        while n < rows.end && m < others.end {
            join_if_touching(all, n, m);
            // The one that ends first can meet no more of the other's; where both end together each may meet the next by a corner.
            match all.runs[n][1].cmp(&all.runs[m][1]) {
                Ordering::Less => n += 1,
                Ordering::Greater => m += 1,
                Ordering::Equal => {
                    if m + 1 < others.end {
                        join_if_touching(all, n, m + 1);
                    }
                    n += 1;
                }
            }
        }
    }
}

/// How many values from the first on are equal to it.
pub(crate) fn equal_at_start<T: Copy + PartialEq>(values: &[T], value: T) -> usize {
    const LANES: usize = 32;
    // All of a block are looked at without leaving early: that is what becomes vector instructions.
    let is_equal = |block: &&[T]| block.iter().fold(true, |all, &other| all & (other == value));
    let blocks = values.chunks_exact(LANES).take_while(is_equal).count() * LANES;
    blocks + values[blocks..].iter().take_while(|&&other| other == value).count()
}

/// Puts two runs into one piece; its root is the earlier of both roots.
fn join(root: &mut [u32], a: u32, b: u32) {
    let (a, b) = (root_of(root, a), root_of(root, b));
    root[a.max(b) as usize] = a.min(b);
}

fn root_of(root: &mut [u32], mut run: u32) -> u32 {
    while root[run as usize] != run {
        let up = root[root[run as usize] as usize];
        root[run as usize] = up;
        run = up;
    }
    run
}
