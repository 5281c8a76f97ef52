//! The views of a figure, drawn by the same code as those on the screen.

use std::sync::Arc;

use egui::{CentralPanel, Frame, Ui};

use super::{slice_view, volume_view};
use crate::render::ScanTextures;
use crate::state::figure::FigureChoices;
use crate::state::workbench::Workbench;

/// Records every view of a figure; `still` is a twin of the case's textures, for the 3D view.
pub fn draw_figure(ui: &mut Ui, workbench: &mut Workbench, choices: &FigureChoices, still: Option<&Arc<ScanTextures>>) {
    let places = choices.places(workbench.figure.shown());
    CentralPanel::default().frame(Frame::NONE).show(ui, |ui| {
        for (kind, rect) in places {
            match kind.plane() {
                Some(plane) => slice_view::show_in_figure(ui, workbench, (kind, plane), rect, &choices.dress),
                None => {
                    if let Some(still) = still {
                        volume_view::show_in_figure(ui, workbench, still, rect, &choices.dress);
                    }
                }
            }
        }
    });
}
