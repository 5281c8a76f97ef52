//! Opening studies and cases, and what the clerk answers.

use std::path::PathBuf;
use std::sync::Arc;

use medley_project::CaseId;
use medley_volume::{LabelMap, LabelTable};

use super::Workbench;
use crate::dialogs::VolumeChoice;
use crate::state::clerk::{LoadedCase, OneVolume, Reply, Request};
use crate::state::figure::FigureTarget;
use crate::state::large_change::Work;
use crate::state::notices::Severity;
use crate::state::second_scan::SecondSource;
use crate::state::training::WeightsChoice;
use crate::texts::study as texts;

impl Workbench {
    /// Opens a scan or a study folder.
    pub fn open(&mut self, path: PathBuf) {
        self.finish_stroke();
        self.finish_large();
        self.may_leave_study = path.is_dir() || path.extension().is_some_and(|end| end == "sqlite");
        self.snapshot();
        self.loading = Some(path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned()));
        self.clerk.ask(Request::Open(path));
    }

    /// Opens the bundled sample study.
    pub fn open_sample(&mut self) {
        self.finish_stroke();
        self.finish_large();
        self.may_leave_study = true;
        self.snapshot();
        self.loading = Some(texts::SAMPLE.to_owned());
        self.clerk.ask(Request::OpenSample);
    }

    /// Adds volumes of a file or folder to the study and opens the first.
    pub fn open_volumes(&mut self, path: PathBuf, volumes: Vec<OneVolume>) {
        self.snapshot();
        self.may_leave_study = false;
        self.loading = volumes.first().map(|volume| volume.name.clone());
        self.clerk.ask(Request::OpenVolumes(path, volumes));
    }

    /// Makes cases of the data set that was looked through last.
    pub fn import_set(&mut self) {
        self.snapshot();
        self.may_leave_study = false;
        self.loading = Some(texts::DATA_SET.to_owned());
        self.clerk.ask(Request::ImportSet);
    }

    /// Makes an empty study and opens it.
    pub fn new_study(&mut self, folder: PathBuf) {
        self.finish_stroke();
        self.finish_large();
        self.may_leave_study = true;
        self.snapshot();
        self.loading = Some(texts::NEW.to_owned());
        self.clerk.ask(Request::NewStudy(folder));
    }

    /// How far the scan that is being opened has been read, from 0 to 1.
    #[must_use]
    pub fn fraction_read(&self) -> f32 {
        self.clerk.fraction_read()
    }

    /// Gives up the scan that is being opened.
    pub fn stop_opening(&self) {
        self.clerk.stop_reading();
    }

    /// Loads a case of the open study; one that is open already only comes into the views.
    pub fn load_case(&mut self, id: CaseId) {
        self.snapshot();
        if self.case_of(id).is_some() {
            self.switch_to(id);
            return;
        }
        let name = self.study.as_ref().and_then(|study| study.cases.iter().find(|case| case.id == id)).map(|case| case.name.clone());
        self.may_leave_study = false;
        self.loading = Some(name.unwrap_or_default());
        self.clerk.ask(Request::LoadCase(id));
    }

    pub(super) fn take_chosen(&mut self, chosen: crate::dialogs::Chosen) {
        use crate::dialogs::Chosen;
        match chosen {
            Chosen::Open(path) => self.open(path),
            Chosen::NewStudy(folder) => self.new_study(folder),
            Chosen::OpenSecond(path) => self.load_second(SecondSource::File(path)),
            Chosen::Weights(path) => self.choices.weights = WeightsChoice::File(path),
            Chosen::ImportWeights(path) => self.weights_page.import(path),
            Chosen::ExportMask(path) => {
                if let Some(case) = &self.case {
                    let (mask, geometry) = (Arc::clone(&case.mask), case.geometry.clone());
                    let labels = self.study.as_ref().map(|study| study.labels.clone()).unwrap_or_default();
                    self.clerk.ask(Request::ExportMask { path, mask, case: case.id, labels, label: self.active_label, geometry });
                }
            }
            Chosen::ImportMask(path) => {
                if let Some(case) = &self.case {
                    self.clerk.ask(Request::ReadMask(case.id, path));
                }
            }
            Chosen::Operand(path) => self.read_operand(path),
            Chosen::ExportLabels(path) => {
                if let Some(study) = &self.study {
                    self.clerk.ask(Request::ExportLabels(path, study.labels.clone()));
                }
            }
            Chosen::SaveMeasurements(path) => self.clerk.ask(Request::WriteText(texts::MEASUREMENTS, path, self.measurement_table())),
            Chosen::SaveFigure(path) => self.figure.wanted = Some((self.figure.choices.clone(), FigureTarget::File(path))),
            Chosen::SaveProvenance(path) => self.clerk.ask(Request::SaveProvenance(path)),
            Chosen::ImportLabels(path) => self.clerk.ask(Request::ReadLabels(path)),
            Chosen::NoDialog(what) => self.dialogs.ask_for_path(what),
        }
    }

    pub(super) fn take_reply(&mut self, reply: Reply) {
        match reply {
            Reply::StudyOpened(study, first) => {
                if self.study.as_ref().is_none_or(|open| open.folder != study.folder) {
                    self.leave_study();
                }
                self.set_palette(&study.labels);
                if study.labels.get(self.active_label).is_none() {
                    self.active_label = study.labels.labels().first().map_or(1, |label| label.value);
                }
                self.study = Some(study);
                self.refresh_weights();
                self.loading = None;
                if let Some(first) = first {
                    self.load_case(first);
                }
            }
            Reply::Cases(cases) => {
                if let Some(study) = &mut self.study {
                    study.cases = cases;
                }
            }
            Reply::Models(models) => {
                if let Some(study) = &mut self.study {
                    study.models = models;
                }
                self.refresh_weights();
            }
            Reply::CaseLoaded(loaded) => self.take_case(*loaded),
            Reply::SecondLoaded(second) => self.take_second(*second),
            Reply::SecondFailed(sentence) => self.fail_second(sentence),
            Reply::Journaled(id) => self.take_journaled(id),
            Reply::JournalWaits(sentence) => self.notices.push(Severity::Error, sentence),
            Reply::MaskSaved(..) => {}
            Reply::TakenBack(case, version, taken) => self.take_step_back(case, version, taken),
            Reply::Provenance(case, told) => self.take_provenance(case, *told),
            Reply::OriginsShown(case, is_shown) => self.take_origins(case, is_shown),
            Reply::MaskShown(case) => self.take_mask_shown(case),
            Reply::CaseShown(id, version, textures) => self.take_textures(id, version, textures),
            Reply::SecondShown(volume, texture) => self.take_second_texture(&volume, texture),
            Reply::Reviewer(name) => self.take_reviewer(name),
            Reply::Exported(what, path) => self.notices.push(Severity::Done, texts::saved(what, &path)),
            Reply::MaskRead(id, path, labels, names) => {
                self.with_case(id, |workbench| workbench.take_mask(path, labels, names));
            }
            Reply::OperandRead(file) => self.take_operand(*file),
            Reply::LabelsRead(path, names) => self.take_label_names(&path, &names),
            Reply::MeasurementsRead(study, id, measurements) => self.measure.take_read(&study, id, measurements),
            Reply::MeasurementsNotKept(sentence) => self.notices.push(Severity::Error, sentence),
            Reply::Notice(sentence) => self.notices.push(Severity::Warning, sentence),
            Reply::VolumesFound(volumes) => {
                self.loading = None;
                self.volume_choice = Some(VolumeChoice::new(*volumes));
            }
            Reply::SetChecked(checked) => {
                self.loading = None;
                self.checked_set = Some(*checked);
            }
            Reply::Stopped => {
                self.loading = None;
                self.second_loading = None;
            }
            Reply::Failed(sentence) => {
                self.loading = None;
                self.notices.push(Severity::Error, sentence);
            }
        }
    }

    /// Everything that belongs to the open study goes: its masks were written when the other one was asked for.
    fn leave_study(&mut self) {
        self.drop_preview();
        self.remove_second();
        self.leave_case();
        self.tabs.clear();
        self.comparison = None;
        self.case = None;
        self.proposing = None;
        self.finding = None;
        self.class_draft = None;
        self.chosen_model = None;
        // None of the other study's labels may stay chosen only because this one has the same number.
        self.active_label = 0;
    }

    fn take_case(&mut self, mut loaded: LoadedCase) {
        let id = loaded.case.id;
        self.check_textures(&mut loaded.case);
        if self.case_of(id).is_some() {
            // Asked for twice: what is open has changes that were made since.
            self.loading = None;
            self.switch_to(id);
            return;
        }
        let beside = self.park_shown();
        self.tabs.add(id, beside);
        self.views.reset_cameras();
        self.views.volume_look.clip.reset();
        self.views.crosshair = loaded.crosshair;
        self.views.window = loaded.window;
        self.views.pointer = None;
        if let Some(study) = &mut self.study {
            let known = study.labels.labels().len();
            study.labels.add_unknown(loaded.labels);
            if study.labels.labels().len() != known && study.read_only.is_none() {
                self.clerk.ask(Request::SetLabels(study.labels.clone()));
            }
            let labels = study.labels.clone();
            self.set_palette(&labels);
        }
        self.loading = None;
        self.finding = None;
        self.remove_second();
        self.case = Some(loaded.case);
        self.follow_in_comparison(beside, id);
        self.make_room();
    }

    /// Makes the mask of the case in the views what a file holds.
    fn take_mask(&mut self, path: PathBuf, labels: Box<LabelMap>, names: LabelTable) {
        if !self.refuses_change() {
            self.begin_large(Work::Become(labels, path, names));
        }
    }
}
