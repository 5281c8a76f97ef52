//! Standardised uptake values of PET (SUVbw, body weight), after the vendor-neutral rules of QIBA: Bq/ml times grams of patient over
//! the dose that is left when the scan began.

use super::data_set::DataSet;
use super::tags;

/// What a PET image says of the tracer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Radiotracer {
    /// Kilograms.
    pub weight: f64,
    /// Becquerel at the time of injection.
    pub dose: f64,
    /// Seconds.
    pub half_life: f64,
    /// Seconds from injection to the time for which decay is corrected.
    pub elapsed: f64,
}

impl Radiotracer {
    /// What is there, if all of it is: units of Bq/ml, decay corrected to the start of the series or to injection.
    pub fn of(set: &DataSet<'_>) -> Option<Self> {
        if set.text(tags::UNITS) != "BQML" {
            return None;
        }
        let tracer = set.item(tags::RADIOPHARMACEUTICAL_INFORMATION_SEQUENCE)?;
        let positive = |set: &DataSet<'_>, tag| set.number(tag, b"DS").filter(|value| value.is_finite() && *value > 0.0);
        let elapsed = match set.text(tags::DECAY_CORRECTION).as_str() {
            "ADMIN" => 0.0,
            "START" => {
                let start = seconds(&set.text(tags::SERIES_TIME))?;
                let injected = seconds(&tracer.text(tags::RADIOPHARMACEUTICAL_START_TIME))?;
                // Injected before midnight and scanned after it.
                (start - injected).rem_euclid(86_400.0)
            }
            _ => return None,
        };
        Some(Self {
            weight: positive(set, tags::PATIENT_WEIGHT)?,
            dose: positive(&tracer, tags::RADIONUCLIDE_TOTAL_DOSE)?,
            half_life: positive(&tracer, tags::RADIONUCLIDE_HALF_LIFE)?,
            elapsed,
        })
    }

    /// What Bq/ml is to be multiplied with to give SUVbw in g/ml.
    pub fn factor(&self) -> f64 {
        let left = self.dose * (-std::f64::consts::LN_2 * self.elapsed / self.half_life).exp();
        self.weight * 1000.0 / left
    }
}

/// Seconds since midnight of a DICOM time, `HHMMSS.FFFFFF`.
fn seconds(time: &str) -> Option<f64> {
    let part = |range: std::ops::Range<usize>| time.get(range)?.parse::<f64>().ok();
    Some(part(0..2)? * 3600.0 + part(2..4)? * 60.0 + time.get(4..)?.parse::<f64>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_half_life_after_injection_half_the_dose_is_left() {
        let tracer = Radiotracer { weight: 70.0, dose: 350e6, half_life: 6586.2, elapsed: 6586.2 };
        assert!((tracer.factor() - 70_000.0 / 175e6).abs() < 1e-12);
        assert_eq!(seconds("013001.5"), Some(5401.5));
        assert_eq!(seconds("1"), None);
    }
}
