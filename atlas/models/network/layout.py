"""Which axis of an activation holds the units: read off from shapes, and brought to one canonical layout.

Convolutional and transformer families pass through the same rules; no architecture is known by name.
"""

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd

from atlas.core.model_card import LayerInfo

Layout = Literal["map", "map_last", "tokens", "vector"]
Grid = tuple[int, int]

# A class token and up to eight registers (Darcet et al. 2023 use four), where a model does not say.
MAX_PREFIX = 9

MAX_MISMATCH = math.log(2)
"""Largest ratio (its logarithm) between the aspects of a map and of the image; convolutions without padding and
strides that do not divide the size stay far below it."""

_CHANNELS_FIRST = (_ConvNd, _BatchNorm, nn.GroupNorm)


@dataclass(frozen=True)
class Activation:
    """What one module gave in the dry forward.

    Attributes:
        path: module path. module: the module itself. shape: of its output, batch first. calls: in one forward.
    """

    path: str
    module: nn.Module
    shape: tuple[int, ...]
    calls: int


class LayoutReader:
    """Reads the layouts of one model's activations, in order of completion.

    Args:
        size: the input's (height, width).
        declared_prefix: number of class and register tokens that the model declares, or None.
    """

    def __init__(self, size: Grid, declared_prefix: int | None) -> None:
        self._size = size
        self._declared = declared_prefix
        self._maps: list[Grid] = []
        self._latest_tokens = 0
        self._layouts: dict[tuple[int, ...], Layout] = {}

    def read(self, activation: Activation) -> LayerInfo | None:
        """Return the layer of an activation of 2, 3 or 4 dimensions; called once for each, in order.

        Returns:
            The layer, or None for the inside of an attention, which has no place in the image.
        """
        shape = activation.shape
        if len(shape) == 2:
            return self._info(activation, "vector", shape[1], None, 0)
        if len(shape) == 3:
            self._latest_tokens = shape[1]
            prefix, grid = self._tokens(shape[1])
            return self._info(activation, "tokens", shape[2], grid, prefix)
        if self._is_attention(activation):
            return None
        layout = self._map_layout(activation)
        self._layouts[shape] = layout
        grid = (shape[2], shape[3]) if layout == "map" else (shape[1], shape[2])
        self._maps.append(grid)
        return self._info(activation, layout, shape[1] if layout == "map" else shape[3], grid, 0)

    @staticmethod
    def _info(activation: Activation, layout: Layout, units: int, grid: Grid | None, prefix: int) -> LayerInfo:
        kind = type(activation.module).__name__
        return LayerInfo(name=activation.path, module=kind, layout=layout, units=units, grid=grid, prefix_tokens=prefix)

    def _is_attention(self, activation: Activation) -> bool:
        """Tell (B, heads, N, N) over the latest N tokens, (B, heads, N, d) and their like from maps and strips."""
        rows, columns = activation.shape[2:]
        if isinstance(activation.module, _CHANNELS_FIRST) or 1 in (rows, columns):
            return False
        aspect = min(self._mismatch((rows, columns)), self._mismatch(activation.shape[1:3]))
        return rows == columns == self._latest_tokens or aspect > MAX_MISMATCH

    def _map_layout(self, activation: Activation) -> Layout:
        """Decide NCHW or NHWC: by the kind of module, then by aspect, then by an equal shape seen before."""
        if isinstance(activation.module, _CHANNELS_FIRST):
            return "map"
        if isinstance(activation.module, nn.Linear):
            return "map_last"
        _, first, second, third = activation.shape
        as_map, as_last = self._mismatch((second, third)), self._mismatch((first, second))
        if as_map == as_last or min(as_map, as_last) > MAX_MISMATCH:
            return self._layouts.get(activation.shape, "map")
        return "map" if as_map < as_last else "map_last"

    def _mismatch(self, grid: tuple[int, ...]) -> float:
        """Return how far a grid's aspect is from the input's; 0 for the same and for one pooled position."""
        (rows, columns), (height, width) = grid, self._size
        return 0.0 if grid == (1, 1) else abs(math.log(rows * width / (columns * height)))

    def _tokens(self, count: int) -> tuple[int, Grid | None]:
        """Return the number of prefix tokens and the grid of the others.

        Tried in turn: the declared number, the latest map of no more positions (the patch embedding), and the
        smallest number that leaves a grid of the input's aspect.
        """
        if self._declared is not None and (grid := self._grid(count - self._declared)):
            return self._declared, grid
        for grid in reversed(self._maps):
            prefix = count - grid[0] * grid[1]
            if 0 <= prefix <= MAX_PREFIX and grid != (1, 1):
                return prefix, grid
        for prefix in range(min(MAX_PREFIX, count // 2) + 1):
            if grid := self._grid(count - prefix):
                return prefix, grid
        return (self._declared if self._declared and self._declared < count else 0), None

    def _grid(self, count: int) -> Grid | None:
        """Return (rows, columns) of the input's aspect with ``count`` positions, at least 2 x 2, or None."""
        height, width = self._size
        for rows in range(2, count // 2 + 1):
            columns = count // rows
            if rows * columns == count and rows * width == columns * height:
                return rows, columns
        return None


def canonical(activation: Tensor, layer: LayerInfo, size: Grid) -> Tensor:
    """Return an activation with its units on axis 1: (N, C, h, w), tokens without a grid (N, D, n, 1), vectors (N, D).

    Args:
        activation: as the module returned it.
        layer: what the dry forward found.
        size: (height, width) of the images, which decides the grid where it is not the model's own input size.
    """
    if layer.layout == "map_last":
        return activation.permute(0, 3, 1, 2)
    if layer.layout == "tokens":
        units_first = activation[:, layer.prefix_tokens :].transpose(1, 2)
        batch, units, count = units_first.shape
        return units_first.reshape(batch, units, *_grid_of(count, layer, size))
    return activation


def prefix_of(activation: Tensor, layer: LayerInfo) -> Tensor | None:
    """Return what :func:`canonical` drops: class and register tokens (N, P, D); None where there are none."""
    return activation[:, : layer.prefix_tokens] if layer.prefix_tokens else None


def restored(activation: Tensor, layer: LayerInfo, prefix: Tensor | None) -> Tensor:
    """Return a canonical activation as the module returned it, contiguous: the inverse of :func:`canonical`."""
    if layer.layout == "map_last":
        activation = activation.permute(0, 2, 3, 1)
    elif layer.layout == "tokens":
        activation = activation.flatten(2).transpose(1, 2)
        if prefix is not None:
            activation = torch.cat([prefix.to(activation.dtype), activation], dim=1)
    return activation.contiguous()


def _grid_of(count: int, layer: LayerInfo, size: Grid) -> Grid:
    """Return the grid of ``count`` tokens: the layer's own, or for another image size the one of its aspect."""
    if layer.grid is None:
        return count, 1
    if layer.grid[0] * layer.grid[1] == count:
        return layer.grid
    rows = max(1, round(math.sqrt(count * size[0] / size[1])))
    return (rows, count // rows) if count % rows == 0 else (count, 1)
