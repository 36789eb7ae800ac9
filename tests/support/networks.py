"""Small and odd networks for the tests of atlas.models; imported by name through the source "callable"."""

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SIDE = 16
CLASSES = 5


class Tiny(nn.Module):
    """Convolution, batch norm with real statistics, ReLU, pool, head."""

    def __init__(self, channels: int = 3, classes: int = CLASSES) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, 6, 3, padding=1)
        self.norm = nn.BatchNorm2d(6)
        self.act = nn.ReLU(inplace=True)
        self.deep = nn.Sequential(nn.Conv2d(6, 8, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU())
        self.head = nn.Linear(8, classes)
        for norm in (self.norm, self.deep[1]):
            randomise(norm)

    def features(self, images: Tensor) -> Tensor:
        return self.deep(self.act(self.norm(self.conv(images)))).mean(dim=(2, 3))

    def forward(self, images: Tensor) -> Any:
        return self.head(self.features(images))


def randomise(norm: nn.Module) -> None:
    """Give a batch norm statistics under which leaving it out, or folding it wrongly, would show."""
    with torch.no_grad():
        norm.running_mean.normal_()
        norm.running_var.uniform_(0.5, 2.0)
        norm.weight.uniform_(0.5, 2.0)
        norm.bias.normal_()


class Returning(Tiny):
    """Returns its logits and its features in a container of the asked kind."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self.other = nn.Linear(8, 7)

    def forward(self, images: Tensor) -> Any:
        features = self.features(images)
        logits, other = self.head(features), self.other(features)
        grid = self.act(self.conv(images))
        return {
            "tuple": (grid, logits, other),
            "list": [grid, logits],
            "named": Named(other, logits),
            "dict": {"features": grid, "logits": logits, "other": other},
            "one": {"features": grid, "scores": logits},
            "ambiguous": {"first": logits, "second": other},
            "object": Holder(logits),
            "map": grid,
            "none": None,
        }[self.kind]


class Named(NamedTuple):
    other: Tensor
    logits: Tensor


class Holder:
    def __init__(self, logits: Tensor) -> None:
        self.logits = logits


class Shared(nn.Module):
    """One ReLU, called twice; what runs between and after it is counted."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, padding=1)
        self.second = nn.Conv2d(4, 4, 3, padding=1)
        self.relu = nn.ReLU()
        self.head = nn.Linear(4, CLASSES)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.relu(self.second(self.relu(self.first(images)))).mean(dim=(2, 3)))


class Swallowing(Tiny):
    """Catches every Exception inside its forward."""

    def forward(self, images: Tensor) -> Tensor:
        try:
            features = self.features(images)
        except Exception:  # noqa: BLE001 - the point of this network
            features = torch.zeros(len(images), 8)
        return self.head(features)


class ChannelsLast(nn.Module):
    """(B, H, W, C) with as many channels as rows, where the shape alone does not tell."""

    def __init__(self) -> None:
        super().__init__()
        self.lift = nn.Linear(3, SIDE)
        self.act = nn.GELU()
        self.head = nn.Linear(SIDE, CLASSES)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.act(self.lift(images.permute(0, 2, 3, 1))).mean(dim=(1, 2)))


class Tokens(nn.Module):
    """Patches as tokens after ``prefix`` learned ones, with explicit attention; it declares nothing."""

    def __init__(self, prefix: int = 1, patch: int = 4) -> None:
        super().__init__()
        self.embed = nn.Conv2d(3, 12, patch, stride=patch)
        self.prefix = nn.Parameter(torch.randn(1, prefix, 12))
        self.mix = nn.LayerNorm(12)
        self.weigh = nn.Softmax(dim=-1)
        self.out = nn.Linear(12, 12)
        self.head = nn.Linear(12, CLASSES)

    def forward(self, images: Tensor) -> Tensor:
        patches = self.embed(images).flatten(2).transpose(1, 2)
        tokens = self.mix(torch.cat([self.prefix.expand(len(images), -1, -1), patches], dim=1))
        heads = tokens.unflatten(2, (3, 4)).transpose(1, 2)
        mixed = (self.weigh(heads @ heads.transpose(2, 3)) @ heads).transpose(1, 2).flatten(2)
        return self.head(self.out(mixed).mean(dim=1))


class Windows(nn.Module):
    """Works on windows: the first axis of ``inner`` is batch times windows."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 1)
        self.inner = nn.Linear(4, 4)
        self.head = nn.Linear(4, CLASSES)

    def forward(self, images: Tensor) -> Tensor:
        grid = self.stem(images)
        windows = grid.unfold(2, 8, 8).unfold(3, 8, 8).permute(0, 2, 3, 4, 5, 1).reshape(-1, 64, 4)
        return self.head(self.inner(windows).reshape(len(images), -1, 4).mean(dim=1))


class Lazy(nn.Module):
    """Lazy modules, and a head that the first forward pass makes."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.LazyConv2d(4, 3)
        self.norm = nn.LazyBatchNorm2d()
        self.head: nn.Module | None = None

    def forward(self, images: Tensor) -> Tensor:
        features = self.norm(self.conv(images)).mean(dim=(2, 3))
        if self.head is None:
            self.head = nn.Linear(4, CLASSES).double()
        return self.head(features.to(next(self.head.parameters()).dtype))


class Dropping(Tiny):
    """In train mode it drops half of its features."""

    def forward(self, images: Tensor) -> Tensor:
        return self.head(F.dropout(self.features(images), 0.5, self.training))


class Sometimes(Tiny):
    """Runs one of its layers for batches of two only."""

    def __init__(self) -> None:
        super().__init__()
        self.extra = nn.Identity()

    def forward(self, images: Tensor) -> Tensor:
        features = self.features(images)
        return self.head(self.extra(features) if len(images) == 2 else features)


class Fragile(Tiny):
    """Batch norms that must not be folded: one convolution's output is used twice, one is changed in place."""

    def features(self, images: Tensor) -> Tensor:
        raw = self.conv(images)
        return self.deep(self.norm(raw) + raw).mean(dim=(2, 3))


class InPlace(Tiny):
    def features(self, images: Tensor) -> Tensor:
        return self.deep(self.norm(self.act(self.conv(images)))).mean(dim=(2, 3))


def half() -> nn.Module:
    return Tiny().half()


def double() -> nn.Module:
    return Tiny().double().train()


def frozen_mean() -> nn.Module:
    """With weights that are not a number."""
    network = Tiny()
    with torch.no_grad():
        network.head.weight[1, 2] = float("nan")
    return network


def no_data() -> nn.Module:
    with torch.device("meta"):
        return nn.Sequential(nn.Conv2d(3, 4, 3))


def breaks() -> nn.Module:
    raise KeyError("weights")


def a_list() -> list[int]:
    return [1]


READY = Tiny()
NUMBER = 3


class Shortcut(Tiny):
    """Adds in place, in its own code, what went past a branch; ends in an activation that works in place."""

    def __init__(self) -> None:
        super().__init__()
        self.branch = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.BatchNorm2d(8))
        self.last = nn.ReLU(inplace=True)
        randomise(self.branch[1])

    def forward(self, images: Tensor) -> Tensor:
        trunk = self.deep(self.act(self.norm(self.conv(images))))
        summed = self.branch(trunk)
        summed += trunk
        return self.head(self.last(summed).mean(dim=(2, 3)))


class Packed(nn.Module):
    """Layers that return their activation in a tuple, and one that is listed but unpacked by hand."""

    class Block(nn.Module):
        def __init__(self, channels: int) -> None:
            super().__init__()
            self.mix = nn.Conv2d(channels, 4, 3, padding=1)

        def forward(self, maps: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
            return torch.relu(self.mix(maps)), {"raw": maps}

    def __init__(self) -> None:
        super().__init__()
        self.first = self.Block(3)
        self.second = self.Block(4)
        self.head = nn.Linear(4 * SIDE * SIDE, CLASSES)

    def forward(self, images: Tensor) -> Tensor:
        maps, _ = self.first(images)
        maps, _ = self.second(maps.view(len(images), 4, SIDE, SIDE))
        return self.head(maps.view(len(images), -1))


class Viewing(Tiny):
    """Views the output of an early layer in a way that only memory of its own allows."""

    def forward(self, images: Tensor) -> Tensor:
        early = self.conv(images).contiguous()
        rows = early.view(-1, SIDE)
        maps = self.act(self.norm(rows.view(early.shape)))
        return self.head(self.deep(maps).mean(dim=(2, 3)))


class ClassToken(Tokens):
    """Reads out its class token, after two blocks with shortcuts."""

    def __init__(self) -> None:
        super().__init__(prefix=1)
        layer = {"nhead": 2, "dim_feedforward": 16, "dropout": 0.0, "batch_first": True}
        self.blocks = nn.ModuleList(nn.TransformerEncoderLayer(12, **layer) for _ in range(3))

    def forward(self, images: Tensor) -> Tensor:
        patches = self.embed(images).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.prefix.expand(len(images), -1, -1), patches], dim=1)
        for block in self.blocks:
            tokens = block(tokens)
        return self.head(tokens[:, 0])


class Moody(Tiny):
    """Calls other modules for bright images than for dark ones."""

    def forward(self, images: Tensor) -> Tensor:
        maps = self.conv(images)
        if images[0].mean() > 0:
            maps = self.act(maps)
        return self.head(self.deep(self.norm(maps)).mean(dim=(2, 3)))


class Smooth(Tiny):
    """Has no activation that is never negative, but one early ReLU."""

    def __init__(self) -> None:
        super().__init__()
        self.deep = nn.Sequential(*(nn.Sequential(nn.Conv2d(6, 6, 3, 2, 1), nn.GELU()) for _ in range(2)))
        self.out = nn.Conv2d(6, 8, 1)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.out(self.deep(self.act(self.norm(self.conv(images))))).mean(dim=(2, 3)))


class Vectors(nn.Module):
    """Has no layer with positions."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Linear(3 * SIDE * SIDE, 8)
        self.head = nn.Linear(8, CLASSES)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(torch.relu(self.hidden(images.flatten(1))))


class Blind(Tiny):
    """Says the same of all images."""

    def forward(self, images: Tensor) -> Tensor:
        return super().forward(images) * 0 + 1


class Detached(Tiny):
    """Lets no gradient through its first layer."""

    def forward(self, images: Tensor) -> Tensor:
        with torch.no_grad():
            maps = self.act(self.norm(self.conv(images)))
        return self.head(self.deep(maps).mean(dim=(2, 3)))
