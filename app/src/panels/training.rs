//! Fine-tuning: what to start from, the running job, its curves.

use egui::{Button, CollapsingHeader, Color32, ComboBox, DragValue, ProgressBar, RichText, Ui};
use egui_plot::{Line, Plot, PlotPoints, Points};
use medley_learn::{DeviceChoice, EncoderNorm};
use medley_nn::loss::LossKind;
use medley_nn::{Checkpointing, Depth, HeadKind};

use super::widgets::{command_button, command_button_named, heading, named};
use crate::command::Command;
use crate::dialogs::Purpose;
use crate::state::training::{Phase, TrainingChoices, TrainingRun, WeightsChoice};
use crate::state::workbench::Workbench;
use crate::texts::numbers::duration;
use crate::texts::training as texts;
use crate::theme::{curve_colors, good_color};

pub fn show(ui: &mut Ui, workbench: &mut Workbench) {
    heading(ui, texts::TITLE);
    let is_active = workbench.training.as_ref().is_some_and(TrainingRun::is_active);
    ui.add_enabled_ui(!is_active, |ui| choices(ui, workbench));
    ui.add_space(6.0);
    if is_active {
        ui.horizontal(|ui| {
            let is_paused = workbench.training.as_ref().is_some_and(|run| run.phase == Phase::Paused);
            command_button_named(ui, workbench, Command::PauseTraining, if is_paused { texts::RESUME } else { texts::PAUSE });
            command_button_named(ui, workbench, Command::StopTraining, texts::STOP);
        });
    } else {
        big_button(ui, workbench);
    }
    if let Some(obstacle) = workbench.fine_tune_obstacle().filter(|_| !is_active) {
        ui.label(RichText::new(obstacle).weak().small());
    }
    if let Some(run) = &workbench.training {
        progress(ui, run);
    }
}

fn big_button(ui: &mut Ui, workbench: &mut Workbench) {
    let obstacle = workbench.fine_tune_obstacle();
    let context = ui.ctx().clone();
    let size = egui::vec2(ui.available_width(), 28.0);
    let button = |ui: &mut Ui| ui.add_sized(size, Button::new(RichText::new(texts::TITLE).strong()));
    let response = ui.add_enabled_ui(obstacle.is_none(), button).inner;
    named(&response, Command::FineTune.title());
    let response = response.on_hover_text(Command::FineTune.tooltip(&context)).on_disabled_hover_text(obstacle.unwrap_or_default());
    if response.clicked() {
        Command::FineTune.run(workbench, &context);
    }
}

fn choices(ui: &mut Ui, workbench: &mut Workbench) {
    egui::Grid::new("choices").num_columns(2).spacing([10.0, 6.0]).show(ui, |ui| {
        super::task::choices(ui, workbench);
        ui.label(texts::START_FROM);
        weights(ui, workbench);
        ui.end_row();
        let label = ui.label(texts::STEPS);
        ui.add(DragValue::new(&mut workbench.choices.steps).range(1..=100_000).speed(5))
            .labelled_by(label.id)
            .on_hover_text(texts::STEPS_HINT);
        ui.end_row();
        ui.label(texts::DEVICE);
        device(ui, workbench);
        ui.end_row();
    });
    CollapsingHeader::new(RichText::new(texts::ADVANCED).weak()).id_salt("advanced training").show(ui, |ui| advanced(ui, workbench));
}

fn advanced(ui: &mut Ui, workbench: &mut Workbench) {
    let choices = &mut workbench.choices;
    egui::Grid::new("advanced choices").num_columns(2).spacing([10.0, 6.0]).show(ui, |ui| {
        if choices.task.is_segment() {
            of_masks(ui, choices);
        }
        ui.label(texts::NORM).on_hover_text(texts::NORM_HINT);
        let norms = [EncoderNorm::Auto, EncoderNorm::Batch, EncoderNorm::Frozen, EncoderNorm::Group];
        choice(ui, texts::NORM_LIST, &norms, &mut choices.encoder_norm, texts::norm);
        ui.end_row();
        if matches!(choices.weights, WeightsChoice::Scratch) {
            ui.label(texts::DEPTH).on_hover_text(texts::DEPTH_HINT);
            choice(ui, texts::DEPTH_LIST, &Depth::ALL, &mut choices.depth, texts::depth);
            ui.end_row();
            let label = ui.label(texts::WIDTH);
            ui.add(DragValue::new(&mut choices.base_width).range(4..=64).speed(0.2)).labelled_by(label.id).on_hover_text(texts::WIDTH_HINT);
            ui.end_row();
        }
    });
    if choices.task.is_segment() {
        ui.add_enabled_ui(choices.head.has_levels(), |ui| {
            ui.checkbox(&mut choices.deep_supervision, texts::DEEP_SUPERVISION)
                .on_hover_text(texts::DEEP_SUPERVISION_HINT)
                .on_disabled_hover_text(texts::NO_DEEP_SUPERVISION);
        });
    }
}

/// Rows for what only masks have.
fn of_masks(ui: &mut Ui, choices: &mut TrainingChoices) {
    ui.label(texts::HEAD).on_hover_text(texts::HEAD_HINT);
    choice(ui, texts::HEAD_LIST, &HeadKind::ALL, &mut choices.head, texts::head);
    ui.end_row();
    ui.label(texts::LOSS).on_hover_text(texts::LOSS_HINT);
    choice(ui, texts::LOSS_LIST, &LossKind::ALL, &mut choices.loss, texts::loss);
    ui.end_row();
    ui.label(texts::MEMORY).on_hover_text(texts::MEMORY_HINT);
    let ways = [Checkpointing::Off, Checkpointing::Blocks, Checkpointing::HalfBlocks];
    choice(ui, texts::MEMORY_LIST, &ways, &mut choices.checkpointing, texts::memory);
    ui.end_row();
}

/// A list of a few things, one of which is chosen; `label` is what a screen reader reads.
fn choice<T: Copy + PartialEq>(ui: &mut Ui, label: &str, options: &[T], chosen: &mut T, name: impl Fn(T) -> &'static str) {
    let combo = ComboBox::from_id_salt(label).selected_text(name(*chosen)).width(ui.available_width()).truncate().show_ui(ui, |ui| {
        for &option in options {
            if ui.selectable_value(chosen, option, name(option)).clicked() {
                // A click closes the list by itself, what a screen reader does instead of it does not.
                ui.close();
            }
        }
    });
    combo.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, label));
}

fn weights(ui: &mut Ui, workbench: &mut Workbench) {
    let mut options = vec![WeightsChoice::Starter, WeightsChoice::Scratch];
    let here = workbench.weights_page.listing().map(|listing| listing.rows.as_slice()).unwrap_or_default();
    options.extend(here.iter().map(|row| row.choice.clone()).filter(|choice| matches!(choice, WeightsChoice::Kept { .. })));
    if let Some(study) = &workbench.study {
        options.extend(study.models.iter().map(WeightsChoice::of_model));
    }
    let chosen = workbench.choices.weights.clone();
    if let WeightsChoice::File(_) = &chosen {
        options.push(chosen.clone());
    }
    let combo = ComboBox::from_id_salt("weights").selected_text(chosen.name()).width(ui.available_width()).truncate().show_ui(ui, |ui| {
        for option in options {
            let name = option.name();
            if ui.selectable_label(chosen == option, name).clicked() {
                workbench.choices.weights = option;
                // As in `choice`: what a screen reader does closes no list by itself.
                ui.close();
            }
        }
        if ui.selectable_label(false, texts::MORE_WEIGHTS).clicked() {
            Command::Weights.run(workbench, &ui.ctx().clone());
        }
        if ui.selectable_label(false, texts::WEIGHTS_FILE).clicked() {
            let wake = ui.ctx().clone();
            workbench.dialogs.choose(Purpose::Weights, None, move || wake.request_repaint());
        }
    });
    combo.response.widget_info(|| egui::WidgetInfo {
        current_text_value: Some(chosen.name()),
        ..egui::WidgetInfo::labeled(egui::Role::ComboBox, true, texts::WEIGHTS_LIST)
    });
}

fn device(ui: &mut Ui, workbench: &mut Workbench) {
    let chosen = workbench.choices.device;
    let name = |choice: DeviceChoice| match choice {
        DeviceChoice::Auto => texts::ANY_DEVICE.to_owned(),
        choice => workbench
            .devices
            .iter()
            .find(|device| device.choice == choice.to_string())
            .map_or_else(|| choice.to_string(), |device| device.name.clone()),
    };
    let mut options = vec![DeviceChoice::Auto];
    options.extend(workbench.devices.iter().filter_map(|device| device.choice.parse::<DeviceChoice>().ok()));
    let mut picked = None;
    let combo = ComboBox::from_id_salt("device").selected_text(name(chosen)).width(ui.available_width()).truncate().show_ui(ui, |ui| {
        for option in options {
            if ui.selectable_label(chosen == option, name(option)).clicked() {
                picked = Some(option);
                ui.close();
            }
        }
    });
    combo.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, texts::DEVICE_LIST));
    if let Some(picked) = picked {
        workbench.choices.device = picked;
    }
}

fn progress(ui: &mut Ui, run: &TrainingRun) {
    ui.add_space(6.0);
    let left = run.seconds_left.map_or_else(|| texts::ESTIMATING.to_owned(), |s| texts::left(&duration(s)));
    let (text, color) = match &run.phase {
        Phase::Waiting => (texts::READING.to_owned(), None),
        Phase::Running => (texts::step(run.progress.0, run.progress.1, &left), None),
        Phase::Paused => (texts::paused(run.progress.0), None),
        Phase::Stopping => (texts::STOPPING.to_owned(), None),
        Phase::Finished => (texts::FINISHED.to_owned(), Some(good_color(ui.visuals()))),
        Phase::Stopped => (texts::STOPPED.to_owned(), None),
        Phase::Failed(sentence) => (sentence.clone(), Some(ui.visuals().error_fg_color)),
    };
    if run.is_active() {
        let bar = ProgressBar::new(run.fraction()).desired_height(6.0).fill(ui.visuals().selection.bg_fill);
        let bar = ui.add(bar);
        bar.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ProgressIndicator, true, texts::PROGRESS));
    }
    let text = RichText::new(text);
    ui.label(if let Some(color) = color { text.color(color) } else { text });
    if let Some(device) = &run.device {
        ui.label(RichText::new(device).weak().small());
    }
    let [loss_color, score_color] = curve_colors(ui.visuals());
    if !run.losses.is_empty() {
        curve(ui, texts::LOSS_CURVE, &run.losses, loss_color, run.progress.1, None);
    }
    if !run.scores.is_empty() {
        let last = run.scores.last().map_or(0.0, |point| point[1]);
        curve(ui, &texts::measure_curve(run.measure, last), &run.scores, score_color, run.progress.1, Some(1.0));
    }
    if !run.dice.is_empty() {
        let last = run.dice.last().map_or(0.0, |point| point[1]);
        let text = match run.dice_change() {
            Some((first, last)) => texts::dice_curve(Some(first), last),
            None => texts::dice_curve(None, last),
        };
        curve(ui, &text, &run.dice, score_color, run.progress.1, Some(1.0));
    }
}

/// A small plot that takes no input.
fn curve(ui: &mut Ui, title: &str, points: &[[f64; 2]], color: Color32, steps: usize, top: Option<f64>) {
    ui.add_space(4.0);
    ui.label(RichText::new(title).small());
    let mut plot = Plot::new(title.split_whitespace().next().unwrap_or("curve"))
        .height(84.0)
        .allow_zoom(false)
        .allow_drag(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .show_x(false)
        .show_y(false)
        .include_x(0.0)
        .include_x(steps as f64)
        .include_y(0.0)
        .y_axis_min_width(26.0);
    if let Some(top) = top {
        plot = plot.include_y(top);
    }
    plot.show(ui, |plot| {
        plot.line(Line::new(title, PlotPoints::from(points.to_vec())).color(color).width(1.6));
        // A line of one point would not be seen.
        if points.len() < 30 {
            plot.points(Points::new(title, PlotPoints::from(points.to_vec())).color(color).radius(2.5));
        }
    });
}

/// The button that asks the model; it stands in the models panel and beside an ended training.
pub fn propose_button(ui: &mut Ui, workbench: &mut Workbench) {
    command_button(ui, workbench, Command::Propose);
}
