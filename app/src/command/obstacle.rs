//! What stands in the way of an action.

use super::Command;
use crate::state::training::TrainingRun;
use crate::state::workbench::Workbench;
use crate::texts::commands as texts;
use crate::texts::{clipboard, slices};

impl Command {
    /// Why it cannot be done now; `None` if it can.
    #[must_use]
    pub fn obstacle(self, workbench: &Workbench) -> Option<&'static str> {
        if self.changes_mask()
            && let Some(why) = workbench.change_obstacle()
        {
            return Some(why);
        }
        let unless = |is_possible: bool, why: &'static str| (!is_possible).then_some(why);
        let case = workbench.case.as_ref();
        let is_training = workbench.training.as_ref().is_some_and(TrainingRun::is_active);
        match self {
            Self::SaveMask | Self::ExportMask | Self::ImportMask | Self::ResetViews => unless(case.is_some(), texts::OPEN_A_SCAN),
            Self::Layout(_) | Self::NextLargeView | Self::CloseTab => unless(case.is_some(), texts::OPEN_A_SCAN),
            Self::NextTab | Self::PreviousTab => unless(workbench.tabs.order().len() > 1, crate::texts::compare::NOTHING_BESIDE),
            Self::Compare => workbench.compare_obstacle(),
            Self::NextCompareMode | Self::LinkHere => unless(workbench.comparison.is_some(), crate::texts::compare::NOTHING_COMPARED),
            Self::VolumeSettings | Self::ToggleClipBox | Self::CutAtCrosshair => unless(case.is_some(), texts::OPEN_A_SCAN),
            Self::ResetClipBox => unless(!workbench.views.volume_look.clip.is_whole(), texts::CLIP_IS_WHOLE),
            Self::ImportLabels if workbench.read_only_obstacle().is_some() => workbench.read_only_obstacle(),
            Self::ExportLabels | Self::ImportLabels | Self::SaveProvenance => unless(workbench.study.is_some(), texts::OPEN_A_STUDY),
            Self::Undo if workbench.undoes_measurements() => unless(workbench.measure.can_undo(), texts::NO_MEASUREMENT_TO_UNDO),
            Self::Redo if workbench.undoes_measurements() => unless(workbench.measure.can_redo(), texts::NO_MEASUREMENT_TO_REDO),
            Self::CopyMeasurements => unless(workbench.has_measurements(), clipboard::NO_MEASUREMENTS),
            Self::DeleteMeasurement => unless(workbench.measure.selected.is_some(), texts::CHOOSE_A_MEASUREMENT),
            Self::SaveMeasurements
            | Self::ToggleHistogram
            | Self::ToggleColorBar
            | Self::WindowFromVolume
            | Self::WindowFromLabel
            | Self::CopyPicture
            | Self::SaveFigure => unless(case.is_some(), texts::OPEN_A_SCAN),
            Self::WindowFromSlice => unless(workbench.measure.slice.is_some(), texts::POINT_AT_A_SLICE),
            Self::Undo => unless(case.is_some_and(|case| case.history.can_undo() && case.may_paint()), texts::NOTHING_TO_UNDO),
            Self::Redo => unless(case.is_some_and(|case| case.history.can_redo() && case.may_paint()), texts::NOTHING_TO_REDO),
            Self::Choose(_) | Self::Combine(_) | Self::OpenOperand => unless(case.is_some(), texts::OPEN_A_SCAN),
            Self::CopySliceUp | Self::CopySliceDown => unless(case.is_some(), texts::OPEN_A_SCAN),
            Self::Apply => {
                let correction = &workbench.correction;
                unless(correction.draft.is_some() || correction.preview.is_some(), texts::NOTHING_TO_APPLY)
            }
            Self::TakePointBack => unless(workbench.correction.draft.is_some(), texts::NO_CONTOUR),
            Self::NextSlab | Self::ThickerSlab | Self::ThinnerSlab | Self::Turn(..) | Self::OpenSecond => {
                unless(case.is_some(), texts::OPEN_A_SCAN)
            }
            Self::Straighten => unless(case.is_some() && workbench.views.is_turned(), slices::NOT_TURNED),
            Self::ToggleSecond | Self::RemoveSecond => unless(workbench.second.is_some(), slices::NO_SECOND),
            Self::FineTune => workbench.fine_tune_obstacle(),
            Self::PauseTraining | Self::StopTraining => unless(is_training, texts::NO_TRAINING),
            Self::Propose => workbench.propose_obstacle(),
            Self::AcceptProposal | Self::RejectProposal => unless(case.is_some_and(|case| case.proposal.is_some()), texts::NO_PROPOSAL),
            _ => None,
        }
    }

    /// Whether it changes the open mask, or is of no use but for that.
    fn changes_mask(self) -> bool {
        matches!(
            self,
            Self::SaveMask
                | Self::ImportMask
                | Self::Undo
                | Self::Redo
                | Self::Choose(_)
                | Self::Combine(_)
                | Self::OpenOperand
                | Self::Apply
                | Self::CopySliceUp
                | Self::CopySliceDown
                | Self::AcceptProposal
        )
    }
}
