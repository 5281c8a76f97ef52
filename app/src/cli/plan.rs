use std::path::PathBuf;

use medley_learn::plan::{self, Plan, Wishes};
use medley_learn::{CaseSource, FineTuneSettings, WeightsSource};
use medley_nn::HeadKind;

use super::cases::DataSetCases;
use super::options::{DeviceOption, NetworkOptions, TrainingOptions, chosen_labels, set, weights_source};
use super::set_options::SetOptions;
use super::{Answer, Failure, Table};

/// Plans a fine-tuning: spacing, intensities, network, patch, steps, and what that takes in memory and time
///
/// Reads the cases, computes the memory of all phases, and times a few steps on the device; nothing is trained. What is given as an option
/// is kept. `medley finetune --plan auto` trains by such a plan. See docs/memory.md.
///
/// JSON: facts{}, recipe{spacing_mm, intensity, patch}, network{}, settings{} (all of a fine-tuning), device, memory{preparing, learning,
/// measuring, cases} in bytes, needed_bytes, available{bytes, bound}, time{step_s, validation_s, total_s}, reasons[], given_up[].
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A study folder, a dataset.json (Medical Segmentation Decathlon or nnU-Net v2), an `img_list`, or a folder of scans and masks
    dataset: PathBuf,
    /// First weights: a `.pth` or `.safetensors` file, the name of fetched ones, `starter` (the encoder inside this program) or `scratch`,
    /// where the plan chooses the network
    #[arg(long, default_value = "starter")]
    weights: String,
    /// What turns features into labels: `skip`, `med3d`, `branch` or `dense-aspp`
    #[arg(long)]
    head: Option<HeadKind>,
    /// Labels to learn, by name or value; all of them unless given
    #[arg(long, value_delimiter = ',', value_name = "LABEL")]
    labels: Vec<String>,
    #[command(flatten)]
    plan: PlanOptions,
    #[command(flatten)]
    set: SetOptions,
    #[command(flatten)]
    network: NetworkOptions,
    #[command(flatten)]
    training: TrainingOptions,
    #[command(flatten)]
    device: DeviceOption,
}

/// What a plan has to keep to.
#[derive(Debug, clap::Args)]
pub struct PlanOptions {
    /// Memory that may be taken; what is left on this machine unless given (on a GPU nobody says, so give what it has)
    #[arg(long, value_name = "GiB")]
    pub memory: Option<f64>,
    /// Minutes that a planned training may take; 20 unless given
    #[arg(long, value_name = "MINUTES")]
    pub minutes: Option<f64>,
}

impl PlanOptions {
    /// What is left to a plan beside `settings`, in which the options given are.
    ///
    /// # Errors
    /// If the limits make no sense.
    pub fn wishes(
        &self,
        settings: FineTuneSettings,
        (network, training): (&NetworkOptions, &TrainingOptions),
        has_epochs: bool,
        weights: WeightsSource,
        device: &DeviceOption,
    ) -> Result<Wishes, Failure> {
        if let Some(gibibytes) = self.memory.filter(|gibibytes| !(*gibibytes > 0.0 && gibibytes.is_finite())) {
            return Err(Failure::new(format!("--memory wants a positive number of GiB, not {gibibytes}")));
        }
        let usual = Wishes::default();
        Ok(Wishes {
            settings,
            keeps_network: network.depth.is_some() || network.base_width.is_some(),
            keeps_patch: training.patch.is_some(),
            keeps_batch: training.batch.is_some(),
            keeps_steps: training.steps.is_some() || has_epochs,
            keeps_checkpointing: training.checkpointing.is_some(),
            weights,
            device: device.device,
            memory: self.memory.map(|gibibytes| (gibibytes * f64::from(1u32 << 30)) as u64),
            minutes: self.minutes.unwrap_or(usual.minutes),
            is_timed: true,
        })
    }
}

/// `medley plan DATASET`.
///
/// # Errors
/// If the data set, the weights or the settings cannot be used, or there is not enough memory for any plan.
pub fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let set = arguments.set.open(&arguments.dataset)?;
    let labels = chosen_labels(&set.label_table, &arguments.labels)?;
    let mut cases = DataSetCases::new(set, &arguments.dataset)?;
    let weights = weights_source(&arguments.weights, &arguments.network)?;
    let options = (&arguments.network, &arguments.training);
    let wishes = arguments.plan.wishes(settings(arguments), options, false, weights, &arguments.device)?;
    let plan = of(&mut cases, &labels, wishes)?;
    Answer::new(&reported(&plan), text(&plan))
}

/// Plans on cases as they are on the disk.
///
/// # Errors
/// As [`plan::plan`].
pub fn of(cases: &mut dyn CaseSource, labels: &[(u16, String)], wishes: Wishes) -> Result<Plan, Failure> {
    let training = cases.training().map_err(Failure::new)?;
    let validation = cases.validation().map_err(Failure::new)?;
    Ok(plan::plan(&training, &validation, labels, wishes)?)
}

fn settings(arguments: &Arguments) -> FineTuneSettings {
    let mut settings = FineTuneSettings::default();
    arguments.training.apply(&mut settings);
    set(&mut settings.head, arguments.head);
    arguments.network.apply(&mut settings);
    settings
}

/// A plan with what it needs in one number.
#[derive(Debug, serde::Serialize)]
pub struct Reported<'a> {
    #[serde(flatten)]
    plan: &'a Plan,
    needed_bytes: u64,
}

/// A plan for JSON.
#[must_use]
pub fn reported(plan: &Plan) -> Reported<'_> {
    Reported { plan, needed_bytes: plan.needed() }
}

/// A plan for people.
#[must_use]
pub fn text(plan: &Plan) -> String {
    let mut text = String::new();
    plan.reasons.iter().for_each(|reason| text.push_str(&format!("- {reason}\n")));
    plan.given_up.iter().for_each(|given_up| text.push_str(&format!("- given up: {given_up}\n")));
    let mebibytes = |bytes: u64| format!("{:.0} MiB", bytes as f64 / f64::from(1u32 << 20));
    let mut table = Table::new(["memory", "at most"]);
    let memory = &plan.memory;
    for (what, bytes) in [
        ("reading and preparing", memory.preparing),
        ("a step, with the cases held", memory.learning),
        ("segmenting a validation scan", memory.measuring),
        ("needed in all", plan.needed()),
    ] {
        table.row([what.to_owned(), mebibytes(bytes)]);
    }
    if let Some(available) = plan.available {
        table.row([format!("left {}", available.bound.words()), mebibytes(available.bytes)]);
    }
    text.push_str(&table.to_string());
    if let Some(time) = plan.time {
        let mut table = Table::new(["time", "seconds"]);
        for (what, seconds) in [
            ("a step", time.step_s),
            ("measuring on the validation scans", time.validation_s),
            (&*format!("{} steps", plan.settings.steps), time.total_s),
        ] {
            table.row([what.to_owned(), if seconds < 10.0 { format!("{seconds:.3}") } else { format!("{seconds:.0}") }]);
        }
        text.push_str(&table.to_string());
    }
    text.push_str(&format!("on {}\n", plan.device));
    text
}

#[cfg(test)]
mod tests {
    use super::super::tests::said;

    #[test]
    fn limits_that_make_no_sense_are_refused() {
        for wrong in ["-1", "0", "inf"] {
            let (status, out, err) = said(&["plan", &sample(), "--memory", wrong]);
            assert_eq!((status, out.as_str()), (if wrong == "-1" { 2 } else { 1 }, ""), "{err}");
        }
    }

    #[test]
    fn the_sample_study_is_planned_within_little_memory_and_says_what_was_given_up() {
        let arguments = [
            "plan",
            &sample(),
            "--device",
            "cpu",
            "--memory",
            "0.25",
            "--weights",
            "scratch",
            "--patch",
            "8,16,16",
            "--steps",
            "3",
            "--json",
        ];
        let (status, out, err) = said(&arguments);
        assert_eq!((status, err.as_str()), (0, ""));
        let plan: serde_json::Value = serde_json::from_str(&out).expect("JSON");
        assert_eq!(plan["available"]["bound"], "asked");
        assert!(plan["needed_bytes"].as_u64().expect("bytes") <= (1 << 28));
        assert_eq!((&plan["settings"]["patch"], &plan["settings"]["steps"]), (&serde_json::json!([8, 16, 16]), &serde_json::json!(3)));
        assert!(plan["time"]["step_s"].as_f64().is_some_and(|seconds| seconds > 0.0));
    }

    #[test]
    fn a_planned_training_gives_up_what_memory_does_not_allow_and_says_so() {
        let folder = tempfile::tempdir().expect("a folder");
        let output = folder.path().display().to_string();
        let common = ["finetune", &sample(), "-o", &output, "--device", "cpu", "--weights", "scratch", "--plan", "auto", "--json"];
        // Enough to read the scans and for some patch, but not for a whole scan as one.
        let limits =
            ["--memory", "0.06", "--depth", "10", "--base-width", "4", "--steps", "2", "--validate-every", "0", "--labels", "liver"];
        let arguments: Vec<&str> = common.into_iter().chain(limits).collect();
        let (status, out, err) = said(&arguments);
        assert_eq!((status, err.as_str()), (0, ""));
        let report: serde_json::Value = serde_json::from_str(&out).expect("JSON");
        assert_eq!((&report["plan"]["settings"]["depth"], &report["steps"]), (&"10".into(), &2.into()));
        assert!(report["given_up"].as_array().is_some_and(|given_up| !given_up.is_empty()), "{out}");
        let card = std::fs::read_to_string(folder.path().join("card.json")).expect("a card");
        let card: serde_json::Value = serde_json::from_str(&card).expect("JSON");
        assert_eq!((&card["given_up"], &card["recipe"]["patch"]), (&report["given_up"], &report["plan"]["recipe"]["patch"]));
        let (status, _, err) = said(&["finetune", &sample(), "-o", &output, "--plan", "auto", "--task", "detect", "--force"]);
        assert!(status == 1 && err.contains("--plan auto"), "{err}");
    }

    fn sample() -> String {
        concat!(env!("CARGO_MANIFEST_DIR"), "/../assets/sample").to_owned()
    }
}
