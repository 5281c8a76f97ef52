//! What a model for classes or boxes says of the open scan.

use egui::{Frame, Grid, RichText, Ui};
use medley_learn::Finding;
use medley_learn::task::FoundBox;
use medley_volume::Ras;
use medley_volume::glam::DVec3;

use super::widgets::{heading, named, progress};
use crate::state::workbench::Workbench;
use crate::texts::findings as texts;

pub fn show(ui: &mut Ui, workbench: &mut Workbench) {
    let Some(found) = &workbench.finding else { return };
    let (title, finding) = (texts::title(&found.model), found.finding.clone());
    let mut go_to = None;
    let mut is_dismissed = false;
    Frame::group(ui.style()).fill(ui.visuals().faint_bg_color).show(ui, |ui| {
        ui.set_width(ui.available_width());
        heading(ui, &title);
        match &finding {
            Finding::Classes(classes) => {
                Grid::new("classes found").num_columns(2).spacing([8.0, 4.0]).show(ui, |ui| {
                    for class in classes {
                        ui.label(&class.class);
                        let text = texts::percent(class.probability);
                        progress(ui, class.probability as f32, Some(text), &class.class);
                        ui.end_row();
                    }
                });
            }
            Finding::Boxes(boxes) if boxes.is_empty() => {
                ui.label(texts::NO_OBJECT);
            }
            Finding::Boxes(boxes) => {
                ui.label(RichText::new(texts::GO_TO_HINT).small().weak());
                for (at, found) in boxes.iter().enumerate() {
                    let button = ui.button(row(found));
                    named(&button, &texts::go_to(at + 1, found));
                    if button.clicked() {
                        go_to = Some(middle(found));
                    }
                }
            }
        }
        ui.add_space(4.0);
        is_dismissed = ui.button(texts::DISMISS).clicked();
    });
    ui.add_space(10.0);
    if let Some(middle) = go_to {
        workbench.views.crosshair = middle;
    }
    if is_dismissed {
        workbench.finding = None;
    }
}

fn row(found: &FoundBox) -> String {
    let size: [f64; 3] = std::array::from_fn(|axis| found.ras_high_mm[axis] - found.ras_low_mm[axis]);
    texts::found_box(found, size)
}

fn middle(found: &FoundBox) -> Ras {
    Ras((DVec3::from_array(found.ras_low_mm) + DVec3::from_array(found.ras_high_mm)) / 2.0)
}
