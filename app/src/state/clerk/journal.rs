//! The journal of changes: each is in it before the next may begin.

use super::{Desk, JournalStep, Reply, sentence};

impl Desk {
    /// Journals what waits, in order, until one does not go.
    pub(super) fn journal_backlog(&mut self) {
        while let Some((case, step)) = self.backlog.front() {
            let case = *case;
            let Some(study) = self.study.as_mut() else { return };
            let result = match step {
                JournalStep::Edit(edit) => study.journal_edit(case, edit).map(|_| ()),
                JournalStep::Undo => study.journal_undo(case),
                JournalStep::Redo => study.journal_redo(case),
                JournalStep::Jump(steps) => study.journal_jump(case, *steps),
            };
            if let Err(error) = result {
                if self.return_to_study() {
                    continue;
                }
                self.reply(Reply::JournalWaits(sentence(error)));
                return;
            }
            self.backlog.pop_front();
            self.reply(Reply::Journaled(case));
            self.tell_status(case);
        }
    }
}
