//! What a model for classes or boxes says of the open scan.

use egui::{Frame, Grid, ProgressBar, RichText, Ui};
use medley_learn::Finding;
use medley_learn::task::FoundBox;
use medley_volume::Ras;
use medley_volume::glam::DVec3;

use super::widgets::{heading, named};
use crate::state::workbench::Workbench;

pub fn show(ui: &mut Ui, workbench: &mut Workbench) {
    let Some(found) = &workbench.finding else { return };
    let (title, finding) = (format!("Model {} finds", found.model), found.finding.clone());
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
                        let text = format!("{:.1} %", 100.0 * class.probability);
                        ui.add(ProgressBar::new(class.probability as f32).text(text));
                        ui.end_row();
                    }
                });
            }
            Finding::Boxes(boxes) if boxes.is_empty() => {
                ui.label("No object.");
            }
            Finding::Boxes(boxes) => {
                ui.label(RichText::new("Press a box to go to its middle.").small().weak());
                for (at, found) in boxes.iter().enumerate() {
                    let button = ui.button(row(found));
                    named(&button, &format!("Go to box {}: {}, score {:.2}", at + 1, found.class, found.score));
                    if button.clicked() {
                        go_to = Some(middle(found));
                    }
                }
            }
        }
        ui.add_space(4.0);
        is_dismissed = ui.button("Dismiss findings").clicked();
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
    format!("{}  {:.2}  {:.0} × {:.0} × {:.0} mm", found.class, found.score, size[0], size[1], size[2])
}

fn middle(found: &FoundBox) -> Ras {
    Ras((DVec3::from_array(found.ras_low_mm) + DVec3::from_array(found.ras_high_mm)) / 2.0)
}
