use std::sync::Arc;

use egui::{Align2, Button, ComboBox, DragValue, Grid, RawInput, Ui, Window};

use super::Purpose;
use crate::panels::draw_figure;
use crate::panels::widgets::named;
use crate::render::OffScreen;
use crate::state::figure::{DPI_RANGE, Dress, FigureChoices, FigureEnd, FigureSubject, FigureTarget, LONGEST, SHORTEST};
use crate::state::notices::Severity;
use crate::state::view::ViewKind;
use crate::state::workbench::Workbench;
use crate::texts::figure as texts;

/// The page on which the size and the look of a figure are chosen; draws the figure once its file was chosen, or to copy it.
pub fn figure_window(ui: &Ui, workbench: &mut Workbench) {
    if let Some((choices, target)) = workbench.figure.wanted.take() {
        make(workbench, &choices, target);
    }
    if !workbench.figure.is_open || workbench.case.is_none() {
        return;
    }
    let mut is_open = true;
    let mut is_asked = false;
    let window = Window::new(texts::TITLE).anchor(Align2::CENTER_CENTER, [0.0, 0.0]).collapsible(false).resizable(false);
    window.open(&mut is_open).show(ui.ctx(), |ui| {
        ui.set_width(400.0);
        Grid::new("figure").num_columns(2).spacing([14.0, 7.0]).show(ui, |ui| choices(ui, workbench));
        ui.add_space(4.0);
        ui.weak(texts::PRIVACY);
        ui.separator();
        ui.horizontal(|ui| {
            let is_able = !workbench.figure.is_busy;
            is_asked = ui.add_enabled(is_able, Button::new(texts::SAVE)).clicked();
            let copy = ui.add_enabled(is_able, Button::new(texts::COPY));
            named(&copy, texts::COPY_HINT);
            if copy.on_hover_text(texts::COPY_HINT).clicked() {
                workbench.figure.wanted = Some((workbench.figure.choices.clone(), FigureTarget::Clipboard));
                ui.ctx().request_repaint();
            }
            if workbench.figure.is_busy {
                ui.spinner();
                ui.weak(texts::BUSY);
            } else {
                ui.weak(texts::paper(workbench.figure.choices.paper_mm()));
            }
        });
    });
    workbench.figure.is_open &= is_open;
    if is_asked {
        let wake = ui.ctx().clone();
        let name = texts::file_name(workbench.figure.choices.subject);
        workbench.dialogs.choose(Purpose::SaveFigure, Some(&name), move || wake.request_repaint());
    }
}

fn choices(ui: &mut Ui, workbench: &mut Workbench) {
    let proportions = workbench.figure.proportions();
    let choices = &mut workbench.figure.choices;
    let label = ui.label(texts::SUBJECT);
    let combo = ComboBox::from_id_salt("figure subject").width(230.0).selected_text(texts::subject(choices.subject));
    let combo = combo.show_ui(ui, |ui| {
        for subject in ViewKind::ALL.map(FigureSubject::View).into_iter().chain([FigureSubject::Screen]) {
            ui.selectable_value(&mut choices.subject, subject, texts::subject(subject));
        }
    });
    combo.response.labelled_by(label.id);
    ui.end_row();
    ui.label("");
    ui.horizontal(|ui| {
        for (name, mm) in texts::WIDTHS {
            let response = ui.button(name).on_hover_text(format!("{mm:.0} mm"));
            if response.clicked() {
                choices.width = (mm / 25.4 * choices.dpi).round() as u32;
            }
        }
    });
    ui.end_row();
    let label = ui.label(texts::WIDTH);
    ui.add(DragValue::new(&mut choices.width).range(SHORTEST..=LONGEST).suffix(" px")).labelled_by(label.id);
    ui.end_row();
    let label = ui.label(texts::HEIGHT);
    ui.horizontal(|ui| {
        let field = DragValue::new(&mut choices.height).range(SHORTEST..=LONGEST).suffix(" px");
        ui.add_enabled(!choices.keeps_proportions || proportions.is_none(), field).labelled_by(label.id);
        ui.checkbox(&mut choices.keeps_proportions, texts::PROPORTIONS);
    });
    ui.end_row();
    let label = ui.label(texts::DPI);
    ui.add(DragValue::new(&mut choices.dpi).range(DPI_RANGE).max_decimals(0).suffix(" dpi")).labelled_by(label.id);
    ui.end_row();
    let label = ui.label(texts::TEXT_SCALE);
    ui.add(DragValue::new(&mut choices.text_scale).range(0.3..=4.0).speed(0.02).max_decimals(2).suffix(" ×")).labelled_by(label.id);
    ui.end_row();
    ui.label(texts::DRESS);
    dress(ui, &mut choices.dress);
    ui.end_row();
    ui.label(texts::GROUND);
    ui.horizontal(|ui| {
        for (is_white, name) in [(false, texts::BLACK), (true, texts::WHITE)] {
            let response = ui.add(Button::new(name).selected(choices.dress.is_on_white == is_white));
            named(&response, &format!("{} {}", texts::GROUND, name));
            if response.clicked() {
                choices.dress.is_on_white = is_white;
            }
        }
    });
    ui.end_row();
    choices.settle(proportions);
}

fn dress(ui: &mut Ui, dress: &mut Dress) {
    let switches = [
        &mut dress.shows_labels,
        &mut dress.shows_crosshair,
        &mut dress.shows_letters,
        &mut dress.shows_scale_bar,
        &mut dress.shows_color_bar,
        &mut dress.shows_measurements,
        &mut dress.shows_legend,
    ];
    Grid::new("figure dress").num_columns(2).spacing([18.0, 3.0]).show(ui, |ui| {
        for (n, (switch, name)) in switches.into_iter().zip(texts::SWITCHES).enumerate() {
            ui.checkbox(switch, name);
            if n % 2 == 1 {
                ui.end_row();
            }
        }
    });
}

/// Records the figure's shapes with the panels' own code and gives them to the thread that draws them.
fn make(workbench: &mut Workbench, choices: &FigureChoices, target: FigureTarget) {
    let Some(gpu) = workbench.gpu() else { return workbench.notices.push(Severity::Error, texts::NO_GPU) };
    let end = match target {
        FigureTarget::File(path) => Ok(FigureEnd::File(path)),
        FigureTarget::Clipboard => workbench.clipboard.inbox().map(FigureEnd::Clipboard),
    };
    let made = end.and_then(|end| {
        let picture = record_as(workbench, choices);
        workbench.figure.make(gpu, picture, choices.dpi, end)
    });
    if let Err(sentence) = made {
        workbench.notices.push(Severity::Error, sentence);
    }
}

/// The shapes of the figure as it is chosen now.
#[must_use]
pub fn record(workbench: &mut Workbench) -> OffScreen {
    let choices = workbench.figure.choices.clone();
    record_as(workbench, &choices)
}

fn record_as(workbench: &mut Workbench, choices: &FigureChoices) -> OffScreen {
    let context = egui::Context::default();
    // A figure's texts are as sharp as its pixels.
    context.set_pixels_per_point(choices.pixels_per_point());
    let input = RawInput { screen_rect: Some(choices.rect()), max_texture_side: Some(LONGEST as usize), ..Default::default() };
    // The 3D view on the screen goes on with its own picture.
    let has_volume = choices.places(workbench.figure.shown()).iter().any(|(kind, _)| *kind == ViewKind::Volume);
    let textures = workbench.case.as_ref().and_then(|case| case.textures.as_ref()).filter(|_| has_volume);
    let still = textures.map(|textures| Arc::new(textures.twin()));
    // The first pass learns how many pixels a point has.
    let mut output = context.run_ui(input.clone(), |_| {});
    output.append(context.run_ui(input, |ui| draw_figure(ui, workbench, choices, still.as_ref())));
    OffScreen { size: [choices.width, choices.height], ground: choices.dress.ground().to_array(), context, output, still }
}
