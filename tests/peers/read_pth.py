#!/usr/bin/env python3
"""Reads a .pth that Medley wrote as a careful PyTorch user does, and compares it bit by bit with a .safetensors.

    read_pth.py FILE.pth SAME.safetensors [--network DEPTH+SHORTCUT WIDTH] [--prefix module.] [--key state_dict]

`torch.load(weights_only=True)`, once from memory and once mapped; every tensor must have the name, type, shape and bits of the
other file's. With --network the encoder must take the dictionary with `load_state_dict(strict=True)`. Exits 1 with a sentence
when something differs. Needs torch and safetensors.
"""

import argparse
import sys

import torch
from make_released_like import ResNet3d
from safetensors.torch import load_file


def bits(tensor):
    return tensor.contiguous().view(-1).view(torch.uint8) if tensor.numel() else tensor


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("pth")
    arguments.add_argument("safetensors")
    arguments.add_argument("--network", nargs=2)
    arguments.add_argument("--prefix", default="")
    arguments.add_argument("--key")
    wanted = arguments.parse_args()
    expected = load_file(wanted.safetensors)
    for is_mapped in (False, True):
        found = torch.load(wanted.pth, map_location="cpu", weights_only=True, mmap=is_mapped)
        if wanted.key:
            found = found[wanted.key]
        found = {name.removeprefix(wanted.prefix): tensor for name, tensor in found.items() if name.startswith(wanted.prefix)}
        if sorted(found) != sorted(expected):
            sys.exit(f"other names: {sorted(set(found) ^ set(expected))[:6]}")
        for name, tensor in expected.items():
            if (found[name].dtype, found[name].shape) != (tensor.dtype, tensor.shape):
                sys.exit(f"{name}: {found[name].dtype} {tuple(found[name].shape)}, not {tensor.dtype} {tuple(tensor.shape)}")
            if not torch.equal(bits(found[name].reshape(-1)), bits(tensor.reshape(-1))):
                sys.exit(f"{name}: other bits")
    if wanted.network:
        name, width = wanted.network
        encoder = ResNet3d(int(name[:-1]), name[-1], int(width))
        encoder.load_state_dict(found, strict=True)
    print(f"{len(found)} tensors, bit by bit the same")


if __name__ == "__main__":
    main()
