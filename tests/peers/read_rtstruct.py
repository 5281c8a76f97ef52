#!/usr/bin/env python3
"""Reads an RT Structure Set that Medley wrote with pydicom, and compares the area of its contours with the voxels of the same mask.

    pip install pydicom nibabel numpy
    MEDLEY_SHARED=... MEDLEY_PEERS_FOLDER=out cargo test -p medley-io --test dicom_seg -- --ignored
    python read_rtstruct.py out/small.rt.dcm out/small.nii.gz

Prints one JSON object and exits with 1 if a region is off by more than a hundredth of a voxel for each of its voxels.
"""

import json
import sys

import nibabel as nib
import numpy as np
import pydicom


def main(path, nifti_path):
    structure = pydicom.dcmread(path)
    mask = nib.load(nifti_path)
    labels = np.asanyarray(mask.dataobj).astype(int)
    lps_from_voxel = np.diag([-1.0, -1.0, 1.0, 1.0]) @ mask.affine
    voxel_from_lps = np.linalg.inv(lps_from_voxel)
    names = {int(roi.ROINumber): str(roi.ROIName) for roi in structure.StructureSetROISequence}
    regions, problems = {}, []
    for roi in structure.ROIContourSequence:
        value, area = int(roi.ReferencedROINumber), 0.0
        for contour in roi.ContourSequence:
            points = np.array(contour.ContourData, float).reshape(-1, 3)
            if len(points) != int(contour.NumberOfContourPoints):
                problems.append("a wrong number of points")
            i, j, k = (np.c_[points, np.ones(len(points))] @ voxel_from_lps.T)[:, :3].T
            if np.ptp(k) > 1e-3 or abs(k[0] - round(k[0])) > 1e-3:
                problems.append("a contour outside its slice")
            # Borders run one way round and holes the other, so that areas add up.
            area += 0.5 * float(np.dot(i, np.roll(j, -1)) - np.dot(j, np.roll(i, -1)))
        voxels = int((labels == value).sum())
        regions[names[value]] = [round(abs(area), 3), voxels]
        if abs(abs(area) - voxels) > 0.01 * voxels:
            problems.append(f"{names[value]} has an area of {area:.2f} and {voxels} voxels")
    print(json.dumps({"regions": regions, "problems": problems}))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
