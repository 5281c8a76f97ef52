//! The rectangles of a layout: views and the lines between them, which fill the room exactly.

use egui::{Pos2, Rect, Vec2, pos2};

use super::{Cuts, Layout, LayoutKind};
use crate::state::view::ViewKind;

/// Thickness of the line between two views, in points.
pub const GAP: f32 = 2.0;
/// No view is made narrower or lower than this by hand, in points, where there is the room.
const LEAST_SIDE: f32 = 72.0;

/// A view and its place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    /// The view.
    pub view: ViewKind,
    /// Its place, in points.
    pub rect: Rect,
}

/// A line between views that can be dragged. A line that is crossed by another has several pieces, of one number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Divider {
    /// Which line of the layout it is, from 0.
    pub line: usize,
    /// Its place, in points.
    pub rect: Rect,
    /// It stands upright and is dragged sideways.
    pub is_upright: bool,
}

/// Where everything is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Arrangement {
    /// The views.
    pub cells: Vec<Cell>,
    /// The lines between them.
    pub dividers: Vec<Divider>,
}

/// A side of a rectangle: its first and its last coordinate.
type Span = [f32; 2];

impl Layout {
    /// Where the views and the lines between them are in a room of the window. A room that is clearly higher than wide has those
    /// views one above the other that otherwise stand side by side.
    #[must_use]
    pub fn arrange(&self, room: Rect) -> Arrangement {
        let mut made = Arrangement::default();
        let views = self.views();
        let is_wide = is_wide(room);
        let cuts = &self.cuts;
        match self.kind {
            LayoutKind::Quad => {
                let (columns, rows) = (split(x_of(room), &[cuts.quad[0]]), split(y_of(room), &[cuts.quad[1]]));
                for (n, view) in views.into_iter().enumerate() {
                    made.cells.push(Cell { view, rect: rect_of(columns[n % 2], rows[n / 2]) });
                }
                made.dividers.push(Divider { line: 0, rect: rect_of(between(&columns, 0), y_of(room)), is_upright: true });
                for column in columns {
                    made.dividers.push(Divider { line: 1, rect: rect_of(column, between(&rows, 0)), is_upright: false });
                }
            }
            LayoutKind::Row => self.line_up(&mut made, room, is_wide, &views, &cuts.row, 0),
            LayoutKind::AxialAndVolume => self.line_up(&mut made, room, is_wide, &views, &[cuts.pair], 0),
            LayoutKind::Single => self.line_up(&mut made, room, is_wide, &views, &[], 0),
            LayoutKind::LargeFirst | LayoutKind::LargeLast => {
                let is_first = self.kind == LayoutKind::LargeFirst;
                let cut = if is_first { cuts.large } else { 1.0 - cuts.large };
                let along = split(if is_wide { x_of(room) } else { y_of(room) }, &[cut]);
                let across = if is_wide { y_of(room) } else { x_of(room) };
                let place = |span: Span| if is_wide { rect_of(span, across) } else { rect_of(across, span) };
                let [large, small] = if is_first { [along[0], along[1]] } else { [along[1], along[0]] };
                made.cells.push(Cell { view: self.main, rect: place(large) });
                made.dividers.push(Divider { line: 0, rect: place(between(&along, 0)), is_upright: is_wide });
                self.line_up(&mut made, place(small), !is_wide, &views[1..], &cuts.small, 1);
            }
        }
        made
    }

    /// Views in a row or one above the other, with lines numbered from `first_line`.
    fn line_up(&self, made: &mut Arrangement, room: Rect, is_row: bool, views: &[ViewKind], cuts: &[f32], first_line: usize) {
        let spans = split(if is_row { x_of(room) } else { y_of(room) }, cuts);
        let place = |span: Span| if is_row { rect_of(span, y_of(room)) } else { rect_of(x_of(room), span) };
        made.cells.extend(views.iter().zip(&spans).map(|(&view, &span)| Cell { view, rect: place(span) }));
        let lines = 0..spans.len() - 1;
        made.dividers.extend(lines.map(|n| Divider { line: first_line + n, rect: place(between(&spans, n)), is_upright: is_row }));
    }

    /// Moves a line to a place of the room that the layout was arranged in.
    pub fn drag(&mut self, room: Rect, line: usize, to: Pos2) {
        let is_wide = is_wide(room);
        let part = |span: Span, at: f32| (at - span[0]) / (span[1] - span[0]).max(1.0);
        let along = |at: Pos2| if is_wide { part(x_of(room), at.x) } else { part(y_of(room), at.y) };
        let across = |at: Pos2| if is_wide { part(y_of(room), at.y) } else { part(x_of(room), at.x) };
        let cuts = &mut self.cuts;
        match (self.kind, line) {
            (LayoutKind::Quad, 0) => cuts.quad[0] = part(x_of(room), to.x),
            (LayoutKind::Quad, 1) => cuts.quad[1] = part(y_of(room), to.y),
            (LayoutKind::LargeFirst, 0) => cuts.large = along(to),
            (LayoutKind::LargeLast, 0) => cuts.large = 1.0 - along(to),
            (LayoutKind::LargeFirst | LayoutKind::LargeLast, 1 | 2) => cuts.small[line - 1] = across(to),
            (LayoutKind::Row, 0 | 1) => cuts.row[line] = along(to),
            (LayoutKind::AxialAndVolume, 0) => cuts.pair = along(to),
            _ => {}
        }
        cuts.tidy();
    }

    /// Puts the lines of this kind where they are at first.
    pub fn reset_lines(&mut self) {
        let first = Cuts::default();
        match self.kind {
            LayoutKind::Quad => self.cuts.quad = first.quad,
            LayoutKind::LargeFirst | LayoutKind::LargeLast => (self.cuts.large, self.cuts.small) = (first.large, first.small),
            LayoutKind::Row => self.cuts.row = first.row,
            LayoutKind::AxialAndVolume => self.cuts.pair = first.pair,
            LayoutKind::Single => {}
        }
    }
}

impl Cuts {
    /// Keeps every line within the room and in its order.
    fn tidy(&mut self) {
        let Self { quad, large, small, row, pair } = self;
        for cut in quad.iter_mut().chain(small.iter_mut()).chain(row.iter_mut()).chain([large, pair]) {
            *cut = cut.clamp(0.05, 0.95);
        }
        for [low, high] in [small, row] {
            *high = high.max(*low);
        }
    }
}

/// Whether there is the room for views side by side: unless it is clearly higher than wide.
#[must_use]
pub fn is_wide(room: Rect) -> bool {
    room.width() * 1.25 >= room.height()
}

fn x_of(rect: Rect) -> Span {
    [rect.min.x, rect.max.x]
}

fn y_of(rect: Rect) -> Span {
    [rect.min.y, rect.max.y]
}

fn rect_of(x: Span, y: Span) -> Rect {
    Rect::from_min_max(pos2(x[0], y[0]), pos2(x[1], y[1]))
}

/// The room of the line after the `n`-th span.
fn between(spans: &[Span], n: usize) -> Span {
    [spans[n][1], spans[n + 1][0]]
}

/// A side cut at parts of its length, with a line's thickness between two pieces. Pieces begin on whole points and have the
/// least length, or equal ones where there is no room for that.
fn split(side: Span, cuts: &[f32]) -> Vec<Span> {
    let pieces = cuts.len() + 1;
    let room = (side[1] - side[0] - GAP * cuts.len() as f32).max(0.0);
    let least = LEAST_SIDE.min(room / pieces as f32).floor();
    let mut spans = Vec::with_capacity(pieces);
    let mut begin = side[0];
    for (n, &cut) in cuts.iter().enumerate() {
        let left = (pieces - n - 1) as f32;
        // Settings may hold anything.
        let part = if cut.is_finite() { cut.clamp(0.0, 1.0) } else { (n + 1) as f32 / pieces as f32 };
        let wanted = (side[0] + (side[1] - side[0]) * part - GAP / 2.0).round();
        let last = (side[1] - left * (least + GAP)).max(begin);
        let end = wanted.clamp((begin + least).min(last), last);
        spans.push([begin, end]);
        begin = (end + GAP).min(side[1].max(end));
    }
    spans.push([begin, side[1].max(begin)]);
    spans
}

/// The pieces of a small picture of a layout: as [`Layout::arrange`], with thin lines.
#[must_use]
pub fn picture(kind: LayoutKind, room: Rect) -> Vec<Rect> {
    let scale = 24.0;
    let large = Rect::from_min_size(Pos2::ZERO, room.size() * scale);
    let shrink = |rect: Rect| Rect::from_min_size(room.min + rect.min.to_vec2() / scale, rect.size() / scale);
    Layout::of(kind).arrange(large).cells.into_iter().map(|cell| shrink(cell.rect).shrink2(Vec2::splat(0.5))).collect()
}
