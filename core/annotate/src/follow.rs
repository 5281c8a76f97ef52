//! A proposal's difference from a mask that changes.

use std::collections::BTreeMap;

use medley_volume::LabelMap;

use crate::{AnnotateError, Difference, Edit, LabelDifference};

impl Difference {
    /// Follows a change of the mask, or one that was taken back where `is_back`: only the voxels that changed are looked at. The box becomes
    /// one around the difference, no longer the smallest.
    ///
    /// # Errors
    /// [`AnnotateError::OutsideGrid`] if the change does not fit the proposal; the difference is then as it was.
    pub fn follow(&mut self, proposed: &LabelMap, edit: &Edit, is_back: bool) -> Result<(), AnnotateError> {
        let (mut changed, mut labels) = (0i64, BTreeMap::<u16, [i64; 2]>::new());
        edit.for_each_change(proposed.grid().shape(), |offsets, was, is| {
            let (was, is) = if is_back { (is, was) } else { (was, is) };
            for wanted in offsets.map(|offset| proposed.at(offset)) {
                for (held, one) in [(was, -1), (is, 1)] {
                    if held != wanted {
                        changed += one;
                        labels.entry(wanted).or_default()[0] += one;
                        labels.entry(held).or_default()[1] += one;
                    }
                }
            }
        })?;
        labels.remove(&0);
        for one in &self.per_label {
            let [added, removed] = labels.entry(one.label).or_default();
            *added += one.added as i64;
            *removed += one.removed as i64;
        }
        let count = |number: i64| usize::try_from(number).unwrap_or(0);
        self.changed = count(self.changed as i64 + changed);
        self.per_label = labels
            .into_iter()
            .filter(|(_, counts)| *counts != [0, 0])
            .map(|(label, [added, removed])| LabelDifference { label, added: count(added), removed: count(removed) })
            .collect();
        let around = self.region.map_or(edit.region, |region| region.union(&edit.region));
        self.region = (self.changed > 0).then_some(around);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use medley_volume::{Grid, IndexBox};
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::{Author, Proposal, Tool};

    #[test]
    fn it_is_what_would_be_counted_anew_through_changes_and_their_undoing() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let grid = Grid::axis_aligned([9, 7, 5], [1.0; 3]).expect("a grid");
        let mut noise = || {
            let mut labels = LabelMap::empty(grid);
            (0..grid.len()).for_each(|offset| labels.set(offset, rng.random_range(0..4)));
            labels
        };
        let (mut mask, proposal) = (noise(), Proposal { labels: std::sync::Arc::new(noise()), model: "m".to_owned() });
        let mut followed = proposal.difference(&mask).expect("one grid");
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        for step in 0..60 {
            let low: [usize; 3] = std::array::from_fn(|axis| rng.random_range(0..grid.shape()[axis]));
            let high = std::array::from_fn(|axis| rng.random_range(low[axis]..grid.shape()[axis]) + 1);
            let region = IndexBox { low, high };
            // Now and then exactly what is proposed, so that labels cease to differ.
            let labels: Vec<u16> =
                if step % 3 == 0 { proposal.labels.region(&region) } else { (0..region.len()).map(|_| rng.random_range(0..4)).collect() };
            let Some(edit) = Edit::from_region(&mask, region, &labels, Author::Person, Tool::Brush, 0) else { continue };
            edit.apply(&mut mask).expect("fits");
            followed.follow(&proposal.labels, &edit, false).expect("fits");
            if step % 4 == 0 {
                edit.revert(&mut mask).expect("fits");
                followed.follow(&proposal.labels, &edit, true).expect("fits");
            }
            let anew = proposal.difference(&mask).expect("one grid");
            assert_eq!((followed.changed, &followed.per_label), (anew.changed, &anew.per_label), "step {step}");
        }
        let Some(all) = proposal.accept(&mask, 0).expect("one grid") else { panic!("they differ") };
        followed.follow(&proposal.labels, &all, false).expect("fits");
        assert_eq!(followed, Difference::default());
    }
}
