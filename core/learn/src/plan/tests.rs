//! Tests: what is planned, what is given up, and that a training goes on with less.

use medley_nn::{Depth, HeadKind};

use super::*;
use crate::card::Card;
use crate::synthetic::{ball, fine_tuning, flipped_ball, quick};
use crate::{Control, DeviceChoice, FineTuneSettings, JobEvent, LearnError, TrainingCase};

fn labels() -> Vec<(u16, String)> {
    vec![(5, "upper half".to_owned()), (1, "lower half".to_owned())]
}

fn wishes(memory: Option<u64>) -> Wishes {
    Wishes { device: DeviceChoice::Cpu, memory, is_timed: false, ..Wishes::default() }
}

fn planned(training: &[TrainingCase], wishes: Wishes) -> Plan {
    plan(training, &[ball(9)], &labels(), wishes).expect("a plan")
}

#[test]
fn a_plan_follows_from_the_cases_and_says_why() {
    let plan = planned(&[ball(1), flipped_ball(2)], wishes(None));
    assert_eq!((plan.settings.depth, plan.settings.base_width, plan.settings.steps), (Depth::R10, 16, 500));
    assert_eq!(plan.settings.patch, Some(plan.recipe.patch));
    // No thicker than the thinnest scan, in multiples of 8.
    assert_eq!(plan.recipe.patch, [16, 24, 24]);
    assert!(plan.given_up.is_empty() && plan.fits() && plan.time.is_none());
    let said = plan.reasons.join("\n");
    for word in ["1 of 3 are stored otherwise", "not all CT", "ResNet-10", "500 steps", "16×24×24"] {
        assert!(said.contains(word), "{word}: {said}");
    }
}

#[test]
fn what_was_asked_for_is_kept() {
    let settings = FineTuneSettings { depth: Depth::R18, base_width: 8, steps: 7, batch: 4, patch: Some([16, 16, 16]), ..quick(7) };
    let wishes =
        Wishes { settings, keeps_network: true, keeps_patch: true, keeps_batch: true, keeps_steps: true, ..wishes(Some(64 << 20)) };
    match plan(&[ball(1)], &[], &labels(), wishes) {
        Ok(plan) => {
            let found = &plan.settings;
            assert_eq!((found.depth, found.base_width, found.steps, found.batch, found.patch), (Depth::R18, 8, 7, 4, Some([16; 3])));
        }
        Err(error) => assert!(error.to_string().contains("not enough memory"), "{error}"),
    }
}

/// Each step down needs less, until nothing is left to give up; every one has its sentence.
#[test]
fn a_plan_gets_smaller_and_smaller_and_then_ends() {
    let settings = FineTuneSettings { batch: 4, depth: Depth::R50, base_width: 64, ..FineTuneSettings::default() };
    let mut plan = planned(&[ball(1), ball(2)], Wishes { settings, keeps_network: true, ..wishes(Some(64 << 30)) });
    plan.basis.wishes.keeps_network = false;
    let mut steps = 0;
    while let Some(smaller) = plan.smaller("too large") {
        assert!(smaller.needed() < plan.needed(), "{:?}", smaller.given_up);
        steps += 1;
        assert_eq!(smaller.given_up.len(), steps);
        plan = smaller;
        assert!(steps < 40);
    }
    let said = plan.given_up.join("\n");
    assert!(said.contains("2 in place of 4 patches") && said.contains("ResNet-10 of width 8"), "{said}");
    assert_eq!((plan.settings.batch, plan.settings.base_width), (1, 8));
}

#[test]
fn little_memory_makes_a_smaller_plan_and_too_little_none() {
    let large = planned(&[ball(1)], wishes(None));
    let bytes = (large.needed() as f64 * 0.9) as u64;
    let small = planned(&[ball(1)], wishes(Some(bytes)));
    assert!(small.needed() as f64 * 1.2 <= bytes as f64 && !small.given_up.is_empty());
    assert!(small.given_up[0].contains("by the limit that was asked for"), "{:?}", small.given_up);
    let error = plan(&[ball(1)], &[], &labels(), wishes(Some(1 << 20))).expect_err("nothing fits").to_string();
    assert!(error.contains("not enough memory"), "{error}");
}

/// The device says “out of memory” until the patch is a quarter of what was planned.
#[test]
fn a_training_that_runs_out_of_memory_goes_on_with_less_and_its_card_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = FineTuneSettings { batch: 2, ..quick(2) };
    let wishes = Wishes { settings, keeps_network: true, keeps_steps: true, ..wishes(None) };
    let plan = planned(&[ball(1)], wishes);
    let first = plan.recipe.patch.iter().product::<usize>();
    let (mut told, mut attempts) = (Vec::new(), 0);
    let mut spec = |settings: &FineTuneSettings| {
        attempts += 1;
        let voxels = settings.patch.map_or(0, |patch| patch.iter().product::<usize>());
        if settings.batch > 1 || voxels > first / 2 {
            assert!(attempts < 12);
            return Err(LearnError::Compute { device: "a device".to_owned(), reason: "wgpu error: Out of Memory".to_owned() });
        }
        Ok(fine_tuning(Box::new((vec![ball(1)], vec![ball(9)])), settings.clone(), folder.path()))
    };
    let outcome = run(plan, &mut spec, &Control::new(), &mut |event| {
        if let JobEvent::GivenUp(sentence) = event {
            told.push(sentence);
        }
    })
    .expect("a training");
    assert_eq!(told.len(), attempts - 1);
    assert!(told[0].contains("ran out of memory: 1 in place of 2 patches"), "{told:?}");
    let card = std::fs::read_to_string(&outcome.card_file).expect("a card");
    let card = Card::from_json("card", &card).expect("a card");
    assert_eq!((&card.given_up, card.steps_done), (&told, 2));
    // Repeated with the settings of its card and without a plan, the training gives the same file.
    let again = tempfile::tempdir().expect("a folder");
    let crate::card::CardSettings::FineTune(settings) = card.settings else { panic!("a fine-tuning") };
    let spec = fine_tuning(Box::new((vec![ball(1)], vec![ball(9)])), settings, again.path());
    let repeated = crate::finetune::run(spec, &Control::new(), &mut |_| {}).expect("a training");
    assert_eq!(repeated.model_id, outcome.model_id);
}

#[test]
fn a_fault_that_is_no_want_of_memory_ends_the_training() {
    let plan = planned(&[ball(1)], wishes(None));
    let mut attempts = 0;
    let mut spec = |_: &FineTuneSettings| {
        attempts += 1;
        Err(LearnError::Compute { device: "a device".to_owned(), reason: "a shader".to_owned() })
    };
    assert!(run(plan, &mut spec, &Control::new(), &mut |_| {}).is_err());
    assert_eq!(attempts, 1);
}

#[test]
fn steps_are_timed_and_too_little_time_takes_fewer_of_them() {
    let settings = FineTuneSettings { head: HeadKind::Skip, ..quick(1) };
    let timed = |minutes| Wishes { settings: settings.clone(), keeps_network: true, minutes, is_timed: true, ..wishes(None) };
    let plan = planned(&[ball(1)], timed(60.0));
    let time = plan.time.expect("timed");
    assert!(time.step_s > 0.0 && time.validation_s > 0.0 && plan.settings.steps == 400);
    assert!((time.total_s - 400.0 * time.step_s - time.validation_s).abs() < 1e-3 + 400.0 * 1e-6, "{time:?}");
    let plan = planned(&[ball(1)], timed(1e-6));
    assert_eq!(plan.settings.steps, 200);
    assert!(plan.given_up.last().is_some_and(|sentence| sentence.contains("200 in place of 400 steps")), "{:?}", plan.given_up);
    assert!(matches!(super::plan(&[ball(1)], &[], &labels(), timed(f64::NAN)), Err(LearnError::Setting(_))));
}
