//! Prepared cases on the disk, so that a training need not prepare them again.
//!
//! A file is found by a hash of all that it follows from: voxels and mask, how they lie in space, spacing and intensities of the recipe,
//! classes. It is read only if it is whole (a hash at its end), of the size that the scan and the recipe ask for, and sensible; else the case
//! is prepared anew. It holds voxels of patients: whoever chooses the folder must know.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use medley_volume::resample::{CanonicalArray, canonical_grid, shape_at_spacing};
use medley_volume::{Grid, Volume};
use sha2::{Digest, Sha256};

use crate::card::CardCase;
use crate::prepare::{IGNORE, Prepared, PreparedCase};
use crate::{LearnError, Recipe};

/// The first bytes of a file. The number rises whenever [`crate::prepare`] computes something else.
const MAGIC: &[u8; 8] = b"MEDLEYC1";
const HASH: usize = 32;
/// Magic, key, shape, count of classes' voxels.
const HEADER: usize = 8 + HASH + 4 * 8;
const ENDING: &str = "case";

/// A folder of prepared cases that never grows beyond a size: those not used for longest go first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseCache {
    folder: PathBuf,
    most_bytes: u64,
}

/// What a prepared case follows from.
pub(crate) struct CacheKey {
    hash: [u8; HASH],
    /// Of the prepared scan, `[r, a, s]`.
    shape: [usize; 3],
    source: Grid,
    /// How many classes its voxels have; 0: it has a scan alone.
    classes: usize,
}

impl CacheKey {
    /// Of a scan with the classes `label_values`, or of the scan alone where there are none; `hashes` are the scan's and its mask's.
    ///
    /// # Errors
    /// If the grid is unusable; cannot happen for grids that exist.
    pub(crate) fn new(image: &Volume, hashes: &CardCase, recipe: &Recipe, label_values: &[u16]) -> Result<Self, LearnError> {
        let mut hasher = Sha256::new();
        hasher.update(MAGIC);
        hasher.update(&hashes.image_sha256);
        image.grid().ras_from_voxel().to_cols_array().iter().for_each(|number| hasher.update(number.to_bits().to_le_bytes()));
        let intensity = serde_json::to_string(&recipe.intensity).map_err(|error| LearnError::Setting(error.to_string()))?;
        hasher.update(format!("{:?} {:?} {intensity}", image.quantity(), recipe.spacing_mm.map(f64::to_bits)));
        if !label_values.is_empty() {
            hasher.update(&hashes.labels_sha256);
            hasher.update(format!("{label_values:?}"));
        }
        let shape = shape_at_spacing(&canonical_grid(image.grid())?, recipe.spacing_mm);
        Ok(Self { hash: hasher.finalize().into(), shape, source: *image.grid(), classes: label_values.len() })
    }

    fn voxels(&self) -> usize {
        self.shape.iter().product()
    }

    fn bytes(&self) -> usize {
        HEADER + self.voxels() * if self.classes > 0 { 6 } else { 4 } + HASH
    }

    fn header(&self) -> Vec<u8> {
        let numbers = self.shape.into_iter().chain([if self.classes > 0 { self.voxels() } else { 0 }]);
        let numbers = numbers.flat_map(|number| (number as u64).to_le_bytes());
        MAGIC.iter().chain(&self.hash).copied().chain(numbers).collect()
    }
}

/// A scan in the making, and its voxels' classes where it has any.
type Parts = (Prepared, Vec<i16>);

impl CaseCache {
    /// A cache in `folder`, made when it is first written to, of at most `most_bytes`.
    #[must_use]
    pub fn new(folder: &Path, most_bytes: u64) -> Self {
        Self { folder: folder.to_owned(), most_bytes }
    }

    /// A prepared scan, where a file holds it.
    pub(crate) fn scan(&self, key: &CacheKey) -> Option<Prepared> {
        self.parts(key).map(|(scan, _)| scan)
    }

    /// A prepared case, where a file holds it.
    pub(crate) fn case(&self, key: &CacheKey, name: &str) -> Option<PreparedCase> {
        let (scan, classes) = self.parts(key)?;
        Some(PreparedCase::new(name.to_owned(), scan, classes, key.classes))
    }

    /// Keeps a scan, with its classes where the key has some. What cannot be written is not kept: that costs time only.
    pub(crate) fn keep(&self, key: &CacheKey, scan: &Prepared, classes: &[i16]) {
        let is_whole = scan.image.shape == key.shape && scan.image.values.len() == key.voxels();
        if !is_whole || key.bytes() as u64 > self.most_bytes || (key.classes > 0 && classes.len() != key.voxels()) {
            return;
        }
        let written = fs::create_dir_all(&self.folder).and_then(|()| self.write(key, scan, classes)).and_then(|()| self.shrink());
        if let Err(error) = written {
            log::warn!("a prepared case could not be kept in {}: {error}", self.folder.display());
        }
    }

    fn path(&self, key: &CacheKey) -> PathBuf {
        let name: String = key.hash.iter().map(|byte| format!("{byte:02x}")).collect();
        self.folder.join(name).with_extension(ENDING)
    }

    fn parts(&self, key: &CacheKey) -> Option<Parts> {
        let path = self.path(key);
        let file = File::open(&path).ok()?;
        // Nothing is read into memory that is not as large as it must be.
        if file.metadata().ok()?.len() != key.bytes() as u64 {
            return None;
        }
        let mut bytes = Vec::with_capacity(key.bytes());
        file.take(key.bytes() as u64).read_to_end(&mut bytes).ok()?;
        let (body, hash) = bytes.split_at_checked(bytes.len().checked_sub(HASH)?)?;
        let (header, voxels) = body.split_at_checked(HEADER)?;
        if header != key.header() || Sha256::digest(body)[..] != *hash {
            log::warn!("{} is damaged and not used", path.display());
            return None;
        }
        let (values, classes) = voxels.split_at_checked(4 * key.voxels())?;
        let values: Vec<f32> = values.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        let classes: Vec<i16> = classes.as_chunks().0.iter().map(|bytes| i16::from_le_bytes(*bytes)).collect();
        let is_class = |class: &i16| *class == IGNORE || usize::try_from(*class).is_ok_and(|class| class < key.classes);
        if !values.iter().all(|value| value.is_finite()) || !classes.iter().all(is_class) {
            return None;
        }
        // Used now: the last to go.
        let _ = File::options().write(true).open(&path).and_then(|file| file.set_modified(SystemTime::now()));
        Some((Prepared { image: CanonicalArray { shape: key.shape, values }, source: key.source }, classes))
    }

    fn write(&self, key: &CacheKey, scan: &Prepared, classes: &[i16]) -> io::Result<()> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let mut bytes = key.header();
        bytes.reserve(key.bytes() - bytes.len());
        bytes.extend(scan.image.values.iter().flat_map(|value| value.to_le_bytes()));
        if key.classes > 0 {
            bytes.extend(classes.iter().flat_map(|class| class.to_le_bytes()));
        }
        let hash = Sha256::digest(&bytes);
        bytes.extend_from_slice(&hash);
        let part = self.folder.join(format!(".{}-{}.part", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed)));
        let written = File::create(&part).and_then(|mut file| {
            file.write_all(&bytes)?;
            file.sync_all()
        });
        let moved = written.and_then(|()| fs::rename(&part, self.path(key)));
        if moved.is_err() {
            let _ = fs::remove_file(&part);
        }
        moved
    }

    /// Removes what was not used for longest until the rest fits.
    fn shrink(&self) -> io::Result<()> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.folder)?.flatten() {
            let path = entry.path();
            if let (true, Ok(about)) = (path.extension().is_some_and(|ending| ending == ENDING), entry.metadata()) {
                files.push((about.modified().unwrap_or(SystemTime::UNIX_EPOCH), about.len(), path));
            }
        }
        files.sort();
        let mut all: u64 = files.iter().map(|(_, bytes, _)| bytes).sum();
        for (_, bytes, path) in files {
            if all <= self.most_bytes {
                break;
            }
            fs::remove_file(path)?;
            all -= bytes;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::TrainingCase;
    use crate::prepare::prepare_case;
    use crate::recipe::PlanLimits;
    use crate::synthetic::{ball, flipped_ball};

    const LABELS: [u16; 3] = [0, 5, 1];

    fn recipe(case: &TrainingCase) -> Recipe {
        let limits = PlanLimits { voxels_per_case: 6_000, voxels_per_patch: 4096 };
        Recipe::plan(std::slice::from_ref(case), &[], limits).expect("a recipe")
    }

    fn key(case: &TrainingCase, recipe: &Recipe) -> CacheKey {
        CacheKey::new(&case.image, &CardCase::of(case), recipe, &LABELS).expect("a key")
    }

    fn kept(cache: &CaseCache, case: &TrainingCase) -> PreparedCase {
        let recipe = recipe(case);
        let prepared = prepare_case(case, &recipe, &LABELS).expect("prepared");
        cache.keep(&key(case, &recipe), &prepared.scan, &prepared.classes);
        prepared
    }

    fn files(folder: &Path) -> Vec<PathBuf> {
        fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path()).collect()
    }

    #[test]
    fn what_was_kept_comes_back_as_it_was() {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = CaseCache::new(&folder.path().join("prepared"), 1 << 20);
        for case in [ball(1), flipped_ball(2)] {
            let prepared = kept(&cache, &case);
            let recipe = recipe(&case);
            let found = cache.case(&key(&case, &recipe), &case.name).expect("kept");
            assert_eq!((found.scan.image, found.classes), (prepared.scan.image, prepared.classes));
            assert_eq!((found.sites, found.name), (prepared.sites, prepared.name));
            assert!(found.scan.source.is_same_as(case.image.grid(), 0.0));
            let coarser = Recipe { spacing_mm: recipe.spacing_mm.map(|mm| mm * 1.5), ..recipe.clone() };
            assert!(cache.case(&key(&case, &coarser), "").is_none());
            let other_patch = Recipe { patch: [8; 3], ..recipe };
            assert!(cache.case(&key(&case, &other_patch), "").is_some(), "the patch changes nothing");
            assert!(cache.scan(&CacheKey::new(&case.image, &CardCase::of(&case), &other_patch, &[]).expect("a key")).is_none());
        }
        assert_eq!(files(&folder.path().join("prepared")).len(), 2, "nothing half written is left");
    }

    #[test]
    fn a_damaged_or_exchanged_file_is_not_believed() {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = CaseCache::new(folder.path(), 1 << 20);
        let case = ball(1);
        kept(&cache, &case);
        let key = key(&case, &recipe(&case));
        let path = files(folder.path()).remove(0);
        let whole = fs::read(&path).expect("a file");
        for at in [0, 20, 45, HEADER + 5, whole.len() - 40, whole.len() - 1] {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            fs::write(&path, damaged).expect("written");
            assert!(cache.case(&key, "").is_none(), "byte {at}");
        }
        for length in [0, 7, HEADER, whole.len() - 1] {
            fs::write(&path, &whole[..length]).expect("written");
            assert!(cache.case(&key, "").is_none(), "{length} bytes");
        }
        // Whole, but with a class that there is none of: a hash proves no good will.
        let mut wrong = whole[..whole.len() - HASH].to_vec();
        let last = wrong.len() - 2;
        wrong[last..].copy_from_slice(&77i16.to_le_bytes());
        let hash = Sha256::digest(&wrong);
        wrong.extend_from_slice(&hash);
        fs::write(&path, wrong).expect("written");
        assert!(cache.case(&key, "").is_none());
        fs::write(&path, whole).expect("written");
        assert!(cache.case(&key, "").is_some());
    }

    #[test]
    fn what_was_not_used_for_longest_goes_first() {
        let folder = tempfile::tempdir().expect("a folder");
        let cases = [ball(1), ball(2), ball(3)];
        let recipe = recipe(&cases[0]);
        let size = key(&cases[0], &recipe).bytes() as u64;
        let cache = CaseCache::new(folder.path(), 2 * size + size / 2);
        let age = |case: &TrainingCase, seconds: u64| {
            let file = File::options().write(true).open(cache.path(&key(case, &recipe))).expect("a file");
            file.set_modified(SystemTime::now() - Duration::from_secs(seconds)).expect("set");
        };
        let prepared = cases.each_ref().map(|case| prepare_case(case, &recipe, &LABELS).expect("prepared"));
        let keep = |at: usize| cache.keep(&key(&cases[at], &recipe), &prepared[at].scan, &prepared[at].classes);
        keep(0);
        keep(1);
        age(&cases[0], 200);
        age(&cases[1], 100);
        assert!(cache.case(&key(&cases[0], &recipe), "").is_some(), "used: now the younger");
        keep(2);
        let left = cases.each_ref().map(|case| cache.case(&key(case, &recipe), "").is_some());
        assert_eq!(left, [true, false, true]);
        CaseCache::new(folder.path(), size / 2).keep(&key(&cases[1], &recipe), &prepared[1].scan, &prepared[1].classes);
        assert_eq!(files(folder.path()).len(), 2, "what is larger than the whole cache is not kept");
    }
}
