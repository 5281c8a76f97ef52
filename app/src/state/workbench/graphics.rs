//! The graphics device: it may be lost while the program runs, and another one take its place. What was done is with the study and in main
//! memory; only pictures are made anew.

use std::sync::Arc;

use medley_project::CaseId;
use medley_volume::{IndexBox, Volume};

use super::Workbench;
use crate::render::{ScanTextures, SecondTexture};
use crate::state::clerk::{Gpu, Request};
use crate::state::notices::Severity;
use crate::state::open_case::OpenCase;
use crate::texts::graphics as texts;

impl Workbench {
    /// Lets go of everything on the device, which is lost. A stroke under way is finished as far as it got.
    pub fn lose_graphics(&mut self) {
        self.finish_stroke();
        self.drop_preview();
        self.gpu = None;
        self.clerk.ask(Request::UseGraphics(None));
        for case in self.case.iter_mut().chain(self.tabs.parked_mut().iter_mut().map(|parked| &mut parked.case)) {
            case.textures = None;
        }
        if let Some(second) = &mut self.second {
            second.texture = None;
        }
    }

    /// Draws on another device from now on: what is open is put on it by the clerk.
    pub fn take_graphics(&mut self, gpu: Gpu) {
        self.clerk.ask(Request::UseGraphics(Some(gpu.clone())));
        self.gpu = Some(gpu);
        // They are drawn by colours of their own.
        if self.provenance.shows_origins() {
            self.provenance.leave();
        }
        // A palette stays with the device it was first drawn on.
        let labels = self.study.as_ref().map(|study| study.labels.clone()).unwrap_or_default();
        self.set_palette(&labels);
        for case in self.case.iter().chain(self.tabs.parked().iter().map(|parked| &parked.case)) {
            self.ask_for_textures(case);
        }
        if let Some(second) = &self.second {
            self.clerk.ask(Request::ShowSecond(Arc::clone(&second.volume)));
        }
        self.notices.push(Severity::Warning, texts::BACK);
    }

    /// Keeps textures only if they lie on the device there is now; others are made anew.
    pub(super) fn check_textures(&self, case: &mut OpenCase) {
        let Some((device, _)) = &self.gpu else { return };
        if case.textures.as_ref().is_some_and(|textures| !textures.are_on(device)) {
            case.textures = None;
            self.ask_for_textures(case);
        }
    }

    fn ask_for_textures(&self, case: &OpenCase) {
        self.clerk.ask(Request::ShowCase(case.id, case.mask_version(), Arc::clone(&case.volume), Arc::clone(&case.mask)));
    }

    pub(super) fn take_textures(&mut self, id: CaseId, version: u64, textures: Arc<ScanTextures>) {
        let Some((device, queue)) = self.gpu.clone() else { return };
        if !textures.are_on(&device) {
            return;
        }
        let Some(case) = self.case_of_mut(id) else { return };
        if case.mask_version() != version || case.is_painting() {
            textures.write_mask(&queue, &case.mask, IndexBox::whole(case.mask.grid().shape()));
        }
        case.textures = Some(textures);
        self.with_case(id, |workbench| workbench.show_proposal());
    }

    pub(super) fn take_second_texture(&mut self, volume: &Arc<Volume>, texture: Arc<SecondTexture>) {
        if let Some(second) = self.second.as_mut().filter(|second| Arc::ptr_eq(&second.volume, volume)) {
            second.texture = Some(texture);
        }
    }
}
