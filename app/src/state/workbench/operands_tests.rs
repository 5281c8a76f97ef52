use medley_annotate::Proposal;
use medley_io::StoredGeometry;
use medley_volume::{Grid, LabelTable};

use super::*;
use crate::dialogs::Chosen;
use crate::testing::{sample_workbench, wait};

fn mask(workbench: &Workbench) -> Arc<LabelMap> {
    Arc::clone(&workbench.case.as_ref().expect("a case").mask)
}

/// The two labels with most voxels.
fn two_labels(mask: &LabelMap) -> [u16; 2] {
    let mut counts: Vec<(usize, u16)> =
        mask.counts().into_iter().filter(|(label, _)| *label != 0).map(|(label, count)| (count, label)).collect();
    counts.sort_unstable();
    [counts[counts.len() - 1].1, counts[counts.len() - 2].1]
}

/// Does what the options say; the mask after it.
fn applied(workbench: &mut Workbench) -> Arc<LabelMap> {
    wait(workbench, |workbench| {
        workbench.correction.preview.as_ref().is_some_and(|preview| preview.outcome.as_ref().is_some_and(Result::is_ok))
    });
    workbench.apply_preview();
    wait(workbench, |workbench| workbench.case.as_ref().is_some_and(crate::state::open_case::OpenCase::may_paint));
    mask(workbench)
}

fn undo(workbench: &mut Workbench) {
    workbench.undo();
    wait(workbench, |workbench| workbench.case.as_ref().is_some_and(crate::state::open_case::OpenCase::may_paint));
}

#[test]
fn a_label_is_combined_with_one_of_the_proposal_in_all_four_ways_each_one_step() {
    let (mut workbench, _folder) = sample_workbench();
    let before = mask(&workbench);
    let [active, other] = two_labels(&before);
    workbench.active_label = active;
    // The proposal has half of the label under its own number, and another label whole.
    let mut halved = (*before).clone();
    (0..halved.len()).filter(|offset| before.at(*offset) == active && offset % 2 == 0).for_each(|offset| halved.set(offset, other));
    let proposal = Proposal { labels: Arc::new(halved.clone()), model: "m".to_owned() };
    workbench.lay_proposal(proposal);
    wait(&mut workbench, |workbench| workbench.case.as_ref().is_some_and(|case| case.proposal.is_some()));
    workbench.combine(CombineRule::Subtract);
    assert_eq!(workbench.correction.options.source, OperandSource::Proposal, "what needs another mask takes the one there is");
    assert_eq!(workbench.correction.options.other, active, "the same label of the proposal is looked at first");
    for (rule, label) in
        [(CombineRule::Union, other), (CombineRule::Subtract, active), (CombineRule::Intersect, active), (CombineRule::Exclusive, other)]
    {
        workbench.combine(rule);
        workbench.correction.options.other = label;
        let after = applied(&mut workbench);
        let is_right = (0..after.len()).all(|offset| {
            let (a, b) = (before.at(offset) == active, halved.at(offset) == label);
            let is_in = match rule {
                CombineRule::Union => a || b,
                CombineRule::Subtract => a && !b,
                CombineRule::Intersect => a && b,
                CombineRule::Exclusive => a != b,
            };
            (after.at(offset) == active) == is_in
        });
        assert!(is_right && after != before, "{rule:?}");
        undo(&mut workbench);
        assert!(mask(&workbench) == before, "{rule:?} is one step");
    }
    workbench.reject_proposal();
    workbench.poll();
    assert_eq!(workbench.correction.options.source, OperandSource::ThisMask, "a proposal that is gone is chosen no longer");
}

#[test]
fn a_mask_file_on_the_same_voxels_cuts_all_labels_and_another_is_refused_with_a_sentence() {
    let (mut workbench, folder) = sample_workbench();
    let before = mask(&workbench);
    let [active, other] = two_labels(&before);
    workbench.active_label = active;
    let mut body = LabelMap::empty(*before.grid());
    (0..body.len()).filter(|offset| offset % 3 != 0).for_each(|offset| body.set(offset, 7));
    let file = folder.path().join("body.nii.gz");
    let written = |path: &std::path::Path, mask: &LabelMap| {
        medley_io::write_labels_with_table(path, mask, &LabelTable::default(), &StoredGeometry::of_grid(mask.grid())).expect("written");
    };
    written(&file, &body);
    workbench.take_chosen(Chosen::Operand(file));
    wait(&mut workbench, |workbench| workbench.correction.mask_file.is_some());
    assert_eq!((workbench.correction.operation, workbench.correction.options.source), (Some(Operation::Combine), OperandSource::File));
    assert_eq!(workbench.operand_labels().iter().map(|(value, _)| *value).collect::<Vec<_>>(), [7]);
    workbench.choose_operation(Operation::Crop);
    workbench.correction.options.is_cut_by_label = true;
    workbench.correction.options.is_for_all = true;
    workbench.correction.options.other = 7;
    let after = applied(&mut workbench);
    let is_right = (0..after.len()).all(|offset| after.at(offset) == if body.at(offset) == 7 { before.at(offset) } else { 0 });
    assert!(is_right && after.counts().contains_key(&other), "only what lies inside stays");
    undo(&mut workbench);

    let elsewhere = folder.path().join("elsewhere.nii.gz");
    written(&elsewhere, &LabelMap::empty(Grid::axis_aligned([5, 6, 7], [1.0; 3]).expect("a grid")));
    workbench.take_chosen(Chosen::Operand(elsewhere.clone()));
    let sentence = texts::lies_elsewhere(&elsewhere);
    wait(&mut workbench, |workbench| workbench.notices.shown().iter().any(|notice| notice.text == sentence));
    assert!(workbench.operand_sources().iter().any(|(source, _)| *source == OperandSource::File), "the one read before stays");
}
