//! What the user is told: the newest few sentences, errors until they are put away.

use std::time::{Duration, Instant};

/// How serious a notice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Something was done.
    Done,
    /// Something to know about a file.
    Warning,
    /// Something could not be done.
    Error,
}

/// One sentence to the user.
#[derive(Debug, Clone)]
pub struct Notice {
    /// How serious it is.
    pub severity: Severity,
    /// The sentence.
    pub text: String,
    since: Instant,
}

/// The notices on the screen, oldest first.
#[derive(Debug, Default)]
pub struct Notices {
    shown: Vec<Notice>,
}

/// More than this would hide the scan.
const MOST: usize = 5;

impl Notices {
    /// Shows a sentence; one that is shown already is not shown twice.
    pub fn push(&mut self, severity: Severity, text: impl Into<String>) {
        let text = text.into();
        self.shown.retain(|notice| notice.text != text);
        self.shown.push(Notice { severity, text, since: Instant::now() });
        if self.shown.len() > MOST {
            self.shown.remove(0);
        }
    }

    /// The notices on the screen.
    #[must_use]
    pub fn shown(&self) -> &[Notice] {
        &self.shown
    }

    /// Puts one away.
    pub fn dismiss(&mut self, index: usize) {
        if index < self.shown.len() {
            self.shown.remove(index);
        }
    }

    /// Puts away what has been read: what was done after 6 s, warnings after 20 s; errors stay. Returns when to look again.
    pub fn expire(&mut self) -> Option<Duration> {
        let lifetime = |severity| match severity {
            Severity::Done => Some(Duration::from_secs(6)),
            Severity::Warning => Some(Duration::from_secs(20)),
            Severity::Error => None,
        };
        self.shown.retain(|notice| lifetime(notice.severity).is_none_or(|life| notice.since.elapsed() < life));
        let left = |notice: &Notice| lifetime(notice.severity).map(|life| life.saturating_sub(notice.since.elapsed()));
        self.shown.iter().filter_map(left).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_shown_once_and_the_oldest_give_way() {
        let mut notices = Notices::default();
        for n in 0..8 {
            notices.push(Severity::Error, format!("error {n}"));
            notices.push(Severity::Error, "again");
        }
        assert_eq!(notices.shown().len(), MOST);
        assert_eq!(notices.shown().iter().filter(|n| n.text == "again").count(), 1);
        notices.dismiss(0);
        assert_eq!(notices.shown().len(), MOST - 1);
        assert!(notices.expire().is_none());
    }
}
