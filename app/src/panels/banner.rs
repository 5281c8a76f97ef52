//! What must stay in sight: a study that can only be looked at; slices that show something else than the labels.

use egui::{Align, Color32, Frame, Layout, Margin, RichText, Ui};
use medley_project::ReadOnlyBecause;

use super::widgets::named;
use crate::clock::now_ms;
use crate::state::provenance::Origins;
use crate::state::workbench::Workbench;
use crate::texts::{history, provenance as texts};

pub fn is_needed(workbench: &Workbench) -> bool {
    workbench.read_only_obstacle().is_some() || workbench.provenance.origins != Origins::Off
}

pub fn show(ui: &mut Ui, workbench: &mut Workbench) {
    let read_only = workbench.study.as_ref().and_then(|study| Some((study.folder.clone(), study.read_only.clone()?)));
    if let Some((folder, because)) = read_only {
        let since = match &because {
            ReadOnlyBecause::InUse(Some(holder)) => Some(history::ago(now_ms() - holder.since_ms)),
            _ => None,
        };
        let text = texts::read_only_banner(&because, since.as_deref());
        if strip(ui, &text, Color32::from_rgb(230, 159, 0), Some(texts::OPEN_AGAIN)) {
            workbench.open(folder);
        }
    }
    match workbench.provenance.origins {
        Origins::Off => {}
        Origins::Coming | Origins::Leaving => drop(strip(ui, texts::WORKING, Color32::from_rgb(86, 180, 233), None)),
        Origins::Shown => {
            legend(ui);
            if strip(ui, texts::SHOWN_OBSTACLE, Color32::from_rgb(86, 180, 233), Some(texts::HIDE)) {
                workbench.toggle_origins();
            }
        }
    }
}

/// A line with a mark in front and a button at the end; whether that was pressed.
fn strip(ui: &mut Ui, text: &str, color: Color32, button: Option<&str>) -> bool {
    let mut is_pressed = false;
    Frame::new().inner_margin(Margin::symmetric(2, 1)).show(ui, |ui| {
        ui.horizontal(|ui| {
            let (mark, _) = ui.allocate_exact_size(egui::vec2(4.0, 18.0), egui::Sense::hover());
            ui.painter().rect_filled(mark, 2.0, color);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if let Some(button) = button {
                    let response = ui.button(button);
                    named(&response, button);
                    is_pressed = response.clicked();
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| ui.add(egui::Label::new(RichText::new(text)).wrap()));
            });
        });
    });
    is_pressed
}

fn legend(ui: &mut Ui) {
    use crate::state::provenance::{TOUCHED_COLOR, UNTOUCHED_COLOR};
    ui.horizontal(|ui| {
        for ([r, g, b], text) in [(UNTOUCHED_COLOR, texts::UNTOUCHED), (TOUCHED_COLOR, texts::TOUCHED)] {
            let (swatch, _) = ui.allocate_exact_size(egui::vec2(14.0, 14.0), egui::Sense::hover());
            ui.painter().rect_filled(swatch, 3.0, Color32::from_rgb(r, g, b));
            ui.label(text);
            ui.add_space(8.0);
        }
    });
}
