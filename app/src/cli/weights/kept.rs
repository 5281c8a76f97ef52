use std::path::PathBuf;

use serde::Serialize;

use crate::catalog::{LICENCE, RELEASED};
use crate::cli::progress::TransferBar;
use crate::cli::{Answer, Failure, Table};
use crate::hub::{Flow, Hub, Kept, Shelf};
use crate::places;
use crate::texts::numbers;

/// Where weights are kept.
#[derive(Debug, clap::Args)]
pub struct CacheOption {
    /// The folder of kept weights; `MEDLEY_WEIGHTS_DIR` or a folder of the program's own unless given
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
}

/// Fetches released weights from a model hub, checks them and keeps them
///
/// A cut transfer is taken up again where it ended. The file's SHA-256 is recorded the first time and compared ever after.
#[derive(Debug, clap::Args)]
pub struct FetchArguments {
    /// resnet_10, 18, 34, 50, 101, 152 or 200, or resnet_10, 18, 34 or 50 with _23dataset; `medley weights list` names them all
    name: String,
    /// The hub's address; `MEDLEY_HUB`, `HF_ENDPOINT` or the public hub unless given
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
    #[command(flatten)]
    cache: CacheOption,
    /// Fetch the file even if it is here; it must be the recorded one
    #[arg(long)]
    again: bool,
}

/// Copies a file of weights to the kept ones, under its own name
#[derive(Debug, clap::Args)]
pub struct ImportArguments {
    /// A `.pth` or `.safetensors` file with a whole encoder
    file: PathBuf,
    #[command(flatten)]
    cache: CacheOption,
}

/// Lists the weights that are kept here and those that can be fetched
#[derive(Debug, clap::Args)]
pub struct ListArguments {
    #[command(flatten)]
    cache: CacheOption,
}

impl CacheOption {
    fn shelf(&self) -> Shelf {
        Shelf::at(self.cache.clone().unwrap_or_else(places::weights))
    }
}

#[derive(Serialize)]
struct KeptReport {
    name: String,
    path: String,
    sha256: String,
    bytes: u64,
    source: String,
    date: String,
    depth: usize,
    shortcut: String,
    base_width: usize,
    in_channels: usize,
    /// What it was trained on and its licence; known for released weights only.
    trained_on: Option<&'static str>,
    licence: Option<&'static str>,
    /// Whether it came just now; otherwise it was here and is still the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_new: Option<bool>,
}

#[derive(Serialize)]
struct ReleasedReport {
    name: &'static str,
    depth: usize,
    shortcut: String,
    base_width: usize,
    trained_on: &'static str,
    licence: &'static str,
    parameters: u64,
    approximate_bytes: u64,
    is_here: bool,
}

#[derive(Serialize)]
struct ListReport {
    folder: String,
    kept: Vec<KeptReport>,
    released: Vec<ReleasedReport>,
    warnings: Vec<String>,
}

impl KeptReport {
    fn new(kept: Kept, is_new: Option<bool>) -> Self {
        let released = kept.released();
        let Kept { name, file, record } = kept;
        Self {
            name,
            path: file.display().to_string(),
            sha256: record.sha256,
            bytes: record.bytes,
            source: record.source,
            date: record.date,
            depth: record.network.depth.layers(),
            shortcut: record.network.shortcut.to_string(),
            base_width: record.network.base_width,
            in_channels: record.network.in_channels,
            trained_on: released.map(|released| released.trained_on),
            licence: released.map(|_| LICENCE),
            is_new,
        }
    }

    fn text(&self) -> String {
        let Self { name, path, sha256, bytes, source, date, depth, shortcut, base_width, .. } = self;
        format!(
            "{name}: ResNet-{depth}, shortcut {shortcut}, base width {base_width}, {}, {source}, {date}\n{path}\nSHA-256 {sha256}\n",
            numbers::bytes(*bytes)
        )
    }
}

/// `medley weights fetch NAME`.
///
/// # Errors
/// If there is no such checkpoint, the hub does not give it, or it is not what it should be.
pub fn fetch(arguments: &FetchArguments) -> Result<Answer, Failure> {
    let hub = match &arguments.endpoint {
        Some(endpoint) => Hub::at(endpoint)?,
        None => Hub::of_environment()?,
    };
    let bar = TransferBar::new(&arguments.name);
    let mut tell = |received| {
        bar.show(received);
        Flow::GoOn
    };
    let fetched = arguments.cache.shelf().fetch(&arguments.name, &hub, arguments.again, &mut tell)?;
    drop(bar);
    let report = KeptReport::new(fetched.kept, Some(fetched.is_new));
    let text = format!("{}{}", if fetched.is_new { "" } else { "here already, unchanged\n" }, report.text());
    Answer::new(&report, text)
}

/// `medley weights import FILE`.
///
/// # Errors
/// If it holds no whole encoder, or others of its name are kept.
pub fn import(arguments: &ImportArguments) -> Result<Answer, Failure> {
    let report = KeptReport::new(arguments.cache.shelf().import(&arguments.file)?, None);
    let text = report.text();
    Answer::new(&report, text)
}

/// `medley weights list`.
///
/// # Errors
/// None of its own.
pub fn list(arguments: &ListArguments) -> Result<Answer, Failure> {
    let shelf = arguments.cache.shelf();
    let (kept, warnings) = shelf.list();
    let released = RELEASED.iter().map(|released| ReleasedReport {
        name: released.name,
        depth: released.depth.layers(),
        shortcut: released.shortcut().to_string(),
        base_width: released.network().base_width,
        trained_on: released.trained_on,
        licence: LICENCE,
        parameters: released.parameters(),
        approximate_bytes: released.approximate_bytes(),
        is_here: kept.iter().any(|kept| kept.name == released.name),
    });
    let released = released.collect();
    let kept = kept.into_iter().map(|kept| KeptReport::new(kept, None)).collect();
    let report = ListReport { folder: shelf.folder().display().to_string(), kept, released, warnings };
    let text = text(&report);
    Answer::new(&report, text)
}

fn text(report: &ListReport) -> String {
    let mut text = format!("kept in {}\n", report.folder);
    if report.kept.is_empty() {
        text.push_str("nothing yet\n");
    } else {
        let mut table = Table::new(["name", "depth", "shortcut", "width", "size", "came"]);
        for kept in &report.kept {
            let (depth, shortcut, width) = (kept.depth.to_string(), kept.shortcut.clone(), kept.base_width.to_string());
            table.row([kept.name.clone(), depth, shortcut, width, numbers::bytes(kept.bytes), kept.date.clone()]);
        }
        text.push_str(&table.to_string());
    }
    text.push_str(&format!("\nreleased ({LICENCE}); `medley weights fetch NAME` gets one\n"));
    let mut table = Table::new(["name", "depth", "shortcut", "width", "parameters", "size", "here", "trained on"]);
    for released in &report.released {
        table.row([
            released.name.to_owned(),
            released.depth.to_string(),
            released.shortcut.clone(),
            released.base_width.to_string(),
            released.parameters.to_string(),
            format!("about {}", numbers::bytes(released.approximate_bytes)),
            if released.is_here { "yes" } else { "no" }.to_owned(),
            released.trained_on.to_owned(),
        ]);
    }
    text.push_str(&table.to_string());
    report.warnings.iter().for_each(|warning| text.push_str(&format!("note: {warning}\n")));
    text
}
