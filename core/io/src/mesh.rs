//! Surfaces for other programs: STL, OBJ and PLY. Coordinates are LPS millimetres, as 3D Slicer and ITK write and expect them, and each
//! file says so (`SPACE=LPS`); [`Mesh`] is RAS. None of the formats stores a unit.

use std::io::{self, Write};
use std::path::Path;

use medley_volume::Mesh;

use crate::nifti::has_end;
use crate::{IoError, write_atomically};

/// Whether a name ends like a surface's.
#[must_use]
pub fn is_mesh_name(path: &Path) -> bool {
    let name = path.to_string_lossy();
    [".stl", ".ply", ".obj"].iter().any(|end| has_end(&name, end))
}

/// Writes a surface in the format its name stands for: `.stl` (binary), `.ply` (binary, little endian) or `.obj`.
///
/// # Errors
/// If the name ends otherwise, a triangle names a corner that is not there, a corner is not a finite number, or the system refuses.
pub fn write(path: &Path, mesh: &Mesh) -> Result<(), IoError> {
    let name = path.to_string_lossy();
    let unfit = |fault: &str, advice| IoError::Unfit { file: name.clone().into_owned(), fault: fault.to_owned(), advice };
    let put = match () {
        () if has_end(&name, ".stl") => stl,
        () if has_end(&name, ".ply") => ply,
        () if has_end(&name, ".obj") => obj,
        () => {
            return Err(unfit("its name does not say in which format", "give it a name that ends in .stl, .ply or .obj"));
        }
    };
    let is_whole = mesh.triangles.iter().flatten().all(|&corner| (corner as usize) < mesh.vertices.len());
    let is_finite = mesh.vertices.iter().flatten().all(|part| part.is_finite());
    if !is_whole || !is_finite || u32::try_from(mesh.triangles.len()).is_err() {
        return Err(unfit("the surface is damaged", "this is a fault of the program; please report it"));
    }
    write_atomically(path, |out| put(out, mesh))
}

/// A half turn about the vertical: what faced outwards still does.
fn lps([x, y, z]: [f32; 3]) -> [f32; 3] {
    [0.0 - x, 0.0 - y, z]
}

fn corners<'a>(mesh: &'a Mesh, triangle: &'a [u32; 3]) -> [[f32; 3]; 3] {
    triangle.map(|corner| lps(mesh.vertices.get(corner as usize).copied().unwrap_or_default()))
}

fn put_point(out: &mut dyn Write, point: [f32; 3]) -> io::Result<()> {
    point.iter().try_for_each(|part| out.write_all(&part.to_le_bytes()))
}

/// 80 bytes of text, the number of triangles, then each with its normal.
fn stl(out: &mut dyn Write, mesh: &Mesh) -> io::Result<()> {
    // A file that begins with “solid” would be taken for one in text.
    let mut head = [b' '; 80];
    let text = b"Medley SPACE=LPS";
    head[..text.len()].copy_from_slice(text);
    out.write_all(&head)?;
    out.write_all(&(mesh.triangles.len() as u32).to_le_bytes())?;
    for triangle in &mesh.triangles {
        let [a, b, c] = corners(mesh, triangle);
        put_point(out, normal(a, b, c))?;
        [a, b, c].into_iter().try_for_each(|point| put_point(out, point))?;
        out.write_all(&[0, 0])?;
    }
    Ok(())
}

/// The direction a triangle faces; zeros for one without area, as the format allows.
fn normal(a: [f32; 3], b: [f32; 3], c: [f32; 3]) -> [f32; 3] {
    let minus = |p: [f32; 3], q: [f32; 3]| -> [f64; 3] { std::array::from_fn(|n| f64::from(p[n]) - f64::from(q[n])) };
    let ([ux, uy, uz], [vx, vy, vz]) = (minus(b, a), minus(c, a));
    let cross = [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx];
    let length = cross.iter().map(|part| part * part).sum::<f64>().sqrt();
    if length > 0.0 { cross.map(|part| (part / length) as f32) } else { [0.0; 3] }
}

fn ply(out: &mut dyn Write, mesh: &Mesh) -> io::Result<()> {
    write!(
        out,
        "ply\nformat binary_little_endian 1.0\ncomment Medley SPACE=LPS\nelement vertex {}\nproperty float x\nproperty float y\n\
         property float z\nelement face {}\nproperty list uchar int vertex_indices\nend_header\n",
        mesh.vertices.len(),
        mesh.triangles.len()
    )?;
    mesh.vertices.iter().try_for_each(|&vertex| put_point(out, lps(vertex)))?;
    mesh.triangles.iter().try_for_each(|triangle| {
        out.write_all(&[3])?;
        triangle.iter().try_for_each(|corner| out.write_all(&corner.to_le_bytes()))
    })
}

/// Corners are counted from 1.
fn obj(out: &mut dyn Write, mesh: &Mesh) -> io::Result<()> {
    writeln!(out, "# Medley\n# SPACE=LPS")?;
    for &vertex in &mesh.vertices {
        let [x, y, z] = lps(vertex);
        writeln!(out, "v {x} {y} {z}")?;
    }
    mesh.triangles.iter().try_for_each(|[a, b, c]| writeln!(out, "f {} {} {}", u64::from(*a) + 1, u64::from(*b) + 1, u64::from(*c) + 1))
}

#[cfg(test)]
mod tests {
    use medley_volume::{Grid, LabelMap, surface};

    use super::*;

    fn mesh() -> Mesh {
        let mut mask = LabelMap::empty(Grid::axis_aligned([3, 2, 2], [1.0, 2.0, 3.0]).expect("a grid"));
        [0, 1, 7].into_iter().for_each(|at| mask.set(at, 1));
        surface(&mask, 1)
    }

    fn written(end: &str, mesh: &Mesh) -> Vec<u8> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(format!("m.{end}"));
        write(&path, mesh).expect("writes");
        std::fs::read(&path).expect("there")
    }

    fn floats(bytes: &[u8]) -> Vec<f32> {
        bytes.as_chunks::<4>().0.iter().map(|four| f32::from_le_bytes(*four)).collect()
    }

    #[test]
    fn stl_has_every_triangle_facing_outwards_in_lps() {
        let mesh = mesh();
        let bytes = written("STL", &mesh);
        assert!(bytes.starts_with(b"Medley SPACE=LPS") && bytes.len() == 84 + 50 * mesh.triangles.len());
        let mut volume = 0.0;
        for (triangle, record) in mesh.triangles.iter().zip(bytes[84..].as_chunks::<50>().0) {
            let numbers = floats(&record[..48]);
            let [x, y, z] = mesh.vertices[triangle[0] as usize];
            assert_eq!(numbers[3..6], [-x, -y, z]);
            let p = |n: usize| [f64::from(numbers[n]), f64::from(numbers[n + 1]), f64::from(numbers[n + 2])];
            let ([ax, ay, az], [bx, by, bz], [cx, cy, cz]) = (p(3), p(6), p(9));
            volume += (ax * (by * cz - bz * cy) + ay * (bz * cx - bx * cz) + az * (bx * cy - by * cx)) / 6.0;
            assert!((p(0).iter().map(|part| part * part).sum::<f64>() - 1.0).abs() < 1e-6);
        }
        assert!((volume - mesh.signed_volume_mm3()).abs() < 1e-4 && volume > 0.0, "{volume}");
    }

    #[test]
    fn ply_and_obj_have_the_same_corners_and_triangles() {
        let mesh = mesh();
        let bytes = written("ply", &mesh);
        let end = bytes.windows(11).position(|window| window == b"end_header\n").expect("a header") + 11;
        let text = String::from_utf8_lossy(&bytes[..end]).into_owned();
        assert!(text.contains(&format!("element vertex {}\n", mesh.vertices.len())) && text.contains("SPACE=LPS"));
        let numbers = floats(&bytes[end..end + 12 * mesh.vertices.len()]);
        assert_eq!(numbers[..3], lps(mesh.vertices[0]));
        assert_eq!(bytes.len(), end + 12 * mesh.vertices.len() + 13 * mesh.triangles.len());
        let text = String::from_utf8(written("obj", &mesh)).expect("text");
        let lines = |start: &str| text.lines().filter(|line| line.starts_with(start)).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!((lines("v ").len(), lines("f ").len()), (mesh.vertices.len(), mesh.triangles.len()));
        let [a, b, c] = mesh.triangles[0].map(|corner| corner + 1);
        assert_eq!(lines("f ")[0], format!("f {a} {b} {c}"));
    }

    #[test]
    fn what_is_no_surface_is_not_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let error = |name: &str, mesh: &Mesh| write(&folder.path().join(name), mesh).expect_err("refused").to_string();
        assert!(error("m.vtk", &mesh()).contains(".stl, .ply or .obj"));
        assert!(error("m.stl", &Mesh { vertices: vec![[0.0; 3]], triangles: vec![[0, 0, 1]] }).contains("damaged"));
        assert!(error("m.stl", &Mesh { vertices: vec![[f32::NAN; 3]], triangles: vec![] }).contains("damaged"));
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
    }
}
