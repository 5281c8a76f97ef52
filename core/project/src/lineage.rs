//! How the Edits of a case hang together.
//!
//! Each Edit remembers the one that was the last done when it was made: its parent. So the Edits form a tree, the done ones are
//! the chain from the root to the *head*, an undo moves the head to its parent, a redo to its newest child. (Newest, because
//! whoever makes a new Edit gives up what could be redone: those older siblings can never be reached again.)
//!
//! Damage is borne: a row that is gone but is spoken of by others becomes a place without an Edit, behind the Edit that came
//! before it; parents are always older than their children, so a chain always ends.

use std::collections::{BTreeMap, HashMap, HashSet};

/// The id of the root: no Edit done.
pub(crate) const ROOT: i64 = 0;

#[derive(Debug, Clone, Copy)]
struct Place {
    parent: i64,
    /// Bytes the stored Edit takes; 0 where its row is gone.
    byte_len: usize,
    /// Whether a person made it in this program.
    is_by_hand: bool,
}

/// The Edits of one case as a tree, and which of them are done.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lineage {
    places: BTreeMap<i64, Place>,
    newest_child: HashMap<i64, i64>,
    head: i64,
    /// How many rows of the journal could not be read or believed.
    pub damaged: usize,
}

impl Lineage {
    /// An Edit was made on top of `parent`. Rows come by rising id.
    pub fn edit(&mut self, id: i64, parent: i64, byte_len: usize) {
        let parent = self.put(id, parent, byte_len);
        let newest = self.newest_child.entry(parent).or_insert(id);
        *newest = id.max(*newest);
        self.head = id;
    }

    /// A person made this Edit in this program.
    pub fn mark_by_hand(&mut self, id: i64) {
        if let Some(place) = self.places.get_mut(&id) {
            place.is_by_hand = true;
        }
    }

    /// Whether any Edit that is done was made by a person in this program.
    pub fn has_hand_work(&self) -> bool {
        self.chain(self.head).any(|id| self.places.get(&id).is_some_and(|place| place.is_by_hand))
    }

    /// There is an Edit on top of `parent` that was never done: no undo or redo meets it.
    pub fn aside(&mut self, id: i64, parent: i64, byte_len: usize) {
        self.put(id, parent, byte_len);
    }

    /// Puts an Edit in its place and returns its parent.
    fn put(&mut self, id: i64, parent: i64, byte_len: usize) -> i64 {
        let parent = if (ROOT..id).contains(&parent) { parent } else { self.before(id) };
        self.ensure(parent);
        self.places.insert(id, Place { parent, byte_len, is_by_hand: false });
        parent
    }

    /// The Edit `target` was taken back.
    pub fn undo(&mut self, target: i64) {
        self.ensure(target);
        self.head = self.parent(target);
    }

    /// The Edit `target` was done again.
    pub fn redo(&mut self, target: i64) {
        self.ensure(target);
        self.head = target.max(ROOT);
    }

    /// Makes a place for an Edit whose row is gone, if there is none.
    pub fn ensure(&mut self, id: i64) {
        if id > ROOT && !self.places.contains_key(&id) {
            self.places.insert(id, Place { parent: self.before(id), byte_len: 0, is_by_hand: false });
        }
    }

    fn before(&self, id: i64) -> i64 {
        self.places.range(..id).next_back().map_or(ROOT, |(&id, _)| id)
    }

    /// Whether no Edit was ever made.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The last Edit done, or [`ROOT`].
    pub fn head(&self) -> i64 {
        self.head
    }

    /// The Edit below one; the root is its own.
    pub fn parent(&self, id: i64) -> i64 {
        self.places.get(&id).map_or(ROOT, |place| place.parent)
    }

    /// Bytes a stored Edit takes.
    pub fn byte_len(&self, id: i64) -> usize {
        self.places.get(&id).map_or(0, |place| place.byte_len)
    }

    /// What a redo would do again.
    pub fn next_redo(&self) -> Option<i64> {
        self.newest_child.get(&self.head).copied()
    }

    /// What can be redone, the first to be redone first.
    pub fn undone(&self) -> Vec<i64> {
        std::iter::successors(self.next_redo(), |id| self.newest_child.get(id).copied()).collect()
    }

    /// From an Edit down to the first one made, the root left out.
    pub fn chain(&self, from: i64) -> impl Iterator<Item = i64> {
        let above_root = |id: i64| (id > ROOT).then_some(id);
        std::iter::successors(above_root(from), move |&id| above_root(self.parent(id)))
    }

    /// The way from the mask that ends with `from` to the one that ends with `to`: what to take back, then what to do, both in
    /// order.
    pub fn way(&self, from: i64, to: i64) -> (Vec<i64>, Vec<i64>) {
        let below: HashSet<i64> = self.chain(to).collect();
        let back: Vec<i64> = self.chain(from).take_while(|id| !below.contains(id)).collect();
        let shared = back.last().map_or(from, |&last| self.parent(last));
        let mut forth: Vec<i64> = self.chain(to).take_while(|&id| id != shared).collect();
        forth.reverse();
        (back, forth)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_edit_gives_up_what_could_be_redone() {
        let mut lineage = Lineage::default();
        (1..=3).for_each(|id| lineage.edit(id, id - 1, 10));
        lineage.undo(3);
        lineage.undo(2);
        assert_eq!((lineage.head(), lineage.undone()), (1, vec![2, 3]));
        lineage.redo(2);
        assert_eq!((lineage.head(), lineage.undone()), (2, vec![3]));
        lineage.undo(2);
        lineage.edit(7, 1, 10);
        assert_eq!((lineage.head(), lineage.undone()), (7, vec![]));
        lineage.undo(7);
        assert_eq!((lineage.head(), lineage.undone()), (1, vec![7]));
        lineage.undo(1);
        assert_eq!((lineage.head(), lineage.undone()), (ROOT, vec![1, 7]));
    }

    #[test]
    fn the_way_between_two_branches_goes_through_their_fork() {
        let mut lineage = Lineage::default();
        for (id, parent) in [(1, 0), (2, 1), (3, 2), (5, 1), (6, 5)] {
            lineage.edit(id, parent, 1);
        }
        assert_eq!(lineage.way(3, 6), (vec![3, 2], vec![5, 6]));
        assert_eq!(lineage.way(ROOT, 3), (vec![], vec![1, 2, 3]));
        assert_eq!(lineage.way(6, ROOT), (vec![6, 5, 1], vec![]));
        assert_eq!(lineage.way(5, 6), (vec![], vec![6]));
        assert_eq!(lineage.way(6, 6), (vec![], vec![]));
    }

    #[test]
    fn an_edit_aside_is_met_by_neither_undo_nor_redo() {
        let mut lineage = Lineage::default();
        lineage.edit(1, ROOT, 1);
        lineage.edit(2, 1, 1);
        lineage.aside(3, 1, 1);
        assert_eq!((lineage.head(), lineage.undone()), (2, vec![]));
        lineage.undo(2);
        assert_eq!((lineage.head(), lineage.undone()), (1, vec![2]));
        assert_eq!(lineage.way(3, 2), (vec![3], vec![2]));
    }

    #[test]
    fn no_damage_makes_a_circle() {
        let mut lineage = Lineage::default();
        lineage.edit(1, 1, 1);
        lineage.edit(2, 9, 1);
        lineage.edit(3, -4, 1);
        lineage.undo(8);
        lineage.redo(i64::MIN);
        lineage.undo(2);
        lineage.redo(i64::MAX);
        assert_eq!(lineage.chain(lineage.head()).last(), Some(1));
        assert!(lineage.undone().len() < 10);
        lineage.edit(9, 5, 1);
        assert_eq!(lineage.chain(9).collect::<Vec<_>>(), vec![9, 5, 3, 2, 1]);
    }
}
