//! Fingers and pens on the screen: one does what the tool does, two move the picture, one held still erases.
//!
//! The window system sends a first finger as a mouse too, so that one finger needs nothing of its own; what is found out here is
//! when that mouse must be left alone.

use std::collections::BTreeMap;

use egui::{Event, Pos2, TouchId, TouchPhase};

/// A finger that rests this long, in seconds, is a long press.
const LONG_PRESS_S: f64 = 0.5;

/// A finger that moves less than this, in points, rests.
const STILL: f32 = 6.0;

/// What is on the screen.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Touch {
    fingers: BTreeMap<TouchId, Pos2>,
    first: Option<First>,
    is_many: bool,
    has_just_rested: bool,
}

/// The finger that came first.
#[derive(Debug, Clone, Copy, PartialEq)]
struct First {
    id: TouchId,
    began_s: f64,
    at: Pos2,
    force: Option<f32>,
    /// It has neither moved nor been held long enough.
    may_rest: bool,
}

impl Touch {
    /// Takes in the events of a frame that begins at `now_s`.
    pub fn follow(&mut self, events: &[Event], now_s: f64) {
        self.has_just_rested = false;
        for event in events {
            if let Event::Touch { id, phase, pos, force, .. } = event {
                self.take(*id, *phase, *pos, *force, now_s);
            }
        }
        if let Some(first) = self.first.as_mut().filter(|first| first.may_rest && !self.is_many)
            && now_s - first.began_s >= LONG_PRESS_S
        {
            first.may_rest = false;
            self.has_just_rested = true;
        }
    }

    fn take(&mut self, id: TouchId, phase: TouchPhase, at: Pos2, force: Option<f32>, now_s: f64) {
        match phase {
            TouchPhase::Start => {
                if self.fingers.is_empty() {
                    self.is_many = false;
                    self.first = Some(First { id, began_s: now_s, at, force, may_rest: true });
                }
                self.fingers.insert(id, at);
                self.is_many |= self.fingers.len() > 1;
            }
            TouchPhase::Move => {
                self.fingers.insert(id, at);
                if let Some(first) = self.first.as_mut().filter(|first| first.id == id) {
                    first.may_rest &= first.at.distance(at) < STILL;
                    first.force = force.or(first.force);
                }
            }
            TouchPhase::End | TouchPhase::Cancel => {
                self.fingers.remove(&id);
                if self.fingers.is_empty() {
                    self.first = None;
                }
            }
        }
    }

    /// Whether two or more fingers have been on the screen since the first one came; until all are lifted and one comes again.
    #[must_use]
    pub fn is_many(&self) -> bool {
        self.is_many
    }

    /// Where the first finger came down.
    #[must_use]
    pub fn began_at(&self) -> Option<Pos2> {
        self.first.map(|first| first.at)
    }

    /// Where a single finger has been held still for long enough; in one frame only.
    #[must_use]
    pub fn rested_at(&self) -> Option<Pos2> {
        self.began_at().filter(|_| self.has_just_rested)
    }

    /// In how many seconds a finger that goes on resting has rested long enough.
    #[must_use]
    pub fn rests_in(&self, now_s: f64) -> Option<f64> {
        self.first.filter(|first| first.may_rest && !self.is_many).map(|first| (first.began_s + LONG_PRESS_S - now_s).max(0.0))
    }

    /// How large a brush is that is pressed as the pen was last: from half its size to the whole. 1 where nothing measures the force.
    #[must_use]
    pub fn brush_scale(&self) -> f64 {
        self.first.and_then(|first| first.force).map_or(1.0, Self::scale_of)
    }

    /// The same for the force of one moment, 0 … 1.
    #[must_use]
    pub fn scale_of(force: f32) -> f64 {
        0.5 + 0.5 * f64::from(force.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use egui::{TouchDeviceId, pos2};

    use super::*;

    fn touch(id: u64, phase: TouchPhase, x: f32, force: Option<f32>) -> Event {
        Event::Touch { device_id: TouchDeviceId(0), id: TouchId(id), phase, pos: pos2(x, 50.0), force }
    }

    #[test]
    fn two_fingers_stay_two_until_all_are_lifted() {
        let mut state = Touch::default();
        state.follow(&[touch(1, TouchPhase::Start, 10.0, None)], 0.0);
        assert!(!state.is_many());
        state.follow(&[touch(2, TouchPhase::Start, 30.0, None)], 0.1);
        assert!(state.is_many());
        state.follow(&[touch(1, TouchPhase::End, 10.0, None)], 0.2);
        assert!(state.is_many(), "one finger is left of two: it must not paint");
        state.follow(&[touch(2, TouchPhase::End, 30.0, None)], 0.3);
        state.follow(&[touch(3, TouchPhase::Start, 30.0, None)], 0.4);
        assert!(!state.is_many());
    }

    #[test]
    fn a_finger_held_still_rests_once_and_one_that_moves_does_not() {
        let mut state = Touch::default();
        state.follow(&[touch(1, TouchPhase::Start, 10.0, None)], 1.0);
        assert_eq!(state.rests_in(1.2).map(|left| (left * 10.0).round()), Some(3.0));
        state.follow(&[touch(1, TouchPhase::Move, 12.0, None)], 1.3);
        assert_eq!(state.rested_at(), None);
        state.follow(&[], 1.6);
        assert_eq!(state.rested_at(), Some(pos2(10.0, 50.0)));
        state.follow(&[], 1.7);
        assert_eq!((state.rested_at(), state.rests_in(1.7)), (None, None));
        state.follow(&[touch(1, TouchPhase::Cancel, 12.0, None), touch(2, TouchPhase::Start, 10.0, None)], 2.0);
        state.follow(&[touch(2, TouchPhase::Move, 40.0, None)], 2.1);
        state.follow(&[], 3.0);
        assert_eq!(state.rested_at(), None);
    }

    #[test]
    fn pressure_makes_a_brush_half_to_whole() {
        let mut state = Touch::default();
        assert_eq!(state.brush_scale(), 1.0);
        for (force, scale) in [(None, 1.0), (Some(0.0), 0.5), (Some(1.0), 1.0), (Some(7.0), 1.0)] {
            state.follow(&[touch(1, TouchPhase::Start, 10.0, force)], 0.0);
            assert_eq!(state.brush_scale(), scale);
            state.follow(&[touch(1, TouchPhase::Move, 11.0, force.map(|_| 0.5))], 0.05);
            assert_eq!(state.brush_scale(), if force.is_some() { 0.75 } else { 1.0 });
            state.follow(&[touch(1, TouchPhase::End, 10.0, None)], 0.1);
        }
    }
}
