use medley_volume::Grid;
use medley_volume::glam::{DAffine3, DMat3, DVec3};

use super::header::Header;
use crate::IoError;
use crate::nifti::problem_with_dimensions;
use crate::text::numbers;

/// What the axes of a file are: three (or two) of space, and at most one of another kind beside them.
pub(super) struct Layout {
    /// Voxels along the axes of space.
    pub shape: [usize; 3],
    /// How many volumes there are.
    pub frames: usize,
    /// The numbers of a voxel in all volumes stand side by side.
    pub is_interleaved: bool,
    pub grid: Grid,
    pub notices: Vec<String>,
}

/// One entry of “space directions”: `None` where it says `none`.
type Direction = Option<Vec<f64>>;

/// Kinds of axes whose numbers make one value together.
const TOGETHER: [&str; 20] = [
    "complex",
    "2-vector",
    "3-color",
    "rgb-color",
    "hsv-color",
    "xyz-color",
    "4-color",
    "rgba-color",
    "3-vector",
    "3-gradient",
    "3-normal",
    "4-vector",
    "quaternion",
    "vector",
    "covariant-vector",
    "normal",
    "2d-symmetric-matrix",
    "3d-symmetric-matrix",
    "3d-matrix",
    "3d-masked-symmetric-matrix",
];

impl Header {
    /// How the file is laid out, in RAS+ millimetres.
    pub fn layout(&self) -> Result<Layout, IoError> {
        let sizes = self.required("sizes")?;
        let sides = numbers::<usize>(sizes).filter(|sides| !sides.is_empty() && !sides.contains(&0));
        let sides = sides.ok_or_else(|| self.malformed(format!("claims sides of “{sizes}” voxels")))?;
        if let Some(problem) = problem_with_dimensions(&sides) {
            return Err(self.malformed(problem));
        }
        if self.required("dimension")?.parse() != Ok(sides.len()) {
            return Err(self.malformed(format!("contradicts itself: it claims other than {} axes (dimension)", sides.len())));
        }
        let directions = self.field("spacedirections").map(|text| self.directions(text, sides.len())).transpose()?;
        let kinds: Vec<String> = self.field("kinds").unwrap_or_default().split_whitespace().map(str::to_lowercase).collect();
        if let Some(kind) =
            kinds.iter().zip(&sides).find_map(|(kind, &side)| (side > 1 && TOGETHER.contains(&kind.as_str())).then_some(kind))
        {
            return Err(self.unsupported(format!("holds several numbers for each voxel (“{kind}”)")));
        }
        let other = self.axis_beside_space(&sides, directions.as_deref(), &kinds)?;
        let spatial: Vec<usize> = (0..sides.len()).filter(|&axis| Some(axis) != other).collect();
        let side = |n: usize| spatial.get(n).and_then(|&axis| sides.get(axis)).copied().unwrap_or(1);
        let shape = [side(0), side(1), side(2)];
        let mut notices = Vec::new();
        let grid = self.grid(shape, &spatial, directions.as_deref(), &mut notices)?;
        let frames = other.and_then(|axis| sides.get(axis)).copied().unwrap_or(1);
        Ok(Layout { shape, frames, is_interleaved: other == Some(0) && frames > 1, grid, notices })
    }

    /// The axis that is not one of space, if there is one.
    fn axis_beside_space(&self, sides: &[usize], directions: Option<&[Direction]>, kinds: &[String]) -> Result<Option<usize>, IoError> {
        let axes = sides.len();
        let is_other = |axis: usize| match directions.and_then(|directions| directions.get(axis)) {
            Some(direction) => direction.as_ref().is_none_or(|vector| vector.iter().take(3).all(|&part| part == 0.0)),
            None => kinds.get(axis).is_some_and(|kind| !["domain", "space", "???", "none"].contains(&kind.as_str())),
        };
        let others: Vec<usize> = (0..axes).filter(|&axis| is_other(axis)).collect();
        match (axes, others.as_slice()) {
            (1..=3, []) => Ok(None),
            // A single slice stored with its third axis undirected is still a slice.
            (3, &[2]) if sides.get(2) == Some(&1) => Ok(Some(2)),
            (4, []) => Ok(Some(3)),
            (2..=4, &[axis]) if axis == 0 || axis == axes - 1 => Ok(Some(axis)),
            (2..=4, &[_]) => Err(self.unsupported("has an axis that is not one of space between two that are")),
            _ => Err(self.unsupported(format!("has {axes} axes, and only volumes of 3 can be read"))),
        }
    }

    fn directions(&self, text: &str, axes: usize) -> Result<Vec<Direction>, IoError> {
        vectors(text).filter(|found| found.len() == axes).ok_or_else(|| {
            self.malformed(format!("has space directions (“{}”) that are not {axes} vectors", text.chars().take(80).collect::<String>()))
        })
    }

    fn grid(
        &self,
        shape: [usize; 3],
        spatial: &[usize],
        directions: Option<&[Direction]>,
        notices: &mut Vec<String>,
    ) -> Result<Grid, IoError> {
        let space = self.field("space").unwrap_or_default().to_lowercase();
        let to_ras = match space.trim_end_matches("-time") {
            "right-anterior-superior" | "ras" | "rast" => DVec3::ONE,
            "left-anterior-superior" | "las" | "last" => DVec3::new(-1.0, 1.0, 1.0),
            "left-posterior-superior" | "lps" | "lpst" => DVec3::new(-1.0, -1.0, 1.0),
            _ => {
                notices.push("The file does not say how it lies in the patient: left may be right.".to_owned());
                DVec3::ONE
            }
        };
        let matrix = match directions {
            Some(directions) => {
                let column = |n: usize| spatial.get(n).and_then(|&axis| directions.get(axis)?.as_deref()).map(point);
                match [column(0), column(1), column(2)] {
                    [Some(x), Some(y), Some(z)] => DMat3::from_cols(x, y, z),
                    // A slice: as thick as it likes, straight up from itself.
                    [Some(x), Some(y), None] => {
                        notices.push("The slice stores no thickness: volumes are measured as if it were 1.".to_owned());
                        DMat3::from_cols(x, y, x.cross(y).normalize_or_zero())
                    }
                    _ => return Err(self.malformed("has space directions that are not those of a volume")),
                }
            }
            None => DMat3::from_diagonal(self.spacings(spatial, notices)),
        };
        let origin = match self.field("spaceorigin") {
            Some(text) => vectors(text).and_then(|found| found.first().cloned().flatten()).map(|origin| point(&origin)),
            None => Some(DVec3::ZERO),
        };
        let translation = origin.ok_or_else(|| self.malformed("has a space origin that is not a point"))?;
        let millimetres = match self.field("spaceunits").unwrap_or_default().split('"').nth(1) {
            Some("m") => 1e3,
            Some("cm") => 10.0,
            Some("um" | "µm" | "μm" | "microns" | "micron") => 1e-3,
            _ => 1.0,
        };
        let affine = DAffine3::from_scale(to_ras * millimetres) * DAffine3 { matrix3: matrix, translation };
        Grid::new(shape, affine).map_err(|error| self.malformed(format!("cannot be placed: {error}")))
    }

    fn spacings(&self, spatial: &[usize], notices: &mut Vec<String>) -> DVec3 {
        let numbers = self.field("spacings").and_then(numbers::<f64>);
        let found = numbers.map(|numbers| spatial.iter().map(|&axis| numbers.get(axis).copied().unwrap_or(f64::NAN)).collect::<Vec<_>>());
        match found.as_deref() {
            Some(&[x, y, z]) => DVec3::new(x, y, z).abs(),
            Some(&[x, y]) => DVec3::new(x, y, 1.0).abs(),
            _ => {
                notices.push("The file stores no voxel sizes: 1 mm is used.".to_owned());
                DVec3::ONE
            }
        }
    }
}

/// The first three numbers of a vector; a fourth is of time.
fn point(vector: &[f64]) -> DVec3 {
    DVec3::from_array(std::array::from_fn(|n| vector.get(n).copied().unwrap_or(0.0)))
}

/// `(x,y,z) none (x,y,z) …`, spaces allowed anywhere; two to four numbers each.
fn vectors(text: &str) -> Option<Vec<Direction>> {
    let mut found = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("none").or_else(|| rest.strip_prefix("NONE")) {
            found.push(None);
            rest = after.trim_start();
            continue;
        }
        let (inside, after) = rest.strip_prefix('(')?.split_once(')')?;
        let numbers: Vec<f64> = inside.split(',').map(|n| n.trim().parse().ok()).collect::<Option<_>>()?;
        if !(2..=4).contains(&numbers.len()) {
            return None;
        }
        found.push(Some(numbers));
        rest = after.trim_start();
    }
    Some(found)
}
