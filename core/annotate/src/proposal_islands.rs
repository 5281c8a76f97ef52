use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use medley_volume::{Connectivity, IndexBox, LabelMap, components_of};
use rayon::prelude::*;

use crate::{AnnotateError, Author, Edit, Proposal, Tool};

/// One piece of what a proposal would change, told by what it changes and its first voxel: the same for as long as that piece is open, whatever
/// becomes of the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IslandId {
    /// The label that gains or loses the voxels; never background.
    pub label: u16,
    /// Whether it gains them. Voxels that go from one label to another count to the one that gains them.
    pub is_added: bool,
    /// The offset of its first voxel in the mask.
    pub first: usize,
}

/// A piece (voxels that touch by a face, an edge or a corner) of what a proposal adds to a label, or takes from one without giving it to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DifferenceIsland {
    /// Which it is.
    pub id: IslandId,
    /// How many voxels it has.
    pub voxels: usize,
    /// The smallest box around it.
    pub region: IndexBox,
}

/// Which islands are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhichIslands<'a> {
    /// All of them.
    All,
    /// All of one label, gained and lost.
    OfLabel(u16),
    /// These. One that is no more is passed over.
    These(&'a [IslandId]),
}

impl WhichIslands<'_> {
    fn hold(self, id: IslandId) -> bool {
        match self {
            Self::All => true,
            Self::OfLabel(label) => id.label == label,
            Self::These(ids) => ids.contains(&id),
        }
    }
}

/// What a voxel would become: added to a label, or taken from one.
type Change = (u16, bool);

impl Proposal {
    /// The pieces in which the proposal differs from the mask, the largest first. Each voxel that differs is in exactly one, so that accepting all, in
    /// whatever order, gives the proposal.
    ///
    /// # Errors
    /// [`AnnotateError::Grid`] if the grids differ.
    pub fn islands(&self, mask: &LabelMap) -> Result<Vec<DifferenceIsland>, AnnotateError> {
        let mut islands = Vec::new();
        self.for_each_piece(mask, None, |island, _| islands.push(island))?;
        islands.sort_by_key(|island| (std::cmp::Reverse(island.voxels), island.id));
        Ok(islands)
    }

    /// Some of these pieces as one Edit by the model, not applied yet; voxels of `locked` labels neither come nor go. `None` if nothing of them changes
    /// the mask.
    ///
    /// # Errors
    /// [`AnnotateError::Grid`] if the grids differ.
    pub fn accept_islands(&self, mask: &LabelMap, which: WhichIslands, locked: &[u16], at_ms: i64) -> Result<Option<Edit>, AnnotateError> {
        let Some((region, is_meant)) = self.meant(mask, which)? else { return Ok(None) };
        let [wide, high, _] = mask.grid().shape();
        let size = region.shape();
        let place = |offset: usize| {
            let [i, j, k] = [offset % wide, offset / wide % high, offset / wide / high];
            ((k - region.low[2]) * size[1] + j - region.low[1]) * size[0] + i - region.low[0]
        };
        let rule = |offset: usize, was: u16| {
            let proposed = self.labels.at(offset);
            let is_free = !locked.contains(&was) && (proposed == 0 || !locked.contains(&proposed));
            if is_meant[place(offset)] && is_free { proposed } else { was }
        };
        Ok(Edit::by_rule(mask, region, rule, Author::Model(self.model.clone()), Tool::Proposal, at_ms))
    }

    /// The proposal gives up some of these pieces: there it becomes what the mask is. The mask stays as it is, so there is no Edit. Returns how many voxels
    /// were given up.
    ///
    /// # Errors
    /// [`AnnotateError::Grid`] if the grids differ.
    pub fn reject_islands(&mut self, mask: &LabelMap, which: WhichIslands) -> Result<usize, AnnotateError> {
        let Some((region, is_meant)) = self.meant(mask, which)? else { return Ok(0) };
        let offsets = region.rows(mask.grid().shape()).flatten().zip(is_meant).filter(|(_, is_meant)| *is_meant);
        let mut given_up = 0;
        for (offset, _) in offsets {
            Arc::make_mut(&mut self.labels).set(offset, mask.at(offset));
            given_up += 1;
        }
        Ok(given_up)
    }

    /// The voxels of some pieces, within a box around them.
    fn meant(&self, mask: &LabelMap, which: WhichIslands) -> Result<Option<(IndexBox, Vec<bool>)>, AnnotateError> {
        let mut pieces: Vec<(IndexBox, Vec<usize>)> = Vec::new();
        let labels: Option<BTreeSet<u16>> = match which {
            WhichIslands::All => None,
            WhichIslands::OfLabel(label) => Some([label].into()),
            WhichIslands::These(ids) => Some(ids.iter().map(|id| id.label).collect()),
        };
        self.for_each_piece(mask, labels.as_ref(), |island, offsets| {
            if which.hold(island.id) {
                pieces.push((island.region, offsets()));
            }
        })?;
        let Some(region) = pieces.iter().map(|(region, _)| *region).reduce(|a, b| a.union(&b)) else { return Ok(None) };
        let part = mask.grid().cropped(&region);
        let [wide, high, _] = mask.grid().shape();
        let mut is_meant = vec![false; region.len()];
        for offset in pieces.into_iter().flat_map(|(_, offsets)| offsets) {
            let voxel = [offset % wide, offset / wide % high, offset / wide / high];
            is_meant[part.offset(std::array::from_fn(|axis| voxel[axis] - region.low[axis]))] = true;
        }
        Ok(Some((region, is_meant)))
    }

    /// Visits all pieces of some labels, with a way to get their voxels' offsets.
    fn for_each_piece(
        &self,
        mask: &LabelMap,
        labels: Option<&BTreeSet<u16>>,
        mut visit: impl FnMut(DifferenceIsland, &dyn Fn() -> Vec<usize>),
    ) -> Result<(), AnnotateError> {
        let shape = mask.grid().shape();
        for (&(label, is_added), &around) in &self.changes(mask)? {
            if labels.is_some_and(|labels| !labels.contains(&label)) {
                continue;
            }
            let part = mask.grid().cropped(&around);
            let rows: Vec<std::ops::Range<usize>> = around.rows(shape).collect();
            let of_row = |row: &std::ops::Range<usize>| {
                row.clone().map(|offset| change(mask.at(offset), self.labels.at(offset)) == Some((label, is_added)))
            };
            let differs: Vec<bool> = rows.par_iter().flat_map_iter(of_row).collect();
            let pieces = components_of(&part, &differs, 1, Connectivity::Corners);
            for (piece, id) in pieces.list.iter().zip(1u32..) {
                let shifted = |corner: [usize; 3]| std::array::from_fn(|axis| corner[axis] + around.low[axis]);
                let region = IndexBox { low: shifted(piece.bounds.low), high: shifted(piece.bounds.high) };
                let offsets = || {
                    let of_part = piece.bounds.rows(part.shape()).flatten();
                    of_part.zip(region.rows(shape).flatten()).filter(|(at, _)| pieces.ids[*at] == id).map(|(_, offset)| offset).collect()
                };
                // Its first voxel in storage lies in the first row of the first slice of its box that has one.
                let mut of_part = piece.bounds.rows(part.shape()).flatten().zip(region.rows(shape).flatten());
                let Some((_, first)) = of_part.find(|(at, _)| pieces.ids[*at] == id) else { continue };
                visit(DifferenceIsland { id: IslandId { label, is_added, first }, voxels: piece.voxels, region }, &offsets);
            }
        }
        Ok(())
    }

    /// What changes, each with a box around it.
    fn changes(&self, mask: &LabelMap) -> Result<BTreeMap<Change, IndexBox>, AnnotateError> {
        mask.grid().require_same(self.labels.grid())?;
        let [wide, high, deep] = mask.grid().shape();
        let in_slice = |k: usize| {
            let mut found: BTreeMap<Change, IndexBox> = BTreeMap::new();
            for (j, i) in (0..high).flat_map(|j| (0..wide).map(move |i| (j, i))) {
                let offset = (k * high + j) * wide + i;
                if let Some(change) = change(mask.at(offset), self.labels.at(offset)) {
                    let here = IndexBox { low: [i, j, k], high: [i + 1, j + 1, k + 1] };
                    found.entry(change).and_modify(|around| *around = around.including([i, j, k])).or_insert(here);
                }
            }
            found
        };
        let join = |mut all: BTreeMap<Change, IndexBox>, some: BTreeMap<Change, IndexBox>| {
            for (change, region) in some {
                all.entry(change).and_modify(|around| *around = around.union(&region)).or_insert(region);
            }
            all
        };
        Ok((0..deep).into_par_iter().map(in_slice).reduce(BTreeMap::new, join))
    }
}

fn change(was: u16, proposed: u16) -> Option<Change> {
    if was == proposed {
        None
    } else if proposed != 0 {
        Some((proposed, true))
    } else {
        Some((was, false))
    }
}

#[cfg(test)]
mod tests {
    use medley_volume::Grid;

    use super::*;

    fn map(rows: &[&str]) -> LabelMap {
        let mut map = LabelMap::empty(Grid::axis_aligned([rows[0].len(), rows.len(), 1], [1.0; 3]).expect("a grid"));
        let digits = rows.iter().flat_map(|row| row.chars());
        digits.enumerate().for_each(|(n, digit)| map.set(n, digit.to_digit(10).unwrap_or(0) as u16));
        map
    }

    fn with(mask: &LabelMap, edit: Option<Edit>) -> LabelMap {
        let mut mask = mask.clone();
        edit.expect("a change").apply(&mut mask).expect("fits");
        mask
    }

    #[test]
    fn islands_are_told_apart_by_label_direction_and_place() {
        let mask = map(&["11....22", "11....22", "........", "3333...."]);
        let proposal = Proposal { labels: Arc::new(map(&["11...111", ".......1", "1.......", "3..3...."])), model: "m".to_owned() };
        let islands = proposal.islands(&mask).expect("one grid");
        let told: Vec<_> = islands.iter().map(|island| (island.id.label, island.id.is_added, island.id.first, island.voxels)).collect();
        // Voxels of 2 that become 1 count to 1; what 2 only loses is its own.
        assert_eq!(told, [(1, true, 5, 4), (1, false, 8, 2), (3, false, 25, 2), (1, true, 16, 1), (2, false, 14, 1)]);
        assert_eq!(islands[0].region, IndexBox { low: [5, 0, 0], high: [8, 2, 1] });
        let one = proposal.accept_islands(&mask, WhichIslands::These(&[islands[0].id]), &[], 3).expect("one grid");
        assert_eq!(one.as_ref().map(|edit| (edit.changed, edit.tool)), Some((4, Tool::Proposal)));
        assert_eq!(with(&mask, one), map(&["11...111", "11....21", "........", "3333...."]));
        let of_three = proposal.accept_islands(&mask, WhichIslands::OfLabel(3), &[], 3).expect("one grid");
        assert_eq!(with(&mask, of_three), map(&["11....22", "11....22", "........", "3..3...."]));
        let but_two = proposal.accept_islands(&mask, WhichIslands::All, &[2], 3).expect("one grid");
        assert_eq!(with(&mask, but_two), map(&["11...122", "......22", "1.......", "3..3...."]));
        assert_eq!(proposal.accept_islands(&mask, WhichIslands::These(&[]), &[], 3), Ok(None));
    }

    #[test]
    fn a_rejected_island_is_no_difference_any_more_and_the_mask_stays() {
        let mask = map(&["11....", "......"]);
        let mut proposal = Proposal { labels: Arc::new(map(&["1...11", "1....."])), model: "m".to_owned() };
        let ids: Vec<IslandId> = proposal.islands(&mask).expect("one grid").iter().map(|island| island.id).collect();
        assert_eq!(ids.len(), 3);
        assert_eq!(proposal.reject_islands(&mask, WhichIslands::These(&ids[..1])), Ok(2));
        assert_eq!(*proposal.labels, map(&["1.....", "1....."]));
        let left: Vec<IslandId> = proposal.islands(&mask).expect("one grid").iter().map(|island| island.id).collect();
        assert_eq!(left, ids[1..]);
        assert_eq!(proposal.reject_islands(&mask, WhichIslands::All), Ok(2));
        assert_eq!((&*proposal.labels, proposal.islands(&mask)), (&mask, Ok(vec![])));
    }

    #[test]
    fn accepting_one_after_the_other_keeps_the_other_ids_and_gives_the_proposal() {
        let mut state = 5u64;
        let mut next = |below: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 33) % below
        };
        for _ in 0..20 {
            let grid = Grid::axis_aligned([9, 7, 4], [1.0; 3]).expect("a grid");
            let (mut mask, mut labels) = (LabelMap::empty(grid), LabelMap::empty(grid));
            for offset in 0..grid.len() {
                mask.set(offset, [0, 0, 0, 1, 2, 300][next(6) as usize]);
                labels.set(offset, if next(4) > 0 { mask.at(offset) } else { [0, 1, 2, 300][next(4) as usize] });
            }
            let proposal = Proposal { labels: Arc::new(labels), model: "m".to_owned() };
            let mut open = proposal.islands(&mask).expect("one grid");
            assert_eq!(open.iter().map(|island| island.voxels).sum::<usize>(), proposal.difference(&mask).expect("one grid").changed);
            while !open.is_empty() {
                let island = open.swap_remove(next(open.len() as u64) as usize);
                let edit = proposal.accept_islands(&mask, WhichIslands::These(&[island.id]), &[], 0).expect("one grid").expect("a change");
                assert_eq!((edit.changed, edit.region), (island.voxels, island.region));
                edit.apply(&mut mask).expect("fits");
                let mut left = proposal.islands(&mask).expect("one grid");
                open.sort_by_key(|island| island.id);
                left.sort_by_key(|island| island.id);
                assert_eq!(left, open);
            }
            assert_eq!(proposal.accept(&mask, 0), Ok(None));
        }
    }
}
