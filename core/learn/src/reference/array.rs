use medley_volume::{Grid, LabelMap, LabelVoxels, Volume, VolumeError};

/// Numbers along a file's three axes, the last one fastest: NumPy's order, and the reference's `[depth, height, width]`.
#[derive(Debug, Clone, PartialEq)]
pub struct FileArray {
    /// How long each axis is.
    pub shape: [usize; 3],
    /// The numbers, the last axis fastest.
    pub values: Vec<f32>,
}

impl FileArray {
    /// A scan's values in its file's order, scaled.
    #[must_use]
    pub fn of_volume(volume: &Volume) -> Self {
        let (shape, values) = (volume.grid().shape(), volume.to_f32());
        Self { shape, values: Self::last_axis_first(&values, shape) }
    }

    /// A mask's labels in its file's order.
    #[must_use]
    pub fn of_labels(labels: &LabelMap) -> Self {
        let shape = labels.grid().shape();
        let values: Vec<f32> = (0..labels.len()).map(|offset| f32::from(labels.at(offset))).collect();
        Self { shape, values: Self::last_axis_first(&values, shape) }
    }

    /// Classes as a mask on the grid whose file they are in the order of.
    ///
    /// # Errors
    /// If they do not fill the grid.
    pub fn into_labels(self, grid: Grid) -> Result<LabelMap, VolumeError> {
        let [ni, nj, nk] = self.shape;
        // The same walk in the mirrored shape leads back.
        let values = Self::last_axis_first(&self.values, [nk, nj, ni]);
        LabelMap::new(grid, LabelVoxels::U16(values.into_iter().map(|value| value as u16).collect()))
    }

    /// The part within a box `[low, high)`.
    #[must_use]
    pub fn cut(&self, [low, high]: [[usize; 3]; 2]) -> Self {
        let shape: [usize; 3] = std::array::from_fn(|axis| high[axis] - low[axis]);
        let row = |d: usize, h: usize| ((d * self.shape[1] + h) * self.shape[2] + low[2])..;
        let rows = (low[0]..high[0]).flat_map(|d| (low[1]..high[1]).map(move |h| (d, h)));
        let values = rows.flat_map(|(d, h)| self.values.get(row(d, h)).unwrap_or_default().iter().take(shape[2]).copied()).collect();
        Self { shape, values }
    }

    /// The box `[first, last]` around all voxels that satisfy `is_wanted`; `None` if there is none.
    pub(super) fn bounds(&self, is_wanted: impl Fn(f32) -> bool) -> Option<[[usize; 3]; 2]> {
        let [_, height, width] = self.shape;
        let wanted = self.values.iter().enumerate().filter(|(_, value)| is_wanted(**value));
        wanted.fold(None, |bounds, (at, _)| {
            let place = [at / (height * width), at / width % height, at % width];
            let [low, high] = bounds.unwrap_or([place, place]);
            Some([std::array::from_fn(|axis| low[axis].min(place[axis])), std::array::from_fn(|axis| high[axis].max(place[axis]))])
        })
    }

    /// From the first axis fastest, `[i, j, k]`, to the last.
    fn last_axis_first(values: &[f32], [ni, nj, nk]: [usize; 3]) -> Vec<f32> {
        let mut turned = Vec::with_capacity(values.len());
        for (i, j) in (0..ni).flat_map(|i| (0..nj).map(move |j| (i, j))) {
            turned.extend(values.iter().skip(i + ni * j).step_by(ni * nj).take(nk));
        }
        turned
    }
}

#[cfg(test)]
mod tests {
    use medley_volume::{Quantity, Scaling, Voxels};

    use super::*;

    #[test]
    fn a_scan_is_turned_into_numpys_order_and_a_mask_back() {
        let grid = Grid::axis_aligned([2, 3, 4], [1.0; 3]).expect("a grid");
        let scan = Volume::new(grid, Voxels::U16((0..24).collect()), Scaling::IDENTITY, Quantity::Arbitrary).expect("fits");
        let array = FileArray::of_volume(&scan);
        for (i, j, k) in [(0, 0, 0), (1, 0, 0), (0, 2, 0), (1, 2, 3)] {
            assert_eq!(array.values[(i * 3 + j) * 4 + k], (i + 2 * (j + 3 * k)) as f32);
        }
        let labels = array.clone().into_labels(grid).expect("fits");
        assert!((0..24).all(|offset| usize::from(labels.at(offset)) == offset));
        assert_eq!(FileArray::of_labels(&labels), array);
    }

    #[test]
    fn a_box_is_cut_out_of_every_axis() {
        let array = FileArray { shape: [3, 3, 3], values: (0..27).map(|v| v as f32).collect() };
        let cut = array.cut([[1, 0, 2], [3, 2, 3]]);
        assert_eq!((cut.shape, cut.values), ([2, 2, 1], vec![11.0, 14.0, 20.0, 23.0]));
        assert_eq!(array.bounds(|v| v == 11.0 || v == 23.0), Some([[1, 0, 2], [2, 1, 2]]));
        assert_eq!(array.bounds(|v| v > 99.0), None);
    }
}
