use egui::{Align, Align2, Button, Layout, RichText, ScrollArea, Ui, Window};
use medley_project::dataset::Severity;

use super::draw_again_if_grown;
use crate::state::workbench::Workbench;
use crate::texts::files as texts;

/// The page that says what a data set holds and what does not fit, before it becomes cases of the study.
pub fn data_set_window(ui: &Ui, workbench: &mut Workbench) {
    let Some(checked) = workbench.checked_set.take() else { return };
    let (mut is_open, mut is_wanted) = (true, false);
    let room = ui.ctx().content_rect().size();
    let (report, notices) = (&checked.report, &checked.notices);
    let usable = report.usable().len();
    let window = Window::new(texts::data_set(&report.name));
    let window =
        window.anchor(Align2::CENTER_CENTER, [0.0, 0.0]).collapsible(false).resizable(false).default_height(room.y).open(&mut is_open);
    let shown = window.show(ui.ctx(), |ui| {
        ui.set_width((room.x - 80.0).min(620.0));
        let with_mask = report.cases.iter().filter(|case| case.labels.is_some()).count();
        ui.label(RichText::new(texts::usable(usable, report.cases.len())).strong());
        ui.label(RichText::new(texts::with_mask(with_mask, report.labels.len())).weak());
        ui.add_space(6.0);
        ScrollArea::vertical().max_height(room.y - 250.0).auto_shrink([false, true]).show(ui, |ui| {
            for problem in &report.problems {
                let (word, color) = match problem.severity {
                    Severity::Error => (texts::LEFT_OUT, ui.visuals().error_fg_color),
                    Severity::Warning => (texts::LOOK_AT, ui.visuals().warn_fg_color),
                };
                ui.horizontal_top(|ui| {
                    ui.add_sized([60.0, 16.0], egui::Label::new(RichText::new(word).small().color(color)));
                    ui.add(egui::Label::new(RichText::new(&problem.what).small()).wrap());
                });
            }
            for notice in notices {
                ui.add(egui::Label::new(RichText::new(notice).small().weak()).wrap());
            }
            if report.problems.is_empty() && notices.is_empty() {
                ui.label(RichText::new(texts::EVERYTHING_FITS).weak());
            }
        });
        ui.separator();
        ui.horizontal(|ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let import = ui.add_enabled(usable > 0, Button::new(texts::import(usable)));
                is_wanted = import.on_hover_text(texts::IMPORT_HINT).on_disabled_hover_text(texts::NO_CASE).clicked();
            });
        });
    });
    if let Some(shown) = shown {
        draw_again_if_grown(ui, &shown.response);
    }
    if is_wanted {
        workbench.import_set();
    } else if is_open {
        workbench.checked_set = Some(checked);
    }
}
