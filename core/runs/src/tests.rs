//! The table as several programs use it.

use std::path::Path;

use super::*;

fn new(output: &Path) -> NewRun {
    NewRun {
        kind: "fine-tune".to_owned(),
        task: "segment".to_owned(),
        settings: "{\"steps\":10}".to_owned(),
        data: "organs".to_owned(),
        device: "cpu".to_owned(),
        steps: 10,
        output: output.to_owned(),
        weights: "scratch".to_owned(),
        program: "medley 0".to_owned(),
    }
}

fn figures(step: usize) -> StepFigures {
    let loss = 1.0 / step as f64;
    StepFigures {
        step,
        steps: 10,
        loss,
        smoothed_loss: loss,
        rate: 0.01,
        steps_per_s: Some(4.0),
        voxels_per_s: Some(4e3),
        peak_memory: Some(5),
    }
}

fn table(folder: &Path) -> Runs {
    Runs::open(&folder.join("runs.sqlite")).expect("opens")
}

#[test]
fn a_training_is_a_row_with_its_curves() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut recorder = table(folder.path()).begin(&new(&folder.path().join("model"))).expect("written");
    let id = recorder.id();
    for step in 1..=10 {
        recorder.step(figures(step)).expect("written");
        if step == 5 || step == 10 {
            let dice = if step == 5 { 0.75 } else { 0.5 };
            recorder.measured(step, "Dice", dice, &[("liver".to_owned(), dice)]).expect("written");
        }
    }
    let runs = table(folder.path());
    let run = runs.get(id).expect("there");
    assert_eq!((run.state, run.steps_done, run.score, run.best_step), (RunState::Running, 10, Some(0.75), Some(5)));
    let ending = Ending {
        seconds: Some(2.5),
        steps_done: Some(10),
        cases: Some((4, 2)),
        parent: Some("aa".to_owned()),
        model: Some("bb".to_owned()),
        score: Some(("Dice".to_owned(), 0.75)),
        best_step: Some(5),
        message: None,
    };
    recorder.end(RunState::Finished, &ending).expect("written");
    let run = runs.get(id).expect("there");
    assert_eq!((run.state, run.seconds, run.training_cases, run.peak_memory), (RunState::Finished, Some(2.5), Some(4), Some(5)));
    let points = runs.points(id).expect("there");
    let of = |name: &str| points.iter().filter(|point| point.name == name).map(|point| (point.step, point.value)).collect::<Vec<_>>();
    assert_eq!(of("Dice"), [(5, 0.75), (10, 0.5)]);
    assert_eq!(of("Dice/liver"), of("Dice"));
    assert_eq!(of("loss").len(), 10);
    assert!(csv::of_runs(&runs.list().expect("there")).lines().nth(1).is_some_and(|line| line.contains("finished")));
    assert_eq!(csv::of_points([(id, points.as_slice())]).lines().count(), points.len() + 1);
    let file = tensorboard::export(folder.path(), &run, &points).expect("written");
    assert!(file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("events.out.tfevents.")));
}

#[test]
fn a_killed_training_is_told_from_one_that_runs_and_is_taken_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = folder.path().join("model");
    let mut running = table(folder.path()).begin(&new(&folder.path().join("other"))).expect("written");
    running.step(figures(1)).expect("written");
    let mut killed = table(folder.path()).begin(&new(&output)).expect("written");
    let id = killed.id();
    for step in 1..=6 {
        killed.step(figures(step)).expect("written");
    }
    killed.measured(6, "Dice", 0.5, &[]).expect("written");
    // As a kill leaves it: the row says running, and nobody holds the lock.
    killed.abandon();
    let runs = table(folder.path());
    assert_eq!(runs.get(id).expect("there").state, RunState::Interrupted);
    assert_eq!(runs.get(running.id()).expect("there").state, RunState::Running);
    let mut again = runs.resume(&new(&output)).expect("written");
    assert_eq!(again.id(), id);
    again.resumed(4).expect("written");
    let runs = table(folder.path());
    assert_eq!((runs.get(id).expect("there").state, runs.get(id).expect("there").steps_done), (RunState::Running, 4));
    assert_eq!(runs.points(id).expect("there").iter().map(|point| point.step).max(), Some(4));
    again.end(RunState::Finished, &Ending::default()).expect("written");
    // A finished one is not gone on with.
    assert_ne!(runs.resume(&new(&output)).expect("written").id(), id);
}

#[test]
fn a_recorder_that_is_dropped_says_that_it_failed() {
    let folder = tempfile::tempdir().expect("a folder");
    let recorder = table(folder.path()).begin(&new(folder.path())).expect("written");
    let id = recorder.id();
    drop(recorder);
    let run = table(folder.path()).get(id).expect("there");
    assert_eq!(run.state, RunState::Failed);
    assert!(run.message.is_some_and(|message| message.contains("fault")));
    assert!(matches!(table(folder.path()).get(99), Err(RunsError::Unknown(99))));
}

#[test]
fn several_writers_lose_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("runs.sqlite");
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let file = &file;
            scope.spawn(move || {
                for number in 0..5 {
                    let output = format!("{writer}-{number}");
                    let mut recorder = Runs::open(file).expect("opens").begin(&new(Path::new(&output))).expect("written");
                    recorder.step(figures(10)).expect("written");
                    recorder.end(RunState::Finished, &Ending::default()).expect("written");
                }
            });
        }
    });
    let runs = Runs::open(&file).expect("opens").list().expect("there");
    assert_eq!(runs.len(), 20);
    assert!(runs.iter().all(|run| run.state == RunState::Finished && run.steps_done == 10));
}

#[test]
fn descent_is_followed_to_its_beginning() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut parent = None;
    for model in ["a", "b", "c"] {
        let recorder = table(folder.path()).begin(&new(Path::new(model))).expect("written");
        let ending = Ending { parent: parent.clone(), model: Some(model.to_owned()), ..Ending::default() };
        recorder.end(RunState::Finished, &ending).expect("written");
        parent = Some(model.to_owned());
    }
    let runs = table(folder.path());
    let last = runs.list().expect("there").pop().expect("three");
    let models: Vec<Option<String>> = runs.lineage(&last).expect("there").into_iter().map(|run| run.model).collect();
    assert_eq!(models, [Some("b".to_owned()), Some("a".to_owned())]);
}

#[test]
fn a_table_of_a_newer_program_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let runs = table(folder.path());
    runs.database.pragma_update(None, "user_version", 9).expect("written");
    drop(runs);
    assert!(matches!(Runs::open(&folder.path().join("runs.sqlite")), Err(RunsError::Newer { found: 9, .. })));
}
