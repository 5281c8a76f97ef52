//! Weights from elsewhere: fetched from a model hub or imported from a file, kept in a folder, and checked ever after.
//!
//! - [`Shelf`]: the folder; a file there is used only while it is the one whose SHA-256 was recorded beside it
//! - [`Hub`]: an address that serves files; [`Shelf::fetch`]: one of its files onto the shelf
//! - `transfer`: one file over HTTP, resumed where a transfer was cut
//!
//! Nothing here is done unless somebody asked for it by name.

mod error;
mod fetch;
mod shelf;
mod transfer;

pub use error::HubError;
pub use fetch::{Fetched, Hub};
pub use shelf::{Kept, Record, Shelf, file_sha256};
pub use transfer::{Flow, Received};
