use std::path::PathBuf;

use super::shelf::{examine, file_sha256, read_record, record_path};
use super::transfer::{Flow, Received, Transfer};
use super::{HubError, Kept, Shelf};
use crate::catalog::Released;

/// Where files are served: the public hub unless the user's environment names another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hub {
    endpoint: String,
}

/// The hub that the released checkpoints are on.
const PUBLIC: &str = "https://huggingface.co";

/// Larger than any checkpoint in the catalogue, with room for an optimiser's state.
const LARGEST: u64 = 2 << 30;

/// What came of a fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The weights.
    pub kept: Kept,
    /// Whether they came now; otherwise they were here already.
    pub is_new: bool,
}

impl Hub {
    /// The hub at an address.
    ///
    /// # Errors
    /// [`HubError::Endpoint`] if it is none.
    pub fn at(endpoint: &str) -> Result<Self, HubError> {
        let endpoint = endpoint.trim().trim_end_matches('/');
        let host = endpoint.strip_prefix("https://").or_else(|| endpoint.strip_prefix("http://"));
        if host.is_none_or(|host| host.is_empty() || endpoint.contains(char::is_whitespace)) {
            return Err(HubError::Endpoint { endpoint: endpoint.to_owned() });
        }
        Ok(Self { endpoint: endpoint.to_owned() })
    }

    /// The hub that `MEDLEY_HUB` names, else `HF_ENDPOINT`, else the public one.
    ///
    /// # Errors
    /// [`HubError::Endpoint`] if what is named is no address.
    pub fn of_environment() -> Result<Self, HubError> {
        let named = ["MEDLEY_HUB", "HF_ENDPOINT"].into_iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
        Self::at(named.as_deref().unwrap_or(PUBLIC))
    }

    /// Its address.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }
}

impl Shelf {
    /// The released checkpoint of this name: what is kept, if it is still the recorded file, else fetched from the hub.
    ///
    /// A cut transfer is taken up again where it ended, now or the next time. The file is looked into before it is kept, and its
    /// SHA-256 is recorded; if there is a record from an earlier time, the file must be the same. With `again` it is fetched even
    /// if it is here.
    ///
    /// # Errors
    /// [`HubError`]: a sentence.
    pub fn fetch(&self, name: &str, hub: &Hub, again: bool, tell: &mut dyn FnMut(Received) -> Flow) -> Result<Fetched, HubError> {
        let released = Released::find(name).ok_or_else(|| HubError::Unknown { name: name.to_owned() })?;
        if !again && self.find(name)?.is_some() {
            return Ok(Fetched { kept: self.verified(name)?, is_new: false });
        }
        self.make_folder()?;
        let target = self.folder().join(released.file());
        let earlier = read_record(&target)?;
        let url = format!("{}/{}", hub.endpoint(), released.path_on_hub());
        let part = PathBuf::from(format!("{}.part", target.display()));
        let transfer = Transfer { name, endpoint: hub.endpoint(), url: &url, part: &part, limit: LARGEST };
        transfer.run(tell)?;
        let checked = self.checked(released, &transfer, earlier);
        if checked.is_err() {
            transfer.discard();
        }
        let kept = checked?;
        self.keep(&part, &target, &kept.record)?;
        transfer.remove_note();
        Ok(Fetched { kept, is_new: true })
    }

    /// Looks into what has come.
    fn checked(&self, released: &Released, transfer: &Transfer<'_>, earlier: Option<super::Record>) -> Result<Kept, HubError> {
        let target = self.folder().join(released.file());
        if let Some(earlier) = earlier {
            let found = file_sha256(transfer.part)?;
            if found != earlier.sha256 {
                let (url, record) = (transfer.url.to_owned(), record_path(&target));
                return Err(HubError::ChangedAtSource { url, recorded: earlier.sha256, found, record });
            }
        }
        let record = examine(transfer.part, transfer.url, released.name, transfer.url)?;
        Ok(Kept { name: released.name.to_owned(), file: target, record })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_begins_with_its_scheme_and_ends_without_a_slash() {
        assert_eq!(Hub::at(" https://hub.example/mirror/ ").expect("an address").endpoint(), "https://hub.example/mirror");
        for wrong in ["", "hub.example", "ftp://hub.example", "https://", "http://a b"] {
            assert!(matches!(Hub::at(wrong), Err(HubError::Endpoint { .. })), "{wrong}");
        }
    }
}
