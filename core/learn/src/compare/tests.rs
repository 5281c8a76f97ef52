//! Tests: runs that are done again only if they are not there, and what a report says of them.

use super::*;
use crate::card::{Card, CurvePoint};
use crate::synthetic::{ball, quick};
use crate::{Control, DeviceChoice, FineTuneSettings, JobEvent, LearnError, WeightsSource};

fn starts(folder: &std::path::Path) -> Vec<Start> {
    let file = folder.join("encoder.safetensors");
    if !file.exists() {
        let config = quick(1).encoder_config();
        let encoder = config.init(&burn::tensor::Device::flex(), 9);
        medley_nn::weights::save_encoder(&file, &encoder, &Default::default(), false).expect("saved");
    }
    vec![
        Start { name: "scratch".to_owned(), weights: WeightsSource::Scratch },
        Start { name: "given".to_owned(), weights: WeightsSource::File(file) },
    ]
}

fn spec(folder: &std::path::Path, seeds: &[u64], steps: usize) -> CompareSpec {
    CompareSpec {
        cases: Box::new((vec![ball(1)], vec![ball(2)])),
        labels: vec![(5, "upper half".to_owned()), (1, "lower half".to_owned())],
        starts: starts(folder),
        seeds: seeds.to_vec(),
        settings: FineTuneSettings { validate_every: 2, ..quick(steps) },
        device: DeviceChoice::Cpu,
        output: folder.to_owned(),
        keep_models: false,
    }
}

#[test]
fn a_comparison_goes_on_where_it_stopped_and_takes_more_seeds() {
    let folder = tempfile::tempdir().expect("a folder");
    let control = Control::new();
    let (handle, mut steps) = (control.clone(), Vec::new());
    let stopped = run(spec(folder.path(), &[0, 1], 4), &control, &mut |event| {
        if let JobEvent::Step { step, steps: all, .. } = event {
            steps.push(step);
            assert_eq!(all, 16);
            if step == 10 {
                handle.stop();
            }
        }
    });
    assert!(matches!(stopped, Err(LearnError::Stopped)));
    assert!(steps.is_sorted() && steps.len() == 10, "{steps:?}");
    let cards = || {
        std::fs::read_dir(folder.path().join("runs")).expect("runs").flatten().filter(|run| run.path().join("card.json").exists()).count()
    };
    assert_eq!(cards(), 2);
    let again = |seeds: &[u64]| {
        let mut done = 0;
        let runs =
            run(spec(folder.path(), seeds, 4), &Control::new(), &mut |event| done += usize::from(matches!(event, JobEvent::Step { .. })));
        (runs.expect("a comparison"), done)
    };
    let (first, done) = again(&[0, 1]);
    assert_eq!((done, first.len(), cards()), (8, 4, 4));
    let (second, done) = again(&[0, 1, 2]);
    assert_eq!((done, second.len()), (8, 6));
    assert_eq!(second[..4], first[..]);
    assert!(second.iter().all(|run| !run.file.with_file_name("model.safetensors").exists()));
    // Another budget is another comparison.
    let error = run(spec(folder.path(), &[0, 1], 6), &Control::new(), &mut |_| {}).expect_err("other steps").to_string();
    assert!(error.contains("other settings") && error.contains("scratch-seed-0"), "{error}");
    let mut other = spec(folder.path(), &[0, 1], 4);
    other.cases = Box::new((vec![ball(1)], vec![ball(3)]));
    assert!(run(other, &Control::new(), &mut |_| {}).expect_err("another set").to_string().contains("other cases"));

    let report = Report::new("balls", &starts(folder.path()), &second, &[0.01]).expect("a report");
    assert_eq!((report.seeds.as_slice(), report.runs.len(), report.comparisons.len()), (&[0, 1, 2][..], 6, 1));
    assert!(report.verdict[0].contains("no advantage seen") && report.verdict[0].contains("cannot show"), "{:?}", report.verdict);
    assert_eq!((report.comparisons[0].start.as_str(), report.comparisons[0].reference.as_str()), ("given", "scratch"));
    let page = report.markdown(Some("plot.svg"));
    assert!(page.contains("| 2 | given |") && page.contains("plot.svg") && page.contains("upper half"), "{page}");
    let read: Report = serde_json::from_str(&report.json().expect("JSON")).expect("the same");
    assert_eq!(read.verdict, report.verdict);
}

#[test]
fn what_cannot_be_compared_is_refused_before_anything_is_trained() {
    let folder = tempfile::tempdir().expect("a folder");
    let refused = |change: fn(&mut CompareSpec)| {
        let mut spec = spec(folder.path(), &[0, 1], 2);
        change(&mut spec);
        run(spec, &Control::new(), &mut |_| panic!("it began")).expect_err("refused").to_string()
    };
    assert!(refused(|spec| spec.starts.truncate(1)).contains("at least two starts"));
    assert!(refused(|spec| spec.seeds = vec![3, 3]).contains("different seeds"));
    assert!(refused(|spec| spec.settings.validate_every = 0).contains("curve"));
    assert!(refused(|spec| spec.starts[1].name = "Scratch".to_owned()).contains("different names"));
    assert!(refused(|spec| spec.cases = Box::new((vec![ball(1)], Vec::new()))).contains("validation"));
    assert!(!folder.path().join("runs").exists());
}

/// Runs with curves that were made up: `dice(start, seed)`.
fn invented(seeds: u64, dice: impl Fn(usize, u64) -> [f64; 3]) -> (Vec<Start>, Vec<FinishedRun>) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut runs = run(spec(folder.path(), &[0, 1], 1), &Control::new(), &mut |_| {}).expect("two runs of each");
    runs.truncate(2);
    let card = |start: usize, seed: u64| -> Card {
        let points = [10, 20, 30].into_iter().zip(dice(start, seed));
        let curve = points.map(|(step, dice)| CurvePoint { step, loss: 1.0, dice: Some(dice), score: None }).collect();
        Card { curve, ..runs[start].card.clone() }
    };
    let all = (0..seeds).flat_map(|seed| [0, 1].map(|start| (start, seed)));
    let all = all.map(|(start, seed)| FinishedRun { start, seed, card: card(start, seed), file: "card.json".into() }).collect();
    (starts(folder.path()), all)
}

#[test]
fn a_steady_difference_is_an_advantage_and_its_speed_is_told() {
    let (starts, runs) = invented(6, |start, seed| {
        let luck = seed as f64 * 0.01;
        if start == 0 { [0.1 + luck, 0.2, 0.5 + luck] } else { [0.55 + luck, 0.6, 0.7 + 1.5 * luck] }
    });
    let report = Report::new("made up", &starts, &runs, &[]).expect("a report");
    let comparison = &report.comparisons[0];
    assert_eq!((comparison.final_dice.p_exact, comparison.final_dice.above), (0.03125, 6));
    assert!(
        report.verdict[0].starts_with("an advantage of given over scratch") && report.verdict[0].contains("p = 0.031"),
        "{:?}",
        report.verdict
    );
    // 90 % of 0.525 is reached after 10 steps by one and after 30 by the other, for every seed.
    let reach = &comparison.reach[0];
    assert!((reach.dice - 0.4725).abs() < 1e-9 && reach.times_faster.is_some_and(|times| (times - 3.0).abs() < 1e-9), "{reach:?}");
    let svg = report.svg();
    assert!(svg.matches("<polyline").count() == 14 && svg.matches("<polygon").count() == 2 && svg.ends_with("</svg>\n"), "{svg}");
}

#[test]
fn a_difference_that_chance_could_make_is_none_and_names_its_interval() {
    let (starts, runs) =
        invented(8, |start, seed| if start == 0 { [0.5; 3] } else { [0.1, 0.2, 0.5 + 0.05 * if seed % 2 == 0 { 1.1 } else { -1.0 }] });
    let report = Report::new("made up", &starts, &runs, &[]).expect("a report");
    assert!(report.verdict[0].starts_with("no advantage seen") && report.verdict[0].contains("4 of 8"), "{:?}", report.verdict);
    assert!(!report.verdict[0].contains("cannot show"));
    // The curve as a whole is worse all the same, and it is said.
    assert!(report.comparisons[0].mean_dice.p_holm < 0.01 && report.comparisons[0].mean_dice.mean < 0.0);
    let torn = Report::new("made up", &starts, &runs[..3], &[]);
    assert!(torn.expect_err("a run without partner").to_string().contains("no partner"));
}
