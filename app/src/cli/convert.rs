use std::path::{Path, PathBuf};

use medley_io::mesh::is_mesh_name;
use medley_io::{FileKind, OpenedVolume, StoredGeometry, dicom, label_files};
use medley_volume::{Grid, LabelMap, LabelTable, Mesh, Volume};
use serde::Serialize;

use super::content::{INTENT_LABEL, has_segments, looks_like_mask};
use super::file_names::require_writable;
use super::options::{chosen_labels, series_part};
use super::{Answer, Failure, Table};

/// Writes a scan or a mask in another format or on another grid, or labels as surfaces
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The file to read
    #[arg(value_name = "IN")]
    input: PathBuf,
    /// The file to write; its ending chooses the format: `.nii.gz`, `.nii`, `.nrrd`, `.mha`, `.mhd`; of masks also `.seg.nrrd` and `.dcm`
    /// (DICOM segmentation), and
    /// surfaces as `.stl`, `.ply` or `.obj`, where `{label}` in the name makes one file for each label
    #[arg(value_name = "OUT")]
    output: PathBuf,
    /// Put it onto the grid of this image: masks by nearest neighbour, scans linearly. Contours need one; a DICOM segmentation or
    /// contours written with one belong to its patient and study
    #[arg(long, value_name = "IMAGE")]
    like: Option<PathBuf>,
    /// Which series of DICOM files: its number in the list that `info` gives, or its key
    #[arg(long, value_name = "N|KEY")]
    series: Option<String>,
    /// Of PET in DICOM: values as standardised uptake (body weight), where the files tell dose, weight and time
    #[arg(long)]
    suv: bool,
    /// Write labels as contours (RT Structure Set) and not as a segmentation, where OUT is a `.dcm`
    #[arg(long)]
    contours: bool,
    /// Read the file as a scan or as a mask, whatever it looks like
    #[arg(long = "as", value_enum, default_value_t = Content::Auto)]
    content: Content,
    /// Which volume of a file that holds several, counted from 0
    #[arg(long, value_name = "N")]
    frame: Option<usize>,
    /// Names and colours of labels: a table of ITK-SNAP (`.txt`, `.label`) or 3D Slicer (`.ctbl`)
    #[arg(long, value_name = "FILE")]
    table: Option<PathBuf>,
    /// Write the names and colours of the labels to a table: `.txt` or `.label` for ITK-SNAP, `.ctbl` for 3D Slicer
    #[arg(long, value_name = "FILE")]
    write_table: Option<PathBuf>,
    /// The labels whose surfaces are written, by name or value; all of them unless given
    #[arg(long, value_delimiter = ',', value_name = "LABEL")]
    labels: Vec<String>,
    /// Rounds by which the steps of surfaces are evened out
    #[arg(long, value_name = "N", default_value_t = Mesh::USUAL_ROUNDS)]
    smooth: usize,
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
    #[serde(skip_serializing_if = "Vec::is_empty")]
    surfaces: Vec<Surface>,
    warnings: Vec<String>,
}

/// A surface that was written.
#[derive(Serialize)]
struct Surface {
    label: u16,
    output: String,
    triangles: usize,
    ml: f64,
}

/// A scan's values or a mask's labels.
enum Numbers {
    Scan(Volume),
    Mask(LabelMap),
}

/// What was read.
struct Opened {
    content: Numbers,
    geometry: StoredGeometry,
    /// Names and colours of labels.
    table: LabelTable,
    warnings: Vec<String>,
}

/// `medley convert IN OUT`.
///
/// # Errors
/// If IN cannot be read or OUT may not be written.
pub fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let Arguments { output, like, force, write_table, .. } = arguments;
    let inputs = [Some(&arguments.input), like.as_ref(), arguments.table.as_ref()];
    let inputs: Vec<&Path> = inputs.into_iter().flatten().map(PathBuf::as_path).collect();
    for written in [Some(output), write_table.as_ref()].into_iter().flatten() {
        require_writable(written, &inputs, *force)?;
    }
    let image = match like {
        Some(like) => Some(medley_io::open_volume_part(like, &series_part(like, arguments.series.as_deref())?, None)?),
        None => None,
    };
    let mut opened = open(arguments, image.as_ref())?;
    if let Some(image) = image {
        opened.warnings.extend(image.notices);
        opened.geometry = image.geometry.alone();
        opened.content = onto(opened.content, *image.volume.grid())?;
    }
    let mut surfaces = Vec::new();
    let (kind, grid) = match &opened.content {
        Numbers::Scan(_) if dicom::is_dicom_name(output) => {
            return Err(Failure::new("scans are not written as DICOM: choose .nii.gz, .nrrd or .mha, or --as mask if it is one"));
        }
        Numbers::Scan(_) if is_mesh_name(output) || write_table.is_some() || !arguments.labels.is_empty() => {
            let shown = arguments.input.display();
            return Err(Failure::new(format!("{shown} is a scan, and only masks have labels: add --as mask if it is one")));
        }
        Numbers::Scan(volume) => {
            medley_io::write_volume(output, volume, &opened.geometry)?;
            ("scan", *volume.grid())
        }
        Numbers::Mask(mask) if is_mesh_name(output) => {
            surfaces = write_surfaces(mask, &opened.table, arguments, &inputs)?;
            ("surfaces", *mask.grid())
        }
        Numbers::Mask(mask) if dicom::is_dicom_name(output) => {
            write_dicom(mask, &opened.table, arguments)?;
            (if arguments.contours { "contours" } else { "segmentation" }, *mask.grid())
        }
        Numbers::Mask(mask) => {
            medley_io::write_labels_with_table(output, mask, &opened.table, &opened.geometry)?;
            ("mask", *mask.grid())
        }
    };
    if let Some(path) = write_table {
        label_files::write(path, &opened.table)?;
    }
    let (output, warnings) = (output.display().to_string(), opened.warnings);
    let kind_of_one = if kind == "contours" { kind.to_owned() } else { format!("a {kind}") };
    let mut text = format!("{output}: {kind_of_one} of {grid}\n");
    if kind == "surfaces" {
        let mut table = Table::new(["label", "triangles", "mL", "file"]);
        let row = |surface: &Surface| {
            let ml = format!("{:.2}", surface.ml);
            [surface.label.to_string(), surface.triangles.to_string(), ml, surface.output.clone()]
        };
        surfaces.iter().for_each(|surface| table.row(row(surface)));
        text = table.to_string();
    }
    warnings.iter().for_each(|warning| text.push_str(&format!("note: {warning}\n")));
    Answer::new(&Report { output, kind, shape: grid.shape(), affine: grid.affine_rows(), surfaces, warnings }, text)
}

fn open(arguments: &Arguments, like: Option<&OpenedVolume>) -> Result<Opened, Failure> {
    let path = &arguments.input;
    let given = arguments.table.as_deref().map(label_files::read).transpose()?;
    let as_mask = || -> Result<Opened, Failure> {
        let (mask, own) = medley_io::open_labels_with_table(path)?;
        let mut table = given.clone().unwrap_or(own);
        table.add_unknown(mask.labels.counts().into_keys().filter(|&value| value != 0));
        Ok(Opened { content: Numbers::Mask(mask.labels), geometry: mask.geometry, table, warnings: mask.notices })
    };
    if dicom::is_contours(path) {
        let Some(image) = like else {
            let shown = path.display();
            return Err(Failure::new(format!("{shown} holds contours, which are a mask only on the grid of a scan: name it with --like")));
        };
        let dicom::Segmentation { labels, table, notices } = dicom::open_contours(path, image.volume.grid())?;
        let table = given.unwrap_or(table);
        return Ok(Opened { content: Numbers::Mask(labels), geometry: image.geometry.clone().alone(), table, warnings: notices });
    }
    if arguments.content == Content::Mask {
        return as_mask();
    }
    let scan = match arguments.frame {
        Some(frame) => medley_io::open_volume_frame(path, frame)?,
        // A segmentation in layers is no scan of one volume.
        None if arguments.content == Content::Auto && has_segments(path) => return as_mask(),
        None => {
            // Beside `--like` the series is one of that image's.
            let part = series_part(path, arguments.series.as_deref().filter(|_| like.is_none()))?;
            if arguments.suv {
                dicom::open_with(&dicom::series_at(path, &part)?, dicom::OpenOptions { suv: true })?
            } else {
                medley_io::open_volume_part(path, &part, None)?
            }
        }
    };
    if arguments.content == Content::Auto && (scan.about.intent_code == INTENT_LABEL || looks_like_mask(&scan.volume)) {
        return as_mask();
    }
    let table = given.unwrap_or_default();
    Ok(Opened { content: Numbers::Scan(scan.volume), geometry: scan.geometry, table, warnings: scan.notices })
}

/// Writes labels for DICOM programs; of the patient and study of the series that `--like` names, if it is one.
fn write_dicom(mask: &LabelMap, table: &LabelTable, arguments: &Arguments) -> Result<(), Failure> {
    let source = match &arguments.like {
        Some(like) if matches!(medley_io::kind_of(like)?, FileKind::Dicom | FileKind::DicomFolder) => {
            Some(dicom::series_at(like, &series_part(like, arguments.series.as_deref())?)?)
        }
        _ => None,
    };
    let options = dicom::SegmentationOptions::default();
    let write = if arguments.contours { dicom::write_contours } else { dicom::write_segmentation };
    Ok(write(&arguments.output, mask, table, source.as_ref(), &options)?)
}

/// Writes the surface of each chosen label that is there; of several labels each into a file of its own.
fn write_surfaces(mask: &LabelMap, table: &LabelTable, arguments: &Arguments, inputs: &[&Path]) -> Result<Vec<Surface>, Failure> {
    let present = mask.counts();
    let chosen = chosen_labels(table, &arguments.labels)?;
    let chosen: Vec<(u16, String)> = chosen.into_iter().filter(|(value, _)| present.contains_key(value)).collect();
    let pattern = arguments.output.to_string_lossy();
    let named: Vec<String> = chosen.iter().map(|(value, name)| format!("{value} {name}")).collect();
    match chosen.as_slice() {
        [] => return Err(Failure::new(format!("{} holds none of these labels: there is no surface", arguments.input.display()))),
        [_, _, ..] if !pattern.contains("{label}") => {
            let fault = format!("the mask holds {} labels ({}), and a file one surface", chosen.len(), named.join(", "));
            return Err(Failure::new(format!("{fault}: choose one with --labels, or put {{label}} into the name of the file")));
        }
        _ => {}
    }
    let mut surfaces: Vec<Surface> = Vec::new();
    for (value, name) in chosen {
        let mut part: String = name.chars().map(|c| if c.is_alphanumeric() || "-_. ".contains(c) { c } else { '_' }).collect();
        if surfaces.iter().any(|other| other.output == pattern.replace("{label}", &part)) {
            part = format!("{part}_{value}");
        }
        let path = PathBuf::from(pattern.replace("{label}", &part));
        require_writable(&path, inputs, arguments.force)?;
        let mesh = medley_volume::surface(mask, value).smoothed(arguments.smooth);
        medley_io::mesh::write(&path, &mesh)?;
        let ml = mesh.signed_volume_mm3() / 1000.0;
        surfaces.push(Surface { label: value, output: path.display().to_string(), triangles: mesh.triangles.len(), ml });
    }
    Ok(surfaces)
}

fn onto(content: Numbers, target: Grid) -> Result<Numbers, Failure> {
    Ok(match content {
        Numbers::Scan(volume) => Numbers::Scan(medley_volume::volume_onto(&volume, target)?),
        Numbers::Mask(mask) => Numbers::Mask(medley_volume::resample::labels_onto(&mask, target)),
    })
}
