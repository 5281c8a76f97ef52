"""The other side of `medley bench`: computes what it is asked for with PyTorch, and says how long it took.

One JSON object a line on standard input, one answer a line on standard output.
"""

import json
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

BLOCKS = {10: [1, 1, 1, 1], 18: [2, 2, 2, 2], 34: [3, 4, 6, 3], 50: [3, 4, 6, 3], 101: [3, 4, 23, 3], 152: [3, 8, 36, 3], 200: [3, 24, 36, 3]}


class Block(nn.Module):
    def __init__(self, into, width, stride, dilation, bottleneck):
        super().__init__()
        out = width * 4 if bottleneck else width
        spatial = lambda a, b, s: nn.Conv3d(a, b, 3, stride=s, padding=dilation, dilation=dilation, bias=False)
        point = lambda a, b, s=1: nn.Conv3d(a, b, 1, stride=s, bias=False)
        convolutions = [point(into, width), spatial(width, width, stride), point(width, out)] if bottleneck else [spatial(into, width, stride), spatial(width, out, 1)]
        layers = []
        for convolution in convolutions:
            layers += [convolution, nn.BatchNorm3d(convolution.out_channels), nn.ReLU(inplace=True)]
        self.body = nn.Sequential(*layers[:-1])
        changes = stride != 1 or into != out
        self.past = nn.Sequential(point(into, out, stride), nn.BatchNorm3d(out)) if changes else nn.Identity()

    def forward(self, x):
        return F.relu(self.body(x) + self.past(x), inplace=True)


def network(depth, width, classes=2):
    bottleneck = depth >= 50
    expansion = 4 if bottleneck else 1
    layers = [nn.Conv3d(1, width, 7, stride=2, padding=3, bias=False), nn.BatchNorm3d(width), nn.ReLU(inplace=True), nn.MaxPool3d(3, 2, 1)]
    into = width
    for stage, (count, stride, dilation) in enumerate(zip(BLOCKS[depth], [1, 2, 1, 1], [1, 1, 2, 4])):
        for block in range(count):
            layers.append(Block(into, width << stage, stride if block == 0 else 1, dilation, bottleneck))
            into = (width << stage) * expansion
    layers += [nn.ConvTranspose3d(into, 32, 2, stride=2), nn.BatchNorm3d(32), nn.ReLU(inplace=True)]
    layers += [nn.Conv3d(32, 32, 3, padding=1, bias=False), nn.BatchNorm3d(32), nn.ReLU(inplace=True), nn.Conv3d(32, classes, 1, bias=False)]
    return nn.Sequential(*layers)


class Convolution:
    def __init__(self, ask):
        self.options = {key: ask[key] for key in ("stride", "padding", "dilation")}
        self.input = torch.randn(ask["input"], requires_grad=ask["input"][1] > 1)
        self.weight = torch.randn(ask["weight"], requires_grad=True)
        self.gradient = torch.randn_like(F.conv3d(self.input, self.weight, **self.options))

    def forward(self):
        with torch.no_grad():
            F.conv3d(self.input, self.weight, **self.options)

    def step(self):
        output = F.conv3d(self.input, self.weight, **self.options)
        wanted = [x for x in (self.input, self.weight) if x.requires_grad]
        torch.autograd.grad(output, wanted, self.gradient)


class Network:
    def __init__(self, ask):
        self.model = network(ask["depth"], ask["width"])
        size = ask["size"]
        self.input = torch.randn(1, 1, size, size, size)
        self.optimiser = None

    def forward(self):
        self.model.eval()
        with torch.no_grad():
            self.model(self.input)

    def step(self):
        self.model.train()
        if self.optimiser is None:
            self.optimiser = torch.optim.SGD(self.model.parameters(), lr=1e-3, momentum=0.9, weight_decay=1e-3, nesterov=True)
        self.optimiser.zero_grad()
        logits = self.model(self.input)
        loss = F.cross_entropy(logits, torch.zeros_like(logits[:, 0], dtype=torch.long))
        loss.backward()
        self.optimiser.step()
        loss.item()


def memory(name):
    try:
        with open("/proc/self/status") as status:
            return next((int(line.split()[1]) * 1024 for line in status if line.startswith(name + ":")), None)
    except OSError:
        return None


KINDS = {"convolution": Convolution, "network": Network}
subject = None
for line in sys.stdin:
    ask = json.loads(line)
    answer = {}
    if "threads" in ask:
        torch.set_num_threads(ask["threads"])
        answer = {"version": torch.__version__, "memory": memory("VmRSS")}
    elif "kind" in ask:
        subject = KINDS[ask["kind"]](ask)
    else:
        start = time.perf_counter()
        getattr(subject, ask["run"])()
        answer = {"seconds": time.perf_counter() - start, "peak": memory("VmHWM")}
    print(json.dumps(answer), flush=True)
