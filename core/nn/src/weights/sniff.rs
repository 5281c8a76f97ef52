//! What a file is, by its first bytes.

/// What a file begins like.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Beginning {
    /// A safetensors header.
    Safetensors,
    /// Something that the PyTorch reader should look at.
    Pickle,
    /// Neither; in words that follow “is not a weight file but”.
    Other(String),
}

/// How many bytes [`beginning`] wants to see.
pub(super) const SNIFFED: usize = 512;

/// What a file is that begins like this, if it is no weight file, in words that follow “is not a weight file but”. The first 512
/// bytes say it.
#[must_use]
pub fn not_weights(head: &[u8]) -> Option<String> {
    match beginning(&head[..head.len().min(SNIFFED)]) {
        Beginning::Other(found) => Some(found),
        Beginning::Safetensors | Beginning::Pickle => None,
    }
}

pub(super) fn beginning(head: &[u8]) -> Beginning {
    if head.is_empty() {
        return Beginning::Other("an empty file".to_owned());
    }
    if is_safetensors(head) {
        return Beginning::Safetensors;
    }
    let is_tar = head.get(257..262) == Some(b"ustar");
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") || head.first() == Some(&0x80) || is_tar {
        return Beginning::Pickle;
    }
    let start = String::from_utf8_lossy(head);
    let start = start.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    let lower = start.to_ascii_lowercase();
    if ["<!doctype html", "<html", "<head", "<?xml", "<body"].iter().any(|tag| lower.starts_with(tag)) {
        return Beginning::Other("a web page (a download that led to an error or a login)".to_owned());
    }
    if start.starts_with("version https://git-lfs") {
        return Beginning::Other("a git-lfs pointer (the real file was never fetched: run `git lfs pull`)".to_owned());
    }
    // Pickles of the oldest protocol are text.
    if matches!(head.first(), Some(b'(' | b'}' | b']' | b'c' | b'L')) {
        return Beginning::Pickle;
    }
    let is_text = head.iter().all(|&byte| byte >= 0x20 || matches!(byte, b'\n' | b'\r' | b'\t'));
    Beginning::Other(if is_text && head.len() > 1 { "a text file" } else { "something unknown" }.to_owned())
}

/// Eight bytes of header length, then JSON.
fn is_safetensors(head: &[u8]) -> bool {
    let length = head.first_chunk::<8>().map(|bytes| u64::from_le_bytes(*bytes));
    length.is_some_and(|length| (2..=100_000_000).contains(&length)) && head.get(8) == Some(&b'{')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn downloads_gone_wrong_are_called_what_they_are() {
        let found = |bytes: &[u8]| match beginning(bytes) {
            Beginning::Other(found) => found,
            other => panic!("{other:?}"),
        };
        assert!(found(b"\n<!DOCTYPE HTML><html>").contains("web page"));
        assert!(found(b"version https://git-lfs.github.com/spec/v1\noid").contains("git-lfs"));
        assert!(found(b"").contains("empty"));
        assert!(found(b"{\"error\": \"not found\"}").contains("text"));
        assert!(found(b"\x00\x01\x02").contains("unknown"));
        assert_eq!(beginning(b"\x10\x00\x00\x00\x00\x00\x00\x00{\"a\":"), Beginning::Safetensors);
        assert_eq!(beginning(b"PK\x03\x04"), Beginning::Pickle);
    }
}
