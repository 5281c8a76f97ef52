use std::sync::mpsc::{Sender, channel};

use medley_learn::{CaseSource, TrainingCase};
use medley_project::Role;

use super::Request;

/// Corrected cases, read one at a time through the clerk.
pub(super) struct StudyCases {
    pub(super) requests: Sender<Request>,
}

impl StudyCases {
    fn fetch(&self, wanted: Role) -> Result<Vec<TrainingCase>, String> {
        const CLOSED: &str = "the study was closed";
        let (answer, answered) = channel();
        self.requests.send(Request::ListLearnable(answer)).map_err(|_| CLOSED)?;
        let listed = answered.recv().map_err(|_| CLOSED)??;
        let mut cases = Vec::new();
        for (id, _) in listed.into_iter().filter(|(_, role)| *role == wanted) {
            let (answer, answered) = channel();
            self.requests.send(Request::Lend(id, answer)).map_err(|_| CLOSED)?;
            cases.push(answered.recv().map_err(|_| CLOSED)??);
        }
        Ok(cases)
    }
}

impl CaseSource for StudyCases {
    fn training(&mut self) -> Result<Vec<TrainingCase>, String> {
        self.fetch(Role::Training)
    }

    fn validation(&mut self) -> Result<Vec<TrainingCase>, String> {
        self.fetch(Role::Validation)
    }
}
