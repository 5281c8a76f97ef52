//! The tools beside the views, one below the other.

use egui::{Sense, Ui, vec2};

use super::icons;
use super::widgets::named;
use crate::command::Command;
use crate::state::tools::ActiveTool;
use crate::state::workbench::Workbench;

/// Side of a tool's button, in points.
const SIDE: f32 = 34.0;

pub fn show(ui: &mut Ui, workbench: &mut Workbench) {
    ui.vertical_centered(|ui| {
        ui.spacing_mut().item_spacing.y = 3.0;
        for (n, tool) in ActiveTool::ALL.into_iter().enumerate() {
            // Looking, painting, drawing, measuring.
            if [2, 4, 8].contains(&n) {
                ui.separator();
            }
            button(ui, workbench, tool);
        }
    });
}

fn button(ui: &mut Ui, workbench: &mut Workbench, tool: ActiveTool) {
    let (rect, response) = ui.allocate_exact_size(vec2(SIDE, SIDE), Sense::click());
    let is_taken = workbench.tool == tool;
    let visuals = ui.style().interact_selectable(&response, is_taken);
    if is_taken || response.hovered() || response.has_focus() {
        ui.painter().rect(rect, 5.0, visuals.bg_fill, visuals.bg_stroke, egui::StrokeKind::Inside);
    }
    let color = if is_taken { ui.visuals().selection.stroke.color } else { visuals.text_color() };
    icons::tool(ui.painter(), rect.shrink(7.0), tool, color);
    named(&response, tool.name());
    if response.on_hover_text(Command::Take(tool).tooltip(ui.ctx())).clicked() {
        workbench.take(tool);
    }
}
