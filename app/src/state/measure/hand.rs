//! What the hand does: making a measurement, taking one and moving it.

use medley_volume::Ras;

use super::draft::{Draft, Kind};
use super::shape::SlicePlane;
use super::{Drag, Grip, Measure};

impl Measure {
    /// The measurement under way.
    #[must_use]
    pub fn draft(&self) -> Option<&Draft> {
        self.draft.as_ref()
    }

    /// The button was pressed at a place of a plane: over a measurement it is taken, elsewhere one is begun or gone on with.
    pub fn press(&mut self, kind: Kind, plane: SlicePlane, at: Ras, taken: Option<(u64, Grip)>) {
        if let Some(draft) = &mut self.draft {
            draft.follow(at, 0.0);
        } else if let Some((number, grip)) = taken {
            self.selected = Some(number);
            let shape = self.list.iter().find(|measured| measured.number == number).map(|measured| measured.measurement.shape.clone());
            self.drag = shape.map(|before| Drag { number, grip, from: at, before });
        } else {
            self.selected = None;
            self.draft = Some(Draft::begin(kind, plane, at));
        }
    }

    /// The pointer moved; `least_mm` is the shortest step of a line drawn by hand.
    pub fn follow_pointer(&mut self, to: Ras, least_mm: f64) {
        if let Some(draft) = &mut self.draft {
            draft.follow(to, least_mm);
        }
        let Some(drag) = &self.drag else { return };
        let shape = match drag.grip {
            Grip::Handle(index) => drag.before.with_handle(index, to),
            Grip::Body => drag.before.moved(to.0 - drag.from.0),
        };
        let number = drag.number;
        self.reshape(number, shape);
    }

    /// The button was let go; `has_dragged`: not where it was pressed. Whether a measurement was finished.
    pub fn release(&mut self, has_dragged: bool) -> bool {
        if let Some(Drag { number, before, .. }) = self.drag.take() {
            let now = self.list.iter().find(|measured| measured.number == number).map(|measured| measured.measurement.shape.clone());
            if let Some(now) = now.filter(|now| *now != before) {
                self.reshape(number, before);
                self.change(|list| {
                    list.iter_mut().filter(|measured| measured.number == number).for_each(|m| m.measurement.shape = now.clone())
                });
                self.recount(number);
            }
            return false;
        }
        let Some(shape) = self.draft.as_mut().and_then(|draft| draft.release(has_dragged)) else { return false };
        self.draft = None;
        if shape.is_empty() || !shape.is_finite() {
            return false;
        }
        self.add(shape);
        true
    }

    /// Gives up a measurement under way that the tool in the hand does not make.
    pub fn keep_only(&mut self, kind: Option<Kind>) {
        if self.draft.as_ref().is_some_and(|draft| Some(draft.kind()) != kind) || (self.drag.is_some() && kind.is_none()) {
            self.cancel();
        }
    }

    /// Gives up what the hand is doing; whether it was doing anything.
    pub fn cancel(&mut self) -> bool {
        if let Some(Drag { number, before, .. }) = self.drag.take() {
            self.reshape(number, before);
            return true;
        }
        self.draft.take().is_some()
    }
}
