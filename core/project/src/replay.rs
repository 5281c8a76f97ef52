//! A mask and its history from the journal.

use medley_annotate::{AnnotateError, Edit, History};
use medley_volume::{Grid, LabelMap};

use crate::ProjectError;
use crate::lineage::{Lineage, ROOT};

/// A mask, and how many Edits on the way to it were missing or did not fit.
#[derive(Debug)]
pub(crate) struct Replayed {
    pub mask: LabelMap,
    pub troubles: usize,
}

/// A history, and whether damage keeps it from reaching as far as it should.
#[derive(Debug)]
pub(crate) struct Rebuilt {
    pub history: History,
    pub is_cut: bool,
}

/// Where Edits come from: by number; `Ok(None)` if damaged or gone.
pub(crate) type Fetch<'a> = &'a dyn Fn(i64) -> Result<Option<Edit>, ProjectError>;

/// The mask that ends with the Edit `to`: from the snapshot (a mask and the Edit it ends with) if there is one, else from nothing.
///
/// If Edits are damaged on the way from the snapshot, the way from nothing is tried too, and the better of the two is taken.
pub(crate) fn mask_at(
    to: i64,
    snapshot: Option<(LabelMap, i64)>,
    grid: &Grid,
    lineage: &Lineage,
    fetch: Fetch<'_>,
) -> Result<Replayed, ProjectError> {
    let from_nothing = || travel(LabelMap::empty(*grid), ROOT, to, lineage, fetch);
    let Some((mask, at)) = snapshot else { return from_nothing() };
    let near = travel(mask, at, to, lineage, fetch)?;
    if near.troubles == 0 {
        return Ok(near);
    }
    let far = from_nothing()?;
    Ok(if far.troubles < near.troubles { far } else { near })
}

/// Takes back and does Edits on the way from one mask to another. A missing Edit is passed over. One that does not fit what is
/// there, because of a missing one, is still put whole: an Edit knows all of its box, so that part is right again.
pub(crate) fn travel(mut mask: LabelMap, from: i64, to: i64, lineage: &Lineage, fetch: Fetch<'_>) -> Result<Replayed, ProjectError> {
    let (back, forth) = lineage.way(from, to);
    let mut troubles = 0;
    let steps = back.into_iter().map(|id| (id, true)).chain(forth.into_iter().map(|id| (id, false)));
    for (id, is_back) in steps {
        let Some(edit) = fetch(id)? else {
            troubles += 1;
            continue;
        };
        let (result, wanted) = if is_back { (edit.revert(&mut mask), &edit.before) } else { (edit.apply(&mut mask), &edit.after) };
        if let Err(error) = result {
            troubles += 1;
            if matches!(error, AnnotateError::Mismatch { .. }) {
                mask.set_region(&edit.region, &wanted.unpack());
            }
        }
    }
    Ok(Replayed { mask, troubles })
}

/// The history that belongs to `mask`, which ends with the lineage's head. With `is_doubtful` each step is tried first, on a
/// copy, and the history ends before the first that fails.
pub(crate) fn history(mask: &LabelMap, lineage: &Lineage, is_doubtful: bool, fetch: Fetch<'_>) -> Result<Rebuilt, ProjectError> {
    let undone = lineage.undone();
    let mut reach = Reach::default();
    undone.iter().for_each(|&id| reach.take(lineage.byte_len(id)));
    let done = lineage.chain(lineage.head()).take_while(|&id| reach.take_if_near(lineage.byte_len(id)));
    let (done, is_done_cut) = usable(done, mask, is_doubtful.then_some(Edit::revert as Step), fetch)?;
    let (undone, is_undone_cut) = usable(undone.into_iter(), mask, is_doubtful.then_some(Edit::apply as Step), fetch)?;
    let mut history = History::new();
    done.into_iter().rev().for_each(|edit| history.push(edit));
    undone.into_iter().rev().for_each(|edit| history.push_undone(edit));
    Ok(Rebuilt { history, is_cut: is_done_cut || is_undone_cut })
}

type Step = fn(&Edit, &mut LabelMap) -> Result<(), AnnotateError>;

/// The Edits up to the first that is damaged or (with `trial`) does not work, and whether there was such a one.
fn usable(
    ids: impl Iterator<Item = i64>,
    mask: &LabelMap,
    trial: Option<Step>,
    fetch: Fetch<'_>,
) -> Result<(Vec<Edit>, bool), ProjectError> {
    let mut tried = trial.map(|step| (step, mask.clone()));
    let mut edits = Vec::new();
    for id in ids {
        let Some(edit) = fetch(id)? else { return Ok((edits, true)) };
        if let Some((step, mask)) = &mut tried
            && step(&edit, mask).is_err()
        {
            return Ok((edits, true));
        }
        edits.push(edit);
    }
    Ok((edits, false))
}

/// How far back a history can reach. Stored Edits are smaller than those in memory, so this errs on the far side, and
/// [`History`] forgets the rest.
#[derive(Default)]
struct Reach {
    steps: usize,
    bytes: usize,
}

impl Reach {
    fn take(&mut self, byte_len: usize) {
        self.steps += 1;
        self.bytes = self.bytes.saturating_add(byte_len);
    }

    fn take_if_near(&mut self, byte_len: usize) -> bool {
        let is_near = self.steps < History::LEAST_STEPS || self.bytes <= History::BUDGET_BYTES;
        self.take(byte_len);
        is_near
    }
}
