//! A contour that is not closed yet.

use medley_annotate::tools::Slice;
use medley_volume::{AnatomicalPlane, Ras};

/// A contour being drawn in a slice.
#[derive(Debug)]
pub struct Draft {
    /// The plane of the view it is drawn in.
    pub plane: AnatomicalPlane,
    /// The slice it lies in.
    pub slice: Slice,
    /// Its points in order.
    pub points: Vec<Ras>,
    /// How many points there were after each click: what taking one back goes back to.
    anchors: Vec<usize>,
    /// The way from the last point to the pointer, the pointer's place last.
    pub tail: Vec<Ras>,
}

impl Draft {
    /// A contour that begins at a point.
    #[must_use]
    pub fn begin(plane: AnatomicalPlane, slice: Slice, at: Ras) -> Self {
        Self { plane, slice, points: vec![at], anchors: vec![1], tail: Vec::new() }
    }

    /// A click: the contour goes on along its tail to this point.
    pub fn click(&mut self, at: Ras) {
        if self.tail.len() > 1 {
            self.points.append(&mut self.tail);
        } else {
            self.points.push(at);
        }
        self.tail.clear();
        self.anchors.push(self.points.len());
    }

    /// Drawing on by hand; the whole of it is one step to take back.
    pub fn draw(&mut self, at: Ras) {
        self.points.push(at);
        self.tail.clear();
        if let Some(last) = self.anchors.last_mut() {
            *last = self.points.len();
        }
    }

    /// Takes the last click back. Whether anything is left.
    pub fn take_back(&mut self) -> bool {
        self.anchors.pop();
        self.points.truncate(self.anchors.last().copied().unwrap_or(0));
        self.tail.clear();
        !self.points.is_empty()
    }

    /// Where the last click was.
    #[must_use]
    pub fn last(&self) -> Option<Ras> {
        self.points.last().copied()
    }

    /// Whether enough is drawn for an area.
    #[must_use]
    pub fn is_closable(&self) -> bool {
        self.points.len() >= 3
    }
}

#[cfg(test)]
mod tests {
    use medley_volume::glam::DVec3;

    use super::*;

    fn at(x: f64) -> Ras {
        Ras(DVec3::new(x, 0.0, 0.0))
    }

    #[test]
    fn clicks_are_taken_back_one_by_one_and_a_drawn_part_at_once() {
        let mut draft = Draft::begin(AnatomicalPlane::Axial, Slice { axis: 2, index: 0 }, at(0.0));
        draft.click(at(1.0));
        (2..6).for_each(|x| draft.draw(at(f64::from(x))));
        draft.tail = vec![at(6.0), at(7.0), at(8.0)];
        draft.click(at(8.0));
        assert_eq!(draft.points.len(), 9);
        assert!(draft.take_back());
        assert_eq!(draft.points.len(), 6);
        assert!(draft.take_back());
        assert_eq!(draft.points.len(), 1);
        assert!(!draft.take_back());
    }
}
