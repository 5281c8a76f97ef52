//! What a window shows, one file per panel. A panel reads the [`Workbench`] and calls its methods; it keeps nothing of its own.

#[cfg(test)]
mod accessibility;
mod banner;
mod box_overlay;
mod caption;
mod cases;
mod class_field;
pub(crate) mod color_bar;
mod compare;
mod correct;
mod figure;
mod findings;
mod histogram;
mod history;
mod icons;
mod label_tools;
mod labels;
mod layout_menu;
mod legend;
mod measurements;
mod models;
mod notices;
mod operand;
mod proposal;
mod provenance;
mod second_scan;
mod slice_view;
mod status;
mod tabs;
mod task;
mod tool_options;
mod tool_strip;
mod toolbar;
mod training;
mod views;
mod volume_settings;
mod volume_view;
pub(crate) mod widgets;

pub use figure::draw_figure;

use egui::{CentralPanel, Frame, Panel, ScrollArea, Ui};

use crate::command::Command;
use crate::dialogs::{
    close_window, data_set_window, figure_window, help_window, palette_window, path_window, settings_window, volumes_window, weights_window,
};
use crate::state::workbench::Workbench;
use crate::texts;
use crate::theme;

/// The whole window.
pub fn show(ui: &mut Ui, workbench: &mut Workbench) {
    workbench.poll();
    workbench.follow_hands(ui.ctx());
    Command::run_pressed(workbench, &ui.ctx().clone());
    take_dropped_files(ui, workbench);
    Panel::top("toolbar").frame(bar_frame(ui)).show(ui, |ui| toolbar::show(ui, workbench));
    if banner::is_needed(workbench) {
        Panel::top("banner").frame(bar_frame(ui)).show(ui, |ui| banner::show(ui, workbench));
    }
    Panel::bottom("status").frame(bar_frame(ui)).show(ui, |ui| status::show(ui, workbench));
    Panel::left("study").default_size(292.0).size_range(200.0..=460.0).show(ui, |ui| {
        ScrollArea::vertical().id_salt("study scroll").auto_shrink([false; 2]).show(ui, |ui| {
            cases::show(ui, workbench);
            ui.add_space(10.0);
            labels::show(ui, workbench);
            correct::show(ui, workbench);
            second_scan::show(ui, workbench);
            measurements::show(ui, workbench);
        });
    });
    Panel::right("learning").default_size(304.0).size_range(260.0..=480.0).show(ui, |ui| {
        ScrollArea::vertical().id_salt("learning scroll").auto_shrink([false; 2]).show(ui, |ui| {
            correct::chosen(ui, workbench);
            proposal::show(ui, workbench);
            findings::show(ui, workbench);
            training::show(ui, workbench);
            ui.add_space(10.0);
            models::show(ui, workbench);
            history::show(ui, workbench);
        });
    });
    Panel::left("tools").exact_size(46.0).resizable(false).show(ui, |ui| tool_strip::show(ui, workbench));
    CentralPanel::default().frame(Frame::NONE).show(ui, |ui| {
        views::show(ui, workbench);
        notices::show(ui, workbench);
    });
    volume_settings::window(ui, workbench);
    weights_window(ui, workbench);
    provenance::window(ui, workbench);
    volumes_window(ui, workbench);
    data_set_window(ui, workbench);
    histogram::show(ui, workbench);
    figure_window(ui, workbench);
    help_window(ui, workbench);
    settings_window(ui, workbench);
    path_window(ui, &mut workbench.dialogs);
    close_window(ui, workbench);
    palette_window(ui, workbench);
    theme::focus::draw(ui);
}

fn bar_frame(ui: &Ui) -> Frame {
    Frame::side_top_panel(ui.style()).inner_margin(egui::Margin::symmetric(8, 5))
}

fn take_dropped_files(ui: &Ui, workbench: &mut Workbench) {
    let dropped = ui.input(|input| input.raw.dropped_files.first().map(|file| file.path().to_owned()));
    if let Some(path) = dropped {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
        if matches!(ending.as_deref(), Some("pth" | "pt" | "safetensors")) {
            workbench.weights_page.import(path);
        } else {
            workbench.open(path);
        }
    }
    if ui.input(|input| !input.raw.hovered_files.is_empty()) {
        let painter = ui.ctx().layer_painter(egui::LayerId::new(egui::Order::Foreground, egui::Id::unique("drop")));
        let all = ui.ctx().content_rect();
        painter.rect_filled(all, 0.0, egui::Color32::from_black_alpha(170));
        let font = egui::FontId::proportional(22.0);
        painter.text(all.center(), egui::Align2::CENTER_CENTER, texts::views::DROP, font, egui::Color32::WHITE);
    }
}
