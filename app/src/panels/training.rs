//! Fine-tuning: what to start from, the running job, its curves.

use egui::{Button, CollapsingHeader, Color32, ComboBox, DragValue, ProgressBar, RichText, Ui};
use egui_plot::{Line, Plot, PlotPoints, Points};
use medley_learn::{DeviceChoice, EncoderNorm};
use medley_nn::loss::LossKind;
use medley_nn::{Checkpointing, Depth, HeadKind};

use super::widgets::{command_button, command_button_named, heading, named};
use crate::command::Command;
use crate::dialogs::Purpose;
use crate::state::training::{
    Phase, TrainingChoices, TrainingRun, WeightsChoice, depth_name, duration_text, head_name, loss_name, memory_name, norm_name,
};
use crate::state::workbench::Workbench;

pub fn show(ui: &mut Ui, workbench: &mut Workbench) {
    heading(ui, "Fine-tune");
    let is_active = workbench.training.as_ref().is_some_and(TrainingRun::is_active);
    ui.add_enabled_ui(!is_active, |ui| choices(ui, workbench));
    ui.add_space(6.0);
    if is_active {
        ui.horizontal(|ui| {
            let is_paused = workbench.training.as_ref().is_some_and(|run| run.phase == Phase::Paused);
            command_button_named(ui, workbench, Command::PauseTraining, if is_paused { "Resume" } else { "Pause" });
            command_button_named(ui, workbench, Command::StopTraining, "Stop");
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
    let button = |ui: &mut Ui| ui.add_sized(size, Button::new(RichText::new("Fine-tune").strong()));
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
        ui.label("Start from");
        weights(ui, workbench);
        ui.end_row();
        let label = ui.label("Steps");
        ui.add(DragValue::new(&mut workbench.choices.steps).range(1..=100_000).speed(5))
            .labelled_by(label.id)
            .on_hover_text("More steps take longer and learn more");
        ui.end_row();
        ui.label("Compute on");
        device(ui, workbench);
        ui.end_row();
    });
    CollapsingHeader::new(RichText::new("Advanced").weak()).id_salt("advanced training").show(ui, |ui| advanced(ui, workbench));
}

fn advanced(ui: &mut Ui, workbench: &mut Workbench) {
    let choices = &mut workbench.choices;
    egui::Grid::new("advanced choices").num_columns(2).spacing([10.0, 6.0]).show(ui, |ui| {
        if choices.task.is_segment() {
            of_masks(ui, choices);
        }
        ui.label("Normalisation")
            .on_hover_text("Frozen keeps what the weights to start from have measured; groups do not depend on a batch");
        let norms = [EncoderNorm::Auto, EncoderNorm::Batch, EncoderNorm::Frozen, EncoderNorm::Group];
        choice(ui, "Normalisation of the encoder", &norms, &mut choices.encoder_norm, norm_name);
        ui.end_row();
        if matches!(choices.weights, WeightsChoice::Scratch) {
            ui.label("Depth").on_hover_text("Deeper encoders see more and take longer");
            choice(ui, "Depth of the encoder", &Depth::ALL, &mut choices.depth, depth_name);
            ui.end_row();
            let label = ui.label("Width");
            ui.add(DragValue::new(&mut choices.base_width).range(4..=64).speed(0.2))
                .labelled_by(label.id)
                .on_hover_text("Channels of the first stage; twice as many take about four times as long. The released networks have 64");
            ui.end_row();
        }
    });
    if choices.task.is_segment() {
        ui.add_enabled_ui(choices.head.has_levels(), |ui| {
            ui.checkbox(&mut choices.deep_supervision, "Deep supervision")
                .on_hover_text("The loss also looks at coarser results on the way")
                .on_disabled_hover_text("Only the head with skip connections has coarser results on the way");
        });
    }
}

/// Rows for what only masks have.
fn of_masks(ui: &mut Ui, choices: &mut TrainingChoices) {
    ui.label("Head").on_hover_text("What turns the encoder's features into labels; the first is right for nearly everything");
    choice(ui, "Head of the network", &HeadKind::ALL, &mut choices.head, head_name);
    ui.end_row();
    ui.label("Loss").on_hover_text("What the training makes small; the first is right for nearly everything");
    choice(ui, "Loss to minimise", &LossKind::ALL, &mut choices.loss, loss_name);
    ui.end_row();
    ui.label("Memory").on_hover_text("With less memory parts of the network are computed twice: about a quarter slower");
    let ways = [Checkpointing::Off, Checkpointing::Blocks, Checkpointing::HalfBlocks];
    choice(ui, "Memory of a training step", &ways, &mut choices.checkpointing, memory_name);
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
        if ui.selectable_label(false, "More: fetch or import…").clicked() {
            Command::Weights.run(workbench, &ui.ctx().clone());
        }
        if ui.selectable_label(false, "File (.pth, .safetensors)…").clicked() {
            let wake = ui.ctx().clone();
            workbench.dialogs.choose(Purpose::Weights, None, move || wake.request_repaint());
        }
    });
    combo.response.widget_info(|| egui::WidgetInfo {
        current_text_value: Some(chosen.name()),
        ..egui::WidgetInfo::labeled(egui::Role::ComboBox, true, "Encoder weights to start from")
    });
}

fn device(ui: &mut Ui, workbench: &mut Workbench) {
    let chosen = workbench.choices.device;
    let name = |choice: DeviceChoice| match choice {
        DeviceChoice::Auto => "The fastest that works".to_owned(),
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
    combo.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, "Device to compute on"));
    if let Some(picked) = picked {
        workbench.choices.device = picked;
    }
}

fn progress(ui: &mut Ui, run: &TrainingRun) {
    ui.add_space(6.0);
    let left = run.seconds_left.map_or_else(|| "estimating time left".to_owned(), |s| format!("{} left", duration_text(s)));
    let (text, color) = match &run.phase {
        Phase::Waiting => ("Reading the cases…".to_owned(), None),
        Phase::Running => (format!("Step {} of {} · {left}", run.progress.0, run.progress.1), None),
        Phase::Paused => (format!("Paused at step {}", run.progress.0), None),
        Phase::Stopping => ("Stopping…".to_owned(), None),
        Phase::Finished => ("Training finished".to_owned(), Some(Color32::from_rgb(90, 180, 110))),
        Phase::Stopped => ("Training stopped".to_owned(), None),
        Phase::Failed(sentence) => (sentence.clone(), Some(ui.visuals().error_fg_color)),
    };
    if run.is_active() {
        ui.add(ProgressBar::new(run.fraction()).desired_height(6.0));
    }
    let text = RichText::new(text);
    ui.label(if let Some(color) = color { text.color(color) } else { text });
    if let Some(device) = &run.device {
        ui.label(RichText::new(device).weak().small());
    }
    if !run.losses.is_empty() {
        curve(ui, "Loss", &run.losses, Color32::from_rgb(230, 159, 0), run.progress.1, None);
    }
    if !run.scores.is_empty() {
        let last = run.scores.last().map_or(0.0, |point| point[1]);
        curve(
            ui,
            &format!("Validation {}  {last:.3}", run.measure),
            &run.scores,
            Color32::from_rgb(86, 180, 233),
            run.progress.1,
            Some(1.0),
        );
    }
    if !run.dice.is_empty() {
        let last = run.dice.last().map_or(0.0, |point| point[1]);
        let text = match run.dice_change() {
            Some((first, last)) => format!("Validation Dice  {first:.3} → {last:.3}"),
            None => format!("Validation Dice  {last:.3}"),
        };
        curve(ui, &text, &run.dice, Color32::from_rgb(86, 180, 233), run.progress.1, Some(1.0));
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
