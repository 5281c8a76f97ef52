use egui::{Align, Align2, Button, Frame, Key, Layout, ProgressBar, RichText, ScrollArea, TextEdit, Ui, Window};

use super::{Purpose, draw_again_if_grown};
use crate::catalog::{LICENCE, RELEASED, Released, size_text};
use crate::panels::widgets::{empty_hint, heading, named};
use crate::state::training::WeightsChoice;
use crate::state::weights_page::{Errand, Row, network_text};
use crate::state::workbench::Workbench;

/// What was pressed on the page.
enum Wish {
    Use(WeightsChoice),
    Fetch { name: String, again: bool },
    Stop,
    Import(String),
    ChooseFile,
    Refresh,
}

/// The page of weights: what is here, what can be had, and choosing what the next training starts from.
pub fn weights_window(ui: &Ui, workbench: &mut Workbench) {
    if !workbench.weights_page.is_open {
        return;
    }
    let mut is_open = true;
    let mut wish = None;
    let room = ui.ctx().content_rect().size();
    let window = Window::new("Weights").anchor(Align2::CENTER_CENTER, [0.0, 0.0]).collapsible(false).resizable(false).open(&mut is_open);
    let shown = window.show(ui.ctx(), |ui| {
        ui.set_width((room.x - 80.0).min(760.0));
        ScrollArea::vertical().max_height(room.y - 190.0).auto_shrink([false, true]).show(ui, |ui| {
            heading(ui, "On this machine");
            here(ui, workbench, &mut wish);
            ui.add_space(10.0);
            heading(ui, "Released with Med3D");
            ui.label(
                RichText::new(format!(
                    "Encoders for CT and MR at full width. Licence: {LICENCE}. Nothing is fetched unless you press Get."
                ))
                .weak(),
            );
            ui.add_space(3.0);
            for released in &RELEASED {
                if !is_kept(workbench, released.name) {
                    released_row(ui, workbench, released, &mut wish);
                }
            }
        });
        ui.separator();
        import(ui, workbench, &mut wish);
    });
    if let Some(shown) = shown {
        draw_again_if_grown(ui, &shown.response);
    }
    if let Some(wish) = wish {
        grant(ui, workbench, wish);
    }
    workbench.weights_page.is_open &= is_open;
}

fn grant(ui: &Ui, workbench: &mut Workbench, wish: Wish) {
    match wish {
        Wish::Use(choice) => workbench.choices.weights = choice,
        Wish::Fetch { name, again } => workbench.weights_page.fetch(&name, again),
        Wish::Stop => workbench.weights_page.stop(),
        Wish::Import(path) => workbench.weights_page.import(path.trim().into()),
        Wish::ChooseFile => {
            let wake = ui.ctx().clone();
            workbench.dialogs.choose(Purpose::ImportWeights, None, move || wake.request_repaint());
        }
        Wish::Refresh => workbench.refresh_weights(),
    }
}

fn is_kept(workbench: &Workbench, name: &str) -> bool {
    let rows = workbench.weights_page.listing().map(|listing| listing.rows.as_slice()).unwrap_or_default();
    rows.iter().any(|row| matches!(&row.choice, WeightsChoice::Kept { name: kept, .. } if kept == name))
}

fn here(ui: &mut Ui, workbench: &Workbench, wish: &mut Option<Wish>) {
    let Some(listing) = workbench.weights_page.listing() else {
        ui.horizontal(|ui| {
            ui.spinner();
            ui.label("Looking at the folder of weights…");
        });
        return;
    };
    for row in &listing.rows {
        kept_row(ui, workbench, row, wish);
    }
    if !listing.rows.iter().any(|row| matches!(row.choice, WeightsChoice::Kept { .. })) {
        empty_hint(ui, "Nothing was fetched or imported yet. Get one of the released encoders below, or import a file of your own.");
    }
    for trouble in &listing.troubles {
        ui.horizontal_wrapped(|ui| {
            ui.label(RichText::new(trouble).color(ui.visuals().error_fg_color));
            if ui.small_button("Look again").clicked() {
                *wish = Some(Wish::Refresh);
            }
        });
    }
}

fn kept_row(ui: &mut Ui, workbench: &Workbench, row: &Row, wish: &mut Option<Wish>) {
    let name = row.choice.name();
    let is_chosen = workbench.choices.weights == row.choice;
    let about = row.about.join(" · ");
    let released = match &row.choice {
        WeightsChoice::Kept { name, .. } => Released::find(name),
        _ => None,
    };
    card(ui, &name, &row.network, &about, row.bytes.map(size_text), |ui| {
        let text = if is_chosen { "In use" } else { "Use" };
        let button = ui.add(Button::new(text).selected(is_chosen).min_size(egui::vec2(58.0, 0.0)));
        named(&button, &format!("Start from {name}"));
        if button.on_hover_text("The next training starts from these weights").clicked() {
            *wish = Some(Wish::Use(row.choice.clone()));
        }
        if released.is_some() {
            let is_free = workbench.weights_page.running().is_none();
            let button = ui.add_enabled(is_free, Button::new("Get again"));
            named(&button, &format!("Get {name} again"));
            if button.on_hover_text("Fetch the file once more; it must be the recorded one").clicked() {
                *wish = Some(Wish::Fetch { name: name.clone(), again: true });
            }
        }
    });
    under_way(ui, workbench, &Errand::Fetch(name), wish);
}

fn released_row(ui: &mut Ui, workbench: &Workbench, released: &Released, wish: &mut Option<Wish>) {
    let network = released.network();
    let text = network_text(&network.depth.to_string(), &network.shortcut.to_string(), network.base_width);
    let about = format!("Trained on {} · {:.1} million parameters", released.trained_on, released.parameters() as f64 / 1e6);
    let size = format!("about {}", size_text(released.approximate_bytes()));
    let errand = Errand::Fetch(released.name.to_owned());
    let running = workbench.weights_page.running().map(|(errand, _)| errand);
    card(ui, released.name, &text, &about, Some(size), |ui| {
        if running != Some(&errand) {
            let button = ui.add_enabled(running.is_none(), Button::new("Get").min_size(egui::vec2(58.0, 0.0)));
            named(&button, &format!("Get {}", released.name));
            let button = button.on_hover_text("Fetch it from the hub and keep it");
            if button.on_disabled_hover_text("One at a time: something is on its way already.").clicked() {
                *wish = Some(Wish::Fetch { name: released.name.to_owned(), again: false });
            }
        }
    });
    under_way(ui, workbench, &errand, wish);
}

/// Name, network and size in one line, the rest below it, buttons at the right.
fn card(ui: &mut Ui, name: &str, network: &str, about: &str, size: Option<String>, buttons: impl FnOnce(&mut Ui)) {
    Frame::NONE.fill(ui.visuals().faint_bg_color).corner_radius(4).inner_margin(egui::Margin::symmetric(8, 4)).show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                buttons(ui);
                ui.label(RichText::new(size.unwrap_or_default()).weak());
                ui.with_layout(Layout::top_down(Align::Min), |ui| {
                    ui.horizontal_wrapped(|ui| {
                        ui.label(RichText::new(name).strong());
                        ui.label(network);
                    });
                    ui.label(RichText::new(about).weak().small());
                });
            });
        });
    });
}

/// How far an errand is, or why it failed.
fn under_way(ui: &mut Ui, workbench: &Workbench, errand: &Errand, wish: &mut Option<Wish>) {
    if let Some((_, received)) = workbench.weights_page.running().filter(|(running, _)| *running == errand) {
        ui.horizontal(|ui| {
            let (fraction, text) = match received.total {
                Some(total) if received.bytes >= total => (1.0, "Checking what has come…".to_owned()),
                Some(total) => {
                    (received.bytes as f32 / total.max(1) as f32, format!("{} of {}", size_text(received.bytes), size_text(total)))
                }
                None if received.bytes > 0 => (0.0, size_text(received.bytes)),
                None => (0.0, if matches!(errand, Errand::Fetch(_)) { "Asking the hub…" } else { "Looking into the file…" }.to_owned()),
            };
            ui.add(ProgressBar::new(fraction).desired_width(ui.available_width() - 70.0).text(text));
            if let Errand::Fetch(name) = errand {
                let stop = ui.button("Stop");
                named(&stop, &format!("Stop fetching {name}"));
                if stop.on_hover_text("What has come is kept: Get goes on from there").clicked() {
                    *wish = Some(Wish::Stop);
                }
            }
        });
    }
    if let Some((_, sentence)) = workbench.weights_page.trouble.as_ref().filter(|(failed, _)| failed == errand) {
        ui.label(RichText::new(sentence).color(ui.visuals().error_fg_color));
    }
}

fn import(ui: &mut Ui, workbench: &mut Workbench, wish: &mut Option<Wish>) {
    let is_free = workbench.weights_page.running().is_none();
    ui.horizontal(|ui| {
        let label = ui.label("Import a file");
        let width = ui.available_width() - 150.0;
        let field =
            TextEdit::singleline(&mut workbench.weights_page.typed).hint_text("/path/to/weights.pth or .safetensors").desired_width(width);
        let field = ui.add(field).labelled_by(label.id);
        let is_typed = !workbench.weights_page.typed.trim().is_empty();
        let button = ui.add_enabled(is_free && is_typed, Button::new("Import"));
        named(&button, "Import the file at this path");
        let is_entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter)) && is_free && is_typed;
        if button.clicked() || is_entered {
            *wish = Some(Wish::Import(workbench.weights_page.typed.clone()));
        }
        let choose = ui.add_enabled(is_free, Button::new("Browse…"));
        named(&choose, "Browse for weights to import");
        if choose.clicked() {
            *wish = Some(Wish::ChooseFile);
        }
    });
    let imported = match (workbench.weights_page.running(), &workbench.weights_page.trouble) {
        (Some((errand @ Errand::Import(_), _)), _) | (None, Some((errand @ Errand::Import(_), _))) => Some(errand.clone()),
        _ => None,
    };
    if let Some(errand) = imported {
        under_way(ui, workbench, &errand, wish);
    }
    ui.label(RichText::new(format!("Kept in {}", workbench.weights_page.folder().display())).weak().small());
}
