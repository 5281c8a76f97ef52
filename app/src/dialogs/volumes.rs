use egui::{
    Align, Align2, Button, Color32, ColorImage, Frame, Image, Layout, RichText, ScrollArea, TextureHandle, TextureOptions, Ui, Window,
};
use medley_io::dicom::Thumbnail;

use super::draw_again_if_grown;
use crate::panels::widgets::named;
use crate::state::clerk::{OneVolume, Volumes};
use crate::state::workbench::Workbench;
use crate::texts::files as texts;

/// Room for a picture, points.
const PICTURE: f32 = 64.0;

/// Volumes to choose from, and their pictures on the GPU.
pub struct VolumeChoice {
    /// What there is.
    pub volumes: Volumes,
    pictures: Vec<Option<TextureHandle>>,
}

impl VolumeChoice {
    /// To choose from `volumes`.
    #[must_use]
    pub fn new(volumes: Volumes) -> Self {
        let pictures = vec![None; volumes.list.len()];
        Self { volumes, pictures }
    }
}

/// The page on which one or several of the volumes in a file or folder are chosen.
pub fn volumes_window(ui: &Ui, workbench: &mut Workbench) {
    let Some(mut choice) = workbench.volume_choice.take() else { return };
    let name = choice.volumes.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let (mut is_open, mut chosen) = (true, Vec::new());
    let room = ui.ctx().content_rect().size();
    let able = choice.volumes.list.iter().filter(|volume| volume.fault.is_none()).count();
    let window = Window::new(texts::scans_in(&name));
    let window =
        window.anchor(Align2::CENTER_CENTER, [0.0, 0.0]).collapsible(false).resizable(false).default_height(room.y).open(&mut is_open);
    let shown = window.show(ui.ctx(), |ui| {
        ui.set_width((room.x - 80.0).min(620.0));
        ScrollArea::vertical().max_height(room.y - 190.0).auto_shrink([false, true]).show(ui, |ui| {
            for (volume, picture) in choice.volumes.list.iter().zip(&mut choice.pictures) {
                if row(ui, volume, picture) {
                    chosen.push(volume.clone());
                }
            }
        });
        ui.separator();
        ui.horizontal(|ui| {
            ui.label(RichText::new(choice.volumes.others.join(" ")).weak());
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let all = ui.add_enabled(able > 1, Button::new(texts::add_all(able)));
                if all.on_hover_text(texts::ADD_ALL_HINT).clicked() {
                    chosen = choice.volumes.list.iter().filter(|volume| volume.fault.is_none()).cloned().collect();
                }
            });
        });
    });
    if let Some(shown) = shown {
        draw_again_if_grown(ui, &shown.response);
    }
    if !chosen.is_empty() {
        workbench.open_volumes(choice.volumes.path, chosen);
    } else if is_open {
        workbench.volume_choice = Some(choice);
    }
}

/// A volume with its picture; whether it is to be opened.
fn row(ui: &mut Ui, volume: &OneVolume, picture: &mut Option<TextureHandle>) -> bool {
    let mut is_chosen = false;
    Frame::new().fill(ui.visuals().faint_bg_color).corner_radius(4.0).inner_margin(6.0).show(ui, |ui| {
        ui.horizontal(|ui| {
            if let Some(thumbnail) = &volume.picture {
                let texture =
                    picture.get_or_insert_with(|| ui.ctx().load_texture(&volume.title, shades(thumbnail), TextureOptions::LINEAR));
                let size = egui::vec2(thumbnail.width as f32, thumbnail.height as f32);
                let scale = PICTURE / size.max_elem();
                let (rect, _) = ui.allocate_exact_size(egui::Vec2::splat(PICTURE), egui::Sense::hover());
                ui.painter().rect_filled(rect, 2.0, Color32::BLACK);
                Image::new(&*texture).paint_at(ui, egui::Rect::from_center_size(rect.center(), size * scale));
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let open = ui.add_enabled(volume.fault.is_none(), Button::new(texts::OPEN).min_size(egui::vec2(58.0, 0.0)));
                named(&open, &texts::open(&volume.title));
                is_chosen = open.clicked();
                ui.with_layout(Layout::top_down(Align::Min), |ui| {
                    ui.label(RichText::new(&volume.title).strong());
                    if let Some(fault) = &volume.fault {
                        ui.label(RichText::new(texts::cannot_open(fault)).small().color(ui.visuals().warn_fg_color));
                    }
                    for line in &volume.about {
                        ui.add(egui::Label::new(RichText::new(line).small().weak()).wrap());
                    }
                });
            });
        });
    });
    ui.add_space(3.0);
    is_chosen
}

fn shades(picture: &Thumbnail) -> ColorImage {
    ColorImage::from_gray([picture.width, picture.height], &picture.pixels)
}
