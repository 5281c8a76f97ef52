use super::{Box3, Detection};
use crate::head::Detector;

/// A detector's maps of one input, as numbers: channels, then D, H, W, W fastest.
#[derive(Debug, Clone, Copy)]
pub struct MapValues<'a> {
    /// `[classes, D', H', W']`, logits.
    pub heat: &'a [f32],
    /// `[3, D', H', W']`.
    pub size: &'a [f32],
    /// `[3, D', H', W']`.
    pub offset: &'a [f32],
    /// `[D', H', W']`.
    pub cells: [usize; 3],
}

/// Logarithms of extents beyond this are no extents: e^7 cells are more than any scan has.
const LARGEST_LOG: f32 = 7.0;

/// The boxes that maps tell of, surest first: a box for each cell whose heat is the highest among its 3³ neighbours and stands for
/// a chance of at least `least_score`; at most `most` of them.
///
/// Of neighbours that are equally high the first counts. Cells whose numbers are not finite tell of nothing.
///
/// # Panics
/// If the maps do not have `cells` cells.
#[must_use]
pub fn decode(maps: &MapValues<'_>, most: usize, least_score: f64) -> Vec<Detection> {
    let [depth, height, width] = maps.cells;
    let count = depth * height * width;
    assert!(maps.heat.len().is_multiple_of(count.max(1)) && maps.size.len() == 3 * count && maps.offset.len() == 3 * count);
    let mut found = Vec::new();
    for (class, heat) in maps.heat.chunks(count.max(1)).enumerate() {
        for (place, &logit) in heat.iter().enumerate() {
            let score = 1.0 / (1.0 + (-f64::from(logit)).exp());
            // A comparison with a number that is none is false.
            if !(score >= least_score && is_summit(heat, maps.cells, place)) {
                continue;
            }
            let cell = [place / (height * width), place / width % height, place % width];
            let numbers: [[f32; 2]; 3] = std::array::from_fn(|axis| [maps.size[axis * count + place], maps.offset[axis * count + place]]);
            if numbers.iter().flatten().all(|number| number.is_finite()) {
                let stride = Detector::STRIDE as f64;
                let center = std::array::from_fn(|axis| (cell[axis] as f64 + f64::from(numbers[axis][1])) * stride + 0.5);
                let size = std::array::from_fn(|axis| f64::from(numbers[axis][0].min(LARGEST_LOG)).exp() * stride);
                found.push(Detection { bounds: Box3::around(center, size), class, score });
            }
        }
    }
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    found.truncate(most);
    found
}

fn is_summit(heat: &[f32], [depth, height, width]: [usize; 3], place: usize) -> bool {
    let [d, h, w] = [place / (height * width), place / width % height, place % width];
    let around = |at: usize, n: usize| at.saturating_sub(1)..(at + 2).min(n);
    for z in around(d, depth) {
        for y in around(h, height) {
            for x in around(w, width) {
                let other = (z * height + y) * width + x;
                let is_higher = heat[other] > heat[place] || (heat[other] == heat[place] && other < place);
                if is_higher {
                    return false;
                }
            }
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tensor};

    use super::super::{Object, TargetMaps};
    use super::*;
    use crate::max_pool3d;

    fn numbers(tensor: Tensor<5>) -> Vec<f32> {
        tensor.to_data().try_to_vec().expect("f32")
    }

    /// A detector that says exactly what it should finds exactly what is there.
    #[test]
    fn what_the_targets_draw_is_found_again() {
        let boxes =
            [([3.0, 2.0, 5.0], [9.0, 13.5, 11.0]), ([20.0, 18.0, 4.0], [25.0, 27.0, 16.25]), ([4.0, 20.0, 30.0], [9.0, 24.0, 39.0])];
        let objects: Vec<Object> =
            boxes.iter().enumerate().map(|(at, &(low, high))| Object { bounds: Box3 { low, high }, class: at % 2 }).collect();
        let maps = TargetMaps::new(std::slice::from_ref(&objects), [32, 30, 40], 2, &Device::flex());
        // From a chance to its logit; the centres, where it would be infinite, become high.
        let heat: Vec<f32> = numbers(maps.heat).into_iter().map(|p| (p.clamp(1e-4, 0.999) / (1.0 - p.clamp(1e-4, 0.999))).ln()).collect();
        let (size, offset) = (numbers(maps.size), numbers(maps.offset));
        let values = MapValues { heat: &heat, size: &size, offset: &offset, cells: [8, 8, 10] };
        let found = decode(&values, 10, 0.9);
        assert_eq!(found.len(), 3);
        for object in objects {
            let best = found.iter().filter(|d| d.class == object.class).map(|d| d.bounds.iou(&object.bounds)).fold(0.0, f64::max);
            assert!(best > 0.9999, "{best}");
        }
        assert_eq!(decode(&values, 2, 0.9).len(), 2);
    }

    #[test]
    fn summits_are_where_a_max_pool_changes_nothing() {
        let cells = [5, 6, 7];
        let heat: Vec<f32> = (0..210).map(|v| ((v * 7919 % 210) as f32 - 105.0) / 40.0).collect();
        let tensor = Tensor::<1>::from_floats(heat.as_slice(), &Device::flex()).reshape([1, 1, 5, 6, 7]);
        let pooled = numbers(max_pool3d(tensor, 3, 1, 1));
        let zeros = vec![0.0; 630];
        let values = MapValues { heat: &heat, size: &zeros, offset: &zeros, cells };
        let wanted = heat.iter().zip(&pooled).filter(|(value, most)| value == most).count();
        assert_eq!(decode(&values, 1000, 0.0).len(), wanted);
    }

    #[test]
    fn a_plateau_is_one_object_and_numbers_that_are_none_are_none() {
        let size = vec![0.0; 3 * 27];
        let offset = size.clone();
        let flat = vec![1.0; 27];
        let values = MapValues { heat: &flat, size: &size, offset: &offset, cells: [3; 3] };
        assert_eq!(decode(&values, 10, 0.5).len(), 1);
        let broken = vec![f32::NAN; 27];
        assert!(decode(&MapValues { heat: &broken, ..values }, 10, 0.0).is_empty());
        let mut infinite = size.clone();
        infinite.fill(f32::INFINITY);
        assert!(decode(&MapValues { size: &infinite, ..values }, 10, 0.0).is_empty());
    }
}
