"""Whether other programs find in our files what we put there.

    cargo run -p medley-io --example write_for_peers -- /tmp/peers
    python tests/peers/read_back.py /tmp/peers

Needs nibabel, SimpleITK, pynrrd and numpy. For each file of the folder: all voxels, and the positions in the patient of the corners of
the volume, as each reader has them. Prints the largest differences and fails if there are any worth naming.
"""

import json
import pathlib
import struct
import sys

import nibabel
import nrrd
import numpy as np
import SimpleITK as sitk

TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


def with_nibabel(path):
    image = nibabel.load(path)
    return np.asanyarray(image.dataobj), image.affine


def with_sitk(path):
    image = sitk.ReadImage(str(path))
    values = sitk.GetArrayFromImage(image).transpose(2, 1, 0)
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) @ np.diag(image.GetSpacing())
    affine[:3, 3] = image.GetOrigin()
    return values, TO_RAS @ affine


def with_pynrrd(path):
    values, header = nrrd.read(str(path))
    assert header["space"] == "left-posterior-superior"
    affine = np.eye(4)
    affine[:3, :3] = np.asarray(header["space directions"]).T
    affine[:3, 3] = header["space origin"]
    return values, TO_RAS @ affine


READERS = {
    ".nii": [with_nibabel, with_sitk],
    ".nii.gz": [with_nibabel, with_sitk],
    ".nrrd": [with_pynrrd, with_sitk],
    ".seg.nrrd": [with_pynrrd, with_sitk],
    ".mha": [with_sitk],
    ".mhd": [with_sitk],
}


def positions(affine, shape):
    corners = np.array([[i, j, k, 1] for i in (0, shape[0] - 1) for j in (0, shape[1] - 1) for k in (0, shape[2] - 1)], float)
    return (affine @ corners.T)[:3]


def segments(path):
    header = nrrd.read_header(str(path))
    names = {}
    n = 0
    while f"Segment{n}_ID" in header:
        names[int(header[f"Segment{n}_LabelValue"])] = header[f"Segment{n}_Name"]
        n += 1
    return names


def triangles(path):
    """The corners of a surface's triangles, n × 3 × 3, in LPS."""
    data = path.read_bytes()
    if path.suffix == ".stl":
        (count,) = struct.unpack_from("<I", data, 80)
        rows = np.frombuffer(data, np.dtype([("n", "<f4", 3), ("p", "<f4", (3, 3)), ("a", "<u2")]), count, 84)
        return rows["p"].astype(float)
    if path.suffix == ".ply":
        head, body = data.split(b"end_header\n", 1)
        sizes = [int(line.split()[-1]) for line in head.decode().splitlines() if line.startswith("element")]
        points = np.frombuffer(body, "<f4", 3 * sizes[0]).reshape(-1, 3).astype(float)
        faces = np.frombuffer(body, np.dtype([("n", "u1"), ("c", "<i4", 3)]), sizes[1], 12 * sizes[0])
        assert (faces["n"] == 3).all()
        return points[faces["c"]]
    lines = data.decode().splitlines()
    points = np.array([[float(x) for x in line.split()[1:]] for line in lines if line.startswith("v ")])
    faces = np.array([[int(x) - 1 for x in line.split()[1:]] for line in lines if line.startswith("f ")])
    return points[faces]


def main(folder):
    checked, worst_value, worst_place, failures = {}, 0.0, 0.0, []
    for about in sorted(folder.glob("*.json")):
        case, truth = about.stem, json.loads(about.read_text())
        shape, affine = truth["shape"], np.array(truth["affine"])
        values = np.fromfile(about.with_suffix(".bin")).reshape(shape, order="F")
        for end, readers in READERS.items():
            path = folder / (case + end)
            if not path.exists():
                continue
            for reader in readers:
                if case.startswith("sheared") and reader is with_sitk:
                    continue  # ITK has no sheared grids.
                name = f"{end} by {reader.__name__[5:]}"
                try:
                    found, placed = reader(path)
                except Exception as error:  # noqa: BLE001
                    failures.append(f"{path.name} by {reader.__name__[5:]}: {error}")
                    continue
                scale = max(1.0, np.abs(values).max())
                value = np.abs(found.astype(float) - values).max() / scale if found.shape == tuple(shape) else np.inf
                place = np.abs(positions(placed, shape) - positions(affine, shape)).max()
                worst_value, worst_place = max(worst_value, value), max(worst_place, place)
                checked[name] = checked.get(name, 0) + 1
                if value > 1e-7 or place > 1e-3:
                    failures.append(f"{path.name} by {reader.__name__[5:]}: values off by {value}, places by {place} mm")
        segmentation = folder / (case + ".seg.nrrd")
        if segmentation.exists() and segments(segmentation) != {1: "left kidney", 2: "right kidney", 300: "liver"}:
            failures.append(f"{segmentation.name}: segments {segments(segmentation)}")
        voxel = abs(np.linalg.det(affine[:3, :3]))
        surfaces = {end: triangles(folder / (case + end)) for end in (".stl", ".ply", ".obj") if (folder / (case + end)).exists()}
        for end, found in surfaces.items():
            volume = np.einsum("ni,ni->n", found[:, 0], np.cross(found[:, 1], found[:, 2])).sum() / 6
            least, most = voxel / 6.1, voxel * (values == 2).sum() * 1.01
            back = np.linalg.solve(affine, (TO_RAS @ np.c_[found.reshape(-1, 3), np.ones(3 * len(found))].T))[:3]
            outside = max(-back.min() - 0.51, (back - (np.array(shape)[:, None] - 0.49)).max())
            checked[end] = checked.get(end, 0) + 1
            if not least < volume < most or outside > 0:
                failures.append(f"{case}{end}: volume {volume}, outside {outside}")
            if np.abs(found - surfaces[".stl"]).max() > 1e-3:
                failures.append(f"{case}{end}: other corners than .stl")
    for name, count in checked.items():
        print(f"{count:4} {name}")
    print(f"largest difference: values {worst_value:.1e} of the largest value, places {worst_place:.1e} mm")
    print("\n".join(failures) or "all as written")
    return 1 if failures or not checked else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
