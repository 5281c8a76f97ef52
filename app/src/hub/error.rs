use std::path::{Path, PathBuf};

use medley_nn::weights::WeightsError;
use thiserror::Error;

use crate::catalog::Released;

/// Why weights could not be fetched, imported or used.
#[derive(Debug, Error)]
pub enum HubError {
    /// No such checkpoint.
    #[error("there is no released checkpoint “{name}”; `medley weights list` names them all")]
    Unknown {
        /// What was asked for.
        name: String,
    },
    /// A known checkpoint that nobody has fetched yet.
    #[error("{name} is not on this machine yet; get it with `medley weights fetch {name}`, or import it with `medley weights import FILE`")]
    NotHere {
        /// Its name.
        name: String,
    },
    /// An address that is none.
    #[error("“{endpoint}” is no address of a hub: it must begin with https:// or http://")]
    Endpoint {
        /// What was given.
        endpoint: String,
    },
    /// No answer.
    #[error(
        "{endpoint} cannot be reached ({reason}): check the network, or get the file on another machine and import it here \
         (`medley weights import FILE`, or Import on the window's page of weights)"
    )]
    Unreachable {
        /// The hub.
        endpoint: String,
        /// Why.
        reason: String,
    },
    /// An answer that is not the file.
    #[error("{url} could not be fetched: {meaning} (status {status})")]
    Status {
        /// The address.
        url: String,
        /// HTTP's number.
        status: u16,
        /// What it means.
        meaning: &'static str,
    },
    /// An answer that contradicts itself.
    #[error("{url} could not be fetched: {reason}")]
    Answer {
        /// The address.
        url: String,
        /// What is wrong.
        reason: String,
    },
    /// The connection ended too early.
    #[error("the transfer of {url} was interrupted after {done} bytes ({reason}); do it again{}", if *goes_on { ", and it goes on from there" } else { "" })]
    Interrupted {
        /// The address.
        url: String,
        /// Bytes that are there.
        done: u64,
        /// Whether the next attempt can begin where this one ended.
        goes_on: bool,
        /// Why.
        reason: String,
    },
    /// Not a weight file.
    #[error("{url} is not a weight file but {found}; check the address of the hub")]
    NotWeights {
        /// The address.
        url: String,
        /// What it is.
        found: String,
    },
    /// Larger than any of these files.
    #[error("{url} has more than {limit} bytes, more than any of these checkpoints; nothing was kept")]
    TooLarge {
        /// The address.
        url: String,
        /// The most that is taken.
        limit: u64,
    },
    /// A weight file of another network.
    #[error("{file} holds a {found}, but {name} is a {wanted}; nothing was kept")]
    OtherNetwork {
        /// The name it was asked for by.
        name: String,
        /// Where it came from.
        file: String,
        /// What is inside.
        found: String,
        /// What should be.
        wanted: String,
    },
    /// A file with parts of an encoder missing.
    #[error("{file} does not hold a whole encoder: {coverage}; nothing was kept")]
    Incomplete {
        /// Where it came from.
        file: String,
        /// What is there.
        coverage: String,
    },
    /// A weight file that cannot be used.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// A kept file that is not the one that was recorded.
    #[error(
        "{} is not the file whose SHA-256 was recorded when it came here (recorded {recorded}, found {found}), so it is not used; {}",
        file.display(),
        remedy(name)
    )]
    Changed {
        /// The name it is kept under.
        name: String,
        /// The file.
        file: PathBuf,
        /// What was recorded.
        recorded: String,
        /// What it is now.
        found: String,
    },
    /// The hub has another file than the one that came from there before.
    #[error(
        "{url} is another file than before (SHA-256 recorded {recorded}, now {found}) and was not kept; if the change is \
         meant, delete {} and fetch it again",
        record.display()
    )]
    ChangedAtSource {
        /// The address.
        url: String,
        /// What was recorded.
        recorded: String,
        /// What it is now.
        found: String,
        /// The file with the record.
        record: PathBuf,
    },
    /// Something else of that name.
    #[error("other weights are kept as {name} already; rename the file before importing it")]
    Occupied {
        /// The name.
        name: String,
    },
    /// A file whose name does not say that it holds weights.
    #[error("{file} cannot be kept under its name: rename it so that it ends with .pth or .safetensors")]
    Name {
        /// The file.
        file: String,
    },
    /// A record that cannot be read.
    #[error("{} says nothing usable about its file ({reason}); delete it, and the file is recorded anew", file.display())]
    Record {
        /// The record.
        file: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Another process is at it.
    #[error("{name} is being fetched already; wait until that has ended")]
    Busy {
        /// What is being fetched.
        name: String,
    },
    /// No room.
    #[error("the disk is full, so {} could not be written; free some space and do it again", file.display())]
    DiskFull {
        /// The file.
        file: PathBuf,
    },
    /// A copy or a record that could not be written.
    #[error(transparent)]
    Unwritable(#[from] medley_io::IoError),
    /// The file system's refusal.
    #[error("{}: {source}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Somebody asked for an end.
    #[error("the transfer was stopped")]
    Stopped,
}

/// How a changed file is made good.
fn remedy(name: &str) -> String {
    match Released::find(name) {
        Some(_) => format!("get it anew with `medley weights fetch {name} --again`, or Get again on the window's page of weights"),
        None => "import it again".to_owned(),
    }
}

impl HubError {
    /// What the file system said about `file`.
    pub(super) fn file(file: &Path, source: std::io::Error) -> Self {
        let file = file.to_owned();
        if source.kind() == std::io::ErrorKind::StorageFull { Self::DiskFull { file } } else { Self::File { file, source } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_from_other_refusals() {
        let said = |kind: std::io::ErrorKind| HubError::file(Path::new("a/b.part"), kind.into()).to_string();
        assert!(said(std::io::ErrorKind::StorageFull).starts_with("the disk is full, so a/b.part could not be written"));
        assert!(said(std::io::ErrorKind::PermissionDenied).starts_with("a/b.part: "));
    }
}
