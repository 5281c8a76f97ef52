"""Reads event files with TensorBoard's own reader and compares them with the exported curves.

    pip install tensorboard
    medley runs export --curves curves.csv --tensorboard events
    python tests/peers/read_events.py curves.csv events
"""

import csv
import struct
import sys
from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

TAGS = {"loss": "training/loss", "rate": "training/learning_rate", "steps per second": "training/steps_per_second"}


def single(value):
    return struct.unpack("f", struct.pack("f", value))[0]


def main(curves, folder):
    wanted = {}
    with open(curves, newline="") as file:
        for row in csv.DictReader(file):
            tag = TAGS.get(row["name"], "validation/" + row["name"])
            wanted.setdefault(int(row["id"]), {}).setdefault(tag, []).append((int(row["step"]), single(float(row["value"]))))
    points = 0
    for run, tags in wanted.items():
        (inside,) = Path(folder).glob(f"run-{run}-*")
        events = EventAccumulator(str(inside), size_guidance={"scalars": 0}).Reload()
        assert sorted(events.Tags()["scalars"]) == sorted(tags), (events.Tags(), sorted(tags))
        for tag, values in tags.items():
            found = [(event.step, event.value) for event in events.Scalars(tag)]
            assert found == sorted(values), (run, tag)
            points += len(found)
    print(f"{len(wanted)} trainings, {points} points: the same")


if __name__ == "__main__":
    main(*sys.argv[1:])
