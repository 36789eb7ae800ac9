"""Judges: networks that look at the stored picture, whole, and had no part in making it.

EfficientNet-Lite1 and -Lite2 are of one family with lite0 and share its blind spots, so that a table of lite0's
pictures is sorted by a judge of another family: a linear probe on a ViT, which knows 15 classes and judges among these.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from comparing.study import LITE, judge, seen
from PIL import Image
from timm.data import ImageNetInfo
from torch import Tensor

import atlas
from atlas.core.job import LOGITS
from atlas.models.load import VisionModel
from atlas.models.spec import ModelSpec

PROBE = "probe"
LITE0 = "lite0"


@dataclass(frozen=True)
class Verdict:
    """What a judge makes of one picture: the probability of its class, and the class's rank from 1."""

    p: float
    rank: int

    @property
    def first(self) -> bool:
        """Whether the class is ranked first."""
        return self.rank == 1


@dataclass(frozen=True)
class Judge:
    """A network and the classes that it knows.

    Attributes:
        name: for columns. family: of architectures that share their blind spots.
        places: index among ImageNet's classes to that of its output.
    """

    name: str
    family: str
    model: VisionModel
    places: Mapping[int, int]

    def look(self, pictures: Sequence[np.ndarray]) -> tuple[Tensor, Tensor]:
        """Return the probabilities (N, classes) and the penultimate features (N, D), of length 1, of pictures
        (H, W, 3) uint8, resized to its input as its kind is trained: bicubic."""
        known = self.model.card.identity.preprocessing
        size = (known.width, known.height)
        shown = [np.asarray(Image.fromarray(one).resize(size, Image.Resampling.BICUBIC)) for one in pictures]
        layer = penultimate(self.model)
        found = seen(self.model, shown, [layer, LOGITS])
        return found[LOGITS].softmax(dim=1), F.normalize(found[layer].flatten(1), dim=1)

    def verdicts(self, probabilities: Tensor, indices: Sequence[int]) -> list[Verdict]:
        """Return the verdict on each picture, whose class is that index of ImageNet."""
        own = probabilities[torch.arange(len(indices)), [self.places[index] for index in indices]]
        ranks = (probabilities > own[:, None]).sum(dim=1) + 1
        return [Verdict(float(p), int(rank)) for p, rank in zip(own, ranks, strict=True)]


def penultimate(model: VisionModel) -> str:
    """Return the last layer before the one that makes the classes."""
    card = model.card
    output = card.layer(LOGITS)
    classes = 0 if output is None else output.units
    return [layer.name for layer in card.layers if layer.units != classes][-1]


def lite_judge(name: str) -> Judge:
    """Return one of the efficientnet-lite networks as a judge of ImageNet's 1,000 classes."""
    return Judge(name, "EfficientNet-Lite", judge(name), {index: index for index in range(1000)})


def probe_judge(weights: Path, **replaced: Any) -> Judge:
    """Return the ViT probe: ``NAME.safetensors`` and, beside it, ``NAME.classes.json`` with the index of each class.

    Args:
        replaced: keys of its ``[[models]]`` table that differ from those of a ``vit_small_patch14_dinov2``.

    Raises:
        FileNotFoundError: one of the two is missing.
    """
    rows = weights.with_suffix(".classes.json")
    indices = [row["index"] for row in json.loads(rows.read_text(encoding="utf-8"))]
    known = ImageNetInfo()
    listed = [f"{known.index_to_label_name(index)} {known.index_to_description(index)}" for index in indices]
    with TemporaryDirectory() as folder:  # ids, by which folders of photos are told
        names = Path(folder) / "names.txt"
        names.write_text("\n".join(listed), encoding="utf-8")
        spec = vit_spec(weights, len(indices)) | {"class_names": names} | replaced
        model = atlas.load(ModelSpec.model_validate(spec))
    return Judge(PROBE, "ViT", model, {index: place for place, index in enumerate(indices)})


def vit_spec(weights: Path, classes: int = 15) -> dict[str, Any]:
    """Return the ``[[models]]`` table of a DINOv2 ViT-S/14 at 224 px with so many classes.

    It takes other sizes as well, so that methods may show it smaller views in less time; at 224 px it is the same.
    """
    return {
        "name": "vit",
        "architecture": "vit_small_patch14_dinov2",
        "checkpoint": weights.resolve(),
        "arguments": {"img_size": 224, "num_classes": classes, "dynamic_img_size": True},
        "mean": (0.485, 0.456, 0.406),
        "std": (0.229, 0.224, 0.225),
        "size": 224,
    }


def judges_of(rendered: str, weights: Path) -> list[Judge]:
    """Return who judges pictures of a network, the one that a table is sorted by first.

    Args:
        rendered: ``lite0`` or ``vit``. weights: of the probe.
    """
    if rendered == "vit":
        return [lite_judge(name) for name in LITE]
    return [probe_judge(weights), *(lite_judge(name) for name in LITE if name != rendered)]
