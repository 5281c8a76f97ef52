//! A window's state without a window, for tests.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::{Context, Event, PointerButton, Pos2, RawInput, Rect, TouchDeviceId, TouchId, TouchPhase, vec2};
use medley_learn::task::FoundBox;

use crate::panels;
use crate::sample::unpack_study;
use crate::state::workbench::{OpenFirst, Workbench};

/// Wakes this thread when there is something new, as it would wake a window.
fn waker() -> Arc<dyn Fn() + Send + Sync> {
    let thread = std::thread::current();
    Arc::new(move || thread.unpark())
}

/// Nothing is open.
pub fn empty_workbench() -> Workbench {
    Workbench::new(None, &OpenFirst::Nothing, waker()).expect("threads")
}

/// The sample study is open, and its first case; the folder goes with the last value.
pub fn sample_workbench() -> (Workbench, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let study = folder.path().join("study");
    (open(&study), folder)
}

fn open(study: &Path) -> Workbench {
    drop(unpack_study(study).expect("unpacked"));
    let mut workbench = Workbench::new(None, &OpenFirst::Path(study.to_owned()), waker()).expect("threads");
    wait(&mut workbench, |workbench| workbench.case.is_some());
    workbench
}

/// Takes in what arrives until it is so.
pub fn wait(workbench: &mut Workbench, is_so: impl Fn(&Workbench) -> bool) {
    let begin = Instant::now();
    while !is_so(workbench) {
        workbench.poll();
        std::thread::park_timeout(Duration::from_millis(50));
        let told: Vec<String> = workbench.notices.shown().iter().map(|notice| notice.text.clone()).collect();
        assert!(begin.elapsed() < Duration::from_secs(300), "it does not come: {told:?}");
    }
}

/// A nodule, as a model of boxes finds one.
pub fn found_box() -> FoundBox {
    FoundBox {
        label: 1,
        class: "nodule".to_owned(),
        score: 0.5,
        voxel_low: [0.0; 3],
        voxel_high: [1.0; 3],
        ras_low_mm: [-10.0, 20.0, 300.0],
        ras_high_mm: [-5.0, 40.0, 310.0],
    }
}

/// A screen of fingers: events as a window system sends them, in frames a given time apart.
pub struct Screen {
    context: Context,
    time: f64,
}

impl Screen {
    /// One on which the window is laid out.
    pub fn open(workbench: &mut Workbench) -> Self {
        let mut screen = Self { context: Context::default(), time: 0.0 };
        (0..3).for_each(|_| screen.frame(workbench, 0.1, Vec::new()));
        screen
    }

    /// Events that come so many seconds after the last ones.
    pub fn frame(&mut self, workbench: &mut Workbench, seconds: f64, events: Vec<Event>) {
        self.time += seconds;
        let screen_rect = Some(Rect::from_min_size(Pos2::ZERO, vec2(1280.0, 800.0)));
        let input = RawInput { screen_rect, time: Some(self.time), events, ..RawInput::default() };
        let _ = self.context.run_ui(input, |ui| panels::show(ui, workbench));
    }

    /// A finger; the first one is sent as a mouse too.
    pub fn finger(&mut self, workbench: &mut Workbench, seconds: f64, id: u64, phase: TouchPhase, at: Pos2) {
        self.pen(workbench, seconds, id, phase, at, None);
    }

    /// A finger or a pen that says how it is pressed, from 0 to 1.
    pub fn pen(&mut self, workbench: &mut Workbench, seconds: f64, id: u64, phase: TouchPhase, at: Pos2, force: Option<f32>) {
        let mut events = vec![Event::Touch { device_id: TouchDeviceId(0), id: TouchId(id), phase, pos: at, force }];
        if id == 1 {
            let button = |pressed| Event::PointerButton { pos: at, button: PointerButton::Primary, pressed, modifiers: Default::default() };
            events.push(Event::PointerMoved(at));
            match phase {
                TouchPhase::Start => events.push(button(true)),
                TouchPhase::End => events.extend([button(false), Event::PointerGone]),
                TouchPhase::Move | TouchPhase::Cancel => {}
            }
        }
        self.frame(workbench, seconds, events);
    }
}
