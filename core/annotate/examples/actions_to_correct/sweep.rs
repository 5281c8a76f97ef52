//! Where a brush goes: the path of one stroke that corrects the most for its time without leaving the place where it may paint.

use std::collections::VecDeque;

use crate::frame::Frame;
use crate::time_model::{CLICK, DRAW_MM, DRAW_PIECE, MENTAL, POINT};

/// Most turns of one stroke: longer ones are two.
const MOST_TURNS: usize = 40;

/// A brush over one slice.
pub struct Sweep<'a> {
    pub frame: &'a Frame,
    /// What is to be corrected.
    pub errors: &'a [bool],
    /// Squared distance, mm², to the nearest voxel where this brush would do harm: in the slice for a disc, in space for a ball.
    pub room: &'a [f32],
    /// The slice the hand moves in.
    pub slice: usize,
    pub radius_mm: f64,
    pub is_ball: bool,
    /// The stroke ends when what it would still bring per second is less than this share of what it has brought so far.
    pub ends_at: f64,
}

/// Cells of the tip in one row: `[slice, v]` from the middle, and how far along `u` to either side.
struct TipRow {
    slice: isize,
    v: isize,
    half: isize,
}

/// Where the stroke could go next.
struct Target {
    cell: [usize; 2],
    /// Errors the tip would correct there, at most.
    gain: u32,
    /// The same for the time of going there, a second.
    rate: f64,
}

/// Errors yet to be corrected in the slices the tip reaches, with sums along the rows.
struct Left<'a> {
    frame: &'a Frame,
    first_slice: usize,
    is_wrong: Vec<bool>,
    sums: Vec<u32>,
}

impl Sweep<'_> {
    /// The corners of the path in continuous cells `[u, v]`; `None` if the tip fits nowhere where it would correct something.
    ///
    /// Begins where the tip corrects most and goes on to where it corrects most for the time of going there.
    pub fn path(&self) -> Option<Vec<[usize; 2]>> {
        let tip = self.tip();
        let reach = if self.is_ball { (self.radius_mm / self.frame.mm[2]) as usize } else { 0 };
        let mut left = Left::new(self.frame, self.errors, self.slice.saturating_sub(reach)..self.slice + reach + 1);
        let window = self.window(&left)?;
        let gain = |left: &Left, cell: [usize; 2]| left.count(&tip, [cell[0], cell[1], self.slice]);
        let cells = window.cells().filter(|&cell| self.fits(cell));
        let mut targets: Vec<Target> =
            cells.map(|cell| Target { cell, gain: gain(&left, cell), rate: 0.0 }).filter(|t| t.gain > 0).collect();
        let start = targets.iter().max_by_key(|target| target.gain)?.cell;
        let mut gained = gain(&left, start) as f64;
        let mut seconds = MENTAL + POINT + CLICK;
        left.correct(&tip, &[start], self.slice);
        let (mut at, mut corners) = (start, vec![start]);
        while corners.len() < MOST_TURNS {
            let ways = window.ways(at, |cell| self.fits(cell), self.frame.mm);
            let time = |cell: [usize; 2]| DRAW_PIECE + DRAW_MM * f64::from(ways.length_mm[window.place(cell)]);
            // Gains only fall, so what they were is the most they can be: few have to be counted again.
            targets.retain(|target| target.gain > 0);
            targets.iter_mut().for_each(|target| target.rate = f64::from(target.gain) / time(target.cell));
            targets.sort_by(|a, b| b.rate.total_cmp(&a.rate));
            let mut best: Option<(f64, [usize; 2])> = None;
            for target in &mut targets {
                let so_far = best.map_or(self.ends_at * gained / seconds, |(rate, _)| rate);
                if target.rate <= so_far {
                    break;
                }
                target.gain = gain(&left, target.cell);
                target.rate = f64::from(target.gain) / time(target.cell);
                if target.rate > so_far {
                    best = Some((target.rate, target.cell));
                }
            }
            let Some((_, next)) = best else { break };
            let way = window.way_back(&ways, next);
            seconds += time(next);
            gained += left.correct(&tip, &way, self.slice) as f64;
            self.straightened(&way, &mut corners);
            at = next;
        }
        Some(corners)
    }

    fn fits(&self, [u, v]: [usize; 2]) -> bool {
        f64::from(self.room[self.frame.place([u, v, self.slice])]) > self.radius_mm * self.radius_mm * (1.0 + 1e-6)
    }

    fn tip(&self) -> Vec<TipRow> {
        let squared = self.radius_mm * self.radius_mm * (1.0 + 1e-9);
        let steps = |axis: usize| (self.radius_mm / self.frame.mm[axis]) as isize;
        let slices = if self.is_ball { steps(2) } else { 0 };
        let row = |slice: isize, v: isize| {
            let rest = squared - (slice as f64 * self.frame.mm[2]).powi(2) - (v as f64 * self.frame.mm[1]).powi(2);
            (rest >= 0.0).then(|| TipRow { slice, v, half: (rest.sqrt() / self.frame.mm[0]) as isize })
        };
        (-slices..=slices).flat_map(|slice| (-steps(1)..=steps(1)).filter_map(move |v| row(slice, v))).collect()
    }

    /// The part of the slice around the errors from where the tip may reach them.
    fn window(&self, left: &Left) -> Option<Window> {
        let (mut low, mut high) = ([usize::MAX; 2], [0; 2]);
        let len = self.frame.size[0] * self.frame.size[1];
        for (n, _) in left.is_wrong.iter().enumerate().filter(|(_, is_wrong)| **is_wrong) {
            let cell = [n % self.frame.size[0], n % len / self.frame.size[0]];
            low = [0, 1].map(|axis| low[axis].min(cell[axis]));
            high = [0, 1].map(|axis| high[axis].max(cell[axis] + 1));
        }
        if low[0] == usize::MAX {
            return None;
        }
        let reach = [0, 1].map(|axis| (self.radius_mm / self.frame.mm[axis]) as usize + 1);
        let low = [0, 1].map(|axis| low[axis].saturating_sub(reach[axis]));
        let high = [0, 1].map(|axis| (high[axis] + reach[axis]).min(self.frame.size[axis]));
        Some(Window { low, size: [high[0] - low[0], high[1] - low[1]] })
    }

    /// The corners of a way from cell to cell, its first cell left out, such that the tip fits all along the straight pieces.
    fn straightened(&self, way: &[[usize; 2]], corners: &mut Vec<[usize; 2]>) {
        let is_free = |a: [usize; 2], b: [usize; 2]| {
            let steps = 2 * a[0].abs_diff(b[0]).max(a[1].abs_diff(b[1])).max(1);
            (0..=steps).all(|step| {
                let share = step as f64 / steps as f64;
                self.fits([0, 1].map(|axis| (a[axis] as f64 + share * (b[axis] as f64 - a[axis] as f64)).round() as usize))
            })
        };
        let mut from = 0;
        while from + 1 < way.len() {
            let to = (from + 1..way.len()).rev().find(|&to| to == from + 1 || is_free(way[from], way[to])).unwrap_or(from + 1);
            corners.push(way[to]);
            from = to;
        }
    }
}

impl<'a> Left<'a> {
    fn new(frame: &'a Frame, errors: &[bool], slices: std::ops::Range<usize>) -> Self {
        let places = frame.slice_places(slices.start).start..frame.slice_places(slices.end.min(frame.size[2]) - 1).end;
        let is_wrong = errors[places].to_vec();
        let rows = is_wrong.len() / frame.size[0];
        let mut left = Self { frame, first_slice: slices.start, is_wrong, sums: vec![0; rows * (frame.size[0] + 1)] };
        (0..rows).for_each(|row| left.sum(row));
        left
    }

    fn sum(&mut self, row: usize) {
        let width = self.frame.size[0];
        let sums = &mut self.sums[row * (width + 1)..][..=width];
        for (n, is_wrong) in self.is_wrong[row * width..][..width].iter().enumerate() {
            sums[n + 1] = sums[n] + u32::from(*is_wrong);
        }
    }

    /// The part of a row of the tip that lies in the frame: the row, and from where to where.
    fn span(&self, row: &TipRow, [u, v, n]: [usize; 3]) -> Option<(usize, usize, usize)> {
        let slice = n.checked_add_signed(row.slice)?.checked_sub(self.first_slice)?;
        let v = v.checked_add_signed(row.v).filter(|&v| v < self.frame.size[1])?;
        let at = slice * self.frame.size[1] + v;
        if (at + 1) * self.frame.size[0] > self.is_wrong.len() {
            return None;
        }
        let (low, high) = (u.saturating_sub(row.half.unsigned_abs()), (u + row.half.unsigned_abs() + 1).min(self.frame.size[0]));
        Some((at, low, high))
    }

    /// How many errors the tip covers.
    fn count(&self, tip: &[TipRow], middle: [usize; 3]) -> u32 {
        let width = self.frame.size[0] + 1;
        let spans = tip.iter().filter_map(|row| self.span(row, middle));
        spans.map(|(row, low, high)| self.sums[row * width + high] - self.sums[row * width + low]).sum()
    }

    /// Takes away what the tip covers along a way; how many that was.
    fn correct(&mut self, tip: &[TipRow], way: &[[usize; 2]], slice: usize) -> usize {
        let mut count = 0;
        for &[u, v] in way {
            for row in tip {
                let Some((row, low, high)) = self.span(row, [u, v, slice]) else { continue };
                let cells = &mut self.is_wrong[row * self.frame.size[0]..][low..high];
                let wrong = cells.iter().filter(|is_wrong| **is_wrong).count();
                if wrong > 0 {
                    count += wrong;
                    cells.fill(false);
                    self.sum(row);
                }
            }
        }
        count
    }
}

/// A part of a slice.
struct Window {
    low: [usize; 2],
    size: [usize; 2],
}

/// The ways from one cell to all others of a window.
struct Ways {
    length_mm: Vec<f32>,
    from: Vec<usize>,
}

impl Window {
    fn place(&self, [u, v]: [usize; 2]) -> usize {
        (v - self.low[1]) * self.size[0] + u - self.low[0]
    }

    fn cell(&self, place: usize) -> [usize; 2] {
        [self.low[0] + place % self.size[0], self.low[1] + place / self.size[0]]
    }

    fn cells(&self) -> impl Iterator<Item = [usize; 2]> {
        (0..self.size[0] * self.size[1]).map(|place| self.cell(place))
    }

    /// Ways over cells where the tip fits; infinitely long where there is none.
    fn ways(&self, start: [usize; 2], fits: impl Fn([usize; 2]) -> bool, mm: [f64; 3]) -> Ways {
        let count = self.size[0] * self.size[1];
        let mut ways = Ways { length_mm: vec![f32::INFINITY; count], from: vec![usize::MAX; count] };
        ways.length_mm[self.place(start)] = 0.0;
        let mut waiting = VecDeque::from([start]);
        while let Some(at) = waiting.pop_front() {
            let so_far = ways.length_mm[self.place(at)];
            for step in [[1, 0], [-1, 0], [0, 1], [0, -1], [1, 1], [1, -1], [-1, 1], [-1, -1]] {
                let next = [0, 1].map(|axis| at[axis].wrapping_add_signed(step[axis]));
                if (0..2).any(|axis| next[axis].wrapping_sub(self.low[axis]) >= self.size[axis]) {
                    continue;
                }
                let place = self.place(next);
                if ways.length_mm[place].is_infinite() && fits(next) {
                    let way = ((step[0] as f64 * mm[0]).powi(2) + (step[1] as f64 * mm[1]).powi(2)).sqrt();
                    ways.length_mm[place] = so_far + way as f32;
                    ways.from[place] = self.place(at);
                    waiting.push_back(next);
                }
            }
        }
        ways
    }

    /// The cells of a way from its start to `end`.
    fn way_back(&self, ways: &Ways, end: [usize; 2]) -> Vec<[usize; 2]> {
        let mut places = vec![self.place(end)];
        while let Some(&before) = places.last().map(|&place| &ways.from[place]).filter(|before| **before != usize::MAX) {
            places.push(before);
        }
        places.into_iter().rev().map(|place| self.cell(place)).collect()
    }
}
