use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{Grid, VolumeError, VoxelIndex};

/// Voxels in the type they were stored in, `i` fastest.
#[derive(Clone, PartialEq)]
#[expect(missing_docs, reason = "each variant is named by its element type")]
pub enum Voxels {
    U8(Vec<u8>),
    I8(Vec<i8>),
    U16(Vec<u16>),
    I16(Vec<i16>),
    U32(Vec<u32>),
    I32(Vec<i32>),
    U64(Vec<u64>),
    I64(Vec<i64>),
    F32(Vec<f32>),
    F64(Vec<f64>),
}

/// Runs `$body` with `$values` bound to the typed vector inside a [`Voxels`].
#[macro_export]
macro_rules! with_voxels {
    ($voxels:expr, $values:ident => $body:expr) => {
        match $voxels {
            $crate::Voxels::U8($values) => $body,
            $crate::Voxels::I8($values) => $body,
            $crate::Voxels::U16($values) => $body,
            $crate::Voxels::I16($values) => $body,
            $crate::Voxels::U32($values) => $body,
            $crate::Voxels::I32($values) => $body,
            $crate::Voxels::U64($values) => $body,
            $crate::Voxels::I64($values) => $body,
            $crate::Voxels::F32($values) => $body,
            $crate::Voxels::F64($values) => $body,
        }
    };
}

/// Type and number only: a failed comparison of two scans must not print them.
impl std::fmt::Debug for Voxels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} × {}", self.len(), self.type_name())
    }
}

impl Voxels {
    /// How many voxels there are.
    #[must_use]
    pub fn len(&self) -> usize {
        with_voxels!(self, values => values.len())
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The element type's name as NumPy writes it: `"int16"`, `"float32"`, ….
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::U8(_) => "uint8",
            Self::I8(_) => "int8",
            Self::U16(_) => "uint16",
            Self::I16(_) => "int16",
            Self::U32(_) => "uint32",
            Self::I32(_) => "int32",
            Self::U64(_) => "uint64",
            Self::I64(_) => "int64",
            Self::F32(_) => "float32",
            Self::F64(_) => "float64",
        }
    }

    /// Whether the stored numbers are whole by type.
    #[must_use]
    pub fn is_integer(&self) -> bool {
        !matches!(self, Self::F32(_) | Self::F64(_))
    }

    /// Bytes the voxels take.
    #[must_use]
    pub fn byte_len(&self) -> usize {
        with_voxels!(self, values => std::mem::size_of_val(values.as_slice()))
    }

    /// The stored number at `offset`, before scaling.
    #[inline]
    #[must_use]
    #[expect(clippy::unnecessary_cast, reason = "one macro arm already holds f64")]
    pub fn stored(&self, offset: usize) -> Option<f64> {
        with_voxels!(self, values => values.get(offset).map(|&v| v as f64))
    }
}

/// From stored numbers to values: `value = stored · slope + intercept`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Scaling {
    /// Factor; never zero.
    pub slope: f64,
    /// Summand.
    pub intercept: f64,
}

impl Scaling {
    /// Stored numbers are the values.
    pub const IDENTITY: Self = Self { slope: 1.0, intercept: 0.0 };

    /// The value a stored number stands for.
    #[inline]
    #[must_use]
    pub fn apply(self, stored: f64) -> f64 {
        stored * self.slope + self.intercept
    }
}

/// What the values mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Quantity {
    /// CT numbers: −1000 is air, 0 is water.
    Hounsfield,
    /// A scale of its own, as in MR.
    Arbitrary,
}

/// A scan: voxels on a grid.
#[derive(Debug, Clone, PartialEq)]
pub struct Volume {
    grid: Grid,
    voxels: Voxels,
    scaling: Scaling,
    quantity: Quantity,
}

/// Smallest, largest and sum of a volume's finite values.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ValueSummary {
    /// Smallest finite value; 0 where there is none.
    pub min: f64,
    /// Largest finite value; 0 where there is none.
    pub max: f64,
    /// Sum of the finite values.
    pub sum: f64,
    /// How many values are finite.
    pub finite: usize,
}

impl ValueSummary {
    /// Of both.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        match (self.finite, other.finite) {
            (0, _) => other,
            (_, 0) => self,
            _ => Self {
                min: self.min.min(other.min),
                max: self.max.max(other.max),
                sum: self.sum + other.sum,
                finite: self.finite + other.finite,
            },
        }
    }
}

impl Volume {
    /// A volume of `voxels` on `grid`.
    ///
    /// # Errors
    /// If the number of voxels is not the grid's.
    pub fn new(grid: Grid, voxels: Voxels, scaling: Scaling, quantity: Quantity) -> Result<Self, VolumeError> {
        if voxels.len() != grid.len() {
            return Err(VolumeError::VoxelCount { shape: grid.shape(), expected: grid.len(), found: voxels.len() });
        }
        Ok(Self { grid, voxels, scaling, quantity })
    }

    /// Where the voxels lie.
    #[must_use]
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// The voxels as stored.
    #[must_use]
    pub fn voxels(&self) -> &Voxels {
        &self.voxels
    }

    /// From stored numbers to values.
    #[must_use]
    pub fn scaling(&self) -> Scaling {
        self.scaling
    }

    /// What the values mean.
    #[must_use]
    pub fn quantity(&self) -> Quantity {
        self.quantity
    }

    /// The same voxels, their values read as `quantity`.
    #[must_use]
    pub fn with_quantity(mut self, quantity: Quantity) -> Self {
        self.quantity = quantity;
        self
    }

    /// The value of a voxel, or `None` outside the grid.
    #[must_use]
    pub fn value(&self, voxel: VoxelIndex) -> Option<f64> {
        let inside = (0..3).all(|axis| voxel.0[axis] < self.grid.shape()[axis]);
        inside.then(|| self.voxels.stored(self.grid.offset(voxel.0)).map(|stored| self.scaling.apply(stored))).flatten()
    }

    /// All values as `f32`, `i` fastest; what is not finite becomes the smallest finite value.
    #[must_use]
    #[expect(clippy::unnecessary_cast, reason = "one macro arm already holds f64")]
    pub fn to_f32(&self) -> Vec<f32> {
        let Scaling { slope, intercept } = self.scaling;
        let mut values: Vec<f32> =
            with_voxels!(&self.voxels, stored => stored.par_iter().map(|&v| (v as f64 * slope + intercept) as f32).collect());
        if !self.voxels.is_integer() && values.par_iter().any(|v| !v.is_finite()) {
            let floor = self.summary().min as f32;
            values.par_iter_mut().filter(|v| !v.is_finite()).for_each(|v| *v = floor);
        }
        values
    }

    /// Smallest, largest and sum of the finite values. The sum is made in blocks of fixed size, so it is the same on any
    /// number of processors.
    #[must_use]
    #[expect(clippy::unnecessary_cast, reason = "one macro arm already holds f64")]
    pub fn summary(&self) -> ValueSummary {
        const BLOCK: usize = 1 << 16;
        let scaling = self.scaling;
        let blocks: Vec<(f64, f64, f64, usize)> = with_voxels!(&self.voxels, stored => stored
            .par_chunks(BLOCK)
            .map(|block| {
                let mut found = (f64::INFINITY, f64::NEG_INFINITY, 0.0, 0);
                for &v in block {
                    let value = scaling.apply(v as f64);
                    if value.is_finite() {
                        found = (found.0.min(value), found.1.max(value), found.2 + value, found.3 + 1);
                    }
                }
                found
            })
            .collect());
        let mut all = (f64::INFINITY, f64::NEG_INFINITY, 0.0, 0);
        for block in blocks {
            all = (all.0.min(block.0), all.1.max(block.1), all.2 + block.2, all.3 + block.3);
        }
        if all.3 == 0 {
            return ValueSummary { min: 0.0, max: 0.0, sum: 0.0, finite: 0 };
        }
        ValueSummary { min: all.0, max: all.1, sum: all.2, finite: all.3 }
    }

    /// The values below which `fractions` of the finite voxels lie (0 … 1), from an evenly spaced sample of at most a
    /// million voxels.
    #[must_use]
    pub fn quantiles<const N: usize>(&self, fractions: [f64; N]) -> [f64; N] {
        let step = (self.voxels.len() / 1_000_000).max(1);
        let mut sample: Vec<f64> = (0..self.voxels.len())
            .step_by(step)
            .filter_map(|offset| self.voxels.stored(offset))
            .map(|stored| self.scaling.apply(stored))
            .filter(|value| value.is_finite())
            .collect();
        sample.sort_by(f64::total_cmp);
        let last = sample.len().saturating_sub(1) as f64;
        fractions.map(|fraction| sample.get((fraction.clamp(0.0, 1.0) * last).round() as usize).copied().unwrap_or(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_scaled_when_read_and_stored_as_they_were() {
        let grid = Grid::axis_aligned([2, 1, 2], [1.0; 3]).expect("a grid");
        let scaling = Scaling { slope: 2.0, intercept: -1024.0 };
        let volume = Volume::new(grid, Voxels::U16(vec![0, 512, 1000, 4000]), scaling, Quantity::Hounsfield).expect("fits");
        assert_eq!(volume.value(VoxelIndex([1, 0, 0])), Some(0.0));
        assert_eq!(volume.value(VoxelIndex([2, 0, 0])), None);
        assert_eq!(volume.to_f32(), vec![-1024.0, 0.0, 976.0, 6976.0]);
        assert_eq!(volume.voxels().type_name(), "uint16");
        let summary = volume.summary();
        assert_eq!((summary.min, summary.max, summary.sum), (-1024.0, 6976.0, 6928.0));
    }

    #[test]
    fn what_is_not_finite_does_not_count() {
        let grid = Grid::axis_aligned([4, 1, 1], [1.0; 3]).expect("a grid");
        let voxels = Voxels::F32(vec![f32::NAN, 3.0, f32::INFINITY, -1.0]);
        let volume = Volume::new(grid, voxels, Scaling::IDENTITY, Quantity::Arbitrary).expect("fits");
        assert_eq!(volume.summary(), ValueSummary { min: -1.0, max: 3.0, sum: 2.0, finite: 2 });
        assert_eq!(volume.to_f32(), vec![-1.0, 3.0, -1.0, -1.0]);
        assert_eq!(volume.quantiles([0.0, 1.0]), [-1.0, 3.0]);
    }

    #[test]
    fn voxels_must_fill_the_grid() {
        let grid = Grid::axis_aligned([2, 2, 2], [1.0; 3]).expect("a grid");
        assert!(Volume::new(grid, Voxels::U8(vec![0; 7]), Scaling::IDENTITY, Quantity::Arbitrary).is_err());
    }
}
