/// Why a subcommand could not do its work: one sentence for a person, on one line.
///
/// Not an error type itself, so that every error converts into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure(String);

impl Failure {
    /// A failure that is explained by `sentence`.
    pub fn new(sentence: impl Into<String>) -> Self {
        let sentence: String = sentence.into();
        // Messages of other crates may be broken into lines or carry control characters of a hostile file.
        let plain: String = sentence.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        Self(plain.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// The sentence.
    #[must_use]
    pub fn sentence(&self) -> &str {
        &self.0
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::new(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_crate_breaks_into_lines_becomes_one() {
        assert_eq!(Failure::new("a file\n  is\u{7} broken\r\n").sentence(), "a file is broken");
        assert_eq!(Failure::from(std::io::Error::other("x\ny")).sentence(), "x y");
    }
}
