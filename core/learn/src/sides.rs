//! Left and right: labels that change places when a patch is mirrored.

use crate::LearnError;
use crate::card::CardLabel;

/// Pairs of labels whose names differ in “left” and “right” only (or “lh” and “rh” as words), and the names of labels that have a
/// side but no partner.
#[must_use]
pub fn sides_by_name(labels: &[(u16, String)]) -> (Vec<[u16; 2]>, Vec<String>) {
    let names: Vec<String> = labels.iter().map(|(_, name)| words(name)).collect();
    let (mut pairs, mut paired) = (Vec::new(), vec![false; labels.len()]);
    for (at, name) in names.iter().enumerate() {
        let mirrored = name.replace("left", "right");
        let partner = names.iter().position(|other| *other == mirrored && *other != *name);
        if let Some(partner) = partner.filter(|&partner| !paired[at] && !paired[partner]) {
            pairs.push([labels[at].0, labels[partner].0]);
            (paired[at], paired[partner]) = (true, true);
        }
    }
    let is_sided = |name: &str| name.split(' ').any(|word| word == "left" || word == "right");
    let lonely = (0..labels.len()).filter(|&at| !paired[at] && is_sided(&names[at])).map(|at| labels[at].1.clone()).collect();
    (pairs, lonely)
}

/// A name in lower case, its words apart by one space; `LeftKidney` and `kidney_l` are two words as well.
fn words(name: &str) -> String {
    let mut spaced = String::new();
    let mut before = ' ';
    for letter in name.chars() {
        if letter.is_uppercase() && before.is_lowercase() {
            spaced.push(' ');
        }
        spaced.push(if letter.is_alphanumeric() { letter } else { ' ' });
        before = letter;
    }
    let full = |word: &str| match word.to_lowercase().as_str() {
        "l" | "lh" => "left".to_owned(),
        "r" | "rh" => "right".to_owned(),
        word => word.to_owned(),
    };
    spaced.split_whitespace().map(full).collect::<Vec<_>>().join(" ")
}

/// Classes that change places when a patch is mirrored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sides(Vec<[usize; 2]>);

impl Sides {
    /// From pairs of label values; `labels` are the classes in order, background first.
    ///
    /// # Errors
    /// If a value is not among the labels, is background, or is in more than one pair.
    pub(crate) fn new(pairs: &[[u16; 2]], labels: &[CardLabel]) -> Result<Self, LearnError> {
        let mut classes: Vec<[usize; 2]> = Vec::with_capacity(pairs.len());
        for pair in pairs {
            let mut found = [0; 2];
            for (class, value) in found.iter_mut().zip(pair) {
                let wrong = |what: &str| LearnError::Setting(format!("the label {value} cannot be a side of a pair: {what}"));
                let at = labels.iter().position(|label| label.value == *value);
                *class = at.filter(|&at| at > 0).ok_or_else(|| wrong("it is not among the labels to learn"))?;
                if classes.iter().flatten().any(|other| other == class) {
                    return Err(wrong("it is in another pair already"));
                }
            }
            if found[0] == found[1] {
                return Err(LearnError::Setting(format!("the label {} is paired with itself", pair[0])));
            }
            classes.push(found);
        }
        Ok(Self(classes))
    }

    /// The class that `class` is in a mirror.
    pub(crate) fn other(&self, class: usize) -> usize {
        let swap = |pair: &[usize; 2]| match *pair {
            [a, b] if a == class => Some(b),
            [a, b] if b == class => Some(a),
            _ => None,
        };
        self.0.iter().find_map(swap).unwrap_or(class)
    }

    /// Whether no class has a side.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Exchanges the classes of voxels; negative ones stay.
    pub(crate) fn swap(&self, classes: &mut [i32]) {
        if self.is_empty() {
            return;
        }
        for class in classes {
            if let Ok(found) = usize::try_from(*class) {
                *class = self.other(found) as i32;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(names: &[&str]) -> Vec<(u16, String)> {
        names.iter().zip(1..).map(|(name, value)| (value, (*name).to_owned())).collect()
    }

    #[test]
    fn names_that_differ_in_their_side_are_pairs() {
        let labels = table(&["kidney_right", "liver", "kidney_left", "Left-Hippocampus", "Right-Hippocampus", "RightLung", "LeftLung"]);
        assert_eq!(sides_by_name(&labels), (vec![[3, 1], [4, 5], [7, 6]], Vec::new()));
        let labels = table(&["adrenal L", "adrenal R", "lung_middle_lobe_right", "cleft", "ctx-lh-insula", "ctx-rh-insula"]);
        assert_eq!(sides_by_name(&labels), (vec![[1, 2], [5, 6]], vec!["lung_middle_lobe_right".to_owned()]));
    }

    #[test]
    fn pairs_must_be_of_labels_that_are_learned_once_each() {
        let labels: Vec<CardLabel> = [0, 4, 7, 9].map(|value| CardLabel { value, name: String::new() }).to_vec();
        let sides = Sides::new(&[[7, 4]], &labels).expect("a pair");
        assert_eq!([0, 1, 2, 3].map(|class| sides.other(class)), [0, 2, 1, 3]);
        let mut classes = vec![-1, 0, 1, 2, 3];
        sides.swap(&mut classes);
        assert_eq!(classes, [-1, 0, 2, 1, 3]);
        for wrong in [&[[4, 5]][..], &[[0, 4]], &[[4, 4]], &[[4, 7], [7, 9]]] {
            assert!(Sides::new(wrong, &labels).is_err(), "{wrong:?}");
        }
    }
}
