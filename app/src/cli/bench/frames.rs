//! Frames of the window on a large scan: scrolling, painting, taking back; what each takes of the window's thread, and how many bytes go to
//! the graphics device.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use eframe::egui;
use egui::{Event, Key, Modifiers, PointerButton, Pos2, Rect, vec2};
use medley_annotate::{Proposal, ValueRange};
use medley_io::StoredGeometry;
use medley_learn::{DataOptions, DeviceChoice, FineTuneSettings, FineTuneSpec, JobSpec, WeightsSource, Worker};
use medley_project::Role;
use medley_volume::measure::Phantom;
use serde::Serialize;

use super::screenless::{Cost, Screenless};
use super::{Arguments, Failure, Progress};
use crate::cli::cases::study_cases;
use crate::cli::output::{Answer, Table};
use crate::command::{Command, Keymap};
use crate::sample::{self, ORGANS};
use crate::state::correction::operation::Operation;
use crate::state::workbench::{OpenFirst, Workbench};

/// A chest and abdomen in slices of a millimetre.
const SHAPE: [usize; 3] = [512, 512, 500];
/// Frames of scrolling, and of each stroke.
const FRAMES: usize = 120;
/// Strokes that are taken back.
const STEPS: usize = 20;
/// Millimetres.
const BRUSH_MM: f64 = 12.0;

/// A kind of frame.
#[derive(Debug, Serialize)]
struct Row {
    name: &'static str,
    frames: usize,
    /// Of the window's thread, by the processor's time.
    median_ms: f64,
    p95_ms: f64,
    most_ms: f64,
    /// By the clock, until the device had drawn it.
    drawn_p95_ms: f64,
    drawn_most_ms: f64,
    /// To the device, in the frame that took most.
    most_bytes: u64,
}

#[derive(Debug, Serialize)]
struct Report {
    machine: String,
    device: String,
    shape: [usize; 3],
    /// Whether a fine-tuning ran beside it on the processor.
    beside_training: bool,
    rows: Vec<Row>,
}

/// `medley bench frames`.
pub(super) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let folder = tempfile::tempdir()?;
    let progress = Progress::new("a phantom of 512×512×500");
    let phantom = Phantom::new(SHAPE)?;
    let file = folder.path().join("phantom.nii");
    medley_io::write_volume(&file, &phantom.volume, &StoredGeometry::of_grid(phantom.volume.grid()))?;
    let proposal = Proposal { labels: Arc::new(phantom.labels), model: "a model".to_owned() };
    drop(phantom.volume);
    // Kept to its end.
    let training = if arguments.beside_training { Some(train(folder.path())?) } else { None };
    drop(progress);
    let mut desk = Desk::open(&file)?;
    let mut rows = vec![desk.rest()];
    for (name, act) in Desk::ACTS {
        let _progress = Progress::new(name);
        rows.push(act(&mut desk, name)?);
    }
    rows.extend(desk.large(proposal)?);
    drop(training);
    let report =
        Report { machine: super::machine(), device: desk.window.device, shape: SHAPE, beside_training: arguments.beside_training, rows };
    let text = text(&report);
    Answer::new(&report, text)
}

/// A fine-tuning on the sample's scans, on the processor, that lasts as long as it is held.
fn train(folder: &Path) -> Result<Worker, Failure> {
    let study = sample::unpack_study(&folder.join("sample"))?;
    let mut worker = Worker::start(Arc::new(|| {}));
    worker.submit(JobSpec::FineTune(FineTuneSpec {
        cases: Box::new((study_cases(&study, Role::Training)?, Vec::new())),
        labels: ORGANS.iter().map(|&(value, name)| (value, name.to_owned())).collect(),
        weights: WeightsSource::Scratch,
        settings: FineTuneSettings { steps: 1_000_000, ..FineTuneSettings::default() },
        device: DeviceChoice::Cpu,
        output: folder.join("model"),
        data: DataOptions::default(),
    }));
    Ok(worker)
}

/// The window with the scan in it.
struct Desk {
    window: Screenless,
    axial: Rect,
}

type Act = fn(&mut Desk, &'static str) -> Result<Row, Failure>;

impl Desk {
    const ACTS: [(&'static str, Act); 7] = [
        ("scroll", Self::scroll),
        ("crosshair", Self::crosshair),
        ("window", Self::window_level),
        ("brush", Self::brush),
        ("undo", Self::undo),
        ("redo", Self::redo),
        ("brush in 3D", Self::ball),
    ];

    fn open(file: &Path) -> Result<Self, Failure> {
        let mut window = Screenless::open(&OpenFirst::Path(file.to_owned()))?;
        window.until("the scan", |workbench| workbench.case.is_some())?;
        let axial = window.place_of("Axial view")?;
        Ok(Self { window, axial })
    }

    fn frame(&mut self, events: Vec<Event>) -> Cost {
        self.window.frame(events)
    }

    /// Frames in which nothing happens, once the 3D view is sharp.
    fn rest(&mut self) -> Row {
        let begin = Instant::now();
        let is_sharp = |workbench: &Workbench| {
            let textures = workbench.case.as_ref().and_then(|case| case.textures.as_ref());
            textures.is_none_or(|textures| textures.volume_repaint_after().is_none())
        };
        while !is_sharp(&self.window.workbench) && begin.elapsed() < Duration::from_secs(60) {
            self.frame(Vec::new());
        }
        let costs: Vec<Cost> = (0..FRAMES / 4).map(|_| self.frame(Vec::new())).collect();
        row("rest", &costs)
    }

    fn scroll(&mut self, name: &'static str) -> Result<Row, Failure> {
        let middle = self.axial.center();
        self.frame(vec![Event::PointerMoved(middle)]);
        let wheel = |n: usize| Event::MouseWheel {
            unit: egui::MouseWheelUnit::Line,
            delta: vec2(0.0, if n % 100 < 50 { 1.0 } else { -1.0 }),
            modifiers: Modifiers::NONE,
            phase: egui::TouchPhase::Move,
            source: egui::MouseWheelSource::Unknown,
        };
        let before = self.window.workbench.views.crosshair;
        let mut has_moved = false;
        let costs: Vec<Cost> = (0..FRAMES)
            .map(|n| {
                let cost = self.frame(vec![wheel(n)]);
                has_moved |= self.window.workbench.views.crosshair != before;
                cost
            })
            .collect();
        has_moved.then(|| row(name, &costs)).ok_or_else(|| Failure::new("the wheel moved no slice"))
    }

    fn crosshair(&mut self, name: &'static str) -> Result<Row, Failure> {
        self.tap(Key::Num1);
        let costs = self.drag(FRAMES);
        Ok(row(name, &costs))
    }

    fn window_level(&mut self, name: &'static str) -> Result<Row, Failure> {
        self.tap(Key::Num2);
        let costs = self.drag(FRAMES);
        Ok(row(name, &costs))
    }

    fn brush(&mut self, name: &'static str) -> Result<Row, Failure> {
        self.tap(Key::Num3);
        self.window.workbench.brush.radius_mm = BRUSH_MM;
        self.window.workbench.brush.is_ball = false;
        self.paint(name)
    }

    fn ball(&mut self, name: &'static str) -> Result<Row, Failure> {
        self.tap(Key::Num3);
        self.window.workbench.brush.is_ball = true;
        self.paint(name)
    }

    /// One long stroke, then short ones for undo.
    fn paint(&mut self, name: &'static str) -> Result<Row, Failure> {
        let done = |workbench: &Workbench| workbench.case.as_ref().map_or(0, |case| case.history.len());
        let before = done(&self.window.workbench);
        self.window.workbench.active_label = 1;
        let mut costs = self.drag(FRAMES);
        costs.extend(self.settle()?);
        for stroke in 1..STEPS {
            // Over the last one: each changes the mask.
            self.window.workbench.active_label = 1 + (stroke % 2) as u16;
            costs.extend(self.drag(4));
            costs.extend(self.settle()?);
        }
        let strokes = done(&self.window.workbench) - before;
        if strokes == STEPS { Ok(row(name, &costs)) } else { Err(Failure::new(format!("{strokes} of {STEPS} strokes changed the mask"))) }
    }

    fn undo(&mut self, name: &'static str) -> Result<Row, Failure> {
        self.step(name, Command::Undo)
    }

    fn redo(&mut self, name: &'static str) -> Result<Row, Failure> {
        self.step(name, Command::Redo)
    }

    fn step(&mut self, name: &'static str, command: Command) -> Result<Row, Failure> {
        let mut costs = Vec::new();
        for _ in 0..STEPS {
            costs.push(self.command(command)?);
            self.settle()?;
        }
        Ok(row(name, &costs))
    }

    /// The frame in which a command is run and shown.
    fn command(&mut self, command: Command) -> Result<Cost, Failure> {
        let keys = Keymap::of(&self.window.context).keys(command);
        let key = keys.first().ok_or_else(|| Failure::new(format!("“{}” has no key", command.title())))?;
        Ok(self.press(key.logical_key, key.modifiers))
    }

    fn press(&mut self, key: Key, modifiers: Modifiers) -> Cost {
        let event = |pressed| Event::Key { key, physical_key: None, pressed, repeat: false, modifiers };
        self.frame(vec![event(true), event(false)])
    }

    fn tap(&mut self, key: Key) {
        self.press(key, Modifiers::NONE);
    }

    /// Draws with the left button in a spiral about the middle of the axial view, one place a frame.
    fn drag(&mut self, frames: usize) -> Vec<Cost> {
        let middle = self.axial.center();
        let radius = self.axial.size().min_elem() * 0.4;
        let place = |n: usize| -> Pos2 {
            let share = n as f32 / FRAMES as f32;
            middle + egui::Vec2::angled(share * 12.0) * radius * (1.0 - share)
        };
        let button = |pos, pressed| Event::PointerButton { pos, button: PointerButton::Primary, pressed, modifiers: Modifiers::NONE };
        let mut costs = vec![self.frame(vec![Event::PointerMoved(place(0))]), self.frame(vec![button(place(0), true)])];
        costs.extend((1..frames).map(|n| self.frame(vec![Event::PointerMoved(place(n))])));
        costs.push(self.frame(vec![button(place(frames - 1), false)]));
        costs
    }

    /// Until every change is in the journal.
    fn settle(&mut self) -> Result<Vec<Cost>, Failure> {
        self.window.until("the journal", |workbench| workbench.case.as_ref().is_some_and(|case| case.unjournaled == 0))
    }

    /// Changes of the whole mask: each with all frames until it is done.
    fn large(&mut self, proposal: Proposal) -> Result<Vec<Row>, Failure> {
        let mut rows = Vec::new();
        let _progress = Progress::new("changes of the whole mask");
        self.window.workbench.correction.options.range = ValueRange { low: -600.0, high: 3000.0 };
        self.window.workbench.correction.options.is_at_crosshair = false;
        Command::Choose(Operation::Threshold).run(&mut self.window.workbench, &self.window.context.clone());
        let is_shown = |workbench: &Workbench| workbench.correction.preview.as_ref().is_some_and(|preview| preview.edit().is_some());
        rows.push(row("threshold, preview", &self.window.until("the preview", is_shown)?));
        let before = self.steps();
        let mut costs = vec![self.command(Command::Apply)?];
        costs.extend(self.window.until("the threshold", |workbench| steps_of(workbench) > before)?);
        costs.extend(self.settle()?);
        rows.push(row("threshold, done", &costs));
        rows.push(self.whole("threshold, undone", Command::Undo)?);
        let mut costs = Vec::new();
        self.window.workbench.lay_proposal(proposal);
        costs.push(self.frame(Vec::new()));
        costs.extend(self.window.until("the proposal", |workbench| workbench.case.as_ref().is_some_and(|case| case.proposal.is_some()))?);
        rows.push(row("proposal, shown", &costs));
        self.tap(Key::Num3);
        rows.push(self.paint("brush under a proposal")?);
        rows.push(self.whole("proposal, accepted", Command::AcceptProposal)?);
        rows.push(self.whole("proposal, undone", Command::Undo)?);
        Ok(rows)
    }

    fn steps(&self) -> usize {
        steps_of(&self.window.workbench)
    }

    fn whole(&mut self, name: &'static str, command: Command) -> Result<Row, Failure> {
        let before = self.steps();
        let mut costs = vec![self.command(command)?];
        costs.extend(self.window.until(name, |workbench| steps_of(workbench) != before)?);
        costs.extend(self.settle()?);
        Ok(row(name, &costs))
    }
}

/// Steps that can be undone.
fn steps_of(workbench: &Workbench) -> usize {
    workbench.case.as_ref().map_or(0, |case| case.history.len())
}

fn row(name: &'static str, costs: &[Cost]) -> Row {
    let sorted = |of: fn(&Cost) -> Duration| {
        let mut all: Vec<f64> = costs.iter().map(|cost| of(cost).as_secs_f64() * 1e3).collect();
        all.sort_by(f64::total_cmp);
        all
    };
    let at =
        |all: &[f64], share: f64| all.get(((all.len() as f64 * share) as usize).min(all.len().saturating_sub(1))).copied().unwrap_or(0.0);
    let (processor, drawn) = (sorted(|cost| cost.processor), sorted(|cost| cost.drawn));
    Row {
        name,
        frames: costs.len(),
        median_ms: at(&processor, 0.5),
        p95_ms: at(&processor, 0.95),
        most_ms: at(&processor, 1.0),
        drawn_p95_ms: at(&drawn, 0.95),
        drawn_most_ms: at(&drawn, 1.0),
        most_bytes: costs.iter().map(|cost| cost.written).max().unwrap_or(0),
    }
}

fn text(report: &Report) -> String {
    let [i, j, k] = report.shape;
    let beside = if report.beside_training { ", a fine-tuning beside it" } else { "" };
    let mut text = format!("{}; drawn by {}; {i}×{j}×{k}{beside}\n\n", report.machine, report.device);
    let mut table = Table::new(["", "frames", "median ms", "p95 ms", "most ms", "drawn p95 ms", "drawn most ms", "most KiB written"]);
    for row in &report.rows {
        let ms = |value: f64| format!("{value:.1}");
        table.row([
            row.name.to_owned(),
            row.frames.to_string(),
            ms(row.median_ms),
            ms(row.p95_ms),
            ms(row.most_ms),
            ms(row.drawn_p95_ms),
            ms(row.drawn_most_ms),
            row.most_bytes.div_ceil(1024).to_string(),
        ]);
    }
    text.push_str(&table.to_string());
    text
}
