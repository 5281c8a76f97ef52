//! What can compute here, and opening one of them.

use std::str::FromStr;
use std::sync::Mutex;

use burn::tensor::{Device, DeviceKind, Tensor};
use serde::Serialize;

use crate::LearnError;

/// A wish for a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DeviceChoice {
    /// The first hardware GPU that works, else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// The GPU of this number in [`devices`]; software adapters count, at the end.
    Gpu(usize),
}

impl FromStr for DeviceChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "gpu" => Ok(Self::Gpu(0)),
            _ => match text.strip_prefix("gpu:").map(str::parse) {
                Some(Ok(number)) => Ok(Self::Gpu(number)),
                _ => Err(format!("“{text}” is not a device: use auto, cpu, gpu or gpu:N")),
            },
        }
    }
}

impl std::fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Cpu => f.write_str("cpu"),
            Self::Gpu(number) => write!(f, "gpu:{number}"),
        }
    }
}

/// One thing that can compute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeviceInfo {
    /// What to pass as `--device`.
    pub choice: String,
    /// Its name.
    pub name: String,
    /// `"cpu"`, `"gpu"`, or `"software"` for a GPU driver that computes on the CPU.
    pub kind: &'static str,
    /// `"flex"`, `"vulkan"`, `"metal"`, `"dx12"`, ….
    pub backend: String,
    /// The largest single buffer it accepts, bytes; 0 where it has no limit of its own.
    pub max_buffer_bytes: u64,
}

/// A device ready to use.
#[derive(Debug, Clone)]
pub struct OpenDevice {
    /// The handle tensors are made on; without automatic differentiation.
    pub device: Device,
    /// Its name for people and cards.
    pub name: String,
    /// Whether results are the same on every run.
    pub is_cpu: bool,
}

struct Adapter {
    info: DeviceInfo,
    kind: DeviceKind,
}

fn adapters() -> Vec<Adapter> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle_from_env());
    let found = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::PRIMARY));
    let (mut discrete, mut integrated, mut virtual_gpus, mut software) = (0, 0, 0, 0);
    let mut adapters: Vec<Adapter> = Vec::new();
    for adapter in found {
        let about = adapter.get_info();
        let next = |counter: &mut usize| std::mem::replace(counter, *counter + 1);
        let kind = match about.device_type {
            wgpu::DeviceType::DiscreteGpu => DeviceKind::DiscreteGpu(next(&mut discrete)),
            wgpu::DeviceType::IntegratedGpu => DeviceKind::IntegratedGpu(next(&mut integrated)),
            wgpu::DeviceType::VirtualGpu => DeviceKind::VirtualGpu(next(&mut virtual_gpus)),
            wgpu::DeviceType::Cpu if next(&mut software) == 0 => DeviceKind::Cpu,
            _ => continue,
        };
        let info = DeviceInfo {
            choice: String::new(),
            name: about.name,
            kind: if matches!(kind, DeviceKind::Cpu) { "software" } else { "gpu" },
            backend: about.backend.to_string(),
            max_buffer_bytes: adapter.limits().max_buffer_size,
        };
        adapters.push(Adapter { info, kind });
    }
    let rank = |kind: &DeviceKind| match kind {
        DeviceKind::DiscreteGpu(_) => 0,
        DeviceKind::IntegratedGpu(_) => 1,
        DeviceKind::VirtualGpu(_) => 2,
        _ => 3,
    };
    adapters.sort_by_key(|adapter| rank(&adapter.kind));
    for (number, adapter) in adapters.iter_mut().enumerate() {
        adapter.info.choice = format!("gpu:{number}");
    }
    adapters
}

fn cpu_info() -> DeviceInfo {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    DeviceInfo {
        choice: "cpu".to_owned(),
        name: format!("{} ({threads} threads)", std::env::consts::ARCH),
        kind: "cpu",
        backend: "flex".to_owned(),
        max_buffer_bytes: 0,
    }
}

/// Everything that can compute here: the CPU first, then GPUs, fastest kind first, software adapters last.
#[must_use]
pub fn devices() -> Vec<DeviceInfo> {
    let mut devices = vec![cpu_info()];
    devices.extend(adapters().into_iter().map(|adapter| adapter.info));
    devices
}

/// Devices of this process that are open already: initialising a live wgpu selector a second time is an error.
static OPEN: Mutex<Vec<(String, Device)>> = Mutex::new(Vec::new());

/// Opens a device and makes one small computation on it, so that what does not work fails here and with a sentence.
///
/// # Errors
/// [`LearnError::Device`] if there is none of that number or it does not work. `Auto` falls back to the CPU.
pub fn open(choice: DeviceChoice) -> Result<OpenDevice, LearnError> {
    match choice {
        DeviceChoice::Cpu => Ok(cpu()),
        DeviceChoice::Auto => {
            let hardware = adapters().into_iter().filter(|adapter| adapter.info.kind == "gpu");
            let working = hardware.map(|adapter| open_adapter(&adapter)).find_map(Result::ok);
            Ok(working.unwrap_or_else(cpu))
        }
        DeviceChoice::Gpu(number) => {
            let adapters = adapters();
            let Some(adapter) = adapters.get(number) else {
                let reason = format!("{} GPU adapters were found", adapters.len());
                return Err(LearnError::Device { wanted: choice.to_string(), reason });
            };
            open_adapter(adapter)
        }
    }
}

fn cpu() -> OpenDevice {
    OpenDevice { device: Device::flex(), name: format!("cpu, {}", cpu_info().name), is_cpu: true }
}

fn open_adapter(adapter: &Adapter) -> Result<OpenDevice, LearnError> {
    let refused = |reason: String| LearnError::Device { wanted: adapter.info.choice.clone(), reason };
    let mut open = OPEN.lock().map_err(|_| refused("another thread failed while opening it".to_owned()))?;
    let device = match open.iter().find(|(choice, _)| *choice == adapter.info.choice) {
        Some((_, device)) => device.clone(),
        None => {
            let options = Device::wgpu_options().device_kind(adapter.kind.clone());
            let device = options.init().map_err(|error| refused(error.to_string()))?;
            open.push((adapter.info.choice.clone(), device.clone()));
            device
        }
    };
    let probe = Tensor::<1>::from_floats([1.0, 2.0, 3.0], &device).mul_scalar(2.0).sum();
    match probe.try_into_data().map(|data| data.iter::<f32>().next()) {
        Ok(Some(12.0)) => {}
        Ok(other) => return Err(refused(format!("it computes 2·(1+2+3) as {other:?}"))),
        Err(error) => return Err(refused(error.to_string())),
    }
    Ok(OpenDevice { device, name: format!("{} ({})", adapter.info.name, adapter.info.backend), is_cpu: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_devices_are_read_as_they_are_written() {
        for choice in [DeviceChoice::Auto, DeviceChoice::Cpu, DeviceChoice::Gpu(3)] {
            assert_eq!(choice.to_string().parse(), Ok(choice));
        }
        assert_eq!("gpu".parse(), Ok(DeviceChoice::Gpu(0)));
        assert!("gpu:x".parse::<DeviceChoice>().is_err());
        assert!("tpu".parse::<DeviceChoice>().is_err());
    }

    #[test]
    fn the_cpu_is_always_there_and_a_missing_gpu_is_an_error() {
        assert_eq!(devices()[0].choice, "cpu");
        assert!(open(DeviceChoice::Cpu).expect("the CPU").is_cpu);
        assert!(matches!(open(DeviceChoice::Gpu(99)), Err(LearnError::Device { .. })));
    }
}
