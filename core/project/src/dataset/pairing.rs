//! Which mask is which scan's, where that is certain.

use std::path::{Path, PathBuf};

use super::walk::{parts, some};

/// Scans and masks that may belong together.
#[derive(Debug, Default)]
pub(super) struct Pairing {
    /// Scans, each with its mask if that is certain; relative to the set's folder.
    pub cases: Vec<(PathBuf, Option<PathBuf>)>,
    several_masks: Vec<String>,
    several_scans: Vec<String>,
    alone: Vec<String>,
}

impl Pairing {
    /// Takes up some scans and masks: `fits[m]` are the scans that mask `m` may be of. A mask belongs to a scan if neither fits another.
    pub fn add(&mut self, images: &[PathBuf], masks: &[PathBuf], fits: &[Vec<usize>]) {
        let mut of_image: Vec<Vec<usize>> = vec![Vec::new(); images.len()];
        for (mask, fitting) in fits.iter().enumerate() {
            fitting.iter().filter_map(|&image| of_image.get_mut(image).map(|found| found.push(mask))).for_each(drop);
        }
        for (image, found) in images.iter().zip(&of_image) {
            let label = match found[..] {
                [mask] if fits.get(mask).is_some_and(|fitting| fitting.len() == 1) => masks.get(mask).cloned(),
                _ => None,
            };
            if found.len() > 1 {
                let names: Vec<String> = found.iter().filter_map(|&mask| masks.get(mask)).map(|path| shown(path)).collect();
                self.several_masks.push(format!("{} ({})", shown(image), some(&names)));
            }
            self.cases.push((image.clone(), label));
        }
        for (mask, fitting) in masks.iter().zip(fits) {
            match fitting[..] {
                [] => self.alone.push(shown(mask)),
                [_] => {}
                _ => {
                    let names: Vec<String> = fitting.iter().filter_map(|&image| images.get(image)).map(|path| shown(path)).collect();
                    self.several_scans.push(format!("{} ({})", shown(mask), some(&names)));
                }
            }
        }
    }

    /// How many scans have a mask.
    pub fn paired(&self) -> usize {
        self.cases.iter().filter(|(_, label)| label.is_some()).count()
    }

    /// What was not certain, each a sentence.
    pub fn doubts(&self) -> Vec<String> {
        let pattern = "say with a pattern how the files are called";
        let mut doubts = Vec::new();
        if !self.several_masks.is_empty() {
            let what = some(&self.several_masks);
            doubts.push(format!("{} scans have several masks, and none was taken: {what}; {pattern}.", self.several_masks.len()));
        }
        if !self.several_scans.is_empty() {
            let what = some(&self.several_scans);
            doubts.push(format!("{} masks may be of several scans, and were left out: {what}; {pattern}.", self.several_scans.len()));
        }
        if !self.alone.is_empty() {
            let what = some(&self.alone);
            doubts.push(format!("{} masks belong to no scan and were left out: {what}; if they do, {pattern}.", self.alone.len()));
        }
        doubts
    }
}

fn shown(path: &Path) -> String {
    parts(path).join("/")
}
