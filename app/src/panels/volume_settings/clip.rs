//! The clipping box in numbers.

use egui::{DragValue, Grid, Ui};

use crate::command::Command;
use crate::panels::volume_view::side_letters;
use crate::panels::widgets::{command_button_named, heading, named};
use crate::state::workbench::Workbench;
use crate::texts::volume as texts;

pub(super) fn show(ui: &mut Ui, workbench: &mut Workbench) {
    let Some(grid) = workbench.case.as_ref().map(|case| *case.volume.grid()) else { return };
    heading(ui, texts::CLIP);
    ui.horizontal(|ui| {
        let clip = &mut workbench.views.volume_look.clip;
        let (mut is_on, mut follows) = (clip.is_on, clip.follows_crosshair);
        let tooltip = |command: Command| command.tooltip(ui.ctx());
        let [box_tip, cut_tip] = [tooltip(Command::ToggleClipBox), tooltip(Command::CutAtCrosshair)];
        ui.checkbox(&mut is_on, texts::CLIP_BUTTON).on_hover_text(box_tip);
        ui.checkbox(&mut follows, texts::CUT_BUTTON).on_hover_text(cut_tip);
        ui.checkbox(&mut clip.cuts_labels, texts::CUTS_LABELS);
        (clip.is_on, clip.follows_crosshair) = (is_on, follows);
    });
    let clip = &mut workbench.views.volume_look.clip;
    let letters = side_letters(&grid);
    Grid::new("clip faces").num_columns(4).spacing([8.0, 3.0]).show(ui, |ui| {
        // In the patient's order: right and left, front and back, above and below.
        for axis in grid.axes().voxel_axis {
            let millimeters = grid.shape()[axis] as f64 * grid.spacing()[axis];
            for end in [0, 1] {
                let side = texts::side(letters[axis][end]);
                ui.label(texts::side_title(letters[axis][end]));
                // As a depth below that face.
                let at = clip.range(axis)[end];
                let mut depth = millimeters * if end == 0 { at } else { 1.0 - at };
                let field =
                    ui.add(DragValue::new(&mut depth).range(0.0..=millimeters).speed(millimeters / 300.0).max_decimals(1).suffix(" mm"));
                named(&field, &texts::clip_face(side));
                if field.changed() {
                    let part = depth / millimeters.max(1e-9);
                    clip.set_face(axis, end == 1, if end == 0 { part } else { 1.0 - part });
                    clip.is_on = true;
                }
            }
            ui.end_row();
        }
    });
    command_button_named(ui, workbench, Command::ResetClipBox, Command::ResetClipBox.title());
}
