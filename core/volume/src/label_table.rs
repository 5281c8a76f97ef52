use serde::{Deserialize, Serialize};

use crate::label_palette::PALETTE;

/// What a label value stands for and how it is drawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// The value in the mask; never 0, which is background.
    pub value: u16,
    /// The name people read.
    pub name: String,
    /// Red, green, blue.
    pub color: [u8; 3],
    /// Whether it is drawn.
    #[serde(default = "yes")]
    pub is_visible: bool,
    /// Whether tools must leave its voxels alone.
    #[serde(default)]
    pub is_locked: bool,
}

fn yes() -> bool {
    true
}

/// The labels a study knows, by rising value.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelTable {
    labels: Vec<Label>,
}

impl LabelTable {
    /// A table of named labels with colours from the palette.
    #[must_use]
    pub fn from_names<'a>(names: impl IntoIterator<Item = (u16, &'a str)>) -> Self {
        let mut table = Self::default();
        for (value, name) in names {
            table.insert(Label { value, name: name.to_owned(), color: Self::palette(value), is_visible: true, is_locked: false });
        }
        table
    }

    /// The colour a label has unless somebody chose another: one that colour-blind readers can tell from its neighbours'.
    #[must_use]
    pub fn palette(value: u16) -> [u8; 3] {
        PALETTE[usize::from(value.saturating_sub(1)) % PALETTE.len()]
    }

    /// All labels by rising value.
    #[must_use]
    pub fn labels(&self) -> &[Label] {
        &self.labels
    }

    /// All labels by rising value, to change names, colours and flags.
    pub fn labels_mut(&mut self) -> &mut [Label] {
        &mut self.labels
    }

    /// A label by value.
    #[must_use]
    pub fn get(&self, value: u16) -> Option<&Label> {
        self.labels.iter().find(|label| label.value == value)
    }

    /// A label by name, letter case and the difference of space and underscore aside.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Label> {
        let wanted = plain(name);
        self.labels.iter().find(|label| plain(&label.name) == wanted)
    }

    /// Puts a label in, in place of one of the same value. Value 0 is background and is not put in.
    pub fn insert(&mut self, label: Label) {
        if label.value == 0 {
            return;
        }
        match self.labels.binary_search_by_key(&label.value, |l| l.value) {
            Ok(at) => self.labels[at] = label,
            Err(at) => self.labels.insert(at, label),
        }
    }

    /// Adds every value of `values` that the table does not know, named by its number.
    pub fn add_unknown(&mut self, values: impl IntoIterator<Item = u16>) {
        for value in values {
            if value != 0 && self.get(value).is_none() {
                let name = format!("label {value}");
                self.insert(Label { value, name, color: Self::palette(value), is_visible: true, is_locked: false });
            }
        }
    }

    /// The smallest value not taken.
    #[must_use]
    pub fn next_value(&self) -> u16 {
        (1..=u16::MAX).find(|&value| self.get(value).is_none()).unwrap_or(u16::MAX)
    }
}

fn plain(name: &str) -> String {
    name.trim().to_lowercase().replace([' ', '-'], "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_stay_in_order_and_unknown_values_get_a_name() {
        let mut table = LabelTable::from_names([(4, "Aorta"), (1, "spleen"), (0, "background")]);
        table.add_unknown([0, 1, 9]);
        let values: Vec<u16> = table.labels().iter().map(|l| l.value).collect();
        assert_eq!(values, vec![1, 4, 9]);
        assert_eq!(table.get(9).map(|l| l.name.as_str()), Some("label 9"));
        assert_eq!(table.next_value(), 2);
        assert_eq!(table.find("AORTA").map(|l| l.value), Some(4));
    }

    #[test]
    fn names_match_whatever_joins_their_words() {
        let table = LabelTable::from_names([(5, "inferior_vena_cava")]);
        assert!(table.find("Inferior vena cava").is_some());
    }
}
