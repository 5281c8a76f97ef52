#!/usr/bin/env python3
"""Makes the small DICOM files of this folder with pydicom: what scanners write and the other files here do not show.

Every voxel of a volume holds 100 * slice + 10 * row + column (4 columns, 3 rows), so that an answer can be computed.
"""

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import (DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless)

COLUMNS, ROWS = 4, 3
ROOT = "2.25.4000"


def plane(k):
    j, i = np.mgrid[0:ROWS, 0:COLUMNS]
    return (100 * k + 10 * j + i).astype(np.int16)


def base(series, number, syntax=ExplicitVRLittleEndian, modality="MR"):
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = syntax
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.4"
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"{ROOT}{series}{number:03}"
    ds.SeriesInstanceUID, ds.StudyInstanceUID, ds.FrameOfReferenceUID = f"{ROOT}{series}", f"{ROOT}1", f"{ROOT}2"
    ds.Modality, ds.SeriesDescription, ds.InstanceNumber, ds.SeriesNumber = modality, "made", number, series
    ds.PatientName, ds.PatientID = "Nobody", "0"
    ds.Rows, ds.Columns, ds.SamplesPerPixel, ds.PhotometricInterpretation = ROWS, COLUMNS, 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 1
    ds.PixelSpacing, ds.ImageOrientationPatient, ds.SliceThickness = [2, 1.5], [1, 0, 0, 0, 1, 0], 9
    return ds


def save(ds, name):
    pydicom.dcmwrite(name, ds, enforce_file_format=True, little_endian=None)


def pixels(ds, array):
    order = ">i2" if ds.file_meta.TransferSyntaxUID == ExplicitVRBigEndian else "<i2"
    ds.PixelData = array.astype(order).tobytes()
    ds["PixelData"].VR = "OW"


def slices(name, series, places, change=lambda ds, n: None, **kwargs):
    for n, place in enumerate(places):
        ds = base(series, n + 1, **kwargs)
        ds.ImagePositionPatient = [10, 20, place]
        pixels(ds, plane(n))
        change(ds, n)
        save(ds, f"{name}_{n}.dcm")


slices("big_endian", 11, [0], syntax=ExplicitVRBigEndian)
slices("implicit", 12, [0], syntax=ImplicitVRLittleEndian)
slices("deflated", 13, [0], syntax=DeflatedExplicitVRLittleEndian)


def high(ds, n):
    """Twelve bits in the upper ones, with rubbish below."""
    ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 12, 15, 1
    pixels(ds, (plane(n) - 5) * 16 + 7)


slices("high_bits", 14, [0], high)
slices("gap", 15, [0, 2, 6, 8])
slices("four_d", 16, [0, 3, 0, 3, 0, 3], lambda ds, n: setattr(ds, "TemporalPositionIdentifier", [1, 1, 10, 10, 9, 9][n]))
slices("by_rank", 17, [0, 3, 6, 0, 3, 6])


def tilted(ds, n):
    ds.ImagePositionPatient = [10, 20 + 2 * n, 4 * n]
    j, i = np.mgrid[0:ROWS, 0:COLUMNS]
    # The value is the place in the patient: whoever straightens the slices finds a ramp along the rows.
    pixels(ds, (10 * (j + n) + i).astype(np.int16))


slices("tilted", 18, [0, 0, 0], tilted)


def pet(ds, n):
    ds.Units, ds.DecayCorrection, ds.PatientWeight, ds.SeriesTime = "BQML", "START", 70, "130000"
    tracer = Dataset()
    tracer.RadiopharmaceuticalStartTime, tracer.RadionuclideTotalDose, tracer.RadionuclideHalfLife = "120000", 350e6, 3600
    ds.RadiopharmaceuticalInformationSequence = Sequence([tracer])
    ds.RescaleSlope, ds.RescaleIntercept = 0.5 + 0.25 * n, 0


slices("pet", 19, [0, 3], pet, modality="PT")


def enhanced():
    """Two stacks of two slices at two times, frames in no order."""
    ds = base(20, 1)
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.4.1"
    del ds.PixelSpacing, ds.ImageOrientationPatient, ds.SliceThickness
    shared = Dataset()
    measures = Dataset()
    measures.PixelSpacing, measures.SliceThickness = [2, 1.5], 9
    shared.PixelMeasuresSequence = Sequence([measures])
    ds.SharedFunctionalGroupsSequence = Sequence([shared])
    groups, frames = [], []
    for stack, time, k in [(s, t, k) for k in (1, 0) for t in (2, 1) for s in ("A", "B")]:
        group, content, place, turn, values = (Dataset() for _ in range(5))
        content.StackID, content.InStackPositionNumber, content.TemporalPositionIndex = stack, k + 1, time
        place.ImagePositionPatient = [10, 20, 5 * k] if stack == "A" else [7 * k, 1, 2]
        turn.ImageOrientationPatient = [1, 0, 0, 0, 1, 0] if stack == "A" else [0, 1, 0, 0, 0, -1]
        values.RescaleSlope, values.RescaleIntercept, values.RescaleType = 2, -1000 * time, "US"
        group.FrameContentSequence, group.PlanePositionSequence = Sequence([content]), Sequence([place])
        group.PlaneOrientationSequence, group.PixelValueTransformationSequence = Sequence([turn]), Sequence([values])
        groups.append(group)
        frames.append(plane(k) + (1000 if stack == "B" else 0))
    ds.PerFrameFunctionalGroupsSequence = Sequence(groups)
    ds.NumberOfFrames = len(frames)
    pixels(ds, np.stack(frames))
    save(ds, "enhanced.dcm")


enhanced()


def rle_frames():
    """Three frames, one of them in two fragments' worth of offsets."""
    ds = base(21, 1)
    ds.ImagePositionPatient, ds.SpacingBetweenSlices, ds.NumberOfFrames = [10, 20, 0], 4, 3
    pixels(ds, np.stack([plane(k) for k in range(3)]))
    ds.compress(RLELossless)
    save(ds, "rle_frames.dcm")


rle_frames()


def unknown_syntax():
    ds = base(22, 1)
    ds.ImagePositionPatient = [0, 0, 0]
    ds.PixelData = encapsulate([b"\0" * 64])
    ds["PixelData"].VR, ds["PixelData"].is_undefined_length = "OB", True
    ds.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.100"
    save(ds, "mpeg.dcm")


unknown_syntax()
