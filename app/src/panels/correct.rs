//! Operations on whole labels: which, with what, and what would change.

use egui::{Button, DragValue, Frame, Grid, Response, RichText, Ui};
use medley_annotate::tools::Shell;
use medley_volume::AnatomicalPlane;

use super::operand;
use super::widgets::{command_button_named, heading, named, section};
use crate::command::Command;
use crate::state::correction::operation::{DirectedMargin, IslandRule, Operation, OperationOptions, SmoothRule};
use crate::state::workbench::Workbench;
use crate::texts::{combine, correct as texts};

pub fn show(ui: &mut Ui, workbench: &mut Workbench) {
    if workbench.case.is_none() {
        return;
    }
    section(ui, texts::HEADING, |ui| content(ui, workbench));
}

fn content(ui: &mut Ui, workbench: &mut Workbench) {
    let width = (ui.available_width() - ui.spacing().item_spacing.x) / 2.0;
    Grid::new("operations").num_columns(2).show(ui, |ui| {
        for (n, operation) in Operation::ALL.into_iter().enumerate() {
            let is_chosen = workbench.correction.operation == Some(operation);
            let button = ui.add_sized([width, 22.0], Button::new(operation.name()).selected(is_chosen));
            named(&button, operation.name());
            if button.on_hover_text(Command::Choose(operation).tooltip(ui.ctx())).clicked() {
                if is_chosen {
                    workbench.drop_preview();
                } else {
                    Command::Choose(operation).run(workbench, &ui.ctx().clone());
                }
            }
            if n % 2 == 1 {
                ui.end_row();
            }
        }
    });
    ui.label(RichText::new(texts::HINT).weak().small());
}

/// The chosen operation, where proposals stand too: its options, what would change, and what to do about it.
pub fn chosen(ui: &mut Ui, workbench: &mut Workbench) {
    let Some(operation) = workbench.correction.operation.filter(|_| workbench.case.is_some()) else { return };
    Frame::group(ui.style()).fill(ui.visuals().faint_bg_color).show(ui, |ui| {
        ui.set_width(ui.available_width());
        heading(ui, operation.name());
        options(ui, workbench, operation);
        ui.add_space(4.0);
        ui.label(RichText::new(texts::PREVIEW_HINT).small().weak());
        outcome(ui, workbench);
    });
    ui.add_space(10.0);
}

fn options(ui: &mut Ui, workbench: &mut Workbench, operation: Operation) {
    let range = workbench.case.as_ref().map_or((0.0, 1.0), |case| case.value_range);
    let options = &mut workbench.correction.options;
    match operation {
        Operation::Threshold => {
            ui.horizontal(|ui| {
                let step = ((range.1 - range.0) / 500.0).max(1e-3);
                let from = ui.label(texts::FROM);
                ui.add(DragValue::new(&mut options.range.low).speed(step).range(range.0..=range.1)).labelled_by(from.id);
                let to = ui.label(texts::TO);
                ui.add(DragValue::new(&mut options.range.high).speed(step).range(range.0..=range.1)).labelled_by(to.id);
            });
            ui.checkbox(&mut options.is_at_crosshair, texts::ONLY_AT_CROSSHAIR);
        }
        Operation::Islands => {
            for rule in IslandRule::ALL {
                ui.radio_value(&mut options.islands, rule, texts::island_rule(rule));
            }
            if options.islands == IslandRule::RemoveSmall {
                number(ui, texts::AT_LEAST, &mut options.least_ml, 0.0..=5000.0, " mL");
            }
        }
        Operation::Smooth => {
            for rule in SmoothRule::ALL {
                ui.radio_value(&mut options.smoothing, rule, texts::smooth_rule(rule));
            }
            number(ui, texts::SMOOTH_REACH, &mut options.smooth_mm, 0.1..=50.0, " mm");
            if matches!(options.smoothing, SmoothRule::Median | SmoothRule::Gaussian) {
                ui.checkbox(&mut options.is_for_all, texts::FOR_ALL);
            }
            overwrites(ui, options);
        }
        Operation::Margin => {
            if options.is_by_direction {
                directions(ui, &mut options.directed);
            } else {
                number(ui, texts::GROW_BY, &mut options.margin_mm, MARGIN_MM, " mm").on_hover_text(texts::GROW_BY_HINT);
            }
            if ui.checkbox(&mut options.is_by_direction, texts::BY_DIRECTION).on_hover_text(texts::BY_DIRECTION_HINT).changed() {
                options.directed = DirectedMargin { mm: [options.margin_mm; 6] };
            }
            overwrites(ui, options);
        }
        Operation::Interpolate => {
            planes(ui, options);
            overwrites(ui, options);
        }
        Operation::FillHoles => {
            ui.checkbox(&mut options.is_by_slice, texts::BY_SLICE);
            if options.is_by_slice {
                planes(ui, options);
            }
            overwrites(ui, options);
        }
        Operation::Hollow => {
            number(ui, texts::WALL, &mut options.wall_mm, 0.1..=100.0, " mm");
            for shell in [Shell::Inside, Shell::Outside, Shell::Centred] {
                ui.radio_value(&mut options.wall, shell, texts::wall(shell));
            }
            overwrites(ui, options);
        }
        Operation::Combine => operand::combine(ui, workbench),
        Operation::Crop => crop(ui, workbench),
    }
}

fn crop(ui: &mut Ui, workbench: &mut Workbench) {
    for (is_by_label, text) in [(false, combine::CUT_AT_BOX), (true, combine::CUT_AT_LABEL)] {
        ui.radio_value(&mut workbench.correction.options.is_cut_by_label, is_by_label, text);
    }
    if workbench.correction.options.is_cut_by_label {
        operand::other(ui, workbench);
    }
    let options = &mut workbench.correction.options;
    if options.is_cut_by_label {
        ui.checkbox(&mut options.clears_inside, combine::CLEARS_INSIDE);
    } else {
        for (side, text) in options.box_mm.iter_mut().zip(texts::BOX_SIDES) {
            number(ui, text, side, 0.0..=2000.0, " mm");
        }
        ui.checkbox(&mut options.clears_inside, texts::CLEARS_INSIDE);
    }
    ui.checkbox(&mut options.is_for_all, texts::FOR_ALL);
}

/// Farthest that a label grows or shrinks, mm.
const MARGIN_MM: std::ops::RangeInclusive<f64> = -100.0..=100.0;

/// A distance for each direction, opposite ones side by side.
fn directions(ui: &mut Ui, margin: &mut DirectedMargin) {
    Grid::new("margins").num_columns(4).show(ui, |ui| {
        for (n, (mm, text)) in margin.mm.iter_mut().zip(texts::DIRECTIONS).enumerate() {
            let label = ui.label(text);
            let value = DragValue::new(mm).speed(0.1).range(MARGIN_MM).suffix(" mm").max_decimals(2);
            ui.add(value).labelled_by(label.id).on_hover_text(texts::GROW_BY_HINT);
            if n % 2 == 1 {
                ui.end_row();
            }
        }
    });
}

fn number(ui: &mut Ui, text: &str, value: &mut f64, range: std::ops::RangeInclusive<f64>, unit: &str) -> Response {
    ui.horizontal(|ui| {
        let label = ui.label(text);
        ui.add(DragValue::new(value).speed(0.1).range(range).suffix(unit).max_decimals(2)).labelled_by(label.id)
    })
    .inner
}

fn planes(ui: &mut Ui, options: &mut OperationOptions) {
    for plane in [AnatomicalPlane::Axial, AnatomicalPlane::Sagittal, AnatomicalPlane::Coronal] {
        ui.radio_value(&mut options.plane, plane, texts::plane(plane));
    }
}

fn overwrites(ui: &mut Ui, options: &mut OperationOptions) {
    ui.checkbox(&mut options.overwrites_others, texts::OVERWRITES);
}

/// What would change or why nothing would, and what to do about it.
fn outcome(ui: &mut Ui, workbench: &mut Workbench) {
    let ml = workbench.case.as_ref().map_or(0.0, |case| case.volume.grid().voxel_volume_ml());
    match workbench.correction.preview.as_ref().map(|preview| (&preview.outcome, preview.change())) {
        None => ui.label(RichText::new(texts::nothing_chosen(workbench.correction.operation)).weak()),
        Some((None, _)) => ui.label(RichText::new(texts::WORKING).weak()),
        Some((Some(Err(refusal)), _)) => ui.label(refusal.to_string()),
        Some((Some(Ok(_)), change)) => {
            let [added, removed] = change.unwrap_or_default();
            ui.label(RichText::new(texts::change(added as f64 * ml, removed as f64 * ml)).monospace())
        }
    };
    ui.horizontal(|ui| {
        command_button_named(ui, workbench, Command::Apply, texts::APPLY);
        if ui.button(texts::CANCEL).clicked() {
            workbench.drop_preview();
        }
    });
}
