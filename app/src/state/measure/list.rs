//! Changes of the list, and taking them back.

use super::shape::Shape;
use super::{Measure, Measured, Measurement};
use crate::texts::measure as texts;

/// How many steps back are kept.
const MOST_STEPS: usize = 100;

impl Measure {
    /// Puts a new measurement into the list and chooses it.
    pub fn add(&mut self, shape: Shape) {
        let same = self.list.iter().filter(|other| texts::kind(&other.measurement.shape) == texts::kind(&shape)).count();
        let is_free = |name: &String| self.list.iter().all(|other| other.measurement.name != *name);
        let names = (same + 1..).map(|n| format!("{} {n}", texts::kind(&shape)));
        let name = names.into_iter().find(is_free).unwrap_or_default();
        self.remember();
        self.add_numbered(Measurement { name, shape });
        self.selected = self.list.last().map(|measured| measured.number);
    }

    pub(super) fn add_numbered(&mut self, measurement: Measurement) {
        let number = self.next_number;
        self.next_number += 1;
        self.list.push(Measured { number, measurement, statistics: None });
        self.recount(number);
    }

    /// Takes a measurement out of the list.
    pub fn remove(&mut self, number: u64) {
        self.change(|list| list.retain(|measured| measured.number != number));
        if self.selected == Some(number) {
            self.selected = None;
        }
    }

    /// Gives a measurement another name; an empty one is none.
    pub fn rename(&mut self, number: u64, name: &str) {
        let name = name.trim();
        if !name.is_empty() {
            self.change(|list| {
                list.iter_mut()
                    .filter(|measured| measured.number == number)
                    .for_each(|measured| measured.measurement.name = name.to_owned());
            });
        }
    }

    /// Whether there is a change of measurements to take back.
    #[must_use]
    pub fn can_undo(&self) -> bool {
        !self.past.is_empty()
    }

    /// Whether there is one to do again.
    #[must_use]
    pub fn can_redo(&self) -> bool {
        !self.future.is_empty()
    }

    /// Takes the last change of measurements back.
    pub fn undo(&mut self) {
        if let Some(before) = self.past.pop() {
            let now = self.replace(before);
            self.future.push(now);
        }
    }

    /// Does the last one taken back again.
    pub fn redo(&mut self) {
        if let Some(after) = self.future.pop() {
            let now = self.replace(after);
            self.past.push(now);
        }
    }

    fn replace(&mut self, list: Vec<Measured>) -> Vec<Measured> {
        (self.draft, self.drag) = (None, None);
        let before = std::mem::replace(&mut self.list, list);
        self.selected = self.selected.filter(|number| self.list.iter().any(|measured| measured.number == *number));
        self.list.iter().map(|measured| measured.number).collect::<Vec<_>>().into_iter().for_each(|number| self.recount(number));
        self.is_unsaved = true;
        before
    }

    fn remember(&mut self) {
        self.past.push(self.list.clone());
        if self.past.len() > MOST_STEPS {
            self.past.remove(0);
        }
        self.future.clear();
        self.is_unsaved = true;
    }

    pub(super) fn change(&mut self, change: impl FnOnce(&mut Vec<Measured>)) {
        self.remember();
        change(&mut self.list);
    }

    pub(super) fn reshape(&mut self, number: u64, shape: Shape) {
        if let Some(measured) = self.list.iter_mut().find(|measured| measured.number == number) {
            measured.measurement.shape = shape;
        }
        self.recount(number);
    }

    pub(super) fn recount(&self, number: u64) {
        let measured = self.list.iter().find(|measured| measured.number == number);
        if let (Some(measured), Some(calculator)) = (measured.filter(|m| m.measurement.shape.is_region()), &self.calculator) {
            calculator.ask_region(number, measured.measurement.shape.clone());
        }
    }
}
