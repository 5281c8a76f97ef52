use std::sync::mpsc::{Sender, channel};

use medley_learn::{CaseSource, ClassSource, ClassifiedCase, TrainingCase};
use medley_project::{CaseId, Role};

use super::Request;
use crate::texts::study::CLOSED;

/// Corrected cases, read one at a time through the clerk.
pub(super) struct StudyCases {
    pub(super) requests: Sender<Request>,
}

impl StudyCases {
    fn fetch(&self, wanted: Role) -> Result<Vec<TrainingCase>, String> {
        let (answer, answered) = channel();
        self.requests.send(Request::ListLearnable(answer)).map_err(|_| CLOSED)?;
        let listed = answered.recv().map_err(|_| CLOSED)??;
        let mut cases = Vec::new();
        for (id, _) in listed.into_iter().filter(|(_, role)| *role == wanted) {
            cases.push(lent(&self.requests, id)?);
        }
        Ok(cases)
    }
}

fn lent(requests: &Sender<Request>, id: CaseId) -> Result<TrainingCase, String> {
    let (answer, answered) = channel();
    requests.send(Request::Lend(id, answer)).map_err(|_| CLOSED)?;
    answered.recv().map_err(|_| CLOSED)?
}

impl CaseSource for StudyCases {
    fn training(&mut self) -> Result<Vec<TrainingCase>, String> {
        self.fetch(Role::Training)
    }

    fn validation(&mut self) -> Result<Vec<TrainingCase>, String> {
        self.fetch(Role::Validation)
    }
}

/// Cases that have a class, read one at a time through the clerk. A study does not know whose scans they are: each counts as
/// another patient's.
pub(super) struct ClassifiedCases {
    pub(super) classes: Vec<String>,
    pub(super) requests: Sender<Request>,
}

impl ClassifiedCases {
    fn fetch(&self, wanted: Role) -> Result<Vec<ClassifiedCase>, String> {
        let (answer, answered) = channel();
        self.requests.send(Request::ListClassified(answer)).map_err(|_| CLOSED)?;
        let listed = answered.recv().map_err(|_| CLOSED)??;
        let mut cases = Vec::new();
        for (id, _, class) in listed.into_iter().filter(|(_, role, class)| *role == wanted && self.classes.contains(class)) {
            let TrainingCase { name, image, .. } = lent(&self.requests, id)?;
            let answers = self.classes.iter().map(|other| Some(*other == class)).collect();
            cases.push(ClassifiedCase { patient: name.clone(), name, image, answers });
        }
        Ok(cases)
    }
}

impl ClassSource for ClassifiedCases {
    fn training(&mut self) -> Result<Vec<ClassifiedCase>, String> {
        self.fetch(Role::Training)
    }

    fn validation(&mut self) -> Result<Vec<ClassifiedCase>, String> {
        self.fetch(Role::Validation)
    }
}
