//! Weight files: reading what PyTorch and others wrote, writing our own.
//!
//! - [`WeightsFile`]: an opened file; [`inspect`]: what is inside, for people
//! - [`Architecture`]: which network it is, read off the names and shapes in it
//! - [`Coverage`]: what of a network a file fills
//! - [`save_network`], [`save_encoder`], [`save_classification`], [`save_detection`]: our own modules; [`WeightsFile::export`]: any
//!   opened file, as `.pth` or `.safetensors`
//! - [`not_weights`]: what a download gone wrong is, by its first bytes
//! - [`Task`]: what a network is for
//! - [`state`]: the numbers of a training that is not at its end
//!
//! Read: `.pth` as zip, as the legacy stream, as tar and as a bare pickle (including training checkpoints with a `state_dict`
//! inside), and `.safetensors`; 16-, 32- and 64-bit floating point, little endian. Written: `.safetensors`, and `.pth` as a zip, with
//! PyTorch's names and shapes.

mod architecture;
mod channels;
mod coverage;
mod error;
mod export;
mod file;
mod inspect;
mod keys;
mod load;
mod merge;
mod pickle;
mod pth;
mod safetensors;
mod save;
mod sniff;
pub mod state;
mod tasks;
mod tensor;
mod write;
mod zip_tail;

pub use architecture::Architecture;
pub use coverage::{Coverage, Misshaped};
pub use error::WeightsError;
pub use export::{ExportOptions, Exported, Precision};
pub use file::WeightsFile;
pub use inspect::{Inspection, inspect};
pub use save::{save_encoder, save_network};
pub use sniff::not_weights;
pub use tasks::{Task, save_classification, save_detection};
