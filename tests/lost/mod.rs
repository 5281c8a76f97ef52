//! A window whose graphics device is lost, between two frames and in the middle of one: it opens again, and nothing is missing.

use std::sync::atomic::{AtomicU8, Ordering};

use eframe::egui::{self, Key, Modifiers, PointerButton};
use eframe::wgpu;
use medley::window::MedleyWindow;

use crate::robot::Robot;
use crate::{SOON, line, mask_file, open_sample, read_when_new};

/// When the device is to be lost.
static WHEN: AtomicU8 = AtomicU8::new(NEVER);
const NEVER: u8 = 0;
/// Before the window records its next frame.
const BETWEEN_FRAMES: u8 = 1;
/// After it has recorded one, before that is drawn.
const WHILE_DRAWING: u8 = 2;

/// The window, and the device that can be taken from it.
struct Loser {
    window: MedleyWindow,
    device: Option<wgpu::Device>,
}

/// Puts the window where its device can be lost.
pub fn may_lose_its_device(context: &eframe::CreationContext<'_>, window: MedleyWindow) -> Box<dyn eframe::App> {
    Box::new(Loser { window, device: context.wgpu_render_state.as_ref().map(|state| state.device.clone()) })
}

impl Loser {
    fn lose_if(&self, now: u8) {
        if WHEN.compare_exchange(now, NEVER, Ordering::SeqCst, Ordering::SeqCst).is_ok()
            && let Some(device) = &self.device
        {
            device.destroy();
            // The loss is told when the device is next asked.
            let _ = device.poll(wgpu::PollType::Poll);
        }
    }
}

impl eframe::App for Loser {
    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut eframe::Frame) {
        self.lose_if(BETWEEN_FRAMES);
        self.window.ui(ui, frame);
        self.lose_if(WHILE_DRAWING);
    }
}

/// Strokes before and after each loss are all there, and the first window's choices too.
pub fn devices_take_nothing_with_them(robot: &Robot) {
    open_sample(robot);
    robot.press("Save mask");
    robot.wait("the mask to be saved", SOON, |robot| robot.text_with("saved in the study").is_some());
    robot.press("Dismiss");
    let mask = mask_file(&medley::places::sample_study());
    let before = read_when_new(&mask, None);
    robot.press("Brush");
    let axial = robot.place_of("Axial view");
    for (n, when) in [BETWEEN_FRAMES, WHILE_DRAWING].into_iter().enumerate() {
        let down = -30.0 + n as f32 * 40.0;
        robot.drag(PointerButton::Primary, &line(axial, [-60.0, down], [60.0, down + 10.0], 8));
        robot.wait_for("All changes kept", SOON);
        WHEN.store(when, Ordering::SeqCst);
        robot.wait("the window to open again", SOON, |robot| robot.text_with("The graphics device was lost").is_some());
        robot.screenshot(if n == 0 { "30-device-lost" } else { "31-device-lost-again" });
        robot.press("Dismiss");
        robot.wait("the sentence to go", SOON, |robot| robot.text_with("The graphics device was lost").is_none());
    }
    // The brush is still in the hand, and both strokes can be taken back.
    robot.screenshot("32-after-losses");
    for _ in 0..2 {
        robot.key(Key::Z, Modifiers::COMMAND);
        robot.wait("the undo to be kept", SOON, |robot| robot.sees("All changes kept") && robot.is_enabled("Redo"));
    }
    robot.press("Save mask");
    robot.wait("the mask to be as before", SOON, |_| medley_io::open_labels(&mask).is_ok_and(|now| now.labels == before));
}
