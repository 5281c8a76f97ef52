//! Volume, mean and spread of every label, kept current by what changed.

use std::collections::BTreeMap;
use std::sync::Arc;

use medley_annotate::Runs;
use medley_volume::{IndexBox, LabelMap, Volume};

/// What a label's voxels hold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LabelStatistics {
    /// How many voxels it has.
    pub voxels: u64,
    /// Their volume in millilitres.
    pub volume_ml: f64,
    /// The scan's mean in them, in its unit; values that are no number are left out.
    pub mean: f64,
    /// The scan's standard deviation in them, of a sample.
    pub sd: f64,
}

/// Sums over a label's voxels, of values less a middle one so that the squares stay small.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    voxels: u64,
    finite: u64,
    sum: f64,
    squares: f64,
}

/// Keeps the statistics of all labels of a mask. It has a packed copy of the mask, so that the one being painted is neither held nor
/// walked through: a change costs the slices of its box.
pub struct LabelTracker {
    volume: Arc<Volume>,
    middle: f64,
    /// One for each slice across `k`.
    slices: Vec<Runs>,
    tallies: BTreeMap<u16, Tally>,
}

impl LabelTracker {
    /// Packs the mask; [`LabelTracker::tally`] makes the sums. `middle` is a value about which the scan's lie.
    #[must_use]
    pub fn of(volume: Arc<Volume>, mask: &LabelMap, middle: f64) -> Self {
        let [ni, nj, nk] = mask.grid().shape();
        let slice = |k: usize| Runs::pack(&mask.region(&IndexBox { low: [0, 0, k], high: [ni, nj, k + 1] }));
        Self { volume, middle, slices: (0..nk).map(slice).collect(), tallies: BTreeMap::new() }
    }

    /// Walks through every labelled voxel.
    pub fn tally(&mut self) {
        self.tallies.clear();
        for k in 0..self.slices.len() {
            self.each_labelled(k, |tracker, label, offset| tracker.count(label, offset, 1.0));
        }
    }

    fn each_labelled(&mut self, k: usize, mut visit: impl FnMut(&mut Self, u16, usize)) {
        let [ni, nj, _] = self.volume.grid().shape();
        let mut offset = k * ni * nj;
        let runs: Vec<(usize, u16)> = self.slices[k].iter().collect();
        for (count, label) in runs {
            if label != 0 {
                (offset..offset + count).for_each(|offset| visit(self, label, offset));
            }
            offset += count;
        }
    }

    /// Takes in what a box of the mask holds now, in storage order. A box that does not fit, or is not filled, changes nothing.
    pub fn update(&mut self, region: IndexBox, labels: &[u16]) {
        let [ni, nj, nk] = self.volume.grid().shape();
        if !region.fits([ni, nj, nk]) || labels.len() != region.len() || region.is_empty() {
            return;
        }
        let [width, height, _] = region.shape();
        for (k, now) in (region.low[2]..region.high[2]).zip(labels.chunks_exact(width * height)) {
            let mut slice = self.slices[k].unpack();
            for (j, now) in (region.low[1]..region.high[1]).zip(now.chunks_exact(width)) {
                let start = j * ni + region.low[0];
                for (n, &now) in now.iter().enumerate() {
                    let was = std::mem::replace(&mut slice[start + n], now);
                    if was != now {
                        let offset = k * ni * nj + start + n;
                        self.count(was, offset, -1.0);
                        self.count(now, offset, 1.0);
                    }
                }
            }
            self.slices[k] = Runs::pack(&slice);
        }
    }

    /// Adds a voxel to a label, or takes it away.
    fn count(&mut self, label: u16, offset: usize, way: f64) {
        if label == 0 {
            return;
        }
        let value = self.volume.voxels().stored(offset).map_or(f64::NAN, |stored| self.volume.scaling().apply(stored)) - self.middle;
        let tally = self.tallies.entry(label).or_default();
        let step = |count: u64| if way > 0.0 { count + 1 } else { count.saturating_sub(1) };
        tally.voxels = step(tally.voxels);
        if value.is_finite() {
            tally.finite = step(tally.finite);
            tally.sum += way * value;
            tally.squares += way * value * value;
        }
        if tally.voxels == 0 {
            self.tallies.remove(&label);
        }
    }

    /// What every label that has voxels holds.
    #[must_use]
    pub fn statistics(&self) -> BTreeMap<u16, LabelStatistics> {
        let voxel_ml = self.volume.grid().voxel_volume_ml();
        let of = |tally: &Tally| {
            let finite = tally.finite.max(1) as f64;
            let spread = (tally.squares - tally.sum * tally.sum / finite).max(0.0);
            let sd = if tally.finite > 1 { (spread / (finite - 1.0)).sqrt() } else { 0.0 };
            LabelStatistics { voxels: tally.voxels, volume_ml: tally.voxels as f64 * voxel_ml, mean: self.middle + tally.sum / finite, sd }
        };
        self.tallies.iter().map(|(&label, tally)| (label, of(tally))).collect()
    }

    /// The finite values of a label's voxels.
    #[must_use]
    pub fn values(&mut self, label: u16) -> Vec<f64> {
        let mut values = Vec::new();
        for k in 0..self.slices.len() {
            self.each_labelled(k, |tracker, found, offset| {
                if found == label {
                    values.extend(tracker.volume.voxels().stored(offset).map(|stored| tracker.volume.scaling().apply(stored)));
                }
            });
        }
        values.retain(|value| value.is_finite());
        values
    }
}

#[cfg(test)]
mod tests {
    use medley_volume::{Grid, Quantity, Scaling, Voxels};

    use super::*;

    /// Small numbers in no order, the same each time.
    struct Dice(u64);

    impl Dice {
        fn below(&mut self, end: usize) -> usize {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) as usize % end
        }
    }

    fn volume() -> Arc<Volume> {
        let grid = Grid::axis_aligned([11, 9, 6], [0.5, 2.0, 3.0]).expect("a grid");
        let mut dice = Dice(5);
        let stored = (0..grid.len()).map(|_| dice.below(3000) as i16 - 1000).collect();
        let volume = Volume::new(grid, Voxels::I16(stored), Scaling { slope: 1.5, intercept: 4.0 }, Quantity::Hounsfield);
        Arc::new(volume.expect("fits"))
    }

    fn brute_force(volume: &Volume, mask: &LabelMap) -> BTreeMap<u16, LabelStatistics> {
        let mut values: BTreeMap<u16, Vec<f64>> = BTreeMap::new();
        for offset in (0..mask.len()).filter(|&offset| mask.at(offset) != 0) {
            let stored = volume.voxels().stored(offset).expect("a voxel");
            values.entry(mask.at(offset)).or_default().push(volume.scaling().apply(stored));
        }
        let of = |values: &Vec<f64>| {
            let count = values.len() as f64;
            let mean = values.iter().sum::<f64>() / count;
            let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
            let sd = if values.len() > 1 { (squares / (count - 1.0)).sqrt() } else { 0.0 };
            LabelStatistics { voxels: values.len() as u64, volume_ml: count * 0.003, mean, sd }
        };
        values.iter().map(|(&label, values)| (label, of(values))).collect()
    }

    #[test]
    fn after_any_changes_the_numbers_are_those_of_the_whole_mask() {
        let volume = volume();
        let shape = volume.grid().shape();
        let mut mask = LabelMap::empty(*volume.grid());
        let mut dice = Dice(77);
        (0..200).for_each(|_| mask.set(dice.below(mask.len()), dice.below(4) as u16));
        let mut tracker = LabelTracker::of(Arc::clone(&volume), &mask, 500.0);
        tracker.tally();
        for round in 0..60 {
            let low: [usize; 3] = std::array::from_fn(|axis| dice.below(shape[axis]));
            let high = std::array::from_fn(|axis| low[axis] + 1 + dice.below(shape[axis] - low[axis]));
            let region = IndexBox { low, high };
            let labels: Vec<u16> = (0..region.len()).map(|_| [0, 1, 3, 700][dice.below(4)]).collect();
            mask.set_region(&region, &labels);
            tracker.update(region, &labels);
            let (found, wanted) = (tracker.statistics(), brute_force(&volume, &mask));
            assert_eq!(found.keys().collect::<Vec<_>>(), wanted.keys().collect::<Vec<_>>(), "round {round}");
            for (found, wanted) in found.values().zip(wanted.values()) {
                assert_eq!(found.voxels, wanted.voxels);
                assert!((found.volume_ml - wanted.volume_ml).abs() < 1e-12);
                assert!((found.mean - wanted.mean).abs() < 1e-8 && (found.sd - wanted.sd).abs() < 1e-6, "{found:?} is not {wanted:?}");
            }
        }
    }

    #[test]
    fn a_label_that_is_gone_is_not_listed_and_a_wrong_box_changes_nothing() {
        let volume = volume();
        let mut mask = LabelMap::empty(*volume.grid());
        mask.set(100, 2);
        let mut tracker = LabelTracker::of(Arc::clone(&volume), &mask, 0.0);
        tracker.tally();
        assert_eq!(tracker.values(2).len(), 1);
        tracker.update(IndexBox { low: [0; 3], high: [500, 1, 1] }, &[0; 500]);
        tracker.update(IndexBox::whole(volume.grid().shape()), &[]);
        assert_eq!(tracker.statistics().len(), 1);
        tracker.update(IndexBox::whole(volume.grid().shape()), &vec![0; mask.len()]);
        assert!(tracker.statistics().is_empty());
    }
}
