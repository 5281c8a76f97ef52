//! A comparison as a page for people.

use super::statistics::Paired;
use super::verdict::shown_p;
use super::{Report, Summary};

impl Report {
    /// A page in Markdown; `plot` is the path of the plot beside it, if there is one.
    #[must_use]
    pub fn markdown(&self, plot: Option<&str>) -> String {
        let mut page = format!("# Comparison: {}\n\n", self.title);
        self.verdict.iter().for_each(|verdict| page.push_str(&format!("**{}.**\n\n", capitalised(verdict))));
        self.notes.iter().for_each(|note| page.push_str(&format!("- {}.\n", capitalised(note))));
        page.push('\n');
        if let Some(plot) = plot {
            page.push_str(&format!("![Dice over the steps, mean and its 95 % interval]({plot})\n\n"));
        }
        page.push_str(&self.starts_table());
        page.push_str(&self.pairs_table());
        page.push_str(&self.speeds());
        page.push_str(&self.labels_table());
        page.push_str(&self.runs_table());
        page.push_str(&self.how());
        page
    }

    fn starts_table(&self) -> String {
        let mut text = "## Dice on the validation set\n\n| start | first weights | after the last step | from – to | mean over the curve | s a run |\n\
                        | --- | --- | --- | --- | --- | --- |\n"
            .to_owned();
        for start in &self.starts {
            let weights = match &start.weights.sha256 {
                Some(sha256) => format!("{} {}…", start.weights.from, sha256.get(..12).unwrap_or(sha256)),
                None => start.weights.from.clone(),
            };
            let Summary { least, most, .. } = start.final_dice;
            let seconds = start.seconds.map_or_else(|| "–".to_owned(), |seconds| format!("{seconds:.0}"));
            text.push_str(&format!(
                "| {} | {weights} | {} | {least:.3} – {most:.3} | {} | {seconds} |\n",
                cell(&start.name),
                spread(start.final_dice),
                spread(start.mean_dice)
            ));
        }
        text + "\n± is one standard deviation over the seeds.\n\n"
    }

    fn pairs_table(&self) -> String {
        let mut text = "## Pair by pair\n\n| | measure | mean difference | 95 % interval (t) | p exact | p exact, Holm | p t | effect d, 95 % interval | seeds above / below |\n\
                        | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n"
            .to_owned();
        for comparison in &self.comparisons {
            for (what, paired) in [("final Dice", &comparison.final_dice), ("mean over the curve", &comparison.mean_dice)] {
                let name = format!("{} − {}", cell(&comparison.start), cell(&comparison.reference));
                text.push_str(&format!("| {name} | {what} | {} |\n", row(paired)));
            }
        }
        let least = self.comparisons.first().map_or(1.0, |comparison| comparison.final_dice.p_least);
        text + &format!(
            "\np exact: sign-flip test of the mean over the seeds; the smallest it can give for {} seeds is {}. The final Dice decides.\n\n",
            self.seeds.len(),
            shown_p(least)
        )
    }

    fn speeds(&self) -> String {
        let mut text = "## Steps to reach a Dice\n\n".to_owned();
        for comparison in &self.comparisons {
            for reach in &comparison.reach {
                text.push_str(&format!("- {}.\n", capitalised(&reach.sentence(&comparison.start, &comparison.reference))));
                for (name, steps) in [(&comparison.start, &reach.steps), (&comparison.reference, &reach.reference_steps)] {
                    let steps: Vec<String> =
                        steps.iter().map(|step| step.map_or_else(|| "never".to_owned(), |step| step.to_string())).collect();
                    text.push_str(&format!("  {name}, seed by seed: {}.\n", steps.join(", ")));
                }
            }
        }
        let every = self.settings.validate_every;
        text + &format!("\nA Dice counts as reached at the first measurement that shows it; measured every {every} steps.\n\n")
    }

    fn labels_table(&self) -> String {
        let names: Vec<&str> = self.starts.iter().map(|start| start.name.as_str()).collect();
        let mut text =
            format!("## Final Dice, label by label\n\n| label | {} |\n| --- |{}\n", names.join(" | "), " --- |".repeat(names.len()));
        let labels = self.starts.first().map(|start| start.per_label.as_slice()).unwrap_or_default();
        for (at, (label, _)) in labels.iter().enumerate() {
            let dice =
                self.starts.iter().map(|start| start.per_label.get(at).map_or_else(|| "–".to_owned(), |(_, dice)| format!("{dice:.3}")));
            text.push_str(&format!("| {} | {} |\n", cell(label), dice.collect::<Vec<_>>().join(" | ")));
        }
        text + "\n"
    }

    fn runs_table(&self) -> String {
        let mut text =
            "## All runs\n\n| seed | start | final Dice | mean over the curve | s |\n| --- | --- | --- | --- | --- |\n".to_owned();
        for run in &self.runs {
            let seconds = run.seconds.map_or_else(|| "–".to_owned(), |seconds| format!("{seconds:.0}"));
            text.push_str(&format!("| {} | {} | {:.3} | {:.3} | {seconds} |\n", run.seed, cell(&run.start), run.final_dice, run.mean_dice));
        }
        text + "\n"
    }

    fn how(&self) -> String {
        let cases = |cases: &[crate::card::CardCase]| {
            let hash = |case: &crate::card::CardCase| case.image_sha256.get(..12).unwrap_or_default().to_owned();
            cases.iter().map(hash).collect::<Vec<_>>().join(", ")
        };
        let settings = &self.settings;
        format!(
            "## How\n\n{} steps of {} patch{} each, measured every {} steps with the weights of that step; {}; {}. Cases learned from: {}. Measured on \
             (never learned from): {}. The card of each run says everything else.\n",
            settings.steps,
            settings.batch,
            if settings.batch == 1 { "" } else { "es" },
            settings.validate_every,
            self.devices.join(", "),
            self.program,
            cases(&self.training),
            cases(&self.validation)
        )
    }
}

fn row(paired: &Paired) -> String {
    let ends = |interval: Option<[f64; 2]>| interval.map_or_else(|| "–".to_owned(), |[low, high]| format!("{low:+.3} to {high:+.3}"));
    let effect = match (paired.effect, paired.effect_interval) {
        (Some(d), Some([low, high])) => format!("{d:.2}, {low:.2} to {high:.2}"),
        _ => "–".to_owned(),
    };
    let p_t = paired.p_t.map_or_else(|| "–".to_owned(), shown_p);
    let [p_exact, p_holm] = [paired.p_exact, paired.p_holm].map(shown_p);
    format!(
        "{:+.3} | {} | {p_exact} | {p_holm} | {p_t} | {effect} | {} / {}",
        paired.mean,
        ends(paired.interval),
        paired.above,
        paired.below
    )
}

fn spread(summary: Summary) -> String {
    match summary.deviation {
        Some(deviation) => format!("{:.3} ± {deviation:.3}", summary.mean),
        None => format!("{:.3}", summary.mean),
    }
}

/// Text that cannot break a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace(['\n', '\r'], " ")
}

fn capitalised(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
