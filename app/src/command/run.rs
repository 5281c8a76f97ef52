//! Doing an action.

use egui::Context;

use super::Command;
use crate::dialogs::Purpose;
use crate::state::measure::WindowSource;
use crate::state::settings::ThemeChoice;
use crate::state::slab::Slab;
use crate::state::turning::KEY_TURN;
use crate::state::workbench::Workbench;

impl Command {
    /// Does it, if it can be done.
    pub fn run(self, workbench: &mut Workbench, context: &Context) {
        if self.obstacle(workbench).is_some() {
            return;
        }
        let wake = context.clone();
        let choose = |workbench: &Workbench, purpose: Purpose, name: Option<&str>| {
            workbench.dialogs.choose(purpose, name, move || wake.request_repaint());
        };
        match self {
            Self::OpenScan => choose(workbench, Purpose::OpenScan, None),
            Self::OpenStudy => choose(workbench, Purpose::OpenStudy, None),
            Self::NewStudy => choose(workbench, Purpose::NewStudy, None),
            Self::OpenSample => workbench.open_sample(),
            Self::SaveMask => workbench.save_mask(),
            Self::ExportMask => {
                let name = workbench.case.as_ref().map(|case| format!("{}_seg.nii.gz", case.name));
                choose(workbench, Purpose::ExportMask, name.as_deref());
            }
            Self::ImportMask => choose(workbench, Purpose::ImportMask, None),
            Self::ExportLabels => choose(workbench, Purpose::ExportLabels, Some("labels.txt")),
            Self::ImportLabels => choose(workbench, Purpose::ImportLabels, None),
            Self::Undo if workbench.undoes_measurements() => workbench.measure.undo(),
            Self::Redo if workbench.undoes_measurements() => workbench.measure.redo(),
            Self::DeleteMeasurement => {
                if let Some(number) = workbench.measure.selected {
                    workbench.delete_measurement(number);
                }
            }
            Self::SaveMeasurements => choose(workbench, Purpose::SaveMeasurements, Some("measurements.csv")),
            Self::ToggleHistogram => workbench.measure.is_histogram_open = !workbench.measure.is_histogram_open,
            Self::ToggleColorBar => workbench.measure.shows_color_bar = !workbench.measure.shows_color_bar,
            Self::WindowFromVolume => workbench.find_window(WindowSource::Volume),
            Self::WindowFromSlice => {
                if let Some(plane) = workbench.measure.slice {
                    workbench.find_window(WindowSource::Slice(plane));
                }
            }
            Self::WindowFromLabel => workbench.find_window(WindowSource::Label(workbench.active_label)),
            Self::SaveFigure => workbench.figure.open(),
            Self::CopyPicture => workbench.copy_picture(context),
            Self::CopyMeasurements => workbench.copy_measurements(),
            Self::Provenance => workbench.toggle_provenance(),
            Self::SaveProvenance => choose(workbench, Purpose::SaveProvenance, Some("provenance.csv")),
            Self::Undo => workbench.undo(),
            Self::Redo => workbench.redo(),
            Self::Take(tool) => workbench.take(tool),
            Self::Choose(operation) => workbench.choose_operation(operation),
            Self::Combine(rule) => workbench.combine(rule),
            Self::OpenOperand => choose(workbench, Purpose::Operand, None),
            Self::Apply => workbench.apply_preview(),
            Self::TakePointBack => workbench.take_contour_point_back(),
            Self::CopySliceUp => workbench.copy_slice(medley_volume::AnatomicalPlane::Axial, 1),
            Self::CopySliceDown => workbench.copy_slice(medley_volume::AnatomicalPlane::Axial, -1),
            Self::SmallerBrush => workbench.brush.resize(-1.0),
            Self::LargerBrush => workbench.brush.resize(1.0),
            Self::PreviousLabel => workbench.step_label(-1),
            Self::NextLabel => workbench.step_label(1),
            Self::ToggleOutline => workbench.views.overlay.is_outline = !workbench.views.overlay.is_outline,
            Self::ResetViews => workbench.views.reset_cameras(),
            Self::ToggleConvention => workbench.views.convention = workbench.views.convention.other(),
            Self::NextSlab => workbench.views.slabs.change(Slab::next),
            Self::ThickerSlab => workbench.views.slabs.change(|slab| slab.thickened(1)),
            Self::ThinnerSlab => workbench.views.slabs.change(|slab| slab.thickened(-1)),
            Self::ToggleInterpolation => workbench.views.is_interpolated = !workbench.views.is_interpolated,
            Self::Turn(plane, is_clockwise) => workbench.turn_planes(plane, if is_clockwise { KEY_TURN } else { -KEY_TURN }),
            Self::Straighten => workbench.straighten_planes(),
            Self::OpenSecond => choose(workbench, Purpose::OpenSecond, None),
            Self::ToggleSecond => workbench.toggle_second(),
            Self::RemoveSecond => workbench.remove_second(),
            Self::Layout(kind) => {
                workbench.shown_layout_mut().kind = kind;
                workbench.views.maximised = None;
            }
            Self::NextLargeView => workbench.shown_layout_mut().step_main(),
            Self::NextTab => workbench.step_tab(1),
            Self::PreviousTab => workbench.step_tab(-1),
            Self::CloseTab => {
                if let Some(id) = workbench.case.as_ref().map(|case| case.id) {
                    workbench.close_tab(id);
                }
            }
            Self::Compare => workbench.toggle_comparison(),
            Self::NextCompareMode => {
                if let Some(comparison) = &mut workbench.comparison {
                    comparison.mode = comparison.mode.next();
                }
            }
            Self::LinkHere => workbench.link_here(),
            Self::VolumeSettings => workbench.views.volume_look.is_settings_open ^= true,
            Self::ToggleClipBox => workbench.views.volume_look.clip.is_on ^= true,
            Self::ResetClipBox => workbench.views.volume_look.clip.reset(),
            Self::CutAtCrosshair => workbench.views.volume_look.clip.follows_crosshair ^= true,
            Self::FineTune => workbench.fine_tune(),
            Self::PauseTraining => workbench.toggle_pause(),
            Self::StopTraining => workbench.stop_training(),
            Self::Propose => workbench.propose(),
            Self::AcceptProposal => workbench.accept_proposal(None),
            Self::RejectProposal => workbench.reject_proposal(),
            Self::Weights => workbench.toggle_weights_page(),
            Self::Palette => workbench.hands.palette.toggle(),
            Self::Settings => workbench.hands.is_settings_open = !workbench.hands.is_settings_open,
            Self::ToggleTheme => {
                let is_dark = context.theme() == egui::Theme::Dark;
                workbench.hands.settings.theme = if is_dark { ThemeChoice::Light } else { ThemeChoice::Dark };
            }
            Self::ToggleContrast => workbench.hands.settings.is_high_contrast = !workbench.hands.settings.is_high_contrast,
            Self::LargerInterface => workbench.hands.settings.step_scale(1),
            Self::SmallerInterface => workbench.hands.settings.step_scale(-1),
            Self::UsualInterface => workbench.hands.settings.scale_percent = 100,
            Self::Help => workbench.hands.sheet.toggle(),
            Self::Cancel => {
                let is_painting = workbench.case.as_ref().is_some_and(crate::state::open_case::OpenCase::is_painting);
                if is_painting {
                    workbench.cancel_stroke();
                } else if workbench.drop_preview() {
                    // That was it.
                } else if workbench.hands.close() {
                    // What lies on top is closed; what lies under it goes on.
                } else if workbench.measure.cancel() || workbench.figure.close() {
                } else if workbench.loading.is_some() {
                    workbench.stop_opening();
                } else if workbench.volume_choice.take().is_none()
                    && workbench.checked_set.take().is_none()
                    && !workbench.dialogs.close()
                    && !std::mem::take(&mut workbench.weights_page.is_open)
                    && workbench.views.maximised.take().is_none()
                    && !std::mem::take(&mut workbench.views.volume_look.is_settings_open)
                    && !std::mem::take(&mut workbench.provenance.is_open)
                {
                    workbench.leave_comparison();
                }
            }
        }
    }
}
