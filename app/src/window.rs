//! The native window, and the one that takes its place when the graphics device is lost.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use eframe::{CreationContext, egui};
use egui::ViewportCommand;

use crate::state::workbench::{OpenFirst, Workbench};
use crate::texts::graphics as texts;
use crate::{panels, places, render};

type Refusal = Box<dyn std::error::Error + Send + Sync>;

/// A device that is lost more often than this within [`LOSSES_WITHIN`] is given up.
const MOST_LOSSES: usize = 3;
const LOSSES_WITHIN: Duration = Duration::from_secs(60);

/// Opens the window and stays until it is closed.
///
/// Where there is no display or no usable graphics driver, says so in one sentence and names what works without one.
#[must_use]
pub fn open(first: OpenFirst) -> ExitCode {
    open_dressed(first, |_, window| Box::new(window))
}

/// The same; `dress` is given each window before it is shown: the first, and any that takes its place.
#[must_use]
pub fn open_dressed(first: OpenFirst, dress: impl Fn(&CreationContext<'_>, MedleyWindow) -> Box<dyn eframe::App>) -> ExitCode {
    let seat = Seat::new(first);
    let mut losses: Vec<Instant> = Vec::new();
    loop {
        let make = |context: &CreationContext<'_>| Ok(dress(context, seat.sit(context)?));
        let ended = catch_unwind(AssertUnwindSafe(|| eframe::run_native("Medley", options(), Box::new(make))));
        let is_lost = seat.is_lost();
        let why = match ended {
            // What was drawn when the device went may have panicked.
            Ok(Ok(())) | Err(_) if is_lost && losses.len() < MOST_LOSSES => {
                losses.retain(|at| at.elapsed() < LOSSES_WITHIN);
                losses.push(Instant::now());
                seat.stand_up();
                continue;
            }
            Ok(Ok(())) | Err(_) if is_lost => texts::AGAIN_AND_AGAIN.to_owned(),
            Ok(Ok(())) => return ExitCode::SUCCESS,
            Ok(Err(_)) if !has_display() => "there is no display".to_owned(),
            Ok(Err(error)) => error.to_string(),
            Err(panic) => resume_unwind(panic),
        };
        crate::cli::output::fail(&if losses.is_empty() { cannot_open(&why) } else { texts::gone(&why) });
        return ExitCode::FAILURE;
    }
}

fn options() -> eframe::NativeOptions {
    let viewport = egui::ViewportBuilder::default()
        .with_title("Medley")
        .with_app_id("medley")
        .with_inner_size([1280.0, 800.0])
        .with_min_inner_size([900.0, 560.0])
        .with_drag_and_drop(true);
    eframe::NativeOptions { viewport, ..Default::default() }
}

fn cannot_open(why: &str) -> String {
    format!(
        "No window can be opened here: {why}. `medley demo --headless` runs the whole loop without one; \
         `medley --help` lists what else does."
    )
}

/// Whether there is a screen to open a window on, as far as the environment tells.
fn has_display() -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(all(unix, not(target_os = "macos"))) || ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"].into_iter().any(is_set)
}

/// What stays when a window goes because its device is lost.
struct Seat {
    first: OpenFirst,
    workbench: RefCell<Option<Rc<RefCell<Workbench>>>>,
    /// Whom the threads behind the workbench wake.
    screen: Arc<Mutex<egui::Context>>,
    is_lost: RefCell<Arc<AtomicBool>>,
}

impl Seat {
    fn new(first: OpenFirst) -> Self {
        Self { first, workbench: RefCell::default(), screen: Arc::default(), is_lost: RefCell::default() }
    }

    /// A window's contents, drawn on eframe's graphics device.
    fn sit(&self, context: &CreationContext<'_>) -> Result<MedleyWindow, Refusal> {
        let render_state = context.wgpu_render_state.as_ref().ok_or("the window has no GPU device")?;
        render::install(render_state);
        let is_lost = Arc::new(AtomicBool::new(false));
        let (flag, screen) = (Arc::clone(&is_lost), context.egui_ctx.clone());
        render_state.device.set_device_lost_callback(move |reason, why| {
            log::error!("the graphics device is lost ({reason:?}): {why}");
            flag.store(true, Ordering::SeqCst);
            screen.request_repaint();
        });
        self.is_lost.replace(Arc::clone(&is_lost));
        *self.screen.lock().unwrap_or_else(PoisonError::into_inner) = context.egui_ctx.clone();
        let gpu = (render_state.device.clone(), render_state.queue.clone());
        let kept = self.workbench.borrow().clone();
        let workbench = match kept {
            Some(workbench) => {
                workbench.borrow_mut().take_graphics(gpu);
                workbench
            }
            None => {
                let wake = self.waker();
                let mut workbench = Workbench::new(Some(gpu), &self.first, Arc::new(self.waker()))?;
                workbench.read_settings(places::settings(), wake);
                let workbench = Rc::new(RefCell::new(workbench));
                self.workbench.replace(Some(Rc::clone(&workbench)));
                workbench
            }
        };
        // Before the first frame, or the window would show in another theme and size first.
        workbench.borrow_mut().follow_settings(&context.egui_ctx);
        Ok(MedleyWindow { workbench, is_lost })
    }

    fn waker(&self) -> impl Fn() + Send + Sync + use<> {
        let screen = Arc::clone(&self.screen);
        move || screen.lock().unwrap_or_else(PoisonError::into_inner).request_repaint()
    }

    fn is_lost(&self) -> bool {
        self.is_lost.borrow().load(Ordering::SeqCst)
    }

    /// The window is gone, and its device.
    fn stand_up(&self) {
        if let Some(workbench) = self.workbench.borrow().as_ref() {
            let mut workbench = workbench.borrow_mut();
            workbench.lose_graphics();
            workbench.hands.forget_window();
        }
    }
}

/// The program's one window.
pub struct MedleyWindow {
    workbench: Rc<RefCell<Workbench>>,
    is_lost: Arc<AtomicBool>,
}

impl MedleyWindow {
    /// The window's contents, drawn on eframe's GPU device.
    ///
    /// # Errors
    /// If the window has no GPU device or the system gives no threads.
    pub fn new(context: &CreationContext<'_>, first: &OpenFirst) -> Result<Self, Refusal> {
        Seat::new(first.clone()).sit(context)
    }
}

impl eframe::App for MedleyWindow {
    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        if self.is_lost.load(Ordering::SeqCst) {
            // Whatever is drawn on a lost device may panic.
            ui.ctx().send_viewport_cmd(ViewportCommand::Close);
            return;
        }
        panels::show(ui, &mut self.workbench.borrow_mut());
    }
}
