"""Seconds of craft-xai for one class: ``python -m explaining.peer``, a request for each.

`craft-xai <https://pypi.org/project/Craft-xai/>`_ is CRAFT by its authors. It gets what its README gives it: photos as
one tensor, the network split in two at the same layer, as plain modules of timm's own network. It decodes, cuts and
scales the same photos to the same squares as the product. Its Sobol sampler imports TensorFlow to inherit from a type;
an empty module stands in for it, and nothing of it is ever called.

Its reconstruction error is computed from U and W that it returns and from the activations that it factorised, whose
means a hook keeps; that costs milliseconds.
"""

import sys
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter, process_time
from types import ModuleType
from typing import Any

import numpy as np
import torch
from rendering import lite0
from rendering.measure import peak_memory
from torch import Tensor, nn

from atlas.photos import Photo, PhotoSet, open_photo_set
from atlas.photos.classes import match_classes
from atlas.photos.spec import PhotosSpec
from atlas.photos.views import central_square
from explaining.product import load
from explaining.study import answer, arguments, requests

REHEARSAL = 8
"""Photos of the rehearsal."""


def craft() -> Any:
    """Return the class ``Craft`` for torch."""
    if "tensorflow" not in sys.modules and find_spec("tensorflow") is None:
        sys.modules["tensorflow"] = ModuleType("tensorflow")
    from craft.craft_torch import Craft

    return Craft


class Split:
    """timm's network in two, with a clock on each half."""

    def __init__(self, network: nn.Module) -> None:
        parts = ["conv_stem", "bn1", "blocks", "conv_head", "bn2"]
        self.first = nn.Sequential(*(network.get_submodule(name) for name in parts)).eval()
        self.second = nn.Sequential(network.global_pool, network.classifier).eval()
        self.seconds = 0.0
        self.means: list[Tensor] = []
        for half in (self.first, self.second):
            half.register_forward_pre_hook(self._before)
            half.register_forward_hook(self._after)

    def _before(self, module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        self._started = perf_counter()

    def _after(self, module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        self.seconds += perf_counter() - self._started
        if module is self.first:
            self.means.append(output.detach().mean(dim=(2, 3)))


def inputs(photos: list[Photo], source: PhotoSet, size: int, mean: float, std: float) -> Tensor:
    """Return the photos' central squares as the network takes them, (n, 3, size, size)."""
    squares = [np.asarray(central_square(source.image(photo), size)) for photo in photos]
    return (torch.from_numpy(np.stack(squares)).permute(0, 3, 1, 2).float() / 255 - mean) / std


def measure(
    photos: list[Photo], source: PhotoSet, split: Split, index: int, block: dict[str, Any], patch: int
) -> dict[str, Any]:
    """Fit and estimate importance as its README shows; return what :func:`explaining.speed.measure` does."""
    split.seconds, split.means = 0.0, []
    marks, worked = [perf_counter()], process_time()
    images = inputs(photos, source, lite0.SIZE, lite0.MEAN, lite0.STD)
    marks.append(perf_counter())
    model = craft()(split.first, split.second, block["count"], patch_size=patch, device="cpu")
    patches, coefficients, directions = model.fit(images)
    marks.append(perf_counter())
    in_fit, activations = split.seconds, torch.cat(split.means).numpy()
    model.estimate_importance(images, class_id=index, nb_design=block["designs"])
    marks.append(perf_counter())
    work = process_time() - worked
    decoding, fitting, importance = np.diff(marks).tolist()
    return {
        "seconds": marks[-1] - marks[0],
        "work": work,
        "stages": {
            "decoding": decoding,
            "network on patches": in_fit,
            "patches and factorisation": fitting - in_fit,
            "importance: network": split.seconds - in_fit,
            "importance: coefficients of positions, masks": importance - (split.seconds - in_fit),
        },
        "error": relative_error(activations, coefficients, directions),
        "photos": len(photos),
        "patches": len(patches),
        "memory": peak_memory(),
    }


def relative_error(activations: Any, coefficients: Any, directions: Any) -> float:
    """Return ||A - UW|| / ||A||."""
    return float(np.linalg.norm(activations - coefficients @ directions) / np.linalg.norm(activations))


def main() -> None:
    """Answer requests for classes."""
    study, folder = arguments()
    torch.set_num_threads(study.threads)
    source = open_photo_set(PhotosSpec(path=Path(study.photos), cache=folder / "cache"))
    matched = match_classes(source, load(study).card.classes).checked()
    split, patch = Split(lite0.build()), study.patch_size or 64
    for request in requests():
        rehearsal = request["index"] is None
        index = request["rehearsal"] if rehearsal else request["index"]
        limit = REHEARSAL if rehearsal else study.block["limit"]
        photos = sorted(matched[index], key=lambda photo: photo.digest)[:limit]
        answer(measure(photos, source, split, index, study.block, patch))


if __name__ == "__main__":
    main()
