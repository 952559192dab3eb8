"""The two U-Nets in PyTorch, under the names that `export --to pytorch` writes.

A transposed convolution of `paper` is Keras's 'same': nothing is cropped in front, one row and column
behind. PyTorch cannot crop at one side, so it is padding 0 and a slice.
"""
import torch
from torch import nn


class Level(nn.Module):
    """Holds a level's layers: conv, bn (paper) or conv1, bn1, conv2, bn2 (classic), and up, bn of a decoder."""


def conv(module, names, c_in, c_out, eps):
    setattr(module, names[0], nn.Conv2d(c_in, c_out, 3, padding=1))
    setattr(module, names[1], nn.BatchNorm2d(c_out, eps=eps))


class UNet(nn.Module):
    def __init__(self, variant, c_in=1, classes=2, depth=4, width=32, eps=1e-5):
        super().__init__()
        self.variant, self.depth = variant, depth
        paper = variant == "paper"
        c = c_in
        for i in range(depth):
            level = Level()
            for names in ([("conv", "bn")] if paper else [("conv1", "bn1"), ("conv2", "bn2")]):
                conv(level, names, c, width << i, eps)
                c = width << i
            setattr(self, f"enc{i}", level)
        if not paper:
            self.mid = Level()
            conv(self.mid, ("conv1", "bn1"), c, width << depth, eps)
            conv(self.mid, ("conv2", "bn2"), width << depth, width << depth, eps)
            c = width << depth
        for i in reversed(range(depth)):
            level, w = Level(), width << i
            level.up = nn.ConvTranspose2d(c, w, 3 if paper else 2, stride=2)
            if paper:
                level.bn = nn.BatchNorm2d(w, eps=eps)
                c = 2 * w
            else:
                conv(level, ("conv1", "bn1"), 2 * w, w, eps)
                conv(level, ("conv2", "bn2"), w, w, eps)
                c = w
            setattr(self, f"dec{i}", level)
        self.head = nn.Conv2d(c, classes, 1)

    def block(self, level, x):
        if self.variant == "paper":
            return torch.relu(level.bn(level.conv(x)))
        x = torch.relu(level.bn1(level.conv1(x)))
        return torch.relu(level.bn2(level.conv2(x)))

    def forward(self, x):
        skips = []
        for i in range(self.depth):
            skips.append(self.block(getattr(self, f"enc{i}"), x))
            x = torch.max_pool2d(skips[-1], 2)
        if self.variant == "classic":
            x = self.block(self.mid, x)
        for i in reversed(range(self.depth)):
            level = getattr(self, f"dec{i}")
            x = level.up(x)
            if self.variant == "paper":
                x = torch.relu(level.bn(x[..., :-1, :-1]))
            x = torch.cat([x, skips[i]], 1)
            if self.variant == "classic":
                x = self.block(level, x)
        return self.head(x)
