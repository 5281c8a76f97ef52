//! An Edit as bytes, for the journal.
//!
//! Layout, all numbers varints: version 1 · tool · author (0 a person; 1 a model, then its id's byte count and UTF-8) · time
//! (zigzag) · box low i j k · box shape i j k · byte count and bytes of the runs before · byte count and bytes of the runs
//! after. Nothing follows.

use medley_volume::IndexBox;

use crate::edit::changed_voxels;
use crate::runs::MAX_VOXELS;
use crate::{AnnotateError, Author, Edit, Runs, Tool, varint};

const VERSION: u64 = 1;
const PERSON: u64 = 0;
const MODEL: u64 = 1;
/// No axis of a scan has more voxels than this; a stored index above it is damage.
const MAX_AXIS: u64 = 1 << 24;

impl Edit {
    /// The change as bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.byte_len());
        varint::write(&mut bytes, VERSION);
        varint::write(&mut bytes, u64::from(self.tool.code()));
        match &self.author {
            Author::Person => varint::write(&mut bytes, PERSON),
            Author::Model(model) => {
                varint::write(&mut bytes, MODEL);
                write_block(&mut bytes, model.as_bytes());
            }
        }
        varint::write(&mut bytes, varint::zigzag(self.at_ms));
        self.region.low.iter().for_each(|&v| varint::write(&mut bytes, v as u64));
        self.region.shape().iter().for_each(|&v| varint::write(&mut bytes, v as u64));
        write_block(&mut bytes, &self.before.to_bytes());
        write_block(&mut bytes, &self.after.to_bytes());
        bytes
    }

    /// Reads what [`Edit::to_bytes`] wrote. Allocates no more than a copy of `bytes`, whatever they claim.
    ///
    /// # Errors
    /// [`AnnotateError::Damaged`] unless every part is there, the box is plausible, both packings fill it and they differ.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, AnnotateError> {
        let mut rest = bytes;
        let rest = &mut rest;
        if number(rest)? != VERSION {
            return Err(AnnotateError::Damaged("written by another version"));
        }
        let tool = u8::try_from(number(rest)?).ok().and_then(Tool::from_code).ok_or(AnnotateError::Damaged("an unknown tool"))?;
        let author = match number(rest)? {
            PERSON => Author::Person,
            MODEL => {
                let name = std::str::from_utf8(block(rest)?).map_err(|_| AnnotateError::Damaged("an unreadable model id"))?;
                Author::Model(name.to_owned())
            }
            _ => return Err(AnnotateError::Damaged("an unknown author")),
        };
        let at_ms = varint::unzigzag(number(rest)?);
        let region = region(rest)?;
        let before = Runs::from_bytes(block(rest)?)?;
        let after = Runs::from_bytes(block(rest)?)?;
        if !rest.is_empty() {
            return Err(AnnotateError::Damaged("bytes after its end"));
        }
        if before.len() != region.len() || after.len() != region.len() {
            return Err(AnnotateError::Damaged("labels that do not fill their box"));
        }
        let changed = changed_voxels(&before, &after);
        if changed == 0 {
            return Err(AnnotateError::Damaged("nothing changes"));
        }
        Ok(Self { region, before, after, author, tool, at_ms, changed })
    }
}

fn number(rest: &mut &[u8]) -> Result<u64, AnnotateError> {
    varint::read(rest).ok_or(AnnotateError::Damaged("it ends too early"))
}

fn write_block(bytes: &mut Vec<u8>, block: &[u8]) {
    varint::write(bytes, block.len() as u64);
    bytes.extend_from_slice(block);
}

fn block<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], AnnotateError> {
    let len = usize::try_from(number(rest)?).map_err(|_| AnnotateError::Damaged("it ends too early"))?;
    let (block, after) = rest.split_at_checked(len).ok_or(AnnotateError::Damaged("it ends too early"))?;
    *rest = after;
    Ok(block)
}

/// A box that some grid could hold, so that its voxels can be counted.
fn region(rest: &mut &[u8]) -> Result<IndexBox, AnnotateError> {
    let implausible = AnnotateError::Damaged("a box that no scan has");
    let mut region = IndexBox { low: [0; 3], high: [0; 3] };
    let axis = |rest: &mut &[u8]| number(rest).and_then(|v| if v <= MAX_AXIS { Ok(v) } else { Err(implausible.clone()) });
    let low = [axis(rest)?, axis(rest)?, axis(rest)?];
    let shape = [axis(rest)?, axis(rest)?, axis(rest)?];
    let count = shape.iter().try_fold(1u64, |count, &side| count.checked_mul(side));
    if count.is_none_or(|count| count == 0 || count > MAX_VOXELS || usize::try_from(count).is_err()) {
        return Err(implausible);
    }
    for n in 0..3 {
        region.low[n] = low[n] as usize;
        region.high[n] = (low[n] + shape[n]) as usize;
    }
    Ok(region)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_comes_back_from_its_bytes() {
        for author in [Author::Person, Author::Model("spleen-7".to_owned())] {
            for tool in [Tool::Brush, Tool::Eraser, Tool::Proposal, Tool::Import, Tool::Script] {
                let region = IndexBox { low: [3, 200, 0], high: [5, 201, 3] };
                let (before, after) = (Runs::pack(&[0, 0, 1, 1, 1, 2]), Runs::pack(&[0, 0, 1, 9, 9, 300]));
                let edit = Edit::of_runs(region, before, after, author.clone(), tool, -5);
                assert_eq!(edit.changed, 3);
                assert_eq!(Edit::from_bytes(&edit.to_bytes()), Ok(edit));
            }
        }
    }

    #[test]
    fn a_box_without_end_is_refused() {
        let (runs, region) = (Runs::pack(&[1]), IndexBox { low: [0; 3], high: [1; 3] });
        let mut edit = Edit::of_runs(region, Runs::pack(&[0]), runs, Author::Person, Tool::Brush, 0);
        edit.region.high = [1 << 24; 3];
        assert_eq!(Edit::from_bytes(&edit.to_bytes()), Err(AnnotateError::Damaged("a box that no scan has")));
        edit.region.high = [2, 1, 1];
        assert_eq!(Edit::from_bytes(&edit.to_bytes()), Err(AnnotateError::Damaged("labels that do not fill their box")));
    }
}
