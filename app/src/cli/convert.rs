use std::path::{Path, PathBuf};

use medley_io::StoredGeometry;
use medley_volume::{Grid, LabelMap, Volume};
use serde::Serialize;

use super::content::{INTENT_LABEL, looks_like_mask};
use super::file_names::require_writable;
use super::{Answer, Failure};

/// Writes a scan or a mask in another format, or on another grid
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The file to read
    #[arg(value_name = "IN")]
    input: PathBuf,
    /// The file to write: `.nii` or `.nii.gz`
    #[arg(value_name = "OUT")]
    output: PathBuf,
    /// Put it onto the grid of this image: masks by nearest neighbour, scans linearly
    #[arg(long, value_name = "IMAGE")]
    like: Option<PathBuf>,
    /// Read the file as a scan or as a mask, whatever it looks like
    #[arg(long = "as", value_enum, default_value_t = Content::Auto)]
    content: Content,
    /// Replace OUT if it exists
    #[arg(long)]
    force: bool,
}

/// What a file of numbers is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Content {
    /// A mask if its header says so or it looks like one
    Auto,
    /// Values
    Scan,
    /// Labels
    Mask,
}

#[derive(Serialize)]
struct Report {
    output: String,
    kind: &'static str,
    shape: [usize; 3],
    affine: [[f64; 4]; 4],
    warnings: Vec<String>,
}

enum Opened {
    Scan(Volume),
    Mask(LabelMap),
}

/// `medley convert IN OUT`.
///
/// # Errors
/// If IN cannot be read or OUT may not be written.
pub fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let inputs: Vec<&Path> = [Some(&arguments.input), arguments.like.as_ref()].into_iter().flatten().map(PathBuf::as_path).collect();
    require_writable(&arguments.output, &inputs, arguments.force)?;
    let (mut opened, mut geometry, mut warnings) = open(&arguments.input, arguments.content)?;
    if let Some(like) = &arguments.like {
        let image = medley_io::open_volume(like)?;
        warnings.extend(image.notices);
        geometry = image.geometry.alone();
        opened = onto(opened, *image.volume.grid())?;
    }
    let (kind, grid) = match &opened {
        Opened::Scan(volume) => {
            medley_io::write_volume(&arguments.output, volume, &geometry)?;
            ("scan", *volume.grid())
        }
        Opened::Mask(mask) => {
            medley_io::write_labels(&arguments.output, mask, &geometry)?;
            ("mask", *mask.grid())
        }
    };
    let output = arguments.output.display().to_string();
    let mut text = format!("{output}: a {kind} of {grid}\n");
    warnings.iter().for_each(|warning| text.push_str(&format!("note: {warning}\n")));
    Answer::new(&Report { output, kind, shape: grid.shape(), affine: grid.affine_rows(), warnings }, text)
}

fn open(path: &Path, content: Content) -> Result<(Opened, StoredGeometry, Vec<String>), Failure> {
    let as_mask = || -> Result<_, Failure> {
        let mask = medley_io::open_labels(path)?;
        Ok((Opened::Mask(mask.labels), mask.geometry, mask.notices))
    };
    if content == Content::Mask {
        return as_mask();
    }
    let scan = medley_io::open_volume(path)?;
    if content == Content::Auto && (scan.about.intent_code == INTENT_LABEL || looks_like_mask(&scan.volume)) {
        return as_mask();
    }
    Ok((Opened::Scan(scan.volume), scan.geometry, scan.notices))
}

fn onto(opened: Opened, target: Grid) -> Result<Opened, Failure> {
    Ok(match opened {
        Opened::Scan(volume) => Opened::Scan(medley_volume::volume_onto(&volume, target)?),
        Opened::Mask(mask) => Opened::Mask(medley_volume::resample::labels_onto(&mask, target)),
    })
}
