"""Whether masks that Medley saves lie on their scans for other programs: 48 axis orders, oblique grids, every kind of header.

    python tests/peers/overlay.py write /tmp/overlay
    cargo run -p medley-project --example save_masks -- /tmp/overlay
    python tests/peers/overlay.py check /tmp/overlay

Needs nibabel, SimpleITK and numpy. A mask must be exactly its scan's threshold at the same index, and both readers must put every corner
of the two at the same place in the patient (1e-4 mm).
"""

import itertools
import json
import pathlib
import sys

import nibabel
import numpy as np


def turned(rng):
    """A random rotation."""
    q, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    return q * np.sign(np.linalg.det(q))


def write(folder):
    folder.mkdir(parents=True)
    rng = np.random.default_rng(1)
    shape, spacing = (11, 9, 7), np.array([0.8, 1.5, 3.0])
    grids = {}
    for order in itertools.permutations(range(3)):
        for signs in itertools.product([1, -1], repeat=3):
            matrix = np.zeros((3, 3))
            for axis in range(3):
                matrix[order[axis], axis] = signs[axis] * spacing[axis]
            codes = "".join(nibabel.aff2axcodes(nibabel.affines.from_matvec(matrix)))
            grids[codes] = matrix
    assert len(grids) == 48
    for number in range(6):
        grids[f"oblique{number}"] = turned(rng) @ np.diag(spacing * rng.choice([1, -1], 3))
    forms = ["both", "sform", "qform"]
    for number, (name, matrix) in enumerate(grids.items()):
        affine = nibabel.affines.from_matvec(matrix, rng.uniform(-200, 200, 3))
        values = rng.integers(0, 1200, shape).astype(np.int16)
        image = nibabel.Nifti1Image(values, affine)
        form = forms[number % 3]
        image.set_sform(affine, code=1 if form != "qform" else 0)
        image.set_qform(affine, code=1 if form != "sform" else 0)
        image.header.set_xyzt_units("mm")
        nibabel.save(image, folder / f"{name}.nii.gz")
    print(len(grids), "scans")


def corners(affine, shape):
    at = np.array(list(itertools.product(*[(0, n - 1) for n in shape])))
    return nibabel.affines.apply_affine(affine, at)


def sitk_affine(path):
    import SimpleITK as sitk

    image = sitk.ReadImage(str(path))
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) @ np.diag(image.GetSpacing())
    affine[:3, 3] = image.GetOrigin()
    return np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine, sitk.GetArrayFromImage(image).transpose(2, 1, 0)


def check(folder):
    worst, checked, wrong = {"nibabel": 0.0, "SimpleITK": 0.0}, 0, []
    for path in sorted(folder.glob("*.nii.gz")):
        mask_path = folder / "study" / "masks" / path.name
        scan, mask = nibabel.load(path), nibabel.load(mask_path)
        values, labels = np.asanyarray(scan.dataobj), np.asanyarray(mask.dataobj)
        wanted = (values > 500).astype(int) + (values > 900)
        if labels.shape != values.shape or not np.array_equal(labels, wanted):
            wrong.append((path.name, "voxels"))
        for field in ("sform_code", "qform_code", "xyzt_units"):
            if scan.header[field] != mask.header[field]:
                wrong.append((path.name, field))
        worst["nibabel"] = max(worst["nibabel"], np.abs(corners(scan.affine, values.shape) - corners(mask.affine, values.shape)).max())
        (a, _), (b, seen) = sitk_affine(path), sitk_affine(mask_path)
        worst["SimpleITK"] = max(worst["SimpleITK"], np.abs(corners(a, values.shape) - corners(b, values.shape)).max())
        if not np.array_equal(seen, wanted):
            wrong.append((path.name, "voxels in SimpleITK"))
        checked += 1
    print(json.dumps({"masks": checked, "worst_mm": worst, "wrong": wrong}))
    return checked >= 54 and not wrong and max(worst.values()) < 1e-4


if __name__ == "__main__":
    what, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    if what == "write":
        write(folder)
    else:
        sys.exit(0 if check(folder) else 1)
