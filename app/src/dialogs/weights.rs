use egui::{Align, Align2, Button, Frame, Key, Layout, RichText, ScrollArea, TextEdit, Ui, Window};

use super::{Purpose, draw_again_if_grown};
use crate::catalog::{LICENCE, RELEASED, Released};
use crate::panels::widgets::{empty_hint, heading, named, progress_wide};
use crate::state::training::WeightsChoice;
use crate::state::weights_page::{Errand, Row};
use crate::state::workbench::Workbench;
use crate::texts::files::kept_in;
use crate::texts::numbers::bytes;
use crate::texts::weights as texts;

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
    let window = Window::new(texts::TITLE)
        .anchor(Align2::CENTER_CENTER, [0.0, 0.0])
        .collapsible(false)
        .resizable(false)
        .default_height(room.y)
        .open(&mut is_open);
    let shown = window.show(ui.ctx(), |ui| {
        ui.set_width((room.x - 80.0).min(760.0));
        ScrollArea::vertical().max_height(room.y - 190.0).auto_shrink([false, true]).show(ui, |ui| {
            heading(ui, texts::HERE);
            here(ui, workbench, &mut wish);
            ui.add_space(10.0);
            heading(ui, texts::RELEASED);
            ui.label(RichText::new(texts::released_hint(LICENCE)).weak());
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
            ui.label(texts::LOOKING);
        });
        return;
    };
    for row in &listing.rows {
        kept_row(ui, workbench, row, wish);
    }
    if !listing.rows.iter().any(|row| matches!(row.choice, WeightsChoice::Kept { .. })) {
        empty_hint(ui, texts::NONE_YET);
    }
    for trouble in &listing.troubles {
        ui.horizontal_wrapped(|ui| {
            ui.label(RichText::new(trouble).color(ui.visuals().error_fg_color));
            if ui.small_button(texts::LOOK_AGAIN).clicked() {
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
    card(ui, &name, &row.network, &about, row.bytes.map(bytes), |ui| {
        let text = if is_chosen { texts::IN_USE } else { texts::USE };
        let button = ui.add(Button::new(text).selected(is_chosen).min_size(egui::vec2(58.0, 0.0)));
        named(&button, &texts::start_from(&name));
        if button.on_hover_text(texts::USE_HINT).clicked() {
            *wish = Some(Wish::Use(row.choice.clone()));
        }
        if released.is_some() {
            let is_free = workbench.weights_page.running().is_none();
            let button = ui.add_enabled(is_free, Button::new(texts::GET_AGAIN));
            named(&button, &texts::get_again(&name));
            if button.on_hover_text(texts::GET_AGAIN_HINT).clicked() {
                *wish = Some(Wish::Fetch { name: name.clone(), again: true });
            }
        }
    });
    under_way(ui, workbench, &Errand::Fetch(name), wish);
}

fn released_row(ui: &mut Ui, workbench: &Workbench, released: &Released, wish: &mut Option<Wish>) {
    let network = released.network();
    let text = texts::network(&network.depth.to_string(), &network.shortcut.to_string(), network.base_width);
    let about = texts::trained_on(released.trained_on, released.parameters());
    let size = texts::about(&bytes(released.approximate_bytes()));
    let errand = Errand::Fetch(released.name.to_owned());
    let running = workbench.weights_page.running().map(|(errand, _)| errand);
    card(ui, released.name, &text, &about, Some(size), |ui| {
        if running != Some(&errand) {
            let button = ui.add_enabled(running.is_none(), Button::new(texts::GET).min_size(egui::vec2(58.0, 0.0)));
            named(&button, &texts::get(released.name));
            let button = button.on_hover_text(texts::GET_HINT);
            if button.on_disabled_hover_text(texts::ONE_AT_A_TIME).clicked() {
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
                Some(total) if received.bytes >= total => (1.0, texts::CHECKING.to_owned()),
                Some(total) => (received.bytes as f32 / total.max(1) as f32, texts::come(&bytes(received.bytes), &bytes(total))),
                None if received.bytes > 0 => (0.0, bytes(received.bytes)),
                None => (0.0, if matches!(errand, Errand::Fetch(_)) { texts::ASKING } else { texts::LOOKING_INTO }.to_owned()),
            };
            let width = ui.available_width() - 70.0;
            progress_wide(ui, fraction, Some(text), texts::PROGRESS, width);
            if let Errand::Fetch(name) = errand {
                let stop = ui.button(texts::STOP);
                named(&stop, &texts::stop_fetching(name));
                if stop.on_hover_text(texts::STOP_HINT).clicked() {
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
        let label = ui.label(texts::IMPORT_A_FILE);
        let width = ui.available_width() - 150.0;
        let field = TextEdit::singleline(&mut workbench.weights_page.typed).hint_text(texts::PATH_HINT).desired_width(width);
        let field = ui.add(field).labelled_by(label.id);
        let is_typed = !workbench.weights_page.typed.trim().is_empty();
        let button = ui.add_enabled(is_free && is_typed, Button::new(texts::IMPORT));
        named(&button, texts::IMPORT_NAME);
        let is_entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter)) && is_free && is_typed;
        if button.clicked() || is_entered {
            *wish = Some(Wish::Import(workbench.weights_page.typed.clone()));
        }
        let choose = ui.add_enabled(is_free, Button::new(texts::BROWSE));
        named(&choose, texts::BROWSE_NAME);
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
    ui.label(RichText::new(kept_in(workbench.weights_page.folder())).weak().small());
}
