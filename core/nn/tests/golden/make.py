"""Makes the golden files of this folder: what PyTorch computes for two small 3D-ResNets.

The networks are built here from PyTorch's own layers, after the published description (Med3D, section 3.2, and the table of its
encoder), not from the reference's code. Weights and inputs follow from names and indices by a hash (`number`), so only results are
stored; `tests/golden.rs` draws the same numbers.

    python make.py        # torch, numpy, safetensors; writes r10b_w2.safetensors and r18a_w2.safetensors here
"""

import pathlib

import numpy as np
import torch
from safetensors.numpy import save_file
from torch import nn

SHAPE = (41, 33, 34)  # layer4 is 6 × 5 × 5: wide enough for its dilation of 4 to reach real voxels along every axis
CLASSES = 2
HERE = pathlib.Path(__file__).parent


def number(name: str, count: int) -> np.ndarray:
    """`count` numbers in [0, 1) that follow from the name: FNV-1a, then splitmix64's finaliser, the upper 24 bits."""
    seed = 0xCBF29CE484222325
    for byte in name.encode():
        seed = (seed ^ byte) * 0x100000001B3 % 2**64
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(40)).astype(np.float64) / 2.0**24


def value(name: str, shape) -> np.ndarray:
    """A parameter: kernels of about Kaiming's spread, the rest far from its defaults, every sixth slope negative."""
    u = number(name, int(np.prod(shape)))
    if len(shape) > 1:
        v = (u * 2.0 - 1.0) * np.sqrt(6.0 / (shape[0] * np.prod(shape[2:])))
    elif name.endswith("running_var"):
        v = 0.5 + u
    elif name.endswith(("running_mean", "bias")):
        v = u - 0.5
    else:
        v = (0.5 + u) * np.where(np.arange(len(u)) % 6 == 5, -1.0, 1.0)
    return v.astype(np.float32).reshape(shape)


def conv(cin, cout, kernel, stride=1, dilation=1):
    return nn.Conv3d(cin, cout, kernel, stride, padding=dilation * (kernel // 2), dilation=dilation, bias=False)


class Basic(nn.Module):
    def __init__(self, cin, cout, stride, dilation, shortcut, cut):
        super().__init__()
        self.conv1, self.bn1 = conv(cin, cout, 3, stride, dilation), nn.BatchNorm3d(cout)
        self.conv2, self.bn2 = conv(cout, cout, 3, 1, dilation), nn.BatchNorm3d(cout)
        self.stride, self.more, self.cut = stride, cout - cin, cut
        self.changes = stride != 1 or cin != cout
        if self.changes and shortcut == "B":
            self.downsample = nn.Sequential(conv(cin, cout, 1, stride), nn.BatchNorm3d(cout))

    def forward(self, x):
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        if hasattr(self, "downsample"):
            x = self.downsample(x)
        elif self.changes:
            s = self.stride
            x = nn.functional.pad(x[:, :, ::s, ::s, ::s], (0, 0, 0, 0, 0, 0, 0, self.more))
            x = x.detach() if self.cut else x
        return torch.relu(y + x)


class Net(nn.Module):
    def __init__(self, blocks, width, shortcut, cut):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv3d(1, width, 7, 2, 3, bias=False), nn.BatchNorm3d(width)
        self.maxpool = nn.MaxPool3d(3, 2, 1)
        cin = width
        for at, (count, stride, dilation) in enumerate(zip(blocks, (1, 2, 1, 1), (1, 1, 2, 4))):
            stage = []
            for block in range(count):
                stage.append(Basic(cin, width << at, stride if block == 0 else 1, dilation, shortcut, cut))
                cin = width << at
            setattr(self, f"layer{at + 1}", nn.Sequential(*stage))
        self.conv_seg = nn.Sequential(
            nn.ConvTranspose3d(cin, 32, 2, 2), nn.BatchNorm3d(32), nn.ReLU(),
            conv(32, 32, 3), nn.BatchNorm3d(32), nn.ReLU(), conv(32, CLASSES, 1),
        )

    def stages(self, x):
        found = {"maxpool": self.maxpool(torch.relu(self.bn1(self.conv1(x))))}
        x = found["maxpool"]
        for name in ("layer1", "layer2", "layer3", "layer4"):
            x = found[name] = getattr(self, name)(x)
        found["logits"] = self.conv_seg(x)
        return found


def network(blocks, shortcut, cut=False):
    net = Net(blocks, 2, shortcut, cut)
    state = {k: torch.from_numpy(value(k, tuple(v.shape))) for k, v in net.state_dict().items() if "tracked" not in k}
    net.load_state_dict(state, strict=False)
    return net


KEPT = ("conv1.weight", "bn1.weight", "bn1.bias", "layer1.0.conv1.weight", "layer2.0.conv2.weight", "layer3.0.conv1.weight",
        "layer4.0.bn2.weight", "conv_seg.0.bias", "conv_seg.1.weight", "conv_seg.6.weight")


def main():
    x = torch.from_numpy(((number("input", int(np.prod(SHAPE))) * 2 - 1) * 2).astype(np.float32).reshape(1, 1, *SHAPE))
    for file, blocks, shortcut, cut in (("r10b_w2", (1, 1, 1, 1), "B", False), ("r18a_w2", (2, 2, 2, 2), "A", True)):
        out = {}
        with torch.no_grad():
            for mode in ("eval", "train"):
                net = network(blocks, shortcut)
                net.train(mode == "train")
                out |= {f"{mode}.{name}": found for name, found in net.stages(x).items()}
            running = {k: v for k, v in net.state_dict().items() if "running" in k}
            out["running_after"] = torch.cat([running[k] for k in sorted(running)])
        for way in ("open", "cut") if cut else ("open",):
            net = network(blocks, shortcut, way == "cut").train()
            size = out["eval.logits"].shape[2:]
            classes = (number("target", int(np.prod(size))) * (CLASSES + 1)).astype(np.int64) - 1
            target = torch.from_numpy(classes.reshape(1, *size))
            head = [p for k, p in net.named_parameters() if k.startswith("conv_seg")]
            rest = [p for k, p in net.named_parameters() if not k.startswith("conv_seg")]
            sgd = torch.optim.SGD([{"params": rest}, {"params": head, "lr": 1e-1}], lr=1e-3, momentum=0.9, weight_decay=1e-3)
            losses, named = [], dict(net.named_parameters())
            for step in (1, 2):
                sgd.zero_grad()
                loss = nn.functional.cross_entropy(net.stages(x)["logits"], target, ignore_index=-1)
                loss.backward()
                losses.append(loss.item())
                if step == 1:
                    out |= {f"{way}.grad1.{k}": named[k].grad.clone() for k in KEPT}
                sgd.step()
                out |= {f"{way}.after{step}.{k}": named[k].detach().clone() for k in KEPT}
            out[f"{way}.loss"] = torch.tensor(losses, dtype=torch.float64)
        save_file({k: np.ascontiguousarray(v.detach().numpy()) for k, v in out.items()}, HERE / f"{file}.safetensors")


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
