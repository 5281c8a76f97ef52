//! The simulated person: knows the truth, has the hand of a person, and does next what makes the mask most better for its time.

use std::error::Error;
use std::time::Duration;

use medley_volume::LabelMap;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::choices;
use crate::desk::{Change, Desk};
use crate::gesture::{Gesture, InHand};
use crate::scene::Scene;
use crate::time_model::Effort;

/// Nobody goes on for longer.
const MOST_ACTIONS: usize = 1000;

/// What a person may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// The brush and the eraser, in a slice.
    BrushOnly,
    /// All tools, each time the best.
    Tools,
    /// All tools, after the organ was cleared, drawn in every n-th slice and interpolated.
    Redraw(usize),
}

/// How a person works.
#[derive(Debug, Clone, Copy)]
pub struct Habits {
    /// The Dice at which the person stops.
    pub goal: f64,
    /// How far a point lies from where it was meant at most, mm along each axis.
    pub hand_error_mm: f64,
    /// See [`Sweep::ends_at`](crate::sweep::Sweep::ends_at): how long strokes are.
    pub stroke_ends_at: f64,
    /// Of the hand.
    pub seed: u64,
}

/// One action of the list.
pub struct Action {
    pub gesture: Gesture,
    pub effort: Effort,
    /// Dice after it.
    pub dice: f64,
}

/// All that was done.
pub struct Work {
    pub way: Way,
    pub habits: Habits,
    pub first_dice: f64,
    pub actions: Vec<Action>,
    pub effort: Effort,
    /// What the tools themselves took.
    pub computing: Duration,
    pub mask: LabelMap,
    /// The mask after all was undone.
    pub undone: LabelMap,
}

impl Work {
    /// Dice at the end.
    pub fn dice(&self) -> f64 {
        self.actions.last().map_or(self.first_dice, |action| action.dice)
    }
}

/// Corrects the proposal one way; undoes all of it at the end. `None` if it takes more than `patience` seconds of the person.
///
/// # Errors
/// If an Edit does not fit the mask, which would be a fault of the tools.
pub fn correct(scene: &Scene, way: Way, habits: &Habits, patience: f64) -> Result<Option<Work>, Box<dyn Error>> {
    let desk = Desk::new(scene);
    let slices = scene.frame.size[2];
    let in_hand = InHand { tool: "", radius_mm: choices::FIRST_RADIUS_MM, is_ball: false, slice: slices / 2 };
    let mut person = Person {
        first_dice: desk.tally.dice(),
        desk,
        habits: *habits,
        hand: ChaCha8Rng::seed_from_u64(habits.seed),
        in_hand,
        actions: Vec::new(),
        effort: Effort::default(),
        patience,
        flat: (0..slices).map(|_| None).collect(),
        deep: (0..slices).map(|_| None).collect(),
    };
    if let Way::Redraw(every) = way {
        person.redraw(every)?;
    }
    person.polish(way != Way::BrushOnly)?;
    if person.effort.seconds() >= patience {
        return Ok(None);
    }
    let Person { mut desk, first_dice, actions, effort, .. } = person;
    let mask = desk.mask.clone();
    desk.history.jump_to(0, &mut desk.mask)?;
    Ok(Some(Work { way, habits: *habits, first_dice, actions, effort, computing: desk.computing, mask, undone: desk.mask }))
}

/// A gesture and what a try of it changed.
#[derive(Clone)]
struct Choice {
    gesture: Gesture,
    change: Change,
}

struct Person<'a> {
    desk: Desk<'a>,
    first_dice: f64,
    habits: Habits,
    hand: ChaCha8Rng,
    in_hand: InHand,
    actions: Vec<Action>,
    effort: Effort,
    patience: f64,
    /// What could be done in each slice, as long as nothing has changed there.
    flat: Vec<Option<Vec<Choice>>>,
    /// The same with balls, which reach other slices.
    deep: Vec<Option<Vec<Choice>>>,
}

impl Person<'_> {
    /// Until the goal is reached, nothing helps or patience ends.
    fn polish(&mut self, has_tools: bool) -> Result<(), Box<dyn Error>> {
        while self.desk.tally.dice() < self.habits.goal {
            if self.actions.len() >= MOST_ACTIONS || self.effort.seconds() >= self.patience {
                return Ok(());
            }
            let Some(choice) = self.best(has_tools) else { return Ok(()) };
            self.act(&choice)?;
        }
        Ok(())
    }

    /// Clears the organ, draws it in its first, its last and every n-th slice between, and interpolates.
    fn redraw(&mut self, every: usize) -> Result<(), Box<dyn Error>> {
        self.act(&Gesture::KeepLargest)?;
        if let Some(clear) = choices::clear(&self.desk) {
            self.act(&clear)?;
        }
        let slices = choices::slices_with_organ(&self.desk);
        for (n, &slice) in slices.iter().enumerate() {
            if self.effort.seconds() < self.patience && (n % every == 0 || n + 1 == slices.len()) {
                for contour in choices::whole_contours(&self.desk, slice) {
                    self.act(&contour)?;
                }
            }
        }
        self.act(&Gesture::Interpolate)
    }

    /// What improves the Dice most per second.
    fn best(&mut self, has_tools: bool) -> Option<Gesture> {
        let mut best: Option<(f64, Gesture)> = None;
        for slice in 0..self.flat.len() {
            self.look_at(slice, has_tools);
            let known = self.flat[slice].iter().chain(&self.deep[slice]).flatten();
            for choice in known {
                let worth = self.worth(choice);
                if worth > best.as_ref().map_or(0.0, |(worth, _)| *worth) {
                    best = Some((worth, choice.gesture.clone()));
                }
            }
        }
        let whole = if has_tools { choices::whole(&self.desk) } else { Vec::new() };
        for choice in self.tried(whole) {
            let worth = self.worth(&choice);
            if worth > best.as_ref().map_or(0.0, |(worth, _)| *worth) {
                best = Some((worth, choice.gesture));
            }
        }
        best.map(|(_, gesture)| gesture)
    }

    fn worth(&self, choice: &Choice) -> f64 {
        let gain = self.desk.tally.with(choice.change).dice() - self.desk.tally.dice();
        gain / choice.gesture.effort(&self.in_hand).seconds()
    }

    fn look_at(&mut self, slice: usize, has_tools: bool) {
        if self.flat[slice].is_none() {
            let mut gestures = choices::strokes(&self.desk, slice, false, self.habits.stroke_ends_at);
            if has_tools {
                gestures.extend(choices::contours(&self.desk, slice));
                gestures.extend(choices::copies(&self.desk, slice));
            }
            self.flat[slice] = Some(self.tried(gestures));
        }
        if has_tools && self.deep[slice].is_none() {
            let gestures = choices::strokes(&self.desk, slice, true, self.habits.stroke_ends_at);
            self.deep[slice] = Some(self.tried(gestures));
        }
    }

    /// Each with the change of a try: what a person expects of it, knowing the own hand. The action itself then misses in another way.
    fn tried(&mut self, gestures: Vec<Gesture>) -> Vec<Choice> {
        let mut tried = Vec::new();
        for gesture in gestures {
            let done = gesture.by_hand(&self.desk.scene.frame, self.habits.hand_error_mm, &mut self.hand);
            tried.extend(self.desk.trial(&done).map(|change| Choice { gesture, change }));
        }
        tried
    }

    fn act(&mut self, gesture: &Gesture) -> Result<(), Box<dyn Error>> {
        let frame = &self.desk.scene.frame;
        let done = gesture.by_hand(frame, self.habits.hand_error_mm, &mut self.hand);
        let effort = done.effort(&self.in_hand);
        let changed = self.desk.carry_out(&done)?;
        self.in_hand = done.leaves(&self.in_hand);
        self.effort = self.effort.and(effort);
        self.actions.push(Action { gesture: done, effort, dice: self.desk.tally.dice() });
        let Some(region) = changed else { return Ok(()) };
        let changed = frame.slices_of(&region);
        // A copy onto a slice and one from it: both neighbours see the change.
        let seen = changed.start.saturating_sub(1)..(changed.end + 1).min(self.flat.len());
        self.flat[seen].fill(None);
        let reach = (choices::LARGEST_BALL_MM / frame.mm[2]) as usize;
        let reached = changed.start.saturating_sub(reach)..(changed.end + reach).min(self.deep.len());
        self.deep[reached].fill(None);
        Ok(())
    }
}
