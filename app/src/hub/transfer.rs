//! One file over HTTP. What has come is in a file that ends with `.part`, and a note beside it says of which version of the remote
//! file it is the beginning: only that version is gone on with (RFC 9110, 13.1.5 and 14).

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use medley_nn::weights::not_weights;
use serde::{Deserialize, Serialize};
use ureq::http::{HeaderMap, StatusCode, header};

use super::HubError;

/// How much of a file has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// Bytes that are here.
    pub bytes: u64,
    /// Bytes of the whole file, if the server said so.
    pub total: Option<u64>,
}

/// Whether to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// Yes.
    GoOn,
    /// No; what has come is kept.
    Stop,
}

/// A file on its way.
pub(super) struct Transfer<'a> {
    pub name: &'a str,
    pub endpoint: &'a str,
    pub url: &'a str,
    pub part: &'a Path,
    /// The most bytes that are taken.
    pub limit: u64,
}

/// Of what the `.part` file is the beginning.
#[derive(Debug, Serialize, Deserialize)]
struct Note {
    url: String,
    etag: String,
}

/// No answer, or no further byte, for so long: the connection is given up.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often a cut transfer is taken up again by itself, as long as each attempt brings something.
const ATTEMPTS: usize = 5;

/// The first bytes, by which a file is known.
const HEAD: usize = 512;

impl Transfer<'_> {
    /// Fetches the file into `part`, whole. `tell` hears how far it is.
    pub fn run(&self, tell: &mut dyn FnMut(Received) -> Flow) -> Result<(), HubError> {
        let options = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(self.part);
        let mut file = options.map_err(|error| self.file_error(error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(HubError::Busy { name: self.name.to_owned() }),
            // Not every file system knows locks.
            Err(TryLockError::Error(_)) => {}
        }
        let ended = self.attempts(&mut file, tell);
        let is_empty = length(&file) == 0;
        drop(file);
        if ended.is_err() && is_empty {
            self.discard();
        }
        ended
    }

    fn attempts(&self, file: &mut File, tell: &mut dyn FnMut(Received) -> Flow) -> Result<(), HubError> {
        for _ in 1..ATTEMPTS {
            let before = length(file);
            match self.attempt(file, tell) {
                Err(HubError::Interrupted { done, goes_on: true, .. }) if done > before => {}
                ended => return ended,
            }
        }
        self.attempt(file, tell)
    }

    /// Forgets what has come.
    pub fn discard(&self) {
        let _ = std::fs::remove_file(self.part);
        let _ = std::fs::remove_file(self.note_path());
    }

    /// Forgets of what it is the beginning: it is the whole now.
    pub fn remove_note(&self) {
        let _ = std::fs::remove_file(self.note_path());
    }

    fn attempt(&self, file: &mut File, tell: &mut dyn FnMut(Received) -> Flow) -> Result<(), HubError> {
        let here = length(file);
        let note = self.note().filter(|note| here > 0 && note.url == self.url);
        let answer = self.ask(note.as_ref().map(|note| (here, note.etag.as_str())))?;
        let headers = answer.headers();
        let (start, total) = match answer.status() {
            StatusCode::OK => (0, number(headers, header::CONTENT_LENGTH)),
            StatusCode::PARTIAL_CONTENT => match (content_range(headers), &note) {
                (Some((start, total)), Some(note)) if start == here && strong_etag(headers).is_none_or(|etag| etag == note.etag) => {
                    (start, Some(total))
                }
                _ => {
                    self.discard_contents(file)?;
                    return self.refused("its answer does not go on where the transfer was cut; do it again, from the beginning");
                }
            },
            StatusCode::RANGE_NOT_SATISFIABLE if note.is_some() => {
                // More is here than there: what is here is not its beginning.
                self.discard_contents(file)?;
                return self.attempt(file, tell);
            }
            status => {
                let (url, status) = (self.url.to_owned(), status.as_u16());
                return Err(HubError::Status { url, status, meaning: meaning(status) });
            }
        };
        if total.is_some_and(|total| total > self.limit) {
            self.discard_contents(file)?;
            return Err(self.too_large());
        }
        if start == 0 {
            self.discard_contents(file)?;
            self.write_note(strong_etag(headers))?;
        }
        file.seek(SeekFrom::Start(start)).map_err(|error| self.file_error(error))?;
        self.receive(answer.into_body().into_reader(), file, Received { bytes: start, total }, tell)
    }

    fn ask(&self, from: Option<(u64, &str)>) -> Result<ureq::http::Response<ureq::Body>, HubError> {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            // What was asked for in confidence is not to be sent on to where anybody can change it.
            .https_only(self.endpoint.starts_with("https://"))
            .user_agent(concat!("medley/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(PATIENCE))
            .timeout_recv_response(Some(PATIENCE))
            .timeout_per_read(Some(PATIENCE))
            .build();
        let mut request = ureq::Agent::new_with_config(config).get(self.url);
        if let Some((here, etag)) = from {
            request = request.header(header::RANGE, format!("bytes={here}-")).header(header::IF_RANGE, etag);
        }
        request.call().map_err(|error| match error {
            ureq::Error::BadUri(_) | ureq::Error::Http(_) => HubError::Endpoint { endpoint: self.endpoint.to_owned() },
            error => HubError::Unreachable { endpoint: self.endpoint.to_owned(), reason: reason(&error) },
        })
    }

    fn receive(
        &self,
        mut body: impl Read,
        file: &mut File,
        mut received: Received,
        tell: &mut dyn FnMut(Received) -> Flow,
    ) -> Result<(), HubError> {
        let mut buffer = vec![0; 128 << 10];
        let mut head = Vec::new();
        let mut is_known = received.bytes > 0;
        loop {
            if tell(received) == Flow::Stop {
                return Err(HubError::Stopped);
            }
            let count = body.read(&mut buffer).map_err(|error| self.interrupted(received.bytes, error.to_string()))?;
            if !is_known {
                head.extend(buffer.iter().take(count.min(HEAD - head.len())));
                if count == 0 || head.len() == HEAD {
                    if let Some(found) = not_weights(&head) {
                        self.discard_contents(file)?;
                        return Err(HubError::NotWeights { url: self.url.to_owned(), found });
                    }
                    is_known = true;
                }
            }
            if count == 0 {
                break;
            }
            received.bytes += count as u64;
            if received.bytes > self.limit {
                self.discard_contents(file)?;
                return Err(self.too_large());
            }
            file.write_all(buffer.get(..count).unwrap_or_default()).map_err(|error| self.file_error(error))?;
        }
        match received.total {
            Some(total) if received.bytes != total => Err(self.interrupted(received.bytes, format!("{total} were announced"))),
            _ => file.sync_all().map_err(|error| self.file_error(error)),
        }
    }

    fn interrupted(&self, done: u64, reason: String) -> HubError {
        HubError::Interrupted { url: self.url.to_owned(), done, goes_on: self.note().is_some(), reason }
    }

    fn note_path(&self) -> PathBuf {
        let mut name = self.part.as_os_str().to_owned();
        name.push(".json");
        PathBuf::from(name)
    }

    fn note(&self) -> Option<Note> {
        serde_json::from_slice(&std::fs::read(self.note_path()).ok()?).ok()
    }

    /// Without a strong tag there is no telling one version of the file from another, so it is not gone on with.
    fn write_note(&self, etag: Option<String>) -> Result<(), HubError> {
        let path = self.note_path();
        let Some(etag) = etag else {
            let _ = std::fs::remove_file(path);
            return Ok(());
        };
        let note = serde_json::to_vec(&Note { url: self.url.to_owned(), etag }).unwrap_or_default();
        std::fs::write(&path, note).map_err(|error| HubError::file(&path, error))
    }

    fn discard_contents(&self, file: &mut File) -> Result<(), HubError> {
        let _ = std::fs::remove_file(self.note_path());
        file.set_len(0).and_then(|()| file.rewind()).map_err(|error| self.file_error(error))
    }

    fn file_error(&self, error: std::io::Error) -> HubError {
        HubError::file(self.part, error)
    }

    fn too_large(&self) -> HubError {
        HubError::TooLarge { url: self.url.to_owned(), limit: self.limit }
    }

    fn refused(&self, reason: &str) -> Result<(), HubError> {
        Err(HubError::Answer { url: self.url.to_owned(), reason: reason.to_owned() })
    }
}

fn length(file: &File) -> u64 {
    file.metadata().map_or(0, |about| about.len())
}

fn number(headers: &HeaderMap, name: header::HeaderName) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// The first byte and the size of the whole file: `bytes 100-199/200`.
fn content_range(headers: &HeaderMap) -> Option<(u64, u64)> {
    let text = headers.get(header::CONTENT_RANGE)?.to_str().ok()?;
    let (range, total) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (first, _) = range.split_once('-')?;
    Some((first.trim().parse().ok()?, total.trim().parse().ok()?))
}

fn strong_etag(headers: &HeaderMap) -> Option<String> {
    let etag = headers.get(header::ETAG)?.to_str().ok()?.trim();
    etag.starts_with('"').then(|| etag.to_owned())
}

fn meaning(status: u16) -> &'static str {
    match status {
        401 | 403 => "the hub wants somebody to log in, or does not give it away",
        404 | 410 => "the hub has no such file",
        407 => "the proxy wants somebody to log in",
        408 | 429 => "the hub has too much to do; try again later",
        500..=599 => "the hub is out of order; try again later",
        _ => "the hub gave an answer that is no file",
    }
}

fn reason(error: &ureq::Error) -> String {
    match error {
        ureq::Error::HostNotFound => "its name is not known; there may be no network".to_owned(),
        ureq::Error::Timeout(_) => format!("no answer within {} s", PATIENCE.as_secs()),
        ureq::Error::Io(error) => match error.kind() {
            std::io::ErrorKind::ConnectionRefused => "nothing answers there".to_owned(),
            _ => error.to_string(),
        },
        error => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_read_as_it_is_written() {
        let headers = |name: header::HeaderName, value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().expect("a value"));
            headers
        };
        let range = |text: &str| content_range(&headers(header::CONTENT_RANGE, text));
        assert_eq!(range("bytes 100-199/200"), Some((100, 200)));
        for wrong in ["bytes 100-199/*", "bytes */200", "100-199/200", "bytes -5-199/200"] {
            assert_eq!(range(wrong), None, "{wrong}");
        }
        assert_eq!(strong_etag(&headers(header::ETAG, "\"abc\"")).as_deref(), Some("\"abc\""));
        assert_eq!(strong_etag(&headers(header::ETAG, "W/\"abc\"")), None);
    }
}
