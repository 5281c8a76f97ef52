use std::collections::BTreeMap;
use std::sync::Arc;

use medley_volume::{IndexBox, LabelMap};

use crate::{AnnotateError, Author, Edit, Tool};

/// A mask that a model suggests. It changes nothing until it is accepted.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// The suggested labels, on the image's grid. Shared with whatever works with them on another thread.
    pub labels: Arc<LabelMap>,
    /// The model's id, which becomes the author.
    pub model: String,
}

/// How much of one label a proposal adds and takes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LabelDifference {
    /// The label; never background.
    pub label: u16,
    /// Voxels that would become it.
    pub added: usize,
    /// Voxels that would cease to be it.
    pub removed: usize,
}

/// How a proposal differs from the mask.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// Voxels that differ.
    pub changed: usize,
    /// Each label that gains or loses voxels, by rising value.
    pub per_label: Vec<LabelDifference>,
    /// The smallest box around the difference.
    pub region: Option<IndexBox>,
}

/// Which part of a proposal is accepted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Acceptance {
    /// Only these labels: they end exactly where the proposal has them; a voxel they leave to a label not accepted becomes
    /// background. `None` accepts all.
    pub labels: Option<Vec<u16>>,
    /// Only inside this box. `None` accepts everywhere.
    pub region: Option<IndexBox>,
    /// Voxels of these labels stay as they are.
    pub locked: Vec<u16>,
}

impl Proposal {
    /// How the proposal differs from the mask, per label.
    ///
    /// # Errors
    /// [`AnnotateError::Grid`] if the grids differ.
    pub fn difference(&self, mask: &LabelMap) -> Result<Difference, AnnotateError> {
        let Some(edit) = self.accept(mask, 0)? else { return Ok(Difference::default()) };
        let mut per_label: BTreeMap<u16, (usize, usize)> = BTreeMap::new();
        for (count, was, is) in edit.before.beside(&edit.after).filter(|(_, was, is)| was != is) {
            per_label.entry(is).or_default().0 += count;
            per_label.entry(was).or_default().1 += count;
        }
        per_label.remove(&0);
        let per_label = per_label.into_iter().map(|(label, (added, removed))| LabelDifference { label, added, removed }).collect();
        Ok(Difference { changed: edit.changed, per_label, region: Some(edit.region) })
    }

    /// The whole proposal as one Edit by the model, not applied yet; `None` if the mask is already so.
    ///
    /// # Errors
    /// [`AnnotateError::Grid`] if the grids differ.
    pub fn accept(&self, mask: &LabelMap, at_ms: i64) -> Result<Option<Edit>, AnnotateError> {
        Edit::between(mask, &self.labels, Author::Model(self.model.clone()), Tool::Proposal, at_ms)
    }

    /// The proposal's `labels` alone as one Edit by the model, not applied yet. See [`Acceptance::labels`].
    ///
    /// # Errors
    /// [`AnnotateError::Grid`] if the grids differ.
    pub fn accept_labels(&self, mask: &LabelMap, labels: &[u16], at_ms: i64) -> Result<Option<Edit>, AnnotateError> {
        self.accept_part(mask, &Acceptance { labels: Some(labels.to_vec()), ..Acceptance::default() }, at_ms)
    }

    /// A part of the proposal as one Edit by the model, not applied yet; `None` if nothing of it changes the mask.
    ///
    /// # Errors
    /// [`AnnotateError::Grid`] if the grids differ.
    pub fn accept_part(&self, mask: &LabelMap, part: &Acceptance, at_ms: i64) -> Result<Option<Edit>, AnnotateError> {
        mask.grid().require_same(self.labels.grid())?;
        let whole = IndexBox::whole(mask.grid().shape());
        let Some(region) = part.region.map_or(Some(whole), |region| region.intersection(&whole)) else { return Ok(None) };
        let is_accepted = |label: u16| part.labels.as_ref().is_none_or(|labels| labels.contains(&label));
        let rule = |offset: usize, was: u16| {
            let proposed = self.labels.at(offset);
            if was == proposed || part.locked.contains(&was) {
                was
            } else if is_accepted(proposed) && (proposed != 0 || part.labels.is_none()) {
                proposed
            } else if is_accepted(was) {
                0
            } else {
                was
            }
        };
        Ok(Edit::by_rule(mask, region, rule, Author::Model(self.model.clone()), Tool::Proposal, at_ms))
    }
}

#[cfg(test)]
mod tests {
    use medley_volume::Grid;

    use super::*;

    fn line(labels: &[u16]) -> LabelMap {
        let mut mask = LabelMap::empty(Grid::axis_aligned([labels.len(), 1, 1], [1.0; 3]).expect("a grid"));
        labels.iter().enumerate().for_each(|(offset, &label)| mask.set(offset, label));
        mask
    }

    fn accepted(mask: &LabelMap, edit: Option<Edit>) -> Vec<u16> {
        let mut mask = mask.clone();
        edit.expect("a change").apply(&mut mask).expect("fits");
        mask.region(&IndexBox::whole(mask.grid().shape()))
    }

    #[test]
    fn all_some_labels_a_box_and_locked_labels() {
        let mask = line(&[0, 1, 1, 2, 2, 0, 3]);
        let proposal = Proposal { labels: Arc::new(line(&[1, 1, 2, 2, 0, 2, 1])), model: "m".to_owned() };
        let difference = proposal.difference(&mask).expect("one grid");
        assert_eq!(difference.changed, 5);
        let one = LabelDifference { label: 1, added: 2, removed: 1 };
        let two = LabelDifference { label: 2, added: 2, removed: 1 };
        assert_eq!(difference.per_label, vec![one, two, LabelDifference { label: 3, added: 0, removed: 1 }]);
        let all = proposal.accept(&mask, 1).expect("one grid");
        assert_eq!(all.as_ref().map(|e| (e.author.clone(), e.tool)), Some((Author::Model("m".to_owned()), Tool::Proposal)));
        assert_eq!(accepted(&mask, all), vec![1, 1, 2, 2, 0, 2, 1]);
        let only_one = proposal.accept_labels(&mask, &[1], 1).expect("one grid");
        assert_eq!(accepted(&mask, only_one), vec![1, 1, 0, 2, 2, 0, 1]);
        let only_two = proposal.accept_labels(&mask, &[2], 1).expect("one grid");
        assert_eq!(accepted(&mask, only_two), vec![0, 1, 2, 2, 0, 2, 3]);
        let region = Some(IndexBox { low: [2, 0, 0], high: [9, 1, 1] });
        let part = Acceptance { region, locked: vec![3], labels: None };
        assert_eq!(accepted(&mask, proposal.accept_part(&mask, &part, 1).expect("one grid")), vec![0, 1, 2, 2, 0, 2, 3]);
        let same = Proposal { labels: Arc::new(mask.clone()), model: "m".to_owned() };
        assert_eq!(same.accept(&mask, 1), Ok(None));
        assert_eq!(same.difference(&mask), Ok(Difference::default()));
    }
}
