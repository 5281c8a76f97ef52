//! The page of who did what, as the window knows it.

use std::time::{Duration, Instant};

use medley_project::CaseId;
use medley_project::provenance::CaseProvenance;
use medley_volume::{Label, LabelTable};

/// What the slices show.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Origins {
    /// The labels.
    #[default]
    Off,
    /// The labels, until it is worked out who made what.
    Coming,
    /// Who made what.
    Shown,
    /// Who made what, until the labels are back.
    Leaving,
}

/// The page of who did what.
#[derive(Debug, Default)]
pub struct ProvenancePage {
    /// Whether it is shown.
    pub is_open: bool,
    /// What was told of a case.
    pub told: Option<(CaseId, CaseProvenance)>,
    /// The reviewer's initials while they are being typed.
    pub reviewer_draft: Option<String>,
    /// What the slices show.
    pub origins: Origins,
    asked: Option<State>,
    seen: Option<(State, Instant)>,
}

/// Which case, how often its mask changed, how many Edits are not in the journal, and what is said of it.
type State = (CaseId, u64, usize, &'static str);

/// How long a mask must rest before it is looked at again: reading the journal holds up the strokes behind it.
const REST: Duration = Duration::from_millis(1500);

/// Voxels a model made and nobody touched (Okabe and Ito's orange).
pub const UNTOUCHED_COLOR: [u8; 3] = [230, 159, 0];
/// Voxels that come from a person or a file (their sky blue).
pub const TOUCHED_COLOR: [u8; 3] = [86, 180, 233];

impl ProvenancePage {
    /// The case is open no longer.
    pub fn leave(&mut self) {
        self.told = None;
        self.asked = None;
        self.origins = Origins::Off;
    }

    /// Whether the slices show who made what, or are about to show the labels again.
    #[must_use]
    pub fn shows_origins(&self) -> bool {
        matches!(self.origins, Origins::Shown | Origins::Leaving)
    }

    /// Whether the journal must be read for the page, now that the case is in `state`.
    pub fn must_ask(&mut self, state: State, now: Instant) -> bool {
        if !self.is_open || self.asked == Some(state) {
            return false;
        }
        // The first time at once.
        let since = match self.seen {
            Some((seen, since)) if seen == state => since,
            _ => {
                self.seen = Some((state, now));
                now
            }
        };
        let is_rested = now.duration_since(since) >= REST;
        if self.told.is_some() && !is_rested {
            return false;
        }
        self.asked = Some(state);
        true
    }

    /// When to look again, if the page waits for the mask to rest.
    #[must_use]
    pub fn look_again_after(&self) -> Option<Duration> {
        let (seen, _) = self.seen?;
        (self.is_open && self.asked != Some(seen)).then_some(REST)
    }

    /// Names and colours of what [`Origins::Shown`] shows.
    #[must_use]
    pub fn palette() -> LabelTable {
        let mut table = LabelTable::default();
        for (value, color) in [(1, UNTOUCHED_COLOR), (2, TOUCHED_COLOR)] {
            table.insert(Label { value, name: String::new(), color, is_visible: true, is_locked: false });
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_journal_is_read_at_once_and_then_only_when_the_mask_rests() {
        let (mut page, start) = (ProvenancePage::default(), Instant::now());
        let state = |version| (CaseId(1), version, 0, "new");
        assert!(!page.must_ask(state(1), start), "nobody looks");
        page.is_open = true;
        assert!(page.must_ask(state(1), start));
        assert!(!page.must_ask(state(1), start + REST), "it was asked for");
        let nothing = CaseProvenance {
            case: String::new(),
            status: medley_project::CaseStatus::New,
            reviewer: None,
            status_at_ms: None,
            status_log: Vec::new(),
            edits: Vec::new(),
            origins: Vec::new(),
            unreadable: 0,
        };
        page.told = Some((CaseId(1), nothing));
        assert!(!page.must_ask(state(2), start + REST));
        assert_eq!(page.look_again_after(), Some(REST));
        assert!(!page.must_ask(state(3), start + REST * 2), "it has changed again");
        assert!(page.must_ask(state(3), start + REST * 3));
        assert_eq!(page.look_again_after(), None);
        page.leave();
        assert!(page.must_ask(state(3), start + REST * 3), "another case, or the same again");
    }
}
