use medley_volume::{IndexBox, LabelMap, LabelVoxels};

use crate::{AnnotateError, varint};

/// No mask has more voxels than this; a stored count above it is damage.
pub(crate) const MAX_VOXELS: u64 = 1 << 40;

/// Run-length packed labels of a box, `i` fastest: pairs of (count, label) as varints, kept as the bytes they are stored in.
#[derive(Clone, PartialEq, Eq)]
pub struct Runs {
    len: usize,
    pairs: Vec<u8>,
}

impl std::fmt::Debug for Runs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runs").field("len", &self.len).field("byte_len", &self.byte_len()).finish()
    }
}

impl Runs {
    /// Packs labels.
    #[must_use]
    pub fn pack(labels: &[u16]) -> Self {
        let mut packer = Packer::default();
        packer.push_values(labels);
        packer.finish()
    }

    /// Packs the labels of a box of a mask; the box must fit it.
    pub(crate) fn of_region(mask: &LabelMap, region: &IndexBox) -> Self {
        let mut packer = Packer::default();
        for row in region.rows(mask.grid().shape()) {
            match mask.voxels() {
                LabelVoxels::U8(values) => packer.push_values(&values[row]),
                LabelVoxels::U16(values) => packer.push_values(&values[row]),
            }
        }
        packer.finish()
    }

    /// All labels, one by one. Allocates [`Runs::len`] labels: check that against a grid first if the bytes came from outside.
    #[must_use]
    pub fn unpack(&self) -> Vec<u16> {
        let mut labels = Vec::with_capacity(self.len);
        for (count, label) in self.iter() {
            labels.resize(labels.len() + count, label);
        }
        labels
    }

    /// How many labels are packed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes the packed labels take.
    #[must_use]
    pub fn byte_len(&self) -> usize {
        self.pairs.len()
    }

    /// The runs in order: how many labels, which one.
    pub fn iter(&self) -> impl Iterator<Item = (usize, u16)> {
        let mut rest = self.pairs.as_slice();
        std::iter::from_fn(move || read_pair(&mut rest))
    }

    /// The bytes to store: the number of labels, then the pairs.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.pairs.len() + 6);
        varint::write(&mut bytes, self.len as u64);
        bytes.extend_from_slice(&self.pairs);
        bytes
    }

    /// Reads what [`Runs::to_bytes`] wrote. Allocates no more than a copy of `bytes`, whatever they claim.
    ///
    /// # Errors
    /// [`AnnotateError::Damaged`] if a pair is incomplete, empty or not a label, if more labels are claimed than any mask has, or
    /// if the runs do not add up to the claimed number.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, AnnotateError> {
        let mut rest = bytes;
        let claimed = varint::read(&mut rest).ok_or(AnnotateError::Damaged("no label count"))?;
        if claimed > MAX_VOXELS {
            return Err(AnnotateError::Damaged("more labels than any mask has"));
        }
        let pairs = rest;
        let mut total = 0u64;
        while !rest.is_empty() {
            let (count, _) = read_pair(&mut rest).ok_or(AnnotateError::Damaged("an unreadable run"))?;
            total = total.saturating_add(count as u64);
            if count == 0 || total > claimed {
                return Err(AnnotateError::Damaged("runs that do not add up"));
            }
        }
        if total != claimed {
            return Err(AnnotateError::Damaged("runs that do not add up"));
        }
        let len = usize::try_from(claimed).map_err(|_| AnnotateError::Damaged("more labels than this machine can address"))?;
        Ok(Self { len, pairs: pairs.to_vec() })
    }

    /// Two packings of the same box side by side: how many voxels, the label in `self`, the label in `other`.
    pub(crate) fn beside(&self, other: &Self) -> impl Iterator<Item = (usize, u16, u16)> {
        let (mut left, mut right) = (self.iter(), other.iter());
        let (mut a, mut b) = ((0, 0), (0, 0));
        std::iter::from_fn(move || {
            if a.0 == 0 {
                a = left.next()?;
            }
            if b.0 == 0 {
                b = right.next()?;
            }
            let count = a.0.min(b.0);
            a.0 -= count;
            b.0 -= count;
            Some((count, a.1, b.1))
        })
    }
}

fn read_pair(rest: &mut &[u8]) -> Option<(usize, u16)> {
    let count = usize::try_from(varint::read(rest)?).ok()?;
    let label = u16::try_from(varint::read(rest)?).ok()?;
    Some((count, label))
}

/// Packs labels as they come, neighbours of the same label into one run.
#[derive(Default)]
pub(crate) struct Packer {
    len: usize,
    pairs: Vec<u8>,
    count: usize,
    label: u16,
}

impl Packer {
    pub(crate) fn push(&mut self, count: usize, label: u16) {
        if label != self.label {
            self.close();
            self.label = label;
        }
        self.count += count;
    }

    pub(crate) fn push_values<T: Copy + PartialEq + Into<u16>>(&mut self, values: &[T]) {
        let mut rest = values;
        while let Some(&label) = rest.first() {
            let count = leading(rest, label);
            self.push(count, label.into());
            rest = &rest[count..];
        }
    }

    /// Goes on with labels packed elsewhere.
    pub(crate) fn append(&mut self, runs: &Runs) {
        runs.iter().for_each(|(count, label)| self.push(count, label));
    }

    fn close(&mut self) {
        if self.count > 0 {
            varint::write(&mut self.pairs, self.count as u64);
            varint::write(&mut self.pairs, u64::from(self.label));
            self.len += self.count;
            self.count = 0;
        }
    }

    pub(crate) fn finish(mut self) -> Runs {
        self.close();
        self.pairs.shrink_to_fit();
        Runs { len: self.len, pairs: self.pairs }
    }
}

/// How many values at the front are `label`. Whole blocks are compared without a branch inside, which the compiler makes wide.
pub(crate) fn leading<T: Copy + PartialEq>(values: &[T], label: T) -> usize {
    const BLOCK: usize = 64;
    let blocks = values.chunks_exact(BLOCK).take_while(|block| block.iter().fold(true, |same, v| same & (*v == label))).count();
    let done = blocks * BLOCK;
    done + values[done..].iter().take_while(|v| **v == label).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_come_back() {
        for labels in [vec![], vec![0], vec![7; 1000], vec![0, 0, 1, 1, 65_535, 0], (0..700).map(|n| n / 3).collect()] {
            let runs = Runs::pack(&labels);
            assert_eq!(runs.unpack(), labels);
            assert_eq!(runs.len(), labels.len());
            assert_eq!(Runs::from_bytes(&runs.to_bytes()), Ok(runs));
        }
    }

    #[test]
    fn leading_counts_across_blocks() {
        for at in 0..200 {
            let values: Vec<u8> = (0..200).map(|n| u8::from(n == at)).collect();
            assert_eq!(leading(&values, 0), at);
        }
    }

    #[test]
    fn what_does_not_add_up_is_refused() {
        let bytes = Runs::pack(&[1, 1, 2, 2, 2]).to_bytes();
        assert!(Runs::from_bytes(&bytes[..bytes.len() - 1]).is_err());
        let mut longer = bytes.clone();
        longer.extend([1, 1]);
        assert!(Runs::from_bytes(&longer).is_err());
        let huge = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 1];
        assert!(Runs::from_bytes(&huge).is_err());
        assert!(Runs::from_bytes(&[]).is_err());
        assert!(Runs::from_bytes(&[1, 1, 0xff, 0xff, 0x7f]).is_err());
    }

    #[test]
    fn two_packings_side_by_side() {
        let (a, b) = (Runs::pack(&[1, 1, 1, 2]), Runs::pack(&[1, 3, 3, 3]));
        assert_eq!(a.beside(&b).collect::<Vec<_>>(), vec![(1, 1, 1), (2, 1, 3), (1, 2, 3)]);
    }
}
