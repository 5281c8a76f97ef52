//! What is done to a model's masks afterwards, label by label, where the validation scans say that it helps.
//!
//! A network sees patches, not anatomy: it may find a second spleen. Whether to remove what lies apart, or to fill what is enclosed, is
//! tried on the validation scans once the training is over; only what raises a label's Dice there is written in the card, and every
//! prediction does it. (nnU-Net does the same for the largest piece; Isensee et al., 2021.)

use std::collections::BTreeMap;

use medley_volume::morphology::holes_filled;
use medley_volume::{LabelMap, components, metrics};
use serde::{Deserialize, Serialize};

use crate::LearnError;
use crate::card::{CardLabel, short};

/// What to keep of a label's pieces.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pieces {
    /// All of them.
    #[default]
    All,
    /// The largest.
    Largest,
    /// Those of so many cubic millimetres or more.
    AtLeast(f64),
}

/// What is done to one label of every mask, and what it brought on the validation scans.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LabelCleaning {
    /// The label's value.
    pub value: u16,
    /// Which pieces stay; the others become background.
    #[serde(default)]
    pub pieces: Pieces,
    /// Whether background that the label encloses is filled.
    #[serde(default)]
    pub fill_holes: bool,
    /// Mean Dice on the validation scans without it.
    pub dice_before: f64,
    /// Mean Dice on the validation scans with it.
    pub dice_after: f64,
}

/// Sizes of pieces that are tried, cubic millimetres.
const LEAST_MM3: [f64; 6] = [30.0, 100.0, 300.0, 1000.0, 3000.0, 10_000.0];

/// A higher Dice than this is better; less is chance.
const LEAST_GAIN: f64 = 1e-4;

/// Does to a mask what is to be done, label by label.
pub fn clean(mask: &mut LabelMap, cleanings: &[LabelCleaning]) {
    for cleaning in cleanings {
        keep_pieces(mask, cleaning.value, cleaning.pieces);
        if cleaning.fill_holes {
            fill_holes(mask, cleaning.value);
        }
    }
}

fn keep_pieces(mask: &mut LabelMap, value: u16, pieces: Pieces) {
    if pieces == Pieces::All {
        return;
    }
    let found = components(mask, &[value], 1);
    let voxel_mm3 = mask.grid().voxel_volume_ml() * 1000.0;
    // Of equal ones the first.
    let largest = found.list.iter().enumerate().rev().max_by_key(|(_, piece)| piece.voxels).map(|(at, _)| at);
    let stays: Vec<bool> = found
        .list
        .iter()
        .enumerate()
        .map(|(at, piece)| match pieces {
            Pieces::All => true,
            Pieces::Largest => Some(at) == largest,
            Pieces::AtLeast(mm3) => piece.voxels as f64 * voxel_mm3 >= mm3,
        })
        .collect();
    for (offset, &piece) in found.ids.iter().enumerate() {
        if piece > 0 && stays.get(piece as usize - 1) == Some(&false) {
            mask.set(offset, 0);
        }
    }
}

fn fill_holes(mask: &mut LabelMap, value: u16) {
    let inside: Vec<bool> = (0..mask.len()).map(|offset| mask.at(offset) == value).collect();
    if !inside.contains(&true) {
        return;
    }
    let filled = holes_filled(mask.grid(), &inside);
    for (offset, _) in filled.iter().enumerate().filter(|(_, is_filled)| **is_filled) {
        if mask.at(offset) == 0 {
            mask.set(offset, value);
        }
    }
}

/// Chooses for every label what raises its mean Dice over `scans`, pairs of a prediction and its truth: first which pieces stay, then
/// whether holes are filled. Labels for which nothing helps are left out.
///
/// # Errors
/// If a prediction does not lie on the grid of its truth.
pub(crate) fn choose(scans: &[(LabelMap, &LabelMap)], labels: &[CardLabel]) -> Result<Vec<LabelCleaning>, LearnError> {
    let mut chosen = Vec::new();
    for label in labels.iter().filter(|label| label.value != 0) {
        let with_label: Vec<&(LabelMap, &LabelMap)> = scans.iter().filter(|(_, truth)| truth.counts().contains_key(&label.value)).collect();
        let measure = |pieces: Pieces, fill_holes: bool| -> Result<f64, LearnError> {
            let cleaning = LabelCleaning { value: label.value, pieces, fill_holes, dice_before: 0.0, dice_after: 0.0 };
            let mut sum = 0.0;
            for (predicted, truth) in &with_label {
                let mut cleaned = predicted.clone();
                clean(&mut cleaned, std::slice::from_ref(&cleaning));
                let dice: BTreeMap<u16, f64> = metrics::dice_per_label(&cleaned, truth)?;
                sum += dice.get(&label.value).copied().unwrap_or(0.0);
            }
            Ok(sum / with_label.len().max(1) as f64)
        };
        if with_label.is_empty() {
            continue;
        }
        let before = measure(Pieces::All, false)?;
        let mut best = (before, Pieces::All, false);
        let candidates = [Pieces::Largest].into_iter().chain(LEAST_MM3.map(Pieces::AtLeast)).map(|pieces| (pieces, false));
        for (pieces, fill_holes) in candidates {
            let dice = measure(pieces, fill_holes)?;
            if dice > best.0 + LEAST_GAIN {
                best = (dice, pieces, fill_holes);
            }
        }
        let filled = measure(best.1, true)?;
        if filled > best.0 + LEAST_GAIN {
            best = (filled, best.1, true);
        }
        let (after, pieces, fill_holes) = best;
        if after > before {
            let (dice_before, dice_after) = (short(before), short(after));
            chosen.push(LabelCleaning { value: label.value, pieces, fill_holes, dice_before, dice_after });
        }
    }
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use medley_volume::{Grid, IndexBox};

    use super::*;

    fn mask(boxes: &[([usize; 3], [usize; 3], u16)]) -> LabelMap {
        let mut mask = LabelMap::empty(Grid::axis_aligned([20, 18, 10], [2.0, 2.0, 2.5]).expect("a grid"));
        for &(low, high, value) in boxes {
            let region = IndexBox { low, high };
            mask.set_region(&region, &vec![value; (0..3).map(|axis| high[axis] - low[axis]).product()]);
        }
        mask
    }

    fn labels() -> Vec<CardLabel> {
        [0, 1, 2, 3].map(|value| CardLabel { value, name: format!("label {value}") }).to_vec()
    }

    #[test]
    fn only_what_raises_the_dice_of_its_label_is_chosen() {
        // Label 1: whole. Label 2: one organ and a speck of another place. Label 3: two true pieces and a hole.
        let one = ([0, 0, 0], [4, 4, 4], 1);
        let truth = mask(&[one, ([6, 0, 0], [10, 6, 6], 2), ([0, 8, 0], [6, 14, 8], 3), ([10, 8, 0], [14, 14, 8], 3)]);
        let predicted = mask(&[
            one,
            ([6, 0, 0], [10, 6, 6], 2),
            ([17, 15, 8], [19, 17, 10], 2),
            ([0, 8, 0], [6, 14, 8], 3),
            ([2, 10, 3], [4, 12, 5], 0),
            ([10, 8, 0], [14, 14, 8], 3),
        ]);
        let chosen = choose(&[(predicted.clone(), &truth)], &labels()).expect("same grids");
        let of = |value: u16| chosen.iter().find(|cleaning| cleaning.value == value);
        assert_eq!(of(1), None);
        let two = of(2).expect("a speck was removed");
        assert_eq!((two.pieces, two.fill_holes, two.dice_after), (Pieces::Largest, false, 1.0));
        assert!(two.dice_before < 1.0);
        let three = of(3).expect("a hole was filled");
        assert_eq!((three.pieces, three.fill_holes, three.dice_after), (Pieces::All, true, 1.0));
        let mut cleaned = predicted;
        clean(&mut cleaned, &chosen);
        assert_eq!(cleaned, truth);
    }

    #[test]
    fn small_pieces_go_by_their_volume_and_other_labels_stay() {
        // 10 mm³ a voxel: pieces of 640, 80 and 40 mm³.
        let mut found =
            mask(&[([0, 0, 0], [4, 4, 4], 1), ([8, 8, 8], [10, 10, 10], 1), ([15, 0, 0], [19, 1, 1], 1), ([0, 10, 0], [1, 11, 1], 2)]);
        let cleaning = LabelCleaning { value: 1, pieces: Pieces::AtLeast(80.0), fill_holes: false, dice_before: 0.0, dice_after: 0.0 };
        clean(&mut found, &[cleaning]);
        assert_eq!(found.counts().into_iter().filter(|(label, _)| *label != 0).collect::<Vec<_>>(), [(1, 72), (2, 1)]);
    }

    #[test]
    fn a_filled_hole_takes_no_other_label() {
        let mut found = mask(&[([0, 0, 0], [6, 6, 6], 1), ([2, 2, 2], [4, 4, 4], 0), ([2, 2, 2], [3, 3, 3], 2)]);
        clean(&mut found, &[LabelCleaning { value: 1, pieces: Pieces::All, fill_holes: true, dice_before: 0.0, dice_after: 0.0 }]);
        assert_eq!((found.counts()[&1], found.counts()[&2]), (215, 1));
    }
}
