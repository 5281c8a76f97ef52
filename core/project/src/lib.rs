//! A study on disk: its cases, their masks, the journal of every change, its models; and data sets made by others.
//!
//! A study is a folder: `study.sqlite` (the index and the journal), `masks/CASE.nii.gz`, `models/`, `study.lock`. Images are
//! referenced where they lie, never copied and never written.
//!
//! # Map
//! - [`Study`]: create, open (exclusively), labels, cases, journal, snapshots, models
//! - [`Study::load_case`] → [`OpenCase`]: the scan, its mask and history exactly as they were when the program ended, however it
//!   ended
//! - [`EditInfo`]: who changed how much with what, when
//! - [`provenance`]: the same with reviewers, the status of a case and its log, for every voxel who put it there; as JSON and CSV
//! - [`Study::open_even_read_only`]: looking at a study that another program has open, or that cannot be written
//! - [`dataset`]: Medical Segmentation Decathlon, nnU-Net v2, `img_list`, BIDS, folders of scans and masks, or a study, read as a list
//!   of cases to learn from; [`DataSet::check`] reports what does not fit
//!
//! # Invariants
//! 1. An [`Edit`](medley_annotate::Edit), an undo and a redo are on the disk (WAL, `synchronous = FULL`) before the call that
//!    journals them returns.
//! 2. The journal is never shortened: it alone gives every mask. Edits form a tree (`lineage.rs`); a mask is the chain of Edits
//!    from the root to the case's head, and undo and redo move the head.
//! 3. A mask file is a snapshot. Every content Medley may have left under its name is recorded by SHA-256 with the Edit it ends
//!    with *before* it gets that name, so that whatever instant the power fails, the file is either known or not ours. One that is
//!    not ours is never overwritten before it was taken in: what another program changed becomes an Edit that can be undone.
//! 4. One program at a time can change a study; others may look at it, and their looking writes nothing. A program that was killed
//!    blocks nobody.
//! 5. What is read from a study or a data set is not trusted: a damaged row is skipped with a notice, a foreign file is refused
//!    with a sentence. Nothing panics.
//! 6. Provenance names no patient: authors are "a person" or a model's id, and reviewers what they chose to be called. (A case is
//!    called what its image's file is called.)
//! 7. A database that is deleted while it is open is noticed before the next write, and put back.

mod case;
mod case_name;
pub mod dataset;
mod error;
mod event;
mod files;
mod image;
mod import;
mod journal;
mod lineage;
mod load;
mod lock;
mod look;
mod model;
mod presence;
pub mod provenance;
mod replay;
mod schema;
mod snapshot;
mod study;

pub use case::{CaseId, CaseInfo, Role};
pub use dataset::{DataSet, DataSetCase, LoadedCase, SetReport};
pub use error::ProjectError;
pub use import::Imported;
pub use journal::{EditId, EditInfo};
pub use load::OpenCase;
pub use lock::Holder;
pub use look::ReadOnlyBecause;
pub use model::ModelRecord;
pub use provenance::CaseStatus;
pub use study::Study;
