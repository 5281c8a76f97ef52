//! A contour that is not closed yet.

use medley_annotate::Refusal;
use medley_annotate::tools::{LiveWire, Slice};
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
    /// What finds the ways of a live-wire contour.
    wire: Option<LiveWire>,
}

/// How far from a click a live-wire looks for an edge, mm.
const SNAP_MM: f64 = 2.0;

impl Draft {
    /// A contour that begins at a point.
    #[must_use]
    pub fn begin(plane: AnatomicalPlane, slice: Slice, at: Ras) -> Self {
        Self { plane, slice, points: vec![at], anchors: vec![1], tail: Vec::new(), wire: None }
    }

    /// A contour that begins at an edge near a point and follows edges.
    ///
    /// # Errors
    /// If the point lies outside the slice.
    pub fn begin_wire(plane: AnatomicalPlane, slice: Slice, at: Ras, mut wire: LiveWire) -> Result<Self, Refusal> {
        let at = wire.snapped(at, SNAP_MM)?;
        wire.anchor(at)?;
        Ok(Self { wire: Some(wire), ..Self::begin(plane, slice, at) })
    }

    /// The pointer is here: where the contour would go.
    pub fn aim(&mut self, at: Ras) {
        self.tail = match &mut self.wire {
            // A way that cannot be found leaves the contour where it was.
            Some(wire) => wire.path_to(at).unwrap_or_default(),
            None => vec![at],
        };
    }

    /// The points of the closed contour, and whether they follow edges.
    #[must_use]
    pub fn closed(self) -> (Vec<Ras>, bool) {
        match self.wire {
            Some(mut wire) => (wire.closed(), true),
            None => (self.points, false),
        }
    }

    /// A click: the contour goes on along its tail to this point.
    pub fn click(&mut self, at: Ras) {
        if let Some(wire) = &mut self.wire {
            let at = wire.snapped(at, SNAP_MM).unwrap_or(at);
            if wire.anchor(at).is_ok() {
                self.points = wire.contour();
                self.anchors.push(self.points.len());
            }
            self.tail.clear();
            return;
        }
        self.points.push(at);
        self.tail.clear();
        self.anchors.push(self.points.len());
    }

    /// Drawing on by hand; the whole of it is one step to take back.
    pub fn draw(&mut self, at: Ras) {
        if self.wire.is_some() {
            self.aim(at);
            return;
        }
        self.points.push(at);
        self.tail.clear();
        if let Some(last) = self.anchors.last_mut() {
            *last = self.points.len();
        }
    }

    /// Takes the last click back. Whether anything is left.
    pub fn take_back(&mut self) -> bool {
        if let Some(wire) = &mut self.wire {
            wire.take_back();
        }
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
        draft.aim(at(7.0));
        draft.click(at(8.0));
        assert_eq!((draft.points.len(), draft.tail.len()), (7, 0));
        assert!(draft.take_back());
        assert_eq!(draft.points.len(), 6);
        assert!(draft.take_back());
        assert_eq!(draft.points.len(), 1);
        assert!(!draft.take_back());
    }
}
