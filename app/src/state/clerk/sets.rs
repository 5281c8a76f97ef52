//! Data sets of others: looked through, then imported.

use std::path::Path;

use medley_io::Progress;
use medley_project::dataset::{DataSet, Options, SetReport};

use super::watch::Watch;
use super::{Desk, Reply, sentence};
use crate::texts::study as texts;

/// What a data set holds and what does not fit.
#[derive(Debug, Clone)]
pub struct CheckedSet {
    /// What was found out.
    pub report: SetReport,
    /// What the list itself had to say.
    pub notices: Vec<String>,
}

/// As many notices of an import are told one by one.
const MOST_NOTICES: usize = 4;

impl Desk {
    /// Looks through a data set and tells of it; nothing becomes a case yet.
    pub(super) fn check_set(&mut self, path: &Path) -> Result<(), String> {
        let mut set = DataSet::open_with(path, &Options { keep_missing: true, ..Options::default() }).map_err(sentence)?;
        let notices = set.notices.clone();
        let report = set.check(&told(&self.watch)).map_err(sentence)?;
        set.adopt(&report);
        self.checked_set = Some(set);
        self.reply(Reply::SetChecked(Box::new(CheckedSet { report, notices })));
        Ok(())
    }

    pub(super) fn import_set(&mut self) -> Result<(), String> {
        let Some(set) = self.checked_set.take() else { return Ok(()) };
        let watch = std::sync::Arc::clone(&self.watch);
        let imported = match self.any_study()?.import_set(&set, &told(&watch)) {
            Ok(imported) => imported,
            Err(error) => {
                // What was imported before something failed is there.
                let cases = self.any_study()?.cases().map_err(sentence)?;
                self.reply(Reply::Cases(cases));
                return Err(sentence(error));
            }
        };
        let (new, known) = (imported.cases.len(), imported.known.len());
        if known > 0 {
            self.reply(Reply::Notice(texts::known_scans(known, new)));
        }
        let more = imported.notices.len().saturating_sub(MOST_NOTICES);
        for notice in imported.notices.into_iter().take(MOST_NOTICES) {
            self.reply(Reply::Notice(notice));
        }
        if more > 0 {
            self.reply(Reply::Notice(texts::more_notices(more)));
        }
        self.announce(imported.cases.first().copied())
    }
}

fn told(watch: &Watch) -> impl Fn(usize, usize) -> bool {
    |done, all| watch.reached(done as f64 / all.max(1) as f64).is_continue()
}
