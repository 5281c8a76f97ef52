//! Files for `tests/peers/read_back.py`: `write_for_peers FOLDER` writes scans and masks of every type, on grids of many kinds, in every
//! format, and beside them what they must hold: `CASE.json` (shape, affine from voxel to RAS) and `CASE.bin` (values, 64-bit floats of
//! this machine, first axis fastest).
#![expect(clippy::print_stdout, clippy::expect_used, reason = "a program for checking")]

use std::path::Path;

use medley_io::{StoredGeometry, mesh, write_labels_with_table, write_volume};
use medley_volume::glam::{DAffine3, DMat3, DQuat, DVec3, EulerRot};
use medley_volume::{Grid, LabelMap, LabelTable, Quantity, Scaling, Volume, Voxels, surface, with_voxels};

fn grids() -> Vec<(String, DAffine3)> {
    let mut all = Vec::new();
    for (n, order) in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]].into_iter().enumerate() {
        for signs in 0..8 {
            let column = |axis: usize| {
                let mut column = DVec3::ZERO;
                column[order[axis]] = (0.7 + axis as f64) * if signs >> axis & 1 == 1 { -1.0 } else { 1.0 };
                column
            };
            let matrix3 = DMat3::from_cols(column(0), column(1), column(2));
            all.push((format!("axes{n}{signs}"), DAffine3 { matrix3, translation: DVec3::new(-91.3, 12.7, 1033.1) }));
        }
    }
    let turn = DQuat::from_euler(EulerRot::XYZ, 0.3, -0.2, 0.9);
    let oblique = DAffine3::from_scale_rotation_translation(DVec3::new(0.5, 0.7, 5.0), turn, DVec3::new(-200.0, 31.5, 7.25));
    all.push(("oblique".to_owned(), oblique));
    all.push(("left_handed".to_owned(), oblique * DAffine3::from_scale(DVec3::new(1.0, -1.0, 1.0))));
    let mut sheared = oblique;
    sheared.matrix3.y_axis.x += 0.2;
    all.push(("sheared".to_owned(), sheared));
    all
}

fn voxels(kind: usize, count: usize) -> Voxels {
    let number = |n: usize| (n.wrapping_mul(2_654_435_761) >> 7) as u64;
    match kind % 10 {
        0 => Voxels::U8((0..count).map(|n| number(n) as u8).collect()),
        1 => Voxels::I8((0..count).map(|n| number(n) as i8).collect()),
        2 => Voxels::U16((0..count).map(|n| number(n) as u16).collect()),
        3 => Voxels::I16((0..count).map(|n| number(n) as i16).collect()),
        4 => Voxels::U32((0..count).map(|n| number(n) as u32).collect()),
        5 => Voxels::I32((0..count).map(|n| number(n) as i32).collect()),
        6 => Voxels::U64((0..count).map(|n| number(n) % (1 << 50)).collect()),
        7 => Voxels::I64((0..count).map(|n| (number(n) % (1 << 50)) as i64 - (1 << 49)).collect()),
        8 => Voxels::F32((0..count).map(|n| number(n) as f32 / 777.0).collect()),
        _ => Voxels::F64((0..count).map(|n| number(n) as f64 / 777.0).collect()),
    }
}

#[expect(clippy::unnecessary_cast, reason = "one macro arm already holds f64")]
fn main() {
    let folder = std::env::args().nth(1).expect("a folder");
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder).expect("a folder");
    let mut count = 0;
    for (n, (name, affine)) in grids().into_iter().enumerate() {
        let grid = Grid::new([7, 6, 5], affine).expect("a grid");
        let geometry = StoredGeometry::of_grid(&grid);
        let scaling = if n % 5 == 4 { Scaling { slope: 0.5, intercept: -3.0 } } else { Scaling::IDENTITY };
        let volume = Volume::new(grid, voxels(n, grid.len()), scaling, Quantity::Arbitrary).expect("fits");
        let truth: Vec<f64> = with_voxels!(volume.voxels(), values => values.iter().map(|&v| scaling.apply(v as f64)).collect());
        let about = serde_json::json!({ "shape": grid.shape(), "affine": grid.affine_rows() });
        let put = |case: &str, values: &[f64]| {
            std::fs::write(folder.join(format!("{case}.json")), about.to_string()).expect("written");
            std::fs::write(folder.join(format!("{case}.bin")), bytemuck::cast_slice(values)).expect("written");
        };
        put(&name, &truth);
        for end in ["nii", "nii.gz", "nrrd", "mha", "mhd"] {
            write_volume(&folder.join(format!("{name}.{end}")), &volume, &geometry).expect("written");
            count += 1;
        }
        let mut mask = LabelMap::empty(grid);
        (0..mask.len()).step_by(3).for_each(|at| mask.set(at, [1, 2, 300][at % 7 % 3]));
        let labels: Vec<f64> = (0..mask.len()).map(|at| f64::from(mask.at(at))).collect();
        put(&format!("{name}_mask"), &labels);
        let table = LabelTable::from_names([(1, "left kidney"), (2, "right kidney"), (300, "liver")]);
        for end in ["nii.gz", "nrrd", "seg.nrrd", "mha"] {
            write_labels_with_table(&folder.join(format!("{name}_mask.{end}")), &mask, &table, &geometry).expect("written");
            count += 1;
        }
        let body = surface(&mask, 2);
        for end in ["stl", "ply", "obj"] {
            mesh::write(&folder.join(format!("{name}_mask.{end}")), &body).expect("written");
        }
    }
    println!("{count} files in {}", folder.display());
}
