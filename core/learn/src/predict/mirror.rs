//! Mirroring at prediction time: the mean of what a network says of a window and of its mirror images.

use std::fmt;
use std::str::FromStr;

use crate::LearnError;
use crate::sides::Sides;

/// Axes along which windows are mirrored too; each doubles the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mirrored {
    /// Left and right.
    pub right: bool,
    /// Front and back.
    pub anterior: bool,
    /// Head and feet.
    pub superior: bool,
}

impl FromStr for Mirrored {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut mirrored = Self::default();
        for axis in text.split(',') {
            match axis.trim() {
                "r" => mirrored.right = true,
                "a" => mirrored.anterior = true,
                "s" => mirrored.superior = true,
                _ => {
                    return Err(format!(
                        "“{text}” names no axes: use r (left and right), a (front and back), s (head and feet), as in r,a"
                    ));
                }
            }
        }
        Ok(mirrored)
    }
}

impl fmt::Display for Mirrored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let axes = [(self.right, "r"), (self.anterior, "a"), (self.superior, "s")];
        f.write_str(&axes.iter().filter(|(is_mirrored, _)| *is_mirrored).map(|(_, name)| *name).collect::<Vec<_>>().join(","))
    }
}

impl Mirrored {
    /// All combinations, as `[D, H, W]` = `[S, A, R]`; the first mirrors nothing.
    fn views(self) -> impl Iterator<Item = [bool; 3]> {
        let wanted = [self.superior, self.anterior, self.right];
        (0..8u8)
            .map(|bits| [bits & 4 != 0, bits & 2 != 0, bits & 1 != 0])
            .filter(move |view| (0..3).all(|axis| wanted[axis] || !view[axis]))
    }

    /// Whether nothing is mirrored.
    #[must_use]
    pub fn is_none(self) -> bool {
        self == Self::default()
    }

    /// The mean of what `forward` returns, `[classes, D, H, W]`, over all views of a window `[D, H, W]`, each turned back. Where left
    /// and right are exchanged, so are the classes of `sides`.
    pub(super) fn mean(
        self,
        window: Vec<f32>,
        shape: [usize; 3],
        sides: &Sides,
        mut forward: impl FnMut(Vec<f32>) -> Result<Vec<f32>, LearnError>,
    ) -> Result<Vec<f32>, LearnError> {
        if self.is_none() {
            return forward(window);
        }
        let voxels = shape.iter().product::<usize>();
        let mut sum: Vec<f32> = Vec::new();
        let mut count = 0.0;
        for view in self.views() {
            let mut seen = forward(flipped(&window, shape, view))?;
            seen.chunks_mut(voxels).for_each(|class| class.copy_from_slice(&flipped(class, shape, view)));
            sum.resize(seen.len(), 0.0);
            for (class, total) in sum.chunks_mut(voxels).enumerate() {
                let from = if view[2] { sides.other(class) } else { class };
                let values = seen.get(from * voxels..(from + 1) * voxels).unwrap_or_default();
                total.iter_mut().zip(values).for_each(|(total, value)| *total += value);
            }
            count += 1.0;
        }
        sum.iter_mut().for_each(|value| *value /= count);
        Ok(sum)
    }
}

/// `[D, H, W]` with some axes reversed.
fn flipped(values: &[f32], [depth, height, width]: [usize; 3], [over_d, over_h, over_w]: [bool; 3]) -> Vec<f32> {
    let turned = |at: usize, n: usize, is_over: bool| if is_over { n - 1 - at } else { at };
    let mut out = Vec::with_capacity(values.len());
    for d in 0..depth {
        for h in 0..height {
            let row = &values[(turned(d, depth, over_d) * height + turned(h, height, over_h)) * width..][..width];
            if over_w { out.extend(row.iter().rev()) } else { out.extend_from_slice(row) }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::CardLabel;

    const SHAPE: [usize; 3] = [2, 3, 4];

    fn window() -> Vec<f32> {
        (0..24).map(|value| value as f32).collect()
    }

    #[test]
    fn axes_are_read_as_they_are_written_and_each_doubles_the_views() {
        for (text, views) in [("r", 2), ("r,a", 4), ("r,a,s", 8), ("s", 2)] {
            let mirrored: Mirrored = text.parse().expect("axes");
            assert_eq!((mirrored.to_string().as_str(), mirrored.views().count()), (text, views));
        }
        assert!("x".parse::<Mirrored>().is_err() && "".parse::<Mirrored>().is_err());
    }

    #[test]
    fn views_are_turned_back_before_they_are_averaged() {
        let all: Mirrored = "r,a,s".parse().expect("axes");
        let mut calls = Vec::new();
        let copy = |window: Vec<f32>| {
            calls.push(window.clone());
            Ok(window)
        };
        let mean = all.mean(window(), SHAPE, &Sides::default(), copy).expect("a mean");
        assert_eq!(mean, window());
        calls.sort_by(|a, b| a.partial_cmp(b).expect("numbers"));
        calls.dedup();
        assert_eq!(calls.len(), 8, "every view is another one");
    }

    #[test]
    fn a_network_that_tells_sides_by_place_agrees_with_itself_only_if_classes_change_places() {
        let labels: Vec<CardLabel> = [0, 1, 2].map(|value| CardLabel { value, name: String::new() }).to_vec();
        // Class 1 in the left half of a window, class 2 in the right, whatever is there.
        let by_place = |_: Vec<f32>| {
            let half = |is_left: bool| (0..24).map(move |at| f32::from(u8::from((at % 4 < 2) == is_left)));
            Ok([0.0; 24].into_iter().chain(half(true)).chain(half(false)).collect())
        };
        let right: Mirrored = "r".parse().expect("axes");
        let sides = Sides::new(&[[1, 2]], &labels).expect("a pair");
        assert_eq!(right.mean(window(), SHAPE, &sides, by_place).expect("a mean"), by_place(window()).expect("a view"));
        let blurred = right.mean(window(), SHAPE, &Sides::default(), by_place).expect("a mean");
        assert!(blurred[24..].iter().all(|value| *value == 0.5));
    }
}
