//! Comparing the open case with another one.

use medley_project::CaseId;
use medley_volume::Ras;
use medley_volume::glam::{DVec2, DVec3};

use super::Workbench;
use crate::state::compare::{Comparison, Other, usual_offset};
use crate::state::layout::Layout;
use crate::state::tools::ActiveTool;
use crate::state::view::Subject;

impl Workbench {
    /// Puts something beside the open case.
    pub fn compare_with(&mut self, other: Other) {
        let Some(case) = &self.case else { return };
        let comparison = match other {
            Other::Case(id) => {
                let Some(parked) = self.tabs.find(id) else { return };
                let (open, beside) = (&case.volume, &parked.case.volume);
                let is_window_linked = open.quantity() == beside.quantity();
                Comparison::with(other, self.views.clone(), usual_offset(open.grid(), beside.grid()), is_window_linked)
            }
            Other::Proposal if case.proposal.is_none() => return,
            Other::Proposal => Comparison::with(other, self.views.clone(), DVec3::ZERO, true),
        };
        self.views.subject = if other == Other::Proposal { Subject::Mask } else { Subject::Everything };
        self.comparison = Some(comparison);
    }

    /// Compares with the case that was left last or, where no other is open, with the proposal; ends a comparison.
    pub fn toggle_comparison(&mut self) {
        if !self.leave_comparison() {
            self.compare_with(self.tabs.last_left().map_or(Other::Proposal, Other::Case));
        }
    }

    /// Why nothing can be compared now; `None` if it can.
    #[must_use]
    pub fn compare_obstacle(&self) -> Option<&'static str> {
        let Some(case) = &self.case else { return Some(crate::texts::commands::OPEN_A_SCAN) };
        let is_possible = self.comparison.is_some() || self.tabs.last_left().is_some() || case.proposal.is_some();
        (!is_possible).then_some(crate::texts::compare::NOTHING_BESIDE)
    }

    /// Ends a comparison; whether there was one.
    pub fn leave_comparison(&mut self) -> bool {
        self.views.subject = Subject::Everything;
        self.comparison.take().is_some()
    }

    /// The parked case that is compared with.
    #[must_use]
    pub fn compared(&self) -> Option<CaseId> {
        match self.comparison.as_ref()?.other {
            Other::Case(id) => Some(id),
            Other::Proposal => None,
        }
    }

    /// Ends a comparison whose other side is gone.
    pub fn tend_comparison(&mut self) {
        let Some(comparison) = &self.comparison else { return };
        let is_there = match comparison.other {
            Other::Case(id) => self.tabs.find(id).is_some(),
            Other::Proposal => self.case.as_ref().is_some_and(|case| case.proposal.is_some()),
        };
        if !is_there || self.case.is_none() {
            self.leave_comparison();
        }
    }

    /// The layout that the views have now: of a comparison, that of each side.
    #[must_use]
    pub fn shown_layout(&self) -> Layout {
        self.comparison.as_ref().map_or(self.layout, |comparison| comparison.layout)
    }

    /// The same, to be changed.
    pub fn shown_layout_mut(&mut self) -> &mut Layout {
        match &mut self.comparison {
            Some(comparison) => &mut comparison.layout,
            None => &mut self.layout,
        }
    }

    /// Takes both crosshairs of a comparison as the same place.
    pub fn link_here(&mut self) {
        let Some(comparison) = &mut self.comparison else { return };
        match comparison.other {
            Other::Case(id) => {
                if let Some(parked) = self.tabs.find(id) {
                    comparison.link_here(&self.views, &parked.views);
                }
            }
            Other::Proposal => comparison.link_by_coordinates(),
        }
    }

    /// Does something to the other side of a comparison as if it were the open case, with a tool that only looks.
    pub(crate) fn with_other<R>(&mut self, act: impl FnOnce(&mut Self) -> R) -> Option<R> {
        let other = self.comparison.as_ref()?.other;
        let tool = self.tool;
        if tool != ActiveTool::WindowLevel {
            self.tool = ActiveTool::Crosshair;
        }
        let open = self.views.clone();
        let look = |workbench: &mut Self| {
            workbench.views.take_settings_of(&open);
            workbench.views.side = 1;
            let result = act(workbench);
            workbench.views.side = 0;
            (result, workbench.views.clone())
        };
        let looked = match other {
            Other::Case(id) => self.with_case(id, look),
            Other::Proposal => {
                if let Some(comparison) = &self.comparison {
                    self.views = comparison.views.clone();
                }
                self.views.subject = Subject::Proposal;
                let looked = look(self);
                self.views = open.clone();
                if let Some(comparison) = &mut self.comparison {
                    comparison.views = looked.1.clone();
                }
                Some(looked)
            }
        };
        self.tool = tool;
        let (result, shown) = looked?;
        self.views.take_settings_of(&shown);
        // Where the pointer is on the other side is told of the open one.
        let offset = self.comparison.as_ref().filter(|comparison| comparison.is_linked).map(|comparison| comparison.offset_mm);
        let pointed = shown.pointer.zip(offset).map(|(at, offset)| Ras(at.0 - offset));
        self.views.pointer = pointed.or(open.pointer);
        Some(result)
    }

    /// Lets the side of a comparison that was moved lead the other one; whether the open case was moved. `sizes` are those of
    /// the three slice views.
    pub(crate) fn follow(&mut self, sizes: [DVec2; 3]) -> bool {
        let (Some(mut comparison), Some(case)) = (self.comparison.take(), &self.case) else { return false };
        let grid = *case.volume.grid();
        let is_moved = match comparison.other {
            Other::Case(id) => {
                let beside = self.tabs.parked_mut().iter_mut().find(|parked| parked.case.id == id);
                let views = &mut self.views;
                beside.is_some_and(|beside| {
                    let other_grid = *beside.case.volume.grid();
                    comparison.follow((&grid, views), (&other_grid, &mut beside.views), sizes)
                })
            }
            Other::Proposal => {
                let mut views = std::mem::take(&mut comparison.views);
                let is_moved = comparison.follow((&grid, &mut self.views), (&grid, &mut views), sizes);
                comparison.views = views;
                is_moved
            }
        };
        self.comparison = Some(comparison);
        is_moved
    }

    /// Another case came into the views; `left` was there before.
    pub(super) fn follow_in_comparison(&mut self, left: Option<CaseId>, entered: CaseId) {
        let Some(comparison) = &mut self.comparison else { return };
        match (comparison.other, left) {
            (Other::Case(other), Some(left)) if other == entered => comparison.turn_round(left),
            (Other::Case(other), _) if other != entered => {
                let (Some(open), Some(beside)) = (&self.case, self.tabs.find(other)) else { return };
                comparison.realign(usual_offset(open.volume.grid(), beside.case.volume.grid()));
            }
            _ => _ = self.leave_comparison(),
        }
    }

    /// A case is closed: a comparison with it ends.
    pub(super) fn leave_comparison_of(&mut self, closed: CaseId) {
        if self.compared() == Some(closed) || self.case.as_ref().is_some_and(|case| case.id == closed) {
            self.leave_comparison();
        }
    }
}
