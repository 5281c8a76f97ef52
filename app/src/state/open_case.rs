//! The scan being worked on.

use std::sync::Arc;
use std::time::Instant;

use medley_annotate::{AnnotateError, Author, Brush, Difference, Edit, History, Proposal, Stroke};
use medley_io::StoredGeometry;
use medley_project::CaseId;
use medley_volume::{IndexBox, LabelMap, Ras, Volume, VoxelIndex};

use super::large_change::Way;
use crate::render::ScanTextures;

/// A case that is open: its scan, its mask and everything that may still be undone.
pub struct OpenCase {
    /// Its number in the study.
    pub id: CaseId,
    /// Its name in the study.
    pub name: String,
    /// The scan.
    pub volume: Arc<Volume>,
    /// Smallest and largest value of the scan.
    pub value_range: (f64, f64),
    /// The geometry fields of the scan's file, which its masks copy.
    pub geometry: StoredGeometry,
    /// The mask. Shared while a snapshot of it is being written; painting then works on a copy.
    pub mask: Arc<LabelMap>,
    /// Undo and redo.
    pub history: History,
    /// What the GPU draws.
    pub textures: Option<Arc<ScanTextures>>,
    /// The model's suggestion that lies over the mask, with its difference from it.
    pub proposal: Option<(Proposal, Difference)>,
    /// Edits not in the journal yet. Painting waits until there is none.
    pub unjournaled: usize,
    /// Edits since the mask was last written.
    pub unsaved: usize,
    mask_version: u64,
    stroke: Option<Stroke>,
    /// Whether a change is being made on a copy of the mask, which will take its place.
    is_changing: bool,
}

/// What an undo, a redo or an Edit did to the mask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaskChange {
    /// The box that changed.
    pub region: IndexBox,
}

impl OpenCase {
    /// A case as the study keeps it. Reads every voxel of it: not for the window's thread.
    #[must_use]
    pub fn new(id: CaseId, name: String, kept: medley_project::OpenCase) -> Self {
        let summary = kept.volume.summary();
        Self {
            id,
            name,
            value_range: (summary.min, summary.max),
            volume: Arc::new(kept.volume),
            geometry: kept.geometry,
            mask: Arc::new(kept.mask),
            history: kept.history,
            textures: None,
            proposal: None,
            unjournaled: 0,
            unsaved: 0,
            mask_version: 0,
            stroke: None,
            is_changing: false,
        }
    }

    /// The middle of what is labelled, so that a case opens where there is something to see.
    #[must_use]
    pub fn labelled_middle(&self) -> Option<Ras> {
        let grid = *self.mask.grid();
        let mut found: Option<IndexBox> = None;
        for (row, range) in IndexBox::whole(grid.shape()).rows(grid.shape()).enumerate() {
            let inside = range.clone().find(|&offset| self.mask.at(offset) != 0);
            if let Some(first) = inside {
                let last = range.clone().rev().find(|&offset| self.mask.at(offset) != 0).unwrap_or(first);
                let (j, k) = (row % grid.shape()[1], row / grid.shape()[1]);
                let voxel = |offset: usize| [offset - range.start, j, k];
                let start = IndexBox { low: voxel(first), high: voxel(first).map(|v| v + 1) };
                found = Some(found.map_or(start, |found| found.union(&start)).including(voxel(last)));
            }
        }
        let middle = found?;
        Some(grid.ras_of(VoxelIndex(std::array::from_fn(|axis| (middle.low[axis] + middle.high[axis] - 1) / 2))))
    }

    /// Counts the changes of the mask since the case was opened.
    #[must_use]
    pub fn mask_version(&self) -> u64 {
        self.mask_version
    }

    /// Whether a stroke may begin: none is under way and every Edit is in the journal.
    #[must_use]
    pub fn may_paint(&self) -> bool {
        self.rests() && self.unjournaled == 0
    }

    /// Whether nothing is changing the mask at this moment.
    #[must_use]
    pub fn rests(&self) -> bool {
        self.stroke.is_none() && !self.is_changing
    }

    /// A change is made on a copy of the mask from now on: nothing else may change it until [`OpenCase::end_change`].
    pub(super) fn begin_change(&mut self) {
        self.is_changing = true;
        // It is on its way, as one that waits for the journal is.
        self.unjournaled += 1;
    }

    /// The copy has taken the mask's place, or nothing came of it.
    pub(super) fn end_change(&mut self) {
        self.is_changing = false;
        self.unjournaled = self.unjournaled.saturating_sub(1);
    }

    /// Whether a stroke is under way.
    #[must_use]
    pub fn is_painting(&self) -> bool {
        self.stroke.is_some()
    }

    /// Puts the brush down. Nothing happens while [`OpenCase::may_paint`] is false.
    pub fn begin_stroke(&mut self, brush: Brush) {
        if self.may_paint() {
            self.stroke = Some(Stroke::begin(brush));
        }
    }

    /// Draws on to a point, where the brush has another radius (mm) if one is given; what changed.
    pub fn extend_stroke(&mut self, to: Ras, radius_mm: Option<f64>) -> Option<MaskChange> {
        let stroke = self.stroke.as_mut()?;
        let (mask, scan) = (Arc::make_mut(&mut self.mask), Some(&*self.volume));
        let changed = match radius_mm {
            Some(radius_mm) => stroke.extend_widening(mask, scan, to, radius_mm),
            None => stroke.extend(mask, scan, to),
        };
        changed.map(|region| MaskChange { region })
    }

    /// Lifts the brush: the Edit that remains, to be journaled.
    pub fn finish_stroke(&mut self, now_ms: i64) -> Option<Edit> {
        let edit = self.stroke.take()?.finish(&self.mask, Author::Person, now_ms)?;
        self.remember(edit.clone());
        Some(edit)
    }

    /// Takes the stroke under way back.
    pub fn cancel_stroke(&mut self) -> Option<MaskChange> {
        let stroke = self.stroke.take()?;
        stroke.cancel(Arc::make_mut(&mut self.mask)).map(|region| MaskChange { region })
    }

    /// Does an Edit that is not in the mask yet.
    ///
    /// # Errors
    /// If the mask is not what the Edit expects; nothing has changed then.
    pub fn apply(&mut self, edit: &Edit) -> Result<MaskChange, AnnotateError> {
        edit.apply(Arc::make_mut(&mut self.mask))?;
        self.remember(edit.clone());
        Ok(MaskChange { region: edit.region })
    }

    /// Takes the last Edit back.
    ///
    /// # Errors
    /// If the mask is not what the Edit expects; nothing has changed then.
    pub fn undo(&mut self) -> Result<Option<MaskChange>, AnnotateError> {
        if !self.may_paint() {
            return Ok(None);
        }
        let change = self.history.undo(Arc::make_mut(&mut self.mask))?;
        Self::follow(&mut self.proposal, self.history.next_redo().filter(|_| change.is_some()), true);
        Ok(change.map(|region| self.changed(region)))
    }

    /// Does the last undone Edit again.
    ///
    /// # Errors
    /// If the mask is not what the Edit expects; nothing has changed then.
    pub fn redo(&mut self) -> Result<Option<MaskChange>, AnnotateError> {
        if !self.may_paint() {
            return Ok(None);
        }
        let change = self.history.redo(Arc::make_mut(&mut self.mask))?;
        Self::follow(&mut self.proposal, self.history.next_undo().filter(|_| change.is_some()), false);
        Ok(change.map(|region| self.changed(region)))
    }

    /// Takes back or does again until so many steps are done, but stops after the first step that ends after `until`, and before one that
    /// is of a box of more than `limit` voxels: what changed, and how many steps were taken back (below 0) or done again (above).
    ///
    /// # Errors
    /// If the mask is not what the first step expects; nothing has changed then.
    pub fn jump_towards(&mut self, position: usize, until: Instant, limit: usize) -> Result<Option<(MaskChange, isize)>, AnnotateError> {
        if !self.may_paint() {
            return Ok(None);
        }
        let mut all: Option<(IndexBox, isize)> = None;
        loop {
            let is_back = self.history.len() > position;
            let next = if is_back { self.history.next_undo() } else { self.history.next_redo() };
            // A large step is not for the window's thread: the jump goes on after it.
            if self.history.len() == position || next.is_none_or(|step| step.region.len() > limit) {
                break;
            }
            let mask = Arc::make_mut(&mut self.mask);
            let step = if is_back { self.history.undo(mask) } else { self.history.redo(mask) };
            if let Ok(Some(_)) = step {
                let done = if is_back { self.history.next_redo() } else { self.history.next_undo() };
                Self::follow(&mut self.proposal, done, is_back);
            }
            match step {
                Ok(Some(region)) => {
                    let (box_so_far, steps) = all.unwrap_or((region, 0));
                    all = Some((box_so_far.union(&region), steps + if is_back { -1 } else { 1 }));
                }
                Err(error) if all.is_none() => return Err(error),
                // There is no further step, or it fails: what is done is told, and the failure the next time.
                Ok(None) | Err(_) => break,
            }
            if Instant::now() >= until {
                break;
            }
        }
        Ok(all.map(|(region, steps)| (self.changed(region), steps)))
    }

    /// Notes a change that is in the mask already.
    pub(super) fn note(&mut self, edit: Edit, way: Way) {
        let region = edit.region;
        match way {
            Way::New => self.history.push(edit),
            Way::Back => self.history.note_undone(),
            Way::Again => self.history.note_redone(),
        }
        self.changed(region);
    }

    /// The proposal's difference from the mask follows a change of the mask.
    fn follow(proposal: &mut Option<(Proposal, Difference)>, edit: Option<&Edit>, is_back: bool) {
        if let (Some((proposal, difference)), Some(edit)) = (proposal, edit)
            && let Err(error) = difference.follow(&proposal.labels, edit, is_back)
        {
            log::error!("{error}");
        }
    }

    fn remember(&mut self, edit: Edit) {
        Self::follow(&mut self.proposal, Some(&edit), false);
        self.note(edit, Way::New);
    }

    fn changed(&mut self, region: IndexBox) -> MaskChange {
        self.mask_version += 1;
        self.unjournaled += 1;
        self.unsaved += 1;
        MaskChange { region }
    }
}

#[cfg(test)]
mod tests {
    use medley_annotate::{BrushShape, PaintRules};
    use medley_volume::{Grid, Quantity, Scaling, Voxels};

    use super::*;

    fn case() -> OpenCase {
        let grid = Grid::axis_aligned([16, 16, 16], [1.0; 3]).expect("a grid");
        let volume = Volume::new(grid, Voxels::U8(vec![0; grid.len()]), Scaling::IDENTITY, Quantity::Arbitrary).expect("fits");
        let geometry = StoredGeometry::of_grid(&grid);
        let mask = LabelMap::empty(grid);
        OpenCase::new(
            CaseId(1),
            "a".to_owned(),
            medley_project::OpenCase { volume, geometry, mask, history: History::new(), restored: 0, notices: Vec::new() },
        )
    }

    fn brush() -> Brush {
        Brush { label: 3, radius_mm: 2.0, shape: BrushShape::Ball, rules: PaintRules::default() }
    }

    #[test]
    fn no_stroke_begins_before_the_last_one_is_in_the_journal() {
        let mut case = case();
        let center = case.volume.grid().center();
        case.begin_stroke(brush());
        assert!(case.extend_stroke(center, None).is_some());
        assert!(case.finish_stroke(1).is_some());
        assert!(!case.may_paint());
        case.begin_stroke(brush());
        assert!(!case.is_painting());
        assert_eq!(case.undo(), Ok(None));
        case.unjournaled = 0;
        assert!(case.undo().expect("fits").is_some());
        assert_eq!(case.mask.counts().len(), 1);
    }

    #[test]
    fn a_snapshot_being_written_keeps_what_it_held() {
        let mut case = case();
        let snapshot = Arc::clone(&case.mask);
        case.begin_stroke(brush());
        case.extend_stroke(case.volume.grid().center(), None);
        assert_eq!(snapshot.counts().len(), 1);
        assert_eq!(case.mask.counts().len(), 2);
    }
}
