use std::collections::HashMap;

use crate::{Components, LabelMap, LabelVoxels, Mesh, Volume, Voxels};

/// What an operation gave.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// Connected pieces.
    Pieces(Components),
    /// mm or mm², for each voxel.
    Distances(Vec<f32>),
    /// For each voxel whether it is in.
    Set(Vec<bool>),
    /// A scan on the coarser grid.
    Volume(Volume),
    /// Labels on the coarser grid.
    Labels(LabelMap),
    /// Triangles.
    Surface(Mesh),
}

/// How far another program's outcome is from ours.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Agreement {
    /// How many voxels are not the same.
    VoxelsApart(usize),
    /// The largest difference of any two values.
    LargestDifference(f64),
    /// The difference of two volumes, as a share of ours.
    ShareOfVolume(f64),
    /// It is of another size.
    OtherSize,
}

impl std::fmt::Display for Agreement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::VoxelsApart(count) => write!(f, "{count} voxels"),
            Self::LargestDifference(difference) => write!(f, "{difference:.1e}"),
            Self::ShareOfVolume(share) => write!(f, "{:.3} %", 100.0 * share),
            Self::OtherSize => write!(f, "other size"),
        }
    }
}

impl Outcome {
    /// Compares with another program's, as it was written: little endian, `i` fastest; pieces as `uint32` (any numbering), distances as `float32`,
    /// sets and labels as `uint8`, values as `int16`, a surface as the `float64` volume in mm³ that it encloses.
    #[must_use]
    pub fn agreement(&self, theirs: &[u8]) -> Agreement {
        match self {
            Self::Pieces(pieces) => each(&pieces.ids, theirs, u32::from_le_bytes).map(|both| Agreement::VoxelsApart(renumbered(both))),
            Self::Distances(ours) => each(ours, theirs, f32::from_le_bytes).map(largest),
            Self::Set(ours) => each(ours, theirs, |[byte]: [u8; 1]| byte != 0).map(apart),
            Self::Volume(volume) => match volume.voxels() {
                Voxels::I16(ours) => each(ours, theirs, i16::from_le_bytes).map(largest),
                _ => None,
            },
            Self::Labels(labels) => match labels.voxels() {
                LabelVoxels::U8(ours) => each(ours, theirs, |[byte]: [u8; 1]| byte).map(apart),
                LabelVoxels::U16(_) => None,
            },
            Self::Surface(mesh) => each(&[mesh.signed_volume_mm3()], theirs, f64::from_le_bytes)
                .and_then(|mut both| both.next())
                .map(|(ours, theirs)| Agreement::ShareOfVolume((theirs - ours).abs() / ours.abs())),
        }
        .unwrap_or(Agreement::OtherSize)
    }
}

/// Ours and theirs side by side, or `None` if theirs are not as many.
fn each<'a, T: Copy, const N: usize>(
    ours: &'a [T],
    theirs: &'a [u8],
    read: impl Fn([u8; N]) -> T + 'a,
) -> Option<impl Iterator<Item = (T, T)> + 'a> {
    let (chunks, rest) = theirs.as_chunks::<N>();
    (chunks.len() == ours.len() && rest.is_empty()).then(|| ours.iter().copied().zip(chunks.iter().map(move |&chunk| read(chunk))))
}

fn apart<T: PartialEq>(both: impl Iterator<Item = (T, T)>) -> Agreement {
    Agreement::VoxelsApart(both.filter(|(ours, theirs)| ours != theirs).count())
}

fn largest<T: Into<f64>>(both: impl Iterator<Item = (T, T)>) -> Agreement {
    let difference = |(ours, theirs): (T, T)| {
        let (ours, theirs): (f64, f64) = (ours.into(), theirs.into());
        if ours == theirs { 0.0 } else { (ours - theirs).abs() }
    };
    Agreement::LargestDifference(both.map(difference).fold(0.0, f64::max))
}

/// Voxels at odds with the first pairing of their numbers, either way.
fn renumbered(both: impl Iterator<Item = (u32, u32)>) -> usize {
    let (mut forth, mut back) = (HashMap::from([(0, 0)]), HashMap::from([(0, 0)]));
    let mut last = (0, 0);
    let mut is_at_odds = |pair: &(u32, u32)| {
        // Neighbours mostly are of one piece.
        if *pair == last {
            return false;
        }
        let (ours, theirs) = *pair;
        let fits = *forth.entry(ours).or_insert(theirs) == theirs && *back.entry(theirs).or_insert(ours) == ours;
        if fits {
            last = *pair;
        }
        !fits
    };
    both.filter(|pair| is_at_odds(pair)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_found_and_numberings_do_not_matter() {
        let pieces = Outcome::Pieces(Components { ids: vec![0, 1, 1, 2, 3], list: Vec::new() });
        let bytes = |ids: [u32; 5]| ids.iter().flat_map(|id| id.to_le_bytes()).collect::<Vec<u8>>();
        assert_eq!(pieces.agreement(&bytes([0, 7, 7, 1, 2])), Agreement::VoxelsApart(0));
        assert_eq!(pieces.agreement(&bytes([0, 7, 7, 7, 2])), Agreement::VoxelsApart(1));
        assert_eq!(pieces.agreement(&bytes([0, 7, 0, 1, 2])), Agreement::VoxelsApart(1));
        assert_eq!(pieces.agreement(&[0; 16]), Agreement::OtherSize);
        let distances = Outcome::Distances(vec![f32::INFINITY, 2.0]);
        let floats = |values: [f32; 2]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
        assert_eq!(distances.agreement(&floats([f32::INFINITY, 2.5])), Agreement::LargestDifference(0.5));
        assert_eq!(Outcome::Set(vec![true, false]).agreement(&[1, 1]), Agreement::VoxelsApart(1));
    }
}
