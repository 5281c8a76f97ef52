//! Pictures for papers: what stands over a slice, how large a figure is, and the thread that makes one.
//!
//! # Map
//! - this file: what is chosen for the next figure; [`Dress`]: what stands over a picture
//! - `png`: the file, with its size on paper

mod png;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use egui::{Color32, Rect, pos2, vec2};

pub use self::png::write_png;
use super::clerk::Gpu;
use super::clipboard::Content;
use super::view::ViewKind;
use super::workbench::Workbench;
use crate::render::{OffScreen, draw_off_screen};
use crate::texts::figure as texts;

/// The longest side of a figure in pixels.
pub const LONGEST: u32 = 8192;
/// The shortest side of a figure in pixels.
pub const SHORTEST: u32 = 64;
/// Dots per inch that a figure may have.
pub const DPI_RANGE: std::ops::RangeInclusive<f64> = 50.0..=1200.0;
/// On paper, in mm; the smallest texts (11 points) become 2.4 mm high.
const POINT_MM: f64 = 0.22;

/// What stands over and around a slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dress {
    /// Labels, a proposal, boxes.
    pub shows_labels: bool,
    /// The place all views go through.
    pub shows_crosshair: bool,
    /// The letters of the patient's sides, and the convention.
    pub shows_letters: bool,
    /// A bar of a round length.
    pub shows_scale_bar: bool,
    /// The greys and their values.
    pub shows_color_bar: bool,
    /// What was measured.
    pub shows_measurements: bool,
    /// Names and colours of the labels that are seen.
    pub shows_legend: bool,
    /// White where there is no scan.
    pub is_on_white: bool,
}

impl Dress {
    /// As views are on the screen.
    #[must_use]
    pub fn of_screen(workbench: &Workbench) -> Self {
        Self { shows_color_bar: workbench.measure.shows_color_bar, ..Self::FULL }
    }

    /// Everything but the bar of greys and the legend, on black.
    pub const FULL: Self = Self {
        shows_labels: true,
        shows_crosshair: true,
        shows_letters: true,
        shows_scale_bar: true,
        shows_color_bar: false,
        shows_measurements: true,
        shows_legend: false,
        is_on_white: false,
    };

    /// Behind everything.
    #[must_use]
    pub fn ground(&self) -> Color32 {
        if self.is_on_white { Color32::WHITE } else { Color32::BLACK }
    }

    /// Of lines and texts: this grey on black, nearly black on white.
    #[must_use]
    pub fn ink(&self, gray: u8) -> Color32 {
        if self.is_on_white { Color32::from_gray(20) } else { Color32::from_gray(gray) }
    }

    /// What sets texts off from the picture below them.
    #[must_use]
    pub fn halo(&self) -> Color32 {
        if self.is_on_white { Color32::from_white_alpha(230) } else { Color32::from_black_alpha(220) }
    }
}

/// What a figure shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FigureSubject {
    /// One view.
    View(ViewKind),
    /// All views as they lie on the screen.
    Screen,
}

/// What is chosen for the next figure.
#[derive(Debug, Clone, PartialEq)]
pub struct FigureChoices {
    /// What it shows.
    pub subject: FigureSubject,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// The height follows from the width, as on the screen.
    pub keeps_proportions: bool,
    /// Dots per inch, which says how large it is on paper.
    pub dpi: f64,
    /// Of texts and lines; 1 is usual.
    pub text_scale: f64,
    /// What stands over it.
    pub dress: Dress,
}

impl Default for FigureChoices {
    fn default() -> Self {
        let dress = Dress { shows_crosshair: false, ..Dress::FULL };
        Self {
            subject: FigureSubject::View(ViewKind::Axial),
            width: 1051,
            height: 1051,
            keeps_proportions: true,
            dpi: 300.0,
            text_scale: 1.0,
            dress,
        }
    }
}

impl FigureChoices {
    /// Pixels to a point of egui.
    #[must_use]
    pub fn pixels_per_point(&self) -> f32 {
        (self.dpi * POINT_MM / 25.4 * self.text_scale).max(0.1) as f32
    }

    /// Its width and height on paper in mm.
    #[must_use]
    pub fn paper_mm(&self) -> [f64; 2] {
        [self.width, self.height].map(|pixels| f64::from(pixels) / self.dpi * 25.4)
    }

    /// What is seen on the screen, pixel for pixel: one of the views `shown` there, or all of them. `None` if they are not there.
    #[must_use]
    pub fn as_on_screen(shown: &[(ViewKind, Rect)], view: Option<ViewKind>, pixels_per_point: f32, dress: Dress) -> Option<Self> {
        let subject = view.map_or(FigureSubject::Screen, FigureSubject::View);
        let wanted = shown.iter().filter(|(kind, _)| view.is_none_or(|view| view == *kind));
        let around = wanted.fold(Rect::NOTHING, |around, (_, rect)| around.union(*rect));
        let pixels = |side: f32| ((side * pixels_per_point).round() as u32).clamp(SHORTEST, LONGEST);
        around.is_positive().then(|| Self {
            subject,
            width: pixels(around.width()),
            height: pixels(around.height()),
            keeps_proportions: false,
            dpi: f64::from(pixels_per_point) * 25.4 / POINT_MM,
            text_scale: 1.0,
            dress,
        })
    }

    /// Keeps every number in its range, and the height as `proportions` (height by width) want it.
    pub fn settle(&mut self, proportions: Option<f64>) {
        self.width = self.width.clamp(SHORTEST, LONGEST);
        if let Some(proportions) = proportions.filter(|_| self.keeps_proportions) {
            self.height = (f64::from(self.width) * proportions).round() as u32;
        }
        self.height = self.height.clamp(SHORTEST, LONGEST);
        self.dpi = self.dpi.clamp(*DPI_RANGE.start(), *DPI_RANGE.end());
    }

    /// The figure's rectangle in points.
    #[must_use]
    pub fn rect(&self) -> Rect {
        Rect::from_min_size(pos2(0.0, 0.0), vec2(self.width as f32, self.height as f32) / self.pixels_per_point())
    }

    /// Where each of `shown` (views with their places on the screen) lies in the figure, in points; those it does not show are left
    /// out. One view fills it.
    #[must_use]
    pub fn places(&self, shown: &[(ViewKind, Rect)]) -> Vec<(ViewKind, Rect)> {
        let all = self.rect();
        match self.subject {
            FigureSubject::View(kind) => vec![(kind, all)],
            FigureSubject::Screen => {
                let around = shown.iter().fold(Rect::NOTHING, |around, (_, rect)| around.union(*rect));
                let scale = all.size() / around.size();
                let place = |rect: &Rect| Rect::from_min_size(((rect.min - around.min) * scale).to_pos2(), rect.size() * scale);
                shown.iter().map(|(kind, rect)| (*kind, place(rect))).collect()
            }
        }
    }
}

/// What a figure is made for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FigureTarget {
    /// A file.
    File(PathBuf),
    /// Pasting it in another program.
    Clipboard,
}

/// Where a figure goes once it is drawn.
pub enum FigureEnd {
    /// Into a file.
    File(PathBuf),
    /// To the thread that has the clipboard.
    Clipboard(Sender<Content>),
}

impl FigureEnd {
    /// The file, if it is one. Copying says itself what became of it.
    fn take(self, size: [u32; 2], pixels: Vec<u8>, dpi: f64) -> Result<Option<PathBuf>, String> {
        match self {
            Self::File(path) => {
                let path = if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("png")) { path } else { with_png(path) };
                write_png(&path, size, pixels, dpi).map(|()| Some(path))
            }
            // Nobody waits for a picture once the window is closed.
            Self::Clipboard(inbox) => Ok(inbox.send(Content::Picture(size, pixels)).err().and(None)),
        }
    }
}

/// The next figure, and the one being made.
pub struct FigureDesk {
    /// The page is shown.
    pub is_open: bool,
    /// What is chosen on it.
    pub choices: FigureChoices,
    /// What is to be drawn in the next frame, and what for.
    pub wanted: Option<(FigureChoices, FigureTarget)>,
    /// A figure is being made.
    pub is_busy: bool,
    shown: Vec<(ViewKind, Rect)>,
    seen: Vec<(ViewKind, Rect)>,
    outbox: Sender<Result<Option<PathBuf>, String>>,
    inbox: Receiver<Result<Option<PathBuf>, String>>,
    wake: Arc<dyn Fn() + Send + Sync>,
}

impl FigureDesk {
    /// Nothing chosen yet; `wake` is called when a figure is finished.
    #[must_use]
    pub fn new(wake: Arc<dyn Fn() + Send + Sync>) -> Self {
        let (outbox, inbox) = channel();
        let (shown, seen) = (Vec::new(), Vec::new());
        Self { is_open: false, choices: FigureChoices::default(), wanted: None, is_busy: false, shown, seen, outbox, inbox, wake }
    }

    /// Shows the page.
    pub fn open(&mut self) {
        self.is_open = true;
    }

    /// Hides the page; whether it was shown.
    pub fn close(&mut self) -> bool {
        std::mem::take(&mut self.is_open)
    }

    /// Before the views are drawn on the screen.
    pub fn begin_frame(&mut self) {
        self.shown = std::mem::take(&mut self.seen);
    }

    /// A view is drawn on the screen.
    pub fn saw(&mut self, kind: ViewKind, rect: Rect) {
        self.seen.push((kind, rect));
    }

    /// The views on the screen with their places, as of the last whole frame.
    #[must_use]
    pub fn shown(&self) -> &[(ViewKind, Rect)] {
        &self.shown
    }

    /// Height by width of what the figure shows, on the screen; `None` if it is not there.
    #[must_use]
    pub fn proportions(&self) -> Option<f64> {
        let rect = match self.choices.subject {
            FigureSubject::View(wanted) => self.shown.iter().find(|(kind, _)| *kind == wanted)?.1,
            FigureSubject::Screen => self.shown.iter().fold(Rect::NOTHING, |around, (_, rect)| around.union(*rect)),
        };
        (rect.is_positive()).then(|| f64::from(rect.height() / rect.width()))
    }

    /// Draws what was recorded and writes or copies it, on a thread of its own.
    ///
    /// # Errors
    /// A sentence, if the system gives no thread.
    pub fn make(&mut self, gpu: Gpu, picture: OffScreen, dpi: f64, end: FigureEnd) -> Result<(), String> {
        let (outbox, wake) = (self.outbox.clone(), Arc::clone(&self.wake));
        let make = move || {
            let size = picture.size;
            let written = draw_off_screen(&gpu.0, &gpu.1, picture).map_err(|error| texts::not_made(&error));
            let _ = outbox.send(written.and_then(|pixels| end.take(size, pixels, dpi)));
            wake();
        };
        std::thread::Builder::new().name("figure".to_owned()).spawn(make).map_err(|error| texts::not_made(&error))?;
        self.is_busy = true;
        Ok(())
    }

    /// What became of a figure: its file, if it was to be in one.
    pub fn poll(&mut self) -> Option<Result<Option<PathBuf>, String>> {
        let outcome = self.inbox.try_recv().ok()?;
        self.is_busy = false;
        Some(outcome)
    }
}

fn with_png(path: PathBuf) -> PathBuf {
    let mut name = path.into_os_string();
    name.push(".png");
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_of_the_screen_keep_their_places_and_fill_the_figure() {
        let rect = |x: f32, y: f32, w: f32, h: f32| Rect::from_min_size(pos2(x, y), vec2(w, h));
        let shown = [(ViewKind::Axial, rect(300.0, 50.0, 100.0, 200.0)), (ViewKind::Volume, rect(402.0, 50.0, 98.0, 200.0))];
        let mut choices = FigureChoices { subject: FigureSubject::Screen, width: 2000, ..FigureChoices::default() };
        choices.settle(Some(1.0));
        let (all, places) = (choices.rect(), choices.places(&shown));
        assert_eq!((choices.width, choices.height), (2000, 2000));
        assert!((places[0].1.min - all.min).length() < 1e-3 && (places[1].1.max - all.max).length() < 1e-2);
        assert!((places[0].1.width() / all.width() - 0.5).abs() < 1e-4);
        choices.subject = FigureSubject::View(ViewKind::Coronal);
        assert_eq!(choices.places(&shown), vec![(ViewKind::Coronal, all)]);
        let seen = |view| FigureChoices::as_on_screen(&shown, view, 1.5, Dress::FULL);
        let volume = seen(Some(ViewKind::Volume)).expect("it is shown");
        assert_eq!((volume.width, volume.height), (147, 300));
        assert!((volume.pixels_per_point() - 1.5).abs() < 1e-5);
        assert_eq!(seen(None).map(|all| (all.subject, all.width, all.height)), Some((FigureSubject::Screen, 300, 300)));
        assert_eq!(seen(Some(ViewKind::Coronal)), None);
    }

    #[test]
    fn sizes_stay_in_their_range() {
        let mut choices = FigureChoices { width: 100_000, dpi: 1e9, ..FigureChoices::default() };
        choices.settle(Some(0.001));
        assert_eq!((choices.width, choices.height, choices.dpi), (LONGEST, SHORTEST, 1200.0));
        let column = FigureChoices::default();
        assert!((column.paper_mm()[0] - 89.0).abs() < 0.05);
    }
}
