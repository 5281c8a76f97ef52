//! A measurement that is being made: by dragging, or by clicking each place.

use medley_volume::Ras;

use super::shape::{Frame, Shape, SlicePlane};

/// What is being measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Two places.
    Distance,
    /// Three places.
    Angle,
    /// Two opposite corners, or a line around.
    Region(RegionForm),
}

/// The form of a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum RegionForm {
    /// An ellipse.
    #[default]
    Ellipse,
    /// A rectangle.
    Rectangle,
    /// A line drawn by hand.
    Freehand,
}

impl RegionForm {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Ellipse, Self::Rectangle, Self::Freehand];
}

/// A measurement under way. Its last place follows the pointer until the button is let go.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    kind: Kind,
    plane: SlicePlane,
    /// Those that are fixed, then the one that follows the pointer.
    places: Vec<Ras>,
    is_first_press: bool,
}

impl Draft {
    /// The button was pressed at a place of a plane.
    #[must_use]
    pub fn begin(kind: Kind, plane: SlicePlane, at: Ras) -> Self {
        Self { kind, plane, places: vec![at, at], is_first_press: true }
    }

    /// What is being measured.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The pointer moved to a place, the button down or not. `least_mm` is the shortest step of a line drawn by hand.
    pub fn follow(&mut self, to: Ras, least_mm: f64) {
        let is_freehand = self.kind == Kind::Region(RegionForm::Freehand);
        if is_freehand && self.places.len() >= 2 {
            let last = self.places[self.places.len() - 2];
            if last.0.distance(self.plane.projected(to).0) >= least_mm {
                self.places.push(to);
            }
        }
        if let Some(last) = self.places.last_mut() {
            *last = to;
        }
    }

    /// The button was let go, after a drag or where it was pressed: the finished shape, if it was the last place that was missing.
    pub fn release(&mut self, has_dragged: bool) -> Option<Shape> {
        let is_click = self.is_first_press && !has_dragged;
        self.is_first_press = false;
        if is_click && self.kind != Kind::Region(RegionForm::Freehand) {
            return None;
        }
        let needed = if self.kind == Kind::Angle { 3 } else { 2 };
        if self.places.len() < needed {
            self.places.extend(self.places.last().copied());
            return None;
        }
        Some(self.shape())
    }

    /// The shape as it would be if the pointer stayed where it is.
    #[must_use]
    pub fn shape(&self) -> Shape {
        let (first, last) = (self.places[0], self.places[self.places.len() - 1]);
        match self.kind {
            Kind::Angle if self.places.len() >= 3 => Shape::Angle { points: [first, self.places[1], self.places[2]] },
            Kind::Distance | Kind::Angle => Shape::Distance { ends: [first, last] },
            Kind::Region(RegionForm::Ellipse) => Shape::Ellipse(Frame::between(&self.plane, first, last)),
            Kind::Region(RegionForm::Rectangle) => Shape::Rectangle(Frame::between(&self.plane, first, last)),
            Kind::Region(RegionForm::Freehand) => {
                Shape::Freehand { outline: self.places.iter().map(|place| self.plane.projected(*place)).collect() }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use medley_volume::Grid;
    use medley_volume::glam::DVec3;

    use super::*;

    fn plane() -> SlicePlane {
        let grid = Grid::axis_aligned([8; 3], [1.0; 3]).expect("a grid");
        SlicePlane::spanned(at(0.0, 0.0), DVec3::X, DVec3::Y, &grid)
    }

    fn at(x: f64, y: f64) -> Ras {
        Ras(DVec3::new(x, y, 0.0))
    }

    #[test]
    fn dragging_and_clicking_measure_the_same_distance() {
        let mut dragged = Draft::begin(Kind::Distance, plane(), at(0.0, 0.0));
        dragged.follow(at(3.0, 4.0), 0.1);
        let dragged = dragged.release(true);
        let mut clicked = Draft::begin(Kind::Distance, plane(), at(0.0, 0.0));
        assert_eq!(clicked.release(false), None);
        clicked.follow(at(2.0, 2.0), 0.1);
        clicked.follow(at(3.0, 4.0), 0.1);
        assert_eq!(clicked.release(false), dragged);
        assert_eq!(dragged.map(|shape| shape.size()), Some(5.0));
    }

    #[test]
    fn an_angle_takes_a_drag_and_a_click_or_three_clicks() {
        let wanted = Shape::Angle { points: [at(5.0, 0.0), at(0.0, 0.0), at(0.0, 2.0)] };
        let mut draft = Draft::begin(Kind::Angle, plane(), at(5.0, 0.0));
        draft.follow(at(0.0, 0.0), 0.1);
        assert_eq!(draft.release(true), None);
        draft.follow(at(0.0, 2.0), 0.1);
        assert_eq!(draft.release(false), Some(wanted.clone()));
        let mut draft = Draft::begin(Kind::Angle, plane(), at(5.0, 0.0));
        assert_eq!(draft.release(false), None);
        draft.follow(at(0.0, 0.0), 0.1);
        assert_eq!(draft.release(false), None);
        draft.follow(at(0.0, 2.0), 0.1);
        assert_eq!(draft.release(false), Some(wanted));
    }

    #[test]
    fn a_line_by_hand_keeps_its_way_and_no_more_points_than_it_needs() {
        let mut draft = Draft::begin(Kind::Region(RegionForm::Freehand), plane(), at(0.0, 0.0));
        for n in 0..=100 {
            draft.follow(at(f64::from(n) / 100.0 * 4.0, 0.0), 1.0);
        }
        draft.follow(at(4.0, 3.0), 1.0);
        let Some(Shape::Freehand { outline }) = draft.release(true) else { panic!("no line") };
        assert!(outline.len() < 9, "{}", outline.len());
        assert!((Shape::Freehand { outline }.size() - 6.0).abs() < 1e-9);
    }
}
