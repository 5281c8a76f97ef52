//! The native window.

use std::process::ExitCode;
use std::sync::Arc;

use crate::panels;
use crate::places;
use crate::render;
use crate::state::workbench::{OpenFirst, Workbench};

/// Opens the window and stays until it is closed.
///
/// Where there is no display or no usable graphics driver, says so in one sentence and names what works without one.
#[must_use]
pub fn open(first: OpenFirst) -> ExitCode {
    let viewport = egui::ViewportBuilder::default()
        .with_title("Medley")
        .with_app_id("medley")
        .with_inner_size([1280.0, 800.0])
        .with_min_inner_size([900.0, 560.0])
        .with_drag_and_drop(true);
    let options = eframe::NativeOptions { viewport, ..Default::default() };
    let made = eframe::run_native("Medley", options, Box::new(move |context| Ok(Box::new(MedleyWindow::new(context, &first)?))));
    match made {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let why = if has_display() { error.to_string() } else { "there is no display".to_owned() };
            crate::cli::output::fail(&format!(
                "No window can be opened here: {why}. `medley demo --headless` runs the whole loop without one; \
                 `medley --help` lists what else does."
            ));
            ExitCode::FAILURE
        }
    }
}

/// Whether there is a screen to open a window on, as far as the environment tells.
fn has_display() -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(all(unix, not(target_os = "macos"))) || ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"].into_iter().any(is_set)
}

/// The program's one window.
pub struct MedleyWindow {
    workbench: Workbench,
}

impl MedleyWindow {
    /// The window's contents, drawn on eframe's GPU device.
    ///
    /// # Errors
    /// If the window has no GPU device or the system gives no threads.
    pub fn new(context: &eframe::CreationContext<'_>, first: &OpenFirst) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let render_state = context.wgpu_render_state.as_ref().ok_or("the window has no GPU device")?;
        render::install(render_state);
        let waker = context.egui_ctx.clone();
        let gpu = (render_state.device.clone(), render_state.queue.clone());
        let mut workbench = Workbench::new(Some(gpu), first, Arc::new(move || waker.request_repaint()))?;
        // Before the first frame, or the window would show in another theme and size first.
        let waker = context.egui_ctx.clone();
        workbench.runs_table = places::runs();
        workbench.read_settings(places::settings(), move || waker.request_repaint());
        workbench.follow_settings(&context.egui_ctx);
        Ok(Self { workbench })
    }

    /// What the window shows.
    #[must_use]
    pub fn workbench(&self) -> &Workbench {
        &self.workbench
    }
}

impl eframe::App for MedleyWindow {
    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        panels::show(ui, &mut self.workbench);
    }
}
