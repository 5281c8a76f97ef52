//! Where features go: one array of vectors, one file an entry a scan, or a folder of maps.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use medley_learn::features::{Features, Layer};
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use serde_json::json;

use super::Failure;
use super::file_names::{make_folder, require_writable};

/// The features of one input.
pub struct Extracted {
    /// What it is called after its file.
    pub name: String,
    /// `[N, …]`.
    pub features: Features,
}

/// The file or files that receive features.
pub struct Target {
    output: PathBuf,
    kind: Kind,
    layer: Layer,
    written: Vec<PathBuf>,
    kept: Vec<Extracted>,
    first_shape: Option<Vec<usize>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// All vectors in one array, names beside it.
    Vectors,
    /// The map of the only input.
    Map,
    /// An entry an input.
    Safetensors,
    /// A file an input.
    Folder,
}

impl Target {
    /// Decides by the ending of `output` and refuses before anything is computed what could not be written.
    ///
    /// # Errors
    /// If two inputs have one name, a map of several inputs should go into one array, or a file may not be written.
    pub fn new(output: &Path, names: &[String], layer: Layer, inputs: &[&Path], may_replace: bool) -> Result<Self, Failure> {
        let has_ending = |wanted: &str| output.extension().is_some_and(|ending| ending.eq_ignore_ascii_case(wanted));
        let kind = match (has_ending("npy"), has_ending("safetensors"), layer.is_vector()) {
            (true, _, true) => Kind::Vectors,
            (true, _, false) if names.len() == 1 => Kind::Map,
            (true, _, false) => {
                let shown = output.display();
                return Err(Failure::new(format!(
                    "the {layer} maps of several scans differ in size and cannot share {shown}: name a folder or a .safetensors file"
                )));
            }
            (false, true, _) => Kind::Safetensors,
            (false, false, _) => Kind::Folder,
        };
        for (at, name) in names.iter().enumerate() {
            if kind != Kind::Vectors && names.iter().skip(at + 1).any(|other| other == name) {
                return Err(Failure::new(format!("two inputs are called “{name}” and would be written to one place: rename one")));
            }
        }
        let files = match kind {
            Kind::Vectors => vec![output.to_owned(), output.with_extension("json")],
            Kind::Map | Kind::Safetensors => vec![output.to_owned()],
            Kind::Folder => names.iter().map(|name| output.join(format!("{name}.npy"))).collect(),
        };
        files.iter().try_for_each(|file| require_writable(file, inputs, may_replace))?;
        if kind == Kind::Folder {
            make_folder(output)?;
        }
        Ok(Self { output: output.to_owned(), kind, layer, written: Vec::new(), kept: Vec::new(), first_shape: None })
    }

    /// Takes one input's features; returns the file that they are or will be in.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn add(&mut self, extracted: Extracted) -> Result<PathBuf, Failure> {
        self.first_shape.get_or_insert_with(|| extracted.features.shape.clone());
        let file = match self.kind {
            Kind::Vectors | Kind::Safetensors => {
                self.kept.push(extracted);
                return Ok(self.output.clone());
            }
            Kind::Map => self.output.clone(),
            Kind::Folder => self.output.join(format!("{}.npy", extracted.name)),
        };
        medley_io::npy::write(&file, &extracted.features.shape, &extracted.features.values)?;
        self.written.push(file.clone());
        Ok(file)
    }

    /// Writes what was kept; returns all files, and the shape of all vectors together or of the first map.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn finish(mut self, weights_sha256: &str) -> Result<(Vec<PathBuf>, Vec<usize>), Failure> {
        let mut shape = self.first_shape.clone().unwrap_or_default();
        match self.kind {
            Kind::Map | Kind::Folder => {}
            Kind::Safetensors => self.write_safetensors(weights_sha256)?,
            Kind::Vectors => {
                let rows = |extracted: &Extracted| extracted.features.shape.first().copied().unwrap_or(0);
                // An array of several samples has a row each.
                let names = self.kept.iter().flat_map(|extracted| match rows(extracted) {
                    1 => vec![extracted.name.clone()],
                    several => (0..several).map(|row| format!("{}[{row}]", extracted.name)).collect(),
                });
                let names: Vec<String> = names.collect();
                let values: Vec<f32> = self.kept.iter().flat_map(|extracted| extracted.features.values.iter().copied()).collect();
                shape = vec![names.len(), shape.last().copied().unwrap_or(0)];
                medley_io::npy::write(&self.output, &shape, &values)?;
                let beside = self.output.with_extension("json");
                let about = json!({"names": names, "layer": self.layer.to_string(), "weights_sha256": weights_sha256});
                let text = serde_json::to_string_pretty(&about)?;
                medley_io::write_atomically(&beside, |out| writeln!(out, "{text}"))?;
                self.written.extend([self.output.clone(), beside]);
            }
        }
        Ok((self.written, shape))
    }

    fn write_safetensors(&mut self, weights_sha256: &str) -> Result<(), Failure> {
        let bytes: Vec<Vec<u8>> =
            self.kept.iter().map(|extracted| extracted.features.values.iter().flat_map(|value| value.to_le_bytes()).collect()).collect();
        let views =
            self.kept.iter().zip(&bytes).map(|(Extracted { name, features }, bytes)| {
                Ok((name.as_str(), TensorView::new(Dtype::F32, features.shape.clone(), bytes)?))
            });
        let views: BTreeMap<&str, TensorView<'_>> = views.collect::<Result<_, Failure>>()?;
        let about = [("layer".to_owned(), self.layer.to_string()), ("weights_sha256".to_owned(), weights_sha256.to_owned())];
        let file = safetensors::serialize(views, Some(about.into_iter().collect()))?;
        medley_io::write_atomically(&self.output, |out| out.write_all(&file))?;
        self.written.push(self.output.clone());
        Ok(())
    }
}
