//! The views of a figure, drawn by the same code as those on the screen.

use std::collections::BTreeSet;
use std::sync::Arc;

use egui::{CentralPanel, Frame, Ui};

use super::{legend, slice_view, volume_view};
use crate::render::ScanTextures;
use crate::state::figure::FigureChoices;
use crate::state::workbench::Workbench;

/// Records every view of a figure; `still` is a twin of the case's textures, for the 3D view.
pub fn draw_figure(ui: &mut Ui, workbench: &mut Workbench, choices: &FigureChoices, still: Option<&Arc<ScanTextures>>) {
    let places = choices.places(workbench.figure.shown());
    CentralPanel::default().frame(Frame::NONE).show(ui, |ui| {
        let mut seen = BTreeSet::new();
        for (kind, rect) in &places {
            match kind.plane() {
                Some(plane) => seen.extend(slice_view::show_in_figure(ui, workbench, (*kind, plane), *rect, &choices.dress)),
                None => {
                    if let Some(still) = still {
                        volume_view::show_in_figure(ui, workbench, still, *rect, &choices.dress);
                        seen.extend(legend::labels_in_volume(workbench));
                    }
                }
            }
        }
        // One for all views, in the first.
        if let Some((_, rect)) = places.first().filter(|_| choices.dress.shows_legend && choices.dress.shows_labels) {
            legend::draw(&ui.painter_at(*rect), *rect, &seen, workbench, &choices.dress);
        }
    });
}
