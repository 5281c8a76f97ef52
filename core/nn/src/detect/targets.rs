use burn::tensor::{Device, Tensor, TensorData};

use super::Object;
use crate::head::Detector;

/// How far a found box may be off and still count, as the IoU with the true one: within that, the heat map is forgiving.
const FORGIVEN_IOU: f64 = 0.3;

/// What a detector's maps should be.
#[derive(Debug, Clone)]
pub struct TargetMaps {
    /// One at the cell of an object's centre, falling like a Gaussian around it, zero elsewhere; `[N, classes, D', H', W']`.
    pub heat: Tensor<5>,
    /// As [`crate::head::Maps::size`]; read only at centres.
    pub size: Tensor<5>,
    /// As [`crate::head::Maps::offset`]; read only at centres.
    pub offset: Tensor<5>,
    /// One at the cells of centres of any class, zero elsewhere; `[N, 1, D', H', W']`.
    pub centers: Tensor<5>,
}

/// The maps of a batch while they are drawn.
struct Canvas {
    cells: [usize; 3],
    heat: Vec<f32>,
    size: Vec<f32>,
    offset: Vec<f32>,
    centers: Vec<f32>,
}

impl TargetMaps {
    /// For a batch of inputs of `input` voxels `[D, H, W]`, each with its objects in its own voxels.
    ///
    /// An object whose centre lies outside the input is no object of it. Where two centres fall on one cell, the smaller object's
    /// size and offset stay, since the larger one has other cells to be found by.
    ///
    /// # Panics
    /// If an object's class is not below `classes`.
    #[must_use]
    pub fn new(batch: &[Vec<Object>], input: [usize; 3], classes: usize, device: &Device) -> Self {
        let cells = input.map(|voxels| voxels.div_ceil(Detector::STRIDE));
        let count = cells.iter().product::<usize>();
        let zeros = |channels: usize| Vec::with_capacity(batch.len() * channels * count);
        let (mut heat, mut size, mut offset, mut centers) = (zeros(classes), zeros(3), zeros(3), zeros(1));
        for objects in batch {
            let mut canvas = Canvas {
                cells,
                heat: vec![0.0; classes * count],
                size: vec![0.0; 3 * count],
                offset: vec![0.0; 3 * count],
                centers: vec![0.0; count],
            };
            let mut objects: Vec<&Object> = objects.iter().collect();
            objects.sort_by(|a, b| b.bounds.volume().total_cmp(&a.bounds.volume()));
            for object in objects {
                assert!(object.class < classes, "an object of class {} among {classes}", object.class);
                canvas.draw(object, input);
            }
            heat.extend(canvas.heat);
            size.extend(canvas.size);
            offset.extend(canvas.offset);
            centers.extend(canvas.centers);
        }
        let [d, h, w] = cells;
        let tensor = |values: Vec<f32>, channels| Tensor::from_data(TensorData::new(values, [batch.len(), channels, d, h, w]), device);
        Self { heat: tensor(heat, classes), size: tensor(size, 3), offset: tensor(offset, 3), centers: tensor(centers, 1) }
    }
}

impl Canvas {
    fn draw(&mut self, object: &Object, input: [usize; 3]) {
        let stride = Detector::STRIDE as f64;
        let center = object.bounds.center();
        if (0..3).any(|axis| center[axis] < 0.0 || center[axis] >= input[axis] as f64) {
            return;
        }
        // Cell c lies on voxel 4·c, whose centre is at 4·c + ½.
        let at = center.map(|x| (x - 0.5) / stride);
        let cell: [usize; 3] = std::array::from_fn(|axis| at[axis].round().clamp(0.0, self.cells[axis] as f64 - 1.0) as usize);
        let extent = object.bounds.size().map(|size| size / stride);
        self.splat(object.class, cell, extent);
        let [_, h, w] = self.cells;
        let place = (cell[0] * h + cell[1]) * w + cell[2];
        let count = self.centers.len();
        for axis in 0..3 {
            self.size[axis * count + place] = extent[axis].max(1e-3).ln() as f32;
            self.offset[axis * count + place] = (at[axis] - cell[axis] as f64) as f32;
        }
        self.centers[place] = 1.0;
    }

    /// A Gaussian whose width along each axis follows from how far a box of this extent can be shifted along all three and still
    /// overlap by [`FORGIVEN_IOU`]; overlapping ones become their maximum (Zhou et al., section 3).
    fn splat(&mut self, class: usize, cell: [usize; 3], extent: [f64; 3]) {
        let share = 1.0 - (2.0 * FORGIVEN_IOU / (1.0 + FORGIVEN_IOU)).cbrt();
        let sigma = extent.map(|extent| (2.0 * share * extent + 1.0) / 6.0);
        let span = |axis: usize| {
            let reach = (3.0 * sigma[axis]).floor() as usize;
            cell[axis].saturating_sub(reach)..(cell[axis] + reach + 1).min(self.cells[axis])
        };
        let [_, h, w] = self.cells;
        let first = class * self.centers.len();
        for d in span(0) {
            for y in span(1) {
                for x in span(2) {
                    let away = [d, y, x];
                    let squares = (0..3).map(|axis| ((away[axis] as f64 - cell[axis] as f64) / sigma[axis]).powi(2));
                    let value = (-0.5 * squares.sum::<f64>()).exp() as f32;
                    let place = &mut self.heat[first + (d * h + y) * w + x];
                    *place = place.max(value);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Box3;
    use super::*;

    fn numbers(tensor: Tensor<5>) -> Vec<f32> {
        tensor.to_data().try_to_vec().expect("f32")
    }

    #[test]
    fn a_centre_is_one_the_gaussian_falls_and_size_and_offset_are_those_of_the_box() {
        // Its middle is (18, 14, 22.5): cell (4, 3, 6) is on voxel (16, 12, 24), whose centre is (16.5, 12.5, 24.5).
        let bounds = Box3 { low: [2.0, 10.0, 20.5], high: [34.0, 18.0, 24.5] };
        let objects = vec![vec![Object { bounds, class: 1 }]];
        let maps = TargetMaps::new(&objects, [40, 32, 48], 2, &Device::flex());
        assert_eq!(maps.heat.dims(), [1, 2, 10, 8, 12]);
        let heat = numbers(maps.heat);
        let at = |class: usize, d: usize, h: usize, w: usize| class * 960 + (d * 8 + h) * 12 + w;
        assert_eq!(heat[at(1, 4, 3, 6)], 1.0);
        assert!(heat[..960].iter().all(|&v| v == 0.0));
        let (near, far) = (heat[at(1, 5, 3, 6)], heat[at(1, 6, 3, 6)]);
        assert!(1.0 > near && near > far && far > 0.0, "{near} {far}");
        assert!(heat[at(1, 4, 4, 6)] < near, "it is narrower where the box is");
        let count = 960;
        let place = at(0, 4, 3, 6);
        let (size, offset) = (numbers(maps.size), numbers(maps.offset));
        let wanted = [8.0f32.ln(), 2.0f32.ln(), 0.0];
        for axis in 0..3 {
            assert!((size[axis * count + place] - wanted[axis]).abs() < 1e-6);
            assert!((offset[axis * count + place] - [0.375, 0.375, -0.5][axis]).abs() < 1e-6);
        }
        assert_eq!(numbers(maps.centers).iter().filter(|&&v| v == 1.0).count(), 1);
    }

    #[test]
    fn a_centre_outside_is_no_object_and_on_one_cell_the_smaller_box_stays() {
        let outside = Object { bounds: Box3 { low: [-9.0, 0.0, 0.0], high: [8.0, 8.0, 8.0] }, class: 0 };
        let small = Object { bounds: Box3 { low: [6.0; 3], high: [10.0; 3] }, class: 0 };
        let large = Object { bounds: Box3 { low: [0.0; 3], high: [16.0; 3] }, class: 1 };
        for objects in [vec![outside, small, large], vec![large, outside, small]] {
            let maps = TargetMaps::new(&[objects], [16; 3], 2, &Device::flex());
            assert_eq!(numbers(maps.centers).iter().sum::<f32>(), 1.0);
            assert_eq!(numbers(maps.size).iter().sum::<f32>(), 0.0, "4 voxels are one cell");
        }
    }
}
