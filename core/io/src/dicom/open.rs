use medley_volume::{Quantity, Scaling, Volume, Voxels, with_voxels};
use rayon::prelude::*;

use super::image::{Frame, ImageFile};
use super::pixels;
use super::series::Series;
use super::straighten::straightened;
use crate::source::require_memory;
use crate::{AffineSource, IoError, NiftiAbout, OpenedVolume, StoredGeometry};

/// How a series is opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OpenOptions {
    /// Give a PET as standardised uptake values (SUVbw, g/ml) if the files say all that this needs; a notice tells whether they do.
    pub suv: bool,
}

/// Opens a series as a volume: index order column, row, slice; slices by position along the normal of the pictures (PS3.3
/// C.7.6.2.1.1); voxels in their stored type, with the rescale slope and intercept (C.11.1.1.2) as scaling. Where that changes from
/// slice to slice the values themselves are stored: `i16` where all are whole and fit, else `f32`.
///
/// # Errors
/// If the pictures make no volume, a file is damaged, or the memory does not suffice.
pub fn open(series: &Series) -> Result<OpenedVolume, IoError> {
    open_with(series, OpenOptions::default())
}

/// As [`open`], with options.
///
/// # Errors
/// As [`open`].
pub fn open_with(series: &Series, options: OpenOptions) -> Result<OpenedVolume, IoError> {
    let name = series.name();
    let Some(stack) = &series.stack else {
        let fault = series.fault.clone().unwrap_or_else(|| "cannot be opened".to_owned());
        return Err(IoError::unsupported(&name, fault, "choose another series"));
    };
    let frames: Vec<(&ImageFile, &Frame)> = stack
        .planes
        .iter()
        .filter_map(|plane| {
            let file = series.files.get(plane.file)?;
            Some((file.as_ref(), file.frames.get(plane.frame)?))
        })
        .collect();
    let mut notices = series.notices.clone();
    let mut rescales: Vec<[f64; 2]> = frames.iter().map(|(_, frame)| [frame.slope, frame.intercept]).collect();
    let is_suv = options.suv && apply_suv(&frames, &mut rescales, &mut notices);
    let stored = pixels::read(&series.files, &stack.planes)?;
    let first = rescales.first().copied().unwrap_or([1.0, 0.0]);
    let (voxels, scaling) = if rescales.iter().all(|rescale| *rescale == first) {
        (stored, Scaling { slope: first[0], intercept: first[1] })
    } else {
        if series.modality != "PT" {
            notices.push("The rescale slope or intercept changes from slice to slice: values are stored after rescale.".to_owned());
        }
        (rescaled(&name, &stored, &rescales)?, Scaling::IDENTITY)
    };
    let voxels = match &stack.resampling {
        Some(resampling) => {
            require_memory(&name, (voxels.byte_len() / stack.planes.len().max(1) * resampling.along.len()) as u64)?;
            straightened(&voxels, (first_shape(series), stack.grid.shape()), resampling)
        }
        None => voxels,
    };
    let about = NiftiAbout {
        format: "DICOM".to_owned(),
        dtype: voxels.type_name().to_owned(),
        shape: stack.grid.shape().to_vec(),
        length_unit: "mm".to_owned(),
        sform_code: 0,
        qform_code: 0,
        intent_code: 0,
        affine_from: AffineSource::Dicom,
    };
    let quantity = quantity(series, is_suv);
    let volume = Volume::new(stack.grid, voxels, scaling, quantity)
        .map_err(|error| IoError::malformed(&name, format!("cannot be used: {error}"), "export it again"))?;
    Ok(OpenedVolume { volume, geometry: StoredGeometry::of_grid(&stack.grid), notices, about })
}

fn first_shape(series: &Series) -> [usize; 2] {
    series.files.first().map_or([0; 2], |file| [file.pixels.columns, file.pixels.rows])
}

/// CT numbers are Hounsfield units unless the file says otherwise (PS3.3 C.8.2.1.1.2).
fn quantity(series: &Series, is_suv: bool) -> Quantity {
    let rescale_type = series.files.first().map_or("", |file| file.rescale_type.as_str());
    let is_hounsfield = series.modality == "CT" && !series.is_localizer && !is_suv && matches!(rescale_type, "" | "HU" | "HU_MOD");
    if is_hounsfield { Quantity::Hounsfield } else { Quantity::Arbitrary }
}

fn apply_suv(frames: &[(&ImageFile, &Frame)], rescales: &mut [[f64; 2]], notices: &mut Vec<String>) -> bool {
    let factors: Option<Vec<f64>> = frames.iter().map(|(file, _)| file.tracer.map(|tracer| tracer.factor())).collect();
    let Some(factors) = factors.filter(|factors| factors.iter().all(|factor| factor.is_finite())) else {
        notices.push(
            "Standardised uptake values cannot be computed: the files lack units of Bq/ml, decay correction, weight, dose, times or \
             half-life. Values are as stored."
                .to_owned(),
        );
        return false;
    };
    for (rescale, factor) in rescales.iter_mut().zip(&factors) {
        rescale.iter_mut().for_each(|number| *number *= factor);
    }
    notices.push("Values are standardised uptake values by body weight (SUVbw, g/ml).".to_owned());
    true
}

/// Values after each slice's own rescale.
#[expect(clippy::unnecessary_cast, reason = "one macro arm already holds f64")]
fn rescaled(name: &str, stored: &Voxels, rescales: &[[f64; 2]]) -> Result<Voxels, IoError> {
    let length = stored.len() / rescales.len().max(1);
    let is_whole = stored.is_integer() && rescales.iter().flatten().all(|number| number.fract() == 0.0);
    let range = with_voxels!(stored, values => {
        values
            .par_chunks(length.max(1))
            .zip(rescales)
            .map(|(slice, &[slope, intercept])| {
                slice.iter().fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], &value| {
                    let value = value as f64 * slope + intercept;
                    [low.min(value), high.max(value)]
                })
            })
            .reduce(|| [f64::INFINITY, f64::NEG_INFINITY], |a, b| [a[0].min(b[0]), a[1].max(b[1])])
    });
    let fits = is_whole && range[0] >= f64::from(i16::MIN) && range[1] <= f64::from(i16::MAX);
    require_memory(name, stored.len() as u64 * if fits { 2 } else { 4 })?;
    macro_rules! convert {
        ($type:ty) => {
            with_voxels!(stored, values => {
                let mut out = vec![<$type>::default(); values.len()];
                out.par_chunks_mut(length.max(1)).zip(values.par_chunks(length.max(1))).zip(rescales).for_each(
                    |((out, slice), &[slope, intercept])| {
                        out.iter_mut().zip(slice).for_each(|(out, &value)| *out = (value as f64 * slope + intercept) as $type);
                    },
                );
                out
            })
        };
    }
    Ok(if fits { Voxels::I16(convert!(i16)) } else { Voxels::F32(convert!(f32)) })
}
