//! Sentences to the user, over the lower edge of the views.

use egui::{Align2, Area, Frame, Order, RichText, Ui};

use crate::state::workbench::Workbench;
use crate::texts::notices as texts;
use crate::theme::severity_color;

pub fn show(ui: &Ui, workbench: &mut Workbench) {
    if let Some(soon) = workbench.notices.expire() {
        ui.ctx().request_repaint_after(soon + std::time::Duration::from_millis(20));
    }
    if workbench.notices.shown().is_empty() {
        return;
    }
    let width = (ui.max_rect().width() - 80.0).clamp(200.0, 560.0);
    let at = ui.max_rect().center_bottom() - egui::vec2(0.0, 36.0);
    let mut dismissed = None;
    Area::new(egui::Id::unique("notices")).order(Order::Foreground).pivot(Align2::CENTER_BOTTOM).fixed_pos(at).show(ui.ctx(), |ui| {
        for (index, notice) in workbench.notices.shown().iter().enumerate() {
            let color = severity_color(ui.visuals(), notice.severity);
            Frame::popup(ui.style()).stroke(egui::Stroke::new(1.0, color)).show(ui, |ui| {
                ui.set_width(width);
                ui.horizontal(|ui| {
                    let (mark, _) = ui.allocate_exact_size(egui::vec2(4.0, 16.0), egui::Sense::hover());
                    ui.painter().rect_filled(mark, 2.0, color);
                    ui.vertical(|ui| {
                        ui.set_width(width - 50.0);
                        ui.label(RichText::new(&notice.text));
                    });
                    let close = ui.button(texts::DISMISS_MARK);
                    super::widgets::named(&close, texts::DISMISS);
                    if close.clicked() {
                        dismissed = Some(index);
                    }
                });
            });
        }
    });
    if let Some(index) = dismissed {
        workbench.notices.dismiss(index);
    }
}
