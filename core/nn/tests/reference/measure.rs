use std::fmt::Write;
use std::sync::OnceLock;

use burn::tensor::{Device, DeviceKind};

/// Where to compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    Cpu,
    Wgpu,
}

impl Backend {
    pub fn device(self) -> Device {
        match self {
            Self::Cpu => Device::flex(),
            Self::Wgpu => wgpu(),
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Wgpu => "wgpu",
        }
    }
}

/// The first adapter there is, software last. A live one cannot be opened twice.
fn wgpu() -> Device {
    static OPEN: OnceLock<Device> = OnceLock::new();
    let open = || {
        let kinds = [DeviceKind::DiscreteGpu(0), DeviceKind::IntegratedGpu(0), DeviceKind::VirtualGpu(0), DeviceKind::Cpu];
        kinds.into_iter().find_map(|kind| Device::wgpu_options().device_kind(kind).init().ok()).expect("an adapter for wgpu")
    };
    OPEN.get_or_init(open).clone()
}

/// One array compared.
pub struct Row {
    pub backend: Backend,
    pub model: &'static str,
    pub input: &'static str,
    pub mode: &'static str,
    pub array: String,
    pub error: f64,
    pub tolerance: f64,
}

/// Everything compared in a test.
#[derive(Default)]
pub struct Table(pub Vec<Row>);

impl Table {
    /// The worst of all inputs: a line for each network and mode, a column for each array.
    pub fn condensed(&self) -> String {
        let mut columns: Vec<&str> = Vec::new();
        let mut lines: Vec<(String, Vec<(&str, f64)>)> = Vec::new();
        for row in &self.0 {
            // How many arrays a row stands for is in brackets.
            let column = row.array.split(" (").next().unwrap_or_default();
            let head = format!("| {} | {} | {} |", row.backend.name(), row.model, row.mode);
            if !columns.contains(&column) {
                columns.push(column);
            }
            if !lines.iter().any(|(known, _)| *known == head) {
                lines.push((head.clone(), Vec::new()));
            }
            let Some((_, line)) = lines.iter_mut().find(|(known, _)| *known == head) else { continue };
            match line.iter_mut().find(|(known, _)| *known == column) {
                Some((_, worst)) => *worst = worst.max(row.error),
                None => line.push((column, row.error)),
            }
        }
        let mut text = format!("| backend | network | mode | {} |\n|{}\n", columns.join(" | "), "---|".repeat(columns.len() + 3));
        for (head, worst) in lines {
            let cell = |column: &&str| worst.iter().find(|(known, _)| known == column).map_or(String::new(), |(_, e)| format!("{e:.1e}"));
            let _ = writeln!(text, "{head} {} |", columns.iter().map(cell).collect::<Vec<_>>().join(" | "));
        }
        text
    }

    /// Prints it in Markdown, and fails if anything in it is out of tolerance.
    pub fn conclude(self) {
        let mut text = String::from("\n| backend | model | input | mode | array | error | tolerance |\n|---|---|---|---|---|---|---|\n");
        for Row { backend, model, input, mode, array, error, tolerance } in &self.0 {
            let _ = writeln!(text, "| {} | {model} | {input} | {mode} | {array} | {error:.1e} | {tolerance:.0e} |", backend.name());
        }
        println!("{text}");
        assert!(!self.0.is_empty());
        let wrong = |row: &&Row| !row.error.is_finite() || row.error > row.tolerance;
        let failures: Vec<_> = self.0.iter().filter(wrong).map(|r| format!("{} {} {} {}", r.model, r.input, r.mode, r.array)).collect();
        assert!(failures.is_empty(), "out of tolerance: {failures:?}");
    }
}

/// Largest difference in standard deviations of what is wanted.
pub fn deviation(found: &[f32], wanted: &[f32]) -> f64 {
    assert_eq!(found.len(), wanted.len());
    let count = wanted.len() as f64;
    let mean = wanted.iter().map(|v| f64::from(*v)).sum::<f64>() / count;
    let sigma = (wanted.iter().map(|v| (f64::from(*v) - mean).powi(2)).sum::<f64>() / count).sqrt();
    assert!(sigma > 0.0);
    largest(found.iter().zip(wanted).map(|(a, b)| a - b)) / sigma
}

/// Largest size; infinite if anything is no number.
pub fn largest(values: impl IntoIterator<Item = f32>) -> f64 {
    values.into_iter().map(|v| if v.is_nan() { f64::INFINITY } else { f64::from(v.abs()) }).fold(0.0, f64::max)
}

/// How far a parameter's update is from the wanted one, in units of what rounding and a hundredth of the update allow: at most 1.
///
/// The update is compared and not the parameter: one step moves a normalisation's weight by a hundred-thousandth of its spread, so
/// that a comparison of parameters passes with no step taken.
pub fn update_error(before: [&[f32]; 2], after: [&[f32]; 2]) -> f64 {
    let moved = |which: usize| after[which].iter().zip(before[which]).map(|(a, b)| a - b).collect::<Vec<f32>>();
    let (found, wanted) = (moved(0), moved(1));
    assert_eq!(found.len(), wanted.len());
    let allowed = 0.01 * largest(wanted.iter().copied()) + 1.2e-7 * largest(after[1].iter().copied());
    largest(found.iter().zip(&wanted).map(|(a, b)| a - b)) / allowed
}
