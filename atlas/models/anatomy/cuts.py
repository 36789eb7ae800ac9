"""Cuts: layers through which everything that the logits know of an image passes. Measured, not taken from names."""

from functools import cached_property

import torch
from torch import Tensor

from atlas.core.job import LOGITS, Preprocessing
from atlas.errors import ModelError
from atlas.models.anatomy.paths import unavoidable_layers
from atlas.models.network.capture import substituting
from atlas.models.network.examine import find_layer
from atlas.models.network.layout import prefix_of
from atlas.models.network.network import Network

TOLERANCE = 1e-4
"""Largest error of logits, relative to their own norm; the same floats in another order give about 1e-6."""
COARSE_TOLERANCE = 3e-2
"""The same in bfloat16, which keeps eight bits, and in TF32, which keeps eleven."""
SHARE = 1e-2
"""Largest error, relative to how far the logits of the two batches of images are apart: an untrained network may give
nearly the same ones to all images, and the first tolerance alone would then pass any layer."""

NOTHING = 1e-8
"""Smallest share of a difference that is one; below it is what float32 cannot tell."""

IMAGES = 2
"""Images in each of the two batches that are compared; enough to see them mixed up."""

# Cell sizes in pixels and contrasts of the noise, in turn: fine and coarse, strong and faint.
_CELLS = (1, 32, 8)
_CONTRASTS = (1.0, 0.9, 0.3, 0.1)


def noise_images(preprocessing: Preprocessing, count: int, first: int = 0) -> Tensor:
    """Return the same (count, 3, H, W) images in [0, 1] every time: noise of several grains and contrasts.

    Args:
        first: number of the first image; batches whose numbers do not overlap are different.
    """
    images = []
    for number in range(first, first + count):
        generator = torch.Generator().manual_seed(number)
        cell, contrast = _CELLS[number % len(_CELLS)], _CONTRASTS[number % len(_CONTRASTS)]
        rows, columns = -(-preprocessing.height // cell), -(-preprocessing.width // cell)
        noise = torch.rand(3, rows, columns, generator=generator)
        level = torch.rand(3, 1, 1, generator=generator) * (1 - contrast)
        grown = noise.repeat_interleave(cell, 1).repeat_interleave(cell, 2)
        images.append(level + contrast * grown[:, : preprocessing.height, : preprocessing.width])
    return torch.stack(images)


class Cuts:
    """Finds the cuts of a network, by comparing what it says of two batches of images.

    Args:
        network: with logits.

    Raises:
        ModelError: it has no logits, or they do not depend on the images.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        images = noise_images(network.preprocessing, 2 * IMAGES).to(network.device)
        self.images, self.others = images[:IMAGES], images[IMAGES:]
        with torch.no_grad():
            self._inputs, self._other_inputs = network.inputs(self.images), network.inputs(self.others)
            self._logits, self._other_logits = map(network.logits, (self._inputs, self._other_inputs))
        if not _distance(self._logits, self._other_logits) > NOTHING * _distance(self._logits):
            raise ModelError(
                "the logits of the model are the same for all images",
                "check its weights, and that its forward uses its input",
            )

    def agree(self, logits: Tensor) -> bool:
        """Tell whether logits are those of the first of ``self.images``, up to the order of float operations."""
        tolerance = TOLERANCE if self._network.precision == "float32" else COARSE_TOLERANCE
        own, other = self._logits[: len(logits)], self._other_logits[: len(logits)]
        error = _distance(own, logits)
        return error <= tolerance * _distance(own) and error <= max(SHARE, tolerance) * _distance(own, other)

    @cached_property
    def _candidates(self) -> set[str]:
        found = unavoidable_layers(self._network, self._inputs[:1])
        return {info.name for info in self._network.layers()} if found is None else found

    def is_cut(self, layer: str) -> bool:
        """Tell whether the logits depend on the image through this layer alone.

        One of the other images' logits must become those of ``self.images[0]`` when the layer is given its activation.
        """
        if layer not in self._candidates:
            return False
        return self.agree(self._substituted(self._other_inputs[:1], layer, self._raw(self._inputs[:1], layer)))

    def matters(self, layer: str) -> bool:
        """Tell whether the logits depend on a cut's activation without its class and register tokens.

        Those of a transformer that reads out its class token do not depend on the other tokens of the last block.
        """
        info = find_layer(self._network.layers(), layer)
        prefix = prefix_of(self._raw(self._inputs, layer), info)
        if prefix is None:
            return True  # else the logits of all images would be the same
        mixed = torch.cat([prefix, self._raw(self._other_inputs, layer)[:, info.prefix_tokens :]], dim=1)
        changed = _distance(self._logits, self._substituted(self._inputs, layer, mixed))
        return changed > NOTHING * _distance(self._logits, self._other_logits)

    def next_after(self, layer: str) -> str | None:
        """Return the first later layer that is a cut, or None if only the logits are left."""
        names = [info.name for info in self._network.layers()]
        later = names[names.index(layer) + 1 :]
        return next((name for name in later if name not in {LOGITS, *self._network.lost} and self.is_cut(name)), None)

    @torch.no_grad()
    def _raw(self, inputs: Tensor, layer: str) -> Tensor:
        return self._network.raw_taps(inputs, [layer])[layer]

    @torch.no_grad()
    def _substituted(self, inputs: Tensor, layer: str, activation: Tensor) -> Tensor:
        network = self._network
        with substituting(network.module, layer, network.calls(layer), activation):
            return network.logits(inputs)


def _distance(logits: Tensor, other: Tensor | None = None) -> float:
    """Return the norm of logits, or of a difference; a class that is broken (NaN, infinite) is left out."""
    difference = logits.double() if other is None else logits.double() - other.double()
    return float(difference.nan_to_num(nan=0.0, posinf=0.0, neginf=0.0).norm())
