//! The cases that are open beside the one in the views, in the order of their tabs. How they are parked and taken out again;
//! what that means for the window is the workbench's business.

use std::sync::LazyLock;

use medley_project::CaseId;

use super::open_case::OpenCase;
use super::view::Views;
use super::workbench::ShownFinding;

/// A case that is open but not in the views: all that makes it stand there as it was left.
pub struct Parked {
    /// The case, with its mask, history, proposal and textures.
    pub case: OpenCase,
    /// How it was looked at.
    pub views: Views,
    /// What a model said of it.
    pub finding: Option<ShownFinding>,
}

/// The tabs. The case in the views has one too, but lies in the workbench itself.
pub struct Tabs {
    /// All that are open, as they stand on the screen.
    order: Vec<CaseId>,
    /// Those beside the one in the views, the one left longest ago first.
    parked: Vec<Parked>,
    /// Those that are to be closed once their last change is in the journal.
    closing: Vec<CaseId>,
    /// What all open cases together may take, in bytes of main and graphics memory.
    pub limit_bytes: u64,
}

impl Default for Tabs {
    fn default() -> Self {
        Self::with_limit(usual_limit())
    }
}

impl Tabs {
    /// No tab yet, and room for so many bytes.
    #[must_use]
    pub fn with_limit(limit_bytes: u64) -> Self {
        Self { order: Vec::new(), parked: Vec::new(), closing: Vec::new(), limit_bytes }
    }

    /// The open cases, as their tabs stand.
    #[must_use]
    pub fn order(&self) -> &[CaseId] {
        &self.order
    }

    /// The cases beside the one in the views, the one left longest ago first.
    #[must_use]
    pub fn parked(&self) -> &[Parked] {
        &self.parked
    }

    /// The same, to be changed.
    pub fn parked_mut(&mut self) -> &mut [Parked] {
        &mut self.parked
    }

    /// A parked case.
    #[must_use]
    pub fn find(&self, id: CaseId) -> Option<&Parked> {
        self.parked.iter().find(|parked| parked.case.id == id)
    }

    /// Gives a case a tab behind that of `beside`, unless it has one.
    pub fn add(&mut self, id: CaseId, beside: Option<CaseId>) {
        if !self.order.contains(&id) {
            let at = beside.and_then(|beside| self.order.iter().position(|other| *other == beside));
            self.order.insert(at.map_or(self.order.len(), |at| at + 1), id);
        }
    }

    /// Takes a case away from the views.
    pub fn park(&mut self, parked: Parked) {
        self.parked.push(parked);
    }

    /// Takes a case out to put it into the views.
    pub fn take(&mut self, id: CaseId) -> Option<Parked> {
        let at = self.parked.iter().position(|parked| parked.case.id == id)?;
        Some(self.parked.remove(at))
    }

    /// Takes a case out for a moment; [`Tabs::lay_back`] puts it where it was.
    pub(super) fn lend(&mut self, id: CaseId) -> Option<(usize, Parked)> {
        let at = self.parked.iter().position(|parked| parked.case.id == id)?;
        Some((at, self.parked.remove(at)))
    }

    /// Puts a lent case back.
    pub(super) fn lay_back(&mut self, at: usize, parked: Parked) {
        self.parked.insert(at.min(self.parked.len()), parked);
    }

    /// Takes a tab away, and the case with it if it is parked.
    pub fn remove(&mut self, id: CaseId) -> Option<Parked> {
        self.order.retain(|other| *other != id);
        self.closing.retain(|other| *other != id);
        self.take(id)
    }

    /// Takes all tabs away.
    pub fn clear(&mut self) {
        self.order.clear();
        self.parked.clear();
        self.closing.clear();
    }

    /// The tab so many places further, around the end.
    #[must_use]
    pub fn step(&self, from: CaseId, steps: isize) -> Option<CaseId> {
        let at = self.order.iter().position(|id| *id == from)? as isize;
        self.order.get((at + steps).rem_euclid(self.order.len() as isize) as usize).copied()
    }

    /// The case that was left last: it is what one looks at again when the one in the views is closed.
    #[must_use]
    pub fn last_left(&self) -> Option<CaseId> {
        self.parked.last().map(|parked| parked.case.id)
    }

    /// Notes that a case is to be closed when its last change is in the journal.
    pub fn close_later(&mut self, id: CaseId) {
        if !self.closing.contains(&id) {
            self.closing.push(id);
        }
    }

    /// Whether a case waits to be closed.
    #[must_use]
    pub fn is_closing(&self, id: CaseId) -> bool {
        self.closing.contains(&id)
    }

    /// The case that has to give way, if all together take more than they may: of those whose changes are in the journal, and
    /// not `kept`, the one left longest ago. `shown` is the case in the views, which never gives way.
    #[must_use]
    pub fn gives_way(&self, shown: Option<&OpenCase>, kept: Option<CaseId>) -> Option<CaseId> {
        let all = self.parked.iter().map(|parked| &parked.case).chain(shown);
        if all.map(bytes_of).sum::<u64>() <= self.limit_bytes {
            return None;
        }
        let may_close = |case: &&OpenCase| case.unjournaled == 0 && Some(case.id) != kept;
        self.parked.iter().map(|parked| &parked.case).find(may_close).map(|case| case.id)
    }
}

/// About how many bytes of main and graphics memory a case takes: scan, mask, proposal, history and textures.
#[must_use]
pub fn bytes_of(case: &OpenCase) -> u64 {
    use medley_volume::{LabelMap, LabelVoxels};
    let labels = |mask: &LabelMap| mask.len() as u64 * if matches!(mask.voxels(), LabelVoxels::U8(_)) { 1 } else { 2 };
    let masks = labels(&case.mask) + case.proposal.as_ref().map_or(0, |(proposal, _)| labels(&proposal.labels));
    // On the device a voxel of the scan takes two bytes, a label as many as here.
    let textures = if case.textures.is_some() { case.volume.grid().len() as u64 * 2 + masks } else { 0 };
    case.volume.voxels().byte_len() as u64 + masks + case.history.byte_len() as u64 + textures
}

/// A quarter of the machine's memory; 4 GiB where the system does not tell how much it has. Bytes.
#[must_use]
pub fn usual_limit() -> u64 {
    static LIMIT: LazyLock<u64> = LazyLock::new(|| total_memory().map_or(4 << 30, |bytes| bytes / 4));
    *LIMIT
}

/// Bytes of main memory, where the system tells (Linux).
fn total_memory() -> Option<u64> {
    let about = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = about.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib.saturating_mul(1024))
}
