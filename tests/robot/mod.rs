//! A hand and an eye for the real window: it reads the accessibility tree the window publishes, presses what it finds there
//! by accessibility actions, moves the mouse where no such action exists (in a picture), and takes screenshots.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use eframe::egui;
use egui::accesskit::{Action, ActionData, ActionRequest, Node, NodeId, TreeId, TreeUpdate};
use egui::{Context, Event, FullOutput, Modifiers, PointerButton, Pos2, RawInput, Rect, pos2};

#[derive(Default)]
struct Shared {
    tree: Vec<(NodeId, Node)>,
    /// Events of the next frames, one entry a frame.
    frames: VecDeque<Vec<Event>>,
    screenshot: Option<Arc<egui::ColorImage>>,
    dropped: Option<PathBuf>,
    frame_starts: Vec<Instant>,
    ui_times: Vec<Duration>,
    frame_number: u64,
}

/// The part that sits in the window.
pub struct Eye {
    shared: Arc<Mutex<Shared>>,
    began: Instant,
}

impl egui::Plugin for Eye {
    fn debug_name(&self) -> &'static str {
        "robot"
    }

    fn setup(&mut self, context: &Context) {
        context.enable_accesskit();
    }

    fn input_hook(&mut self, _context: &Context, input: &mut RawInput) {
        self.began = Instant::now();
        let mut shared = lock(&self.shared);
        shared.frame_starts.push(self.began);
        // The real pointer of the empty screen must not disturb the robot's.
        input.events.retain(|event| !matches!(event, Event::PointerMoved(_) | Event::PointerGone | Event::MouseMoved(_)));
        if let Some(events) = shared.frames.pop_front() {
            input.events.extend(events);
        }
        if let Some(path) = shared.dropped.take() {
            input.dropped_files.push(Arc::new(Dropped(path)));
        }
    }

    fn output_hook(&mut self, context: &Context, output: &mut FullOutput) {
        let mut shared = lock(&self.shared);
        shared.ui_times.push(self.began.elapsed());
        shared.frame_number += 1;
        if let Some(TreeUpdate { nodes, .. }) = &output.platform_output.accesskit_update {
            shared.tree.clone_from(nodes);
        }
        if !shared.frames.is_empty() {
            context.request_repaint();
        }
    }
}

/// A file let go over the window.
#[derive(Debug)]
struct Dropped(PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &std::path::Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|error| error.to_string())
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().expect("the robot's other half has not panicked")
}

/// The part that a test holds.
#[derive(Clone)]
pub struct Robot {
    shared: Arc<Mutex<Shared>>,
    /// Of the window that is open now.
    context: Arc<Mutex<Context>>,
    screenshots: PathBuf,
}

impl Robot {
    /// Puts an eye into a window; pictures go to `screenshots`.
    pub fn install(context: &Context, screenshots: PathBuf) -> Self {
        let shared = Arc::new(Mutex::new(Shared::default()));
        context.add_plugin(Eye { shared: Arc::clone(&shared), began: Instant::now() });
        Self { shared, context: Arc::new(Mutex::new(context.clone())), screenshots }
    }

    /// Goes on in a window that has taken the place of the last one.
    pub fn move_to(&self, context: &Context) {
        context.add_plugin(Eye { shared: Arc::clone(&self.shared), began: Instant::now() });
        lock(&self.shared).tree.clear();
        *self.context.lock().expect("no panic") = context.clone();
    }

    fn context(&self) -> Context {
        self.context.lock().expect("no panic").clone()
    }

    /// What has this name, or is named by a text that stands beside it; of several, what can be acted upon in the wanted way.
    fn find(&self, label: &str, wanted: Option<Action>) -> Option<(NodeId, Node)> {
        let shared = lock(&self.shared);
        let says = |node: &Node| node.label() == Some(label) || node.value() == Some(label);
        let texts: Vec<NodeId> = shared.tree.iter().filter(|(_, node)| says(node)).map(|(id, _)| *id).collect();
        let is_it = |node: &Node| says(node) || node.labelled_by().iter().any(|id| texts.contains(id));
        let can = |node: &Node| wanted.is_none_or(|action| node.supports_action(action));
        shared.tree.iter().find(|(_, node)| is_it(node) && can(node)).cloned()
    }

    fn find_node(&self, label: &str) -> Option<(NodeId, Node)> {
        self.find(label, None)
    }

    /// Whether something of this name is in the window.
    pub fn sees(&self, label: &str) -> bool {
        self.find_node(label).is_some()
    }

    /// The first text in the window that contains `part`.
    pub fn text_with(&self, part: &str) -> Option<String> {
        let shared = lock(&self.shared);
        let texts = shared.tree.iter().filter_map(|(_, node)| node.label().or_else(|| node.value()));
        texts.map(str::to_owned).find(|text| text.contains(part))
    }

    /// All names in the window, for a message when a test fails.
    pub fn everything(&self) -> String {
        let shared = lock(&self.shared);
        let names: Vec<&str> = shared.tree.iter().filter_map(|(_, node)| node.label().or_else(|| node.value())).collect();
        names.join(" | ")
    }

    /// Waits until `is_so`; panics with what the window shows when it is not so in time.
    pub fn wait(&self, what: &str, limit: Duration, is_so: impl Fn(&Self) -> bool) {
        let began = Instant::now();
        while !is_so(self) {
            assert!(began.elapsed() < limit, "waited {limit:?} for {what}; the window shows: {}", self.everything());
            self.context().request_repaint();
            std::thread::sleep(Duration::from_millis(15));
        }
    }

    /// Waits for something of this name.
    pub fn wait_for(&self, label: &str, limit: Duration) {
        self.wait(label, limit, |robot| robot.sees(label));
    }

    /// Where something is, in points.
    pub fn place_of(&self, label: &str) -> Rect {
        let (_, node) = self.find_node(label).unwrap_or_else(|| panic!("no “{label}” in: {}", self.everything()));
        let bounds = node.bounds().unwrap_or_else(|| panic!("“{label}” has no place"));
        Rect::from_min_max(pos2(bounds.x0 as f32, bounds.y0 as f32), pos2(bounds.x1 as f32, bounds.y1 as f32))
    }

    /// Whether something can be pressed now.
    pub fn is_enabled(&self, label: &str) -> bool {
        self.find(label, Some(Action::Click)).is_some_and(|(_, node)| !node.is_disabled())
    }

    /// Presses something by an accessibility action, as a screen reader would.
    pub fn press(&self, label: &str) {
        self.wait(&format!("“{label}” to be enabled"), Duration::from_secs(20), |robot| robot.is_enabled(label));
        self.act(label, Action::Click, None);
    }

    /// Sets a number by an accessibility action.
    pub fn set_number(&self, label: &str, value: f64) {
        self.act(label, Action::SetValue, Some(ActionData::NumericValue(value)));
    }

    fn act(&self, label: &str, action: Action, data: Option<ActionData>) {
        let found = self.find(label, Some(action));
        let (target_node, _) = found.unwrap_or_else(|| panic!("no “{label}” that takes {action:?} in: {}", self.everything()));
        let request = ActionRequest { action, target_tree: TreeId::ROOT, target_node, data };
        self.perform(vec![vec![Event::AccessKitActionRequest(request)]]);
    }

    /// Draws with a mouse button from one point over others.
    pub fn drag(&self, button: PointerButton, way: &[Pos2]) {
        let press = |pos, pressed| Event::PointerButton { pos, button, pressed, modifiers: Modifiers::NONE };
        let (Some(&first), Some(&last)) = (way.first(), way.last()) else { return };
        let mut frames = vec![vec![Event::PointerMoved(first)], vec![press(first, true)]];
        frames.extend(way.iter().skip(1).map(|&at| vec![Event::PointerMoved(at)]));
        frames.push(vec![press(last, false)]);
        self.perform(frames);
    }

    /// Turns the wheel over a point.
    pub fn turn_wheel(&self, at: Pos2, notches: f32, modifiers: Modifiers) {
        let wheel = Event::MouseWheel {
            unit: egui::MouseWheelUnit::Line,
            delta: egui::vec2(0.0, notches),
            modifiers,
            phase: egui::TouchPhase::Move,
            source: egui::MouseWheelSource::Unknown,
        };
        self.perform(vec![vec![Event::PointerMoved(at)], vec![wheel]]);
    }

    /// Lets a file go over the window.
    pub fn drop_file(&self, path: PathBuf) {
        lock(&self.shared).dropped = Some(path);
        self.rest();
    }

    /// Types into a field and ends with Enter.
    pub fn type_into(&self, label: &str, text: &str) {
        self.act(label, Action::Focus, None);
        self.perform(vec![vec![Event::Text(text.to_owned())]]);
        self.key(egui::Key::Enter, Modifiers::NONE);
    }

    /// Presses keys.
    pub fn key(&self, key: egui::Key, modifiers: Modifiers) {
        let event = |pressed| Event::Key { key, physical_key: None, pressed, repeat: false, modifiers };
        self.perform(vec![vec![event(true)], vec![event(false)]]);
    }

    /// Feeds events frame by frame and waits until the window has drawn two frames after the last one.
    fn perform(&self, frames: Vec<Vec<Event>>) {
        lock(&self.shared).frames.extend(frames);
        let began = Instant::now();
        loop {
            self.context().request_repaint();
            std::thread::sleep(Duration::from_millis(4));
            if lock(&self.shared).frames.is_empty() {
                break;
            }
            assert!(began.elapsed() < Duration::from_secs(60), "the window draws no frames");
        }
        self.rest();
    }

    /// Waits for two more frames.
    pub fn rest(&self) {
        let until = lock(&self.shared).frame_number + 2;
        let began = Instant::now();
        while lock(&self.shared).frame_number < until {
            assert!(began.elapsed() < Duration::from_secs(60), "the window draws no frames");
            self.context().request_repaint();
            std::thread::sleep(Duration::from_millis(4));
        }
    }

    /// Takes a picture of the window.
    pub fn screenshot(&self, name: &str) {
        self.rest();
        lock(&self.shared).screenshot = None;
        let slot = Arc::clone(&self.shared);
        self.context().request_screenshot(move |image| lock(&slot).screenshot = Some(image));
        let limit = Duration::from_secs(30);
        self.wait("a screenshot", limit, |robot| lock(&robot.shared).screenshot.is_some());
        let image = lock(&self.shared).screenshot.take().expect("just seen");
        let bytes: Vec<u8> = image.pixels.iter().flat_map(|pixel| pixel.to_array()).collect();
        let [width, height] = image.size.map(|side| side as u32);
        std::fs::create_dir_all(&self.screenshots).expect("a folder for screenshots");
        let path = self.screenshots.join(format!("{name}.png"));
        image::save_buffer(&path, &bytes, width, height, image::ColorType::Rgba8).expect("a screenshot");
        let distinct: std::collections::HashSet<_> = image.pixels.iter().collect();
        assert!(distinct.len() > 30, "{name}: the window is all but empty");
    }

    /// Gives the window another size, in points.
    pub fn resize(&self, width: f32, height: f32) {
        self.context().send_viewport_cmd(egui::ViewportCommand::InnerSize(egui::vec2(width, height)));
        self.context().request_repaint();
        self.wait("the window to have its size", Duration::from_secs(60), |robot| {
            let size = robot.context().content_rect().size() * robot.context().zoom_factor();
            (size - egui::vec2(width, height)).abs().max_elem() < 2.0
        });
    }

    /// Forgets the frame times so far.
    pub fn forget_frame_times(&self) {
        let mut shared = lock(&self.shared);
        shared.frame_starts.clear();
        shared.ui_times.clear();
    }

    /// Median and 95th percentile, in ms, of the time from frame to frame and of the time the window's own code took.
    pub fn frame_times_ms(&self) -> [(f64, f64); 2] {
        let shared = lock(&self.shared);
        let between = shared.frame_starts.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64() * 1e3).collect();
        let own = shared.ui_times.iter().map(|time| time.as_secs_f64() * 1e3).collect();
        [quantiles(between), quantiles(own)]
    }

    /// Closes the window.
    pub fn close(&self) {
        self.context().send_viewport_cmd(egui::ViewportCommand::Close);
        self.context().request_repaint();
    }
}

fn quantiles(mut times: Vec<f64>) -> (f64, f64) {
    times.sort_by(f64::total_cmp);
    let at = |fraction: f64| times.get(((times.len().max(1) - 1) as f64 * fraction) as usize).copied().unwrap_or(0.0);
    (at(0.5), at(0.95))
}
