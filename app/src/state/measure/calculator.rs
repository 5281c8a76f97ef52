//! The thread that counts voxels for the window: regions, labels, the histogram, windows. For each question only the latest matters.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use medley_volume::{IndexBox, LabelMap, Volume};

use super::histogram::Histogram;
use super::labels::{LabelStatistics, LabelTracker};
use super::region::{RegionStatistics, region_statistics, slice_values};
use super::shape::{Shape, SlicePlane};
use crate::state::window_level::WindowLevel;

/// A scan and its mask, to be counted from now on.
pub(super) struct Subject {
    pub(super) volume: Arc<Volume>,
    /// Let go as soon as it is packed.
    pub(super) mask: Arc<LabelMap>,
    /// Smallest and largest value.
    pub(super) range: (f64, f64),
}

/// From which voxels a window is found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum WindowSource {
    /// All of the scan.
    Volume,
    /// Those that a slice passes through.
    Slice(SlicePlane),
    /// Those of a label.
    Label(u16),
}

/// What was counted.
#[derive(Debug)]
pub(super) enum Answer {
    /// Of a region, by its number; `None` where no voxel lies in it.
    Region(u64, Option<RegionStatistics>),
    Labels(BTreeMap<u16, LabelStatistics>),
    Histogram(Histogram),
    /// `None` if there is no voxel to find one from.
    Window(Option<WindowLevel>),
}

#[derive(Default)]
struct Questions {
    subject: Option<Subject>,
    regions: BTreeMap<u64, Shape>,
    window: Option<WindowSource>,
    changes: Vec<(IndexBox, Vec<u16>)>,
    /// Which subject the questions are about.
    round: u64,
    is_closed: bool,
}

#[derive(Default)]
struct Board {
    questions: Mutex<Questions>,
    news: Condvar,
}

impl Board {
    fn questions(&self) -> MutexGuard<'_, Questions> {
        self.questions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The window's end of the thread.
pub(super) struct Calculator {
    board: Arc<Board>,
    answers: Receiver<(u64, Answer)>,
    round: u64,
}

impl Calculator {
    /// Starts the thread. `wake` is called after every answer.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub(super) fn start(wake: Arc<dyn Fn() + Send + Sync>) -> std::io::Result<Self> {
        let board = Arc::new(Board::default());
        let (outbox, answers) = channel();
        let desk = Desk { board: Arc::clone(&board), outbox, wake, round: 0, counted: None };
        std::thread::Builder::new().name("measure".to_owned()).spawn(move || desk.work())?;
        Ok(Self { board, answers, round: 0 })
    }

    /// Counts in another scan from now on; what was asked about the last one is forgotten.
    pub(super) fn begin(&mut self, subject: Subject) {
        self.round += 1;
        *self.board.questions() = Questions { subject: Some(subject), round: self.round, ..Questions::default() };
        self.board.news.notify_one();
    }

    pub(super) fn ask_region(&self, number: u64, shape: Shape) {
        self.board.questions().regions.insert(number, shape);
        self.board.news.notify_one();
    }

    pub(super) fn ask_window(&self, source: WindowSource) {
        self.board.questions().window = Some(source);
        self.board.news.notify_one();
    }

    /// A box of the mask holds this now.
    pub(super) fn tell_change(&self, region: IndexBox, labels: Vec<u16>) {
        self.board.questions().changes.push((region, labels));
        self.board.news.notify_one();
    }

    /// What has been counted since the last time.
    pub(super) fn poll(&self) -> Vec<Answer> {
        self.answers.try_iter().filter(|(round, _)| *round == self.round).map(|(_, answer)| answer).collect()
    }
}

impl Drop for Calculator {
    fn drop(&mut self) {
        // The thread ends after what it is at; nobody waits for it.
        self.board.questions().is_closed = true;
        self.board.news.notify_one();
    }
}

struct Desk {
    board: Arc<Board>,
    outbox: Sender<(u64, Answer)>,
    wake: Arc<dyn Fn() + Send + Sync>,
    round: u64,
    counted: Option<Counted>,
}

/// The scan being counted.
struct Counted {
    volume: Arc<Volume>,
    range: (f64, f64),
    labels: LabelTracker,
    has_histogram: bool,
    has_labels: bool,
}

enum Work {
    Begin(Subject),
    Region(u64, Shape),
    Window(WindowSource),
    Changes(Vec<(IndexBox, Vec<u16>)>),
    /// What nobody waits for.
    Rest,
    Close,
}

impl Desk {
    fn work(mut self) {
        loop {
            match self.next() {
                Work::Close => return,
                Work::Begin(Subject { volume, mask, range }) => {
                    let labels = LabelTracker::of(Arc::clone(&volume), &mask, (range.0 + range.1) / 2.0);
                    self.counted = Some(Counted { volume, range, labels, has_histogram: false, has_labels: false });
                }
                work => self.count(work),
            }
        }
    }

    /// The next thing to do, what a person waits for first.
    fn next(&mut self) -> Work {
        let board = Arc::clone(&self.board);
        let mut questions = board.questions();
        loop {
            if questions.is_closed {
                return Work::Close;
            }
            if let Some(subject) = questions.subject.take() {
                self.round = questions.round;
                return Work::Begin(subject);
            }
            if let Some((number, shape)) = questions.regions.pop_first() {
                return Work::Region(number, shape);
            }
            let is_labelled = self.counted.as_ref().is_some_and(|counted| counted.has_labels);
            if !questions.changes.is_empty() {
                return Work::Changes(std::mem::take(&mut questions.changes));
            }
            if let Some(source) = questions.window.take() {
                return Work::Window(source);
            }
            if self.counted.as_ref().is_some_and(|counted| !counted.has_histogram) || (self.counted.is_some() && !is_labelled) {
                return Work::Rest;
            }
            questions = board.news.wait(questions).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn count(&mut self, work: Work) {
        let Some(counted) = &mut self.counted else { return };
        let answer = match work {
            Work::Region(number, shape) => Answer::Region(number, region_statistics(&counted.volume, &shape)),
            Work::Window(source) => Answer::Window(counted.window(source)),
            Work::Changes(changes) => {
                changes.iter().for_each(|(region, labels)| counted.labels.update(*region, labels));
                if !counted.has_labels {
                    return;
                }
                Answer::Labels(counted.labels.statistics())
            }
            Work::Rest if !counted.has_histogram => {
                counted.has_histogram = true;
                Answer::Histogram(Histogram::of(&counted.volume, counted.range))
            }
            Work::Rest => {
                counted.has_labels = true;
                counted.labels.tally();
                Answer::Labels(counted.labels.statistics())
            }
            Work::Begin(_) | Work::Close => return,
        };
        // A closed window needs no answer.
        let _ = self.outbox.send((self.round, answer));
        (self.wake)();
    }
}

impl Counted {
    fn window(&mut self, source: WindowSource) -> Option<WindowLevel> {
        match source {
            WindowSource::Volume => Some(WindowLevel::percentile(&self.volume)),
            WindowSource::Slice(plane) => WindowLevel::of_values(slice_values(&self.volume, &plane)),
            WindowSource::Label(label) => WindowLevel::of_values(self.labels.values(label)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use medley_volume::glam::DVec3;
    use medley_volume::{Grid, Quantity, Ras, Scaling, Voxels};

    use super::super::shape::Frame;
    use super::*;

    fn subject(value: i16) -> Subject {
        let grid = Grid::axis_aligned([6, 5, 4], [1.0; 3]).expect("a grid");
        let volume = Volume::new(grid, Voxels::I16(vec![value; grid.len()]), Scaling::IDENTITY, Quantity::Hounsfield).expect("fits");
        let mut mask = LabelMap::empty(grid);
        mask.set(7, 3);
        Subject { volume: Arc::new(volume), mask: Arc::new(mask), range: (f64::from(value), f64::from(value)) }
    }

    /// The first answer of a kind; what comes before it stays in `seen`.
    fn wait(calculator: &Calculator, seen: &mut Vec<Answer>, is_wanted: impl Fn(&Answer) -> bool) -> Answer {
        let begin = Instant::now();
        loop {
            seen.extend(calculator.poll());
            if let Some(at) = seen.iter().position(&is_wanted) {
                return seen.remove(at);
            }
            assert!(begin.elapsed() < Duration::from_secs(60), "no answer");
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }

    #[test]
    fn answers_are_about_the_scan_that_is_open_now() {
        let (thread, mut seen) = (std::thread::current(), Vec::new());
        let mut calculator = Calculator::start(Arc::new(move || thread.unpark())).expect("a thread");
        let middle = Ras(DVec3::new(2.0, 2.0, 1.0));
        let shape = Shape::Rectangle(Frame { middle, halves: [DVec3::X, DVec3::Y] });
        calculator.begin(subject(100));
        calculator.ask_region(1, shape.clone());
        calculator.begin(subject(-50));
        calculator.ask_region(1, shape);
        let Answer::Region(1, Some(found)) = wait(&calculator, &mut seen, |answer| matches!(answer, Answer::Region(..))) else {
            panic!("no region")
        };
        assert_eq!((found.voxels, found.mean), (9, -50.0));
        let Answer::Labels(labels) = wait(&calculator, &mut seen, |answer| matches!(answer, Answer::Labels(_))) else {
            panic!("no labels")
        };
        assert_eq!(labels.get(&3).map(|label| (label.voxels, label.mean)), Some((1, -50.0)));
        calculator.tell_change(IndexBox { low: [0; 3], high: [2, 1, 1] }, vec![3, 4]);
        let Answer::Labels(labels) = wait(&calculator, &mut seen, |answer| matches!(answer, Answer::Labels(_))) else {
            panic!("no labels")
        };
        assert_eq!(labels.values().map(|label| label.voxels).collect::<Vec<_>>(), vec![2, 1]);
        calculator.ask_window(WindowSource::Label(9));
        assert!(matches!(wait(&calculator, &mut seen, |answer| matches!(answer, Answer::Window(_))), Answer::Window(None)));
    }
}
