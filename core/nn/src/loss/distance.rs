//! Exact Euclidean distances (Felzenszwalb and Huttenlocher, Distance Transforms of Sampled Functions, 2012).

/// Signed distances to the borders of classes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SignedDistances {
    /// `[N, classes, D, H, W]`: from outside a class to its nearest voxel; from inside, negative, to the nearest voxel that is
    /// another class. As a share of the patch's diagonal. Zero where a voxel counts nowhere, and for classes without a border.
    pub values: Vec<f32>,
    /// How many classes have a border in some sample.
    pub classes_with_border: usize,
}

/// # Shapes
/// - target: `[N, D, H, W]` = `shape`
pub(super) fn signed_distances(target: &[i32], shape: [usize; 4], classes: usize, ignore: Option<i64>, voxel: [f64; 3]) -> SignedDistances {
    let [n, size @ ..] = shape;
    let voxels: usize = size.iter().product();
    let diagonal = (0..3).map(|axis| (size[axis] as f64 * voxel[axis]).powi(2)).sum::<f64>().sqrt();
    let counts = |class: i32| (0..classes as i64).contains(&i64::from(class)) && ignore != Some(i64::from(class));
    let mut values = vec![0.0f32; n * classes * voxels];
    let mut has_border = vec![false; classes];
    for (sample, target) in target.chunks_exact(voxels.max(1)).enumerate() {
        for class in (1..classes).filter(|&class| counts(class as i32)) {
            let is_inside = |&at: &i32| at == class as i32;
            let is_outside = |at: &i32| counts(*at) && !is_inside(at);
            if !(target.iter().any(is_inside) && target.iter().any(is_outside)) {
                continue;
            }
            has_border[class] = true;
            let to_inside = squared_distances(target.iter().map(is_inside), size, voxel);
            let to_outside = squared_distances(target.iter().map(is_outside), size, voxel);
            let start = (sample * classes + class) * voxels;
            for (at, value) in values[start..start + voxels].iter_mut().enumerate() {
                if counts(target[at]) {
                    // One of the two is zero.
                    *value = ((to_inside[at].sqrt() - to_outside[at].sqrt()) / diagonal) as f32;
                }
            }
        }
    }
    SignedDistances { values, classes_with_border: has_border.into_iter().filter(|border| *border).count() }
}

/// The squared distance of every voxel to the nearest one that `is_site`; infinite where there is none.
fn squared_distances(is_site: impl Iterator<Item = bool>, size: [usize; 3], voxel: [f64; 3]) -> Vec<f64> {
    let mut all: Vec<f64> = is_site.map(|is_site| if is_site { 0.0 } else { f64::INFINITY }).collect();
    let strides = [size[1] * size[2], size[2], 1];
    for axis in 0..3 {
        let (count, stride) = (size[axis], strides[axis]);
        let mut envelope = Envelope::new(count, voxel[axis]);
        for first in (0..all.len()).filter(|at| at / stride % count == 0) {
            envelope.transform(&mut all, first, stride);
        }
    }
    all
}

/// The lower envelope of the parabolas that stand on a line's samples.
struct Envelope {
    voxel: f64,
    line: Vec<f64>,
    /// The parabolas of the envelope from left to right: their samples, and from where on each is the lowest.
    parabolas: Vec<(usize, f64)>,
}

impl Envelope {
    fn new(count: usize, voxel: f64) -> Self {
        Self { voxel, line: vec![0.0; count], parabolas: Vec::with_capacity(count) }
    }

    /// `min over q of (voxel·(p − q))² + f(q)` for every p of the line that begins at `first`.
    fn transform(&mut self, all: &mut [f64], first: usize, stride: usize) {
        for (at, value) in self.line.iter_mut().enumerate() {
            *value = all[first + at * stride];
        }
        let square = self.voxel * self.voxel;
        self.parabolas.clear();
        for (q, &height) in self.line.iter().enumerate().filter(|(_, height)| height.is_finite()) {
            let mut from = f64::NEG_INFINITY;
            while let Some(&(p, p_from)) = self.parabolas.last() {
                let (a, b) = (p as f64, q as f64);
                let crossing = ((height - self.line[p]) / square + b * b - a * a) / (2.0 * (b - a));
                if crossing > p_from {
                    from = crossing;
                    break;
                }
                self.parabolas.pop();
            }
            self.parabolas.push((q, from));
        }
        if self.parabolas.is_empty() {
            return;
        }
        let mut lowest = 0;
        for at in 0..self.line.len() {
            while self.parabolas.get(lowest + 1).is_some_and(|(_, from)| *from < at as f64) {
                lowest += 1;
            }
            let (q, _) = self.parabolas[lowest];
            all[first + at * stride] = square * (at as f64 - q as f64).powi(2) + self.line[q];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scattered(count: usize, one_in: usize) -> Vec<bool> {
        let mut state = 12_345u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize
        };
        (0..count).map(|_| next().is_multiple_of(one_in)).collect()
    }

    #[test]
    fn distances_are_those_found_by_looking_at_every_pair() {
        let (size, voxel) = ([5, 7, 9], [2.5, 0.7, 1.0]);
        for one_in in [2, 10, 100] {
            let sites = scattered(5 * 7 * 9, one_in);
            assert!(sites.contains(&true));
            let found = squared_distances(sites.iter().copied(), size, voxel);
            let place = |at: usize| [at / 63, at / 9 % 7, at % 9].map(|v| v as f64);
            for (at, found) in found.into_iter().enumerate() {
                let distance = |site: usize| (0..3).map(|axis| ((place(at)[axis] - place(site)[axis]) * voxel[axis]).powi(2)).sum::<f64>();
                let wanted = (0..sites.len()).filter(|&site| sites[site]).map(distance).fold(f64::INFINITY, f64::min);
                assert!((found - wanted).abs() < 1e-9, "voxel {at}: {found} against {wanted}");
            }
        }
        assert!(squared_distances([false; 8].into_iter(), [2, 2, 2], [1.0; 3]).iter().all(|d| d.is_infinite()));
    }

    #[test]
    fn the_sign_says_on_which_side_and_unknown_voxels_say_nothing() {
        // Along a line: background, two voxels of class 1, an unknown one, background; class 2 is absent.
        let distances = signed_distances(&[0, 0, 1, 1, -1, 0], [1, 1, 1, 6], 3, Some(-1), [1.0, 1.0, 2.0]);
        let diagonal = (1.0f64 + 1.0 + 144.0).sqrt();
        let wanted = [4.0, 2.0, -2.0, -4.0, 0.0, 4.0].map(|d| (d / diagonal) as f32);
        assert_eq!(distances.values[6..12], wanted);
        assert!(distances.values[..6].iter().chain(&distances.values[12..]).all(|d| *d == 0.0));
        assert_eq!(distances.classes_with_border, 1);
    }

    #[test]
    fn a_class_that_fills_everything_known_has_no_border() {
        let distances = signed_distances(&[1, 1, -1, 1], [1, 1, 2, 2], 2, Some(-1), [1.0; 3]);
        assert_eq!(distances, SignedDistances { values: vec![0.0; 8], classes_with_border: 0 });
    }
}
