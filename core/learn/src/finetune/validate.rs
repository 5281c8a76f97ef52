use std::collections::BTreeMap;
use std::sync::Arc;

use medley_nn::SegmentationNetwork;
use medley_volume::{LabelMap, metrics};

use crate::card::{CardLabel, short};
use crate::device::OpenDevice;
use crate::job::LabelDice;
use crate::postprocess::{LabelCleaning, choose};
use crate::predict::{Views, segment};
use crate::prepare::Prepared;
use crate::{Control, LearnError};

/// A scan to measure on, prepared once, and its truth on the scan's own grid.
pub(crate) struct MeasuredCase {
    pub(crate) scan: Prepared,
    pub(crate) truth: Arc<LabelMap>,
}

/// Measures networks on whole scans.
pub(crate) struct Measured<'a> {
    cases: &'a [MeasuredCase],
    labels: &'a [CardLabel],
    values: Vec<u16>,
    patch: [usize; 3],
}

impl<'a> Measured<'a> {
    pub(crate) fn new(cases: &'a [MeasuredCase], labels: &'a [CardLabel], patch: [usize; 3]) -> Self {
        Self { cases, labels, values: labels.iter().map(|label| label.value).collect(), patch }
    }

    fn predicted(
        &self,
        network: &SegmentationNetwork,
        case: &MeasuredCase,
        device: &OpenDevice,
        control: &Control,
    ) -> Result<LabelMap, LearnError> {
        segment(network, &case.scan, self.patch, &self.values, Views::default(), device, control, &mut |_, _| {})
    }

    /// What raises the Dice of a network's masks when it is done to them afterwards.
    pub(crate) fn cleaning(
        &self,
        network: &SegmentationNetwork,
        device: &OpenDevice,
        control: &Control,
    ) -> Result<Vec<LabelCleaning>, LearnError> {
        let mut scans = Vec::with_capacity(self.cases.len());
        for case in self.cases {
            scans.push((self.predicted(network, case, device, control)?, &*case.truth));
        }
        choose(&scans, self.labels)
    }

    /// Mean Dice over labels, and each label's mean over the scans whose truth has it.
    pub(crate) fn dice(
        &self,
        network: &SegmentationNetwork,
        device: &OpenDevice,
        control: &Control,
    ) -> Result<(f64, Vec<LabelDice>), LearnError> {
        let mut found: BTreeMap<u16, Vec<f64>> = BTreeMap::new();
        for case in self.cases {
            let labels = self.predicted(network, case, device, control)?;
            let truth = case.truth.counts();
            let dice = metrics::dice_per_label(&labels, &case.truth)?;
            for (&value, &dice) in dice.iter().filter(|(value, _)| truth.contains_key(value)) {
                found.entry(value).or_default().push(dice);
            }
        }
        let mut per_label = Vec::new();
        for label in self.labels.iter().filter(|label| label.value != 0) {
            if let Some(dice) = found.get(&label.value) {
                let dice = short(dice.iter().sum::<f64>() / dice.len() as f64);
                per_label.push(LabelDice { value: label.value, name: label.name.clone(), dice });
            }
        }
        let mean = per_label.iter().map(|label| label.dice).sum::<f64>() / per_label.len().max(1) as f64;
        Ok((short(mean), per_label))
    }
}
