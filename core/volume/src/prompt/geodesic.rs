//! Shortest ways from seeds to all voxels, in whole numbers, by Dial's buckets (*Algorithm 360*, 1969).

use super::appearance::CERTAIN;
use crate::Grid;

/// More than any step costs.
const BUCKETS: usize = 1 << 16;
/// What a step costs where nothing speaks against it, and by how much a jump of the likelihood counts for more than the likelihood itself: chosen on
/// organs of abdominal CT and MR and on two tumours.
const LEAST: u32 = 25;
const JUMP: u32 = 10;
/// Lengths are counted in such parts of the smallest spacing.
const PARTS: f64 = 16.0;

/// The 18 neighbours of a voxel.
pub(crate) struct Steps {
    shape: [usize; 3],
    steps: Vec<Step>,
    finest_mm: f64,
}

struct Step {
    by: [isize; 3],
    offset: isize,
    length: u32,
}

impl Steps {
    pub fn new(grid: &Grid) -> Self {
        let (shape, spacing) = (grid.shape(), grid.spacing());
        let finest = spacing.iter().copied().fold(f64::INFINITY, f64::min);
        let mut steps = Vec::with_capacity(18);
        for n in 0..27isize {
            let by = [n % 3 - 1, n / 3 % 3 - 1, n / 9 - 1];
            if (1..=2).contains(&by.iter().filter(|step| **step != 0).count()) {
                let mm = (0..3).map(|axis| (by[axis] as f64 * spacing[axis]).powi(2)).sum::<f64>().sqrt();
                let offset = (by[2] * shape[1] as isize + by[1]) * shape[0] as isize + by[0];
                steps.push(Step { by, offset, length: (mm / finest * PARTS).round().min(4096.0) as u32 });
            }
        }
        Self { shape, steps, finest_mm: finest }
    }

    /// The length of a mm where nothing speaks against it.
    pub fn units_per_mm(&self) -> f64 {
        f64::from(LEAST) / self.finest_mm
    }
}

/// What makes ways long besides their length and jumps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cost {
    /// Low levels, which speak against the object.
    OfObject,
    /// High levels, which speak for it.
    OfOthers,
    /// Nothing.
    Edges,
}

/// For each voxel the length of the cheapest way from a seed, `u32::MAX` where none leads.
///
/// A step over `length` between voxels of levels `a` and `b` costs in proportion to `length · (LEAST + against + JUMP · |a − b|)`, where `against` is the
/// mean of what speaks against passing.
pub(crate) fn ways(
    steps: &Steps,
    levels: &[u8],
    seeds: &[usize],
    cost: Cost,
    is_cancelled: &(dyn Fn() -> bool + Sync),
) -> Option<Vec<u32>> {
    let shape = steps.shape;
    let against = |level: u32| match cost {
        Cost::OfObject => u32::from(CERTAIN) - level,
        Cost::OfOthers => level,
        Cost::Edges => 0,
    };
    let mut way = vec![u32::MAX; levels.len()];
    let mut buckets: Vec<Vec<u32>> = vec![Vec::new(); BUCKETS];
    let mut waiting = 0usize;
    for &seed in seeds {
        if std::mem::replace(&mut way[seed], 0) != 0 {
            buckets[0].push(seed as u32);
            waiting += 1;
        }
    }
    let (mut now, mut done) = (0u32, 0usize);
    while waiting > 0 {
        while let Some(offset) = buckets[now as usize % BUCKETS].pop() {
            waiting -= 1;
            let offset = offset as usize;
            if way[offset] != now {
                continue;
            }
            done += 1;
            if done & 0xfff == 0 && is_cancelled() {
                return None;
            }
            let place = [offset % shape[0], offset / shape[0] % shape[1], offset / shape[0] / shape[1]];
            let is_within = (0..3).all(|axis| place[axis] > 0 && place[axis] + 1 < shape[axis]);
            let here = u32::from(levels[offset]);
            for step in &steps.steps {
                let leads_out = |axis: usize| place[axis].checked_add_signed(step.by[axis]).is_none_or(|to| to >= shape[axis]);
                if !is_within && (0..3).any(leads_out) {
                    continue;
                }
                let to = offset.wrapping_add_signed(step.offset);
                let there = u32::from(levels[to]);
                let cost = step.length * (LEAST + against(here.midpoint(there)) + JUMP * here.abs_diff(there)) / PARTS as u32;
                let reached = now + cost.clamp(1, BUCKETS as u32 - 1);
                if reached < way[to] {
                    way[to] = reached;
                    buckets[reached as usize % BUCKETS].push(to as u32);
                    waiting += 1;
                }
            }
        }
        now += 1;
    }
    Some(way)
}
