use serde::{Deserialize, Serialize};

/// A box along D, H, W, in voxels of a network's input: voxel `v` reaches from `v` to `v + 1`, its centre lies at `v + ½`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Box3 {
    /// The lower faces.
    pub low: [f64; 3],
    /// The upper faces.
    pub high: [f64; 3],
}

/// An object that is there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Object {
    /// Where.
    pub bounds: Box3,
    /// Of which class, from 0.
    pub class: usize,
}

/// An object that was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Detection {
    /// Where.
    pub bounds: Box3,
    /// Of which class, from 0.
    pub class: usize,
    /// How sure the network is, from 0 to 1.
    pub score: f64,
}

impl Box3 {
    /// The box of this middle and extent.
    #[must_use]
    pub fn around(center: [f64; 3], size: [f64; 3]) -> Self {
        let face = |sign: f64| std::array::from_fn(|axis| center[axis] + sign * size[axis] / 2.0);
        Self { low: face(-1.0), high: face(1.0) }
    }

    /// Its middle.
    #[must_use]
    pub fn center(&self) -> [f64; 3] {
        std::array::from_fn(|axis| (self.low[axis] + self.high[axis]) / 2.0)
    }

    /// Its extent; nothing where its faces are in the wrong order.
    #[must_use]
    pub fn size(&self) -> [f64; 3] {
        std::array::from_fn(|axis| (self.high[axis] - self.low[axis]).max(0.0))
    }

    /// Voxels inside.
    #[must_use]
    pub fn volume(&self) -> f64 {
        self.size().iter().product()
    }

    /// The part that lies in both; empty if there is none.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        Self {
            low: std::array::from_fn(|axis| self.low[axis].max(other.low[axis])),
            high: std::array::from_fn(|axis| self.high[axis].min(other.high[axis])),
        }
    }

    /// Intersection over union; 0 where both are empty.
    #[must_use]
    pub fn iou(&self, other: &Self) -> f64 {
        let both = self.intersection(other).volume();
        let either = self.volume() + other.volume() - both;
        if either > 0.0 { both / either } else { 0.0 }
    }

    /// The same box elsewhere.
    #[must_use]
    pub fn moved(&self, by: [f64; 3]) -> Self {
        let moved = |face: [f64; 3]| std::array::from_fn(|axis| face[axis] + by[axis]);
        Self { low: moved(self.low), high: moved(self.high) }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    /// Boxes within 20 voxels, some of them empty.
    pub(in crate::detect) fn random_boxes(seed: u64, count: usize) -> Vec<Box3> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut triple = |most: f64| [0; 3].map(|_| rng.random_range(0.0..most));
        (0..count).map(|_| Box3::around(triple(20.0), triple(8.0))).collect()
    }

    #[test]
    fn iou_by_hand() {
        let a = Box3 { low: [0.0; 3], high: [2.0, 2.0, 2.0] };
        let b = Box3 { low: [1.0, 0.0, 0.0], high: [3.0, 2.0, 2.0] };
        // 4 of 8 + 8 − 4.
        assert!((a.iou(&b) - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!(a.iou(&a.moved([2.0, 0.0, 0.0])), 0.0);
        assert_eq!(a.iou(&Box3 { low: [0.5; 3], high: [1.5; 3] }), 0.125);
    }

    #[test]
    fn iou_is_symmetric_one_with_itself_and_does_not_change_when_both_move() {
        let boxes = random_boxes(1, 60);
        for a in &boxes {
            assert!((a.iou(a) - 1.0).abs() < 1e-12);
            for b in &boxes {
                let iou = a.iou(b);
                assert_eq!(iou, b.iou(a));
                assert!((0.0..=1.0).contains(&iou));
                let by = [3.0, -7.0, 0.5];
                assert!((a.moved(by).iou(&b.moved(by)) - iou).abs() < 1e-9);
            }
        }
    }
}
