"""Study: a store that fills up over several runs of the benchmark, and rendering into it as `atlas render` does."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

import atlas
from atlas.config import Config
from atlas.core.job import LOGITS
from atlas.core.record import Record
from atlas.face.project import Project
from atlas.models.load import VisionModel
from atlas.photos import Photo, PhotoSet, open_photo_set
from atlas.photos.views import central_square
from atlas.store import Store
from comparing.sheet import write_sheet

LITE = {f"lite{number}": f"efficientnet-lite{number}" for number in range(3)}
"""The classifier that is rendered, and two judges that had no part in it."""


@dataclass
class Study:
    """What is rendered, of which models, into which store.

    Attributes:
        models: ``[[models]]`` tables. photos: folder of class folders, or None. folder: holds store and cache.
        pictures: folder for sheets of small pictures, or None. threads: CPU threads. device: torch's name, or auto.
        vit: weights of the ViT. loaded: models by name.
    """

    folder: Path
    photos: Path | None = None
    pictures: Path | None = None
    models: tuple[dict[str, Any], ...] = ({"name": "lite0", "source": "package", "architecture": LITE["lite0"]},)
    threads: int = 2
    device: str = "auto"
    vit: Path | None = None
    loaded: dict[str, VisionModel] = field(default_factory=dict)

    def records(self, *blocks: dict[str, Any]) -> list[Record]:
        """Render what these ``[[render]]`` blocks ask for and is not in the store; return their records, in order.

        Raises:
            RuntimeError: one failed.
        """
        config = self.config(blocks)
        for spec in config.models:
            if spec.name not in self.loaded:
                self.loaded[spec.name] = atlas.load(spec)
        project = Project.open(config, models=self.loaded)
        report = project.run()
        if report.failed:
            raise RuntimeError(f"{report.failed[0].task}: {report.failed[0].message}")
        return [self.store.read(job.key) for job in project.plan.jobs]

    @property
    def store(self) -> Store:
        """The store that all runs share."""
        return Store(self.folder / "store", create=True)

    def photo_set(self, config: Config | None = None) -> PhotoSet | None:
        """Return the photos, if there are any."""
        spec = (config or self.config(())).photos
        return None if spec is None else open_photo_set(spec)

    def picture(self, record: Record, role: str = "image") -> np.ndarray:
        """Return a picture of a record, (H, W, 3) uint8."""
        path = self.store.picture_path(record, role)
        if path is None:
            raise RuntimeError(f"{record.key[:12]} is {record.status}, so it has no {role}")
        with Image.open(path) as picture:
            return np.asarray(picture)

    def sheet(self, name: str, columns: Sequence[str], rows: Sequence[tuple[str, Sequence[np.ndarray]]]) -> None:
        """Write a sheet of pictures, if sheets are wanted."""
        if self.pictures is not None:
            write_sheet(self.pictures / f"{name}.webp", columns, rows)

    def config(self, blocks: Sequence[dict[str, Any]]) -> Config:
        """Return the configuration that renders these blocks."""
        table = {"path": self.photos, "cache": self.folder / "cache", "statistics": False}
        photos = {} if self.photos is None else {"photos": table}
        return Config.model_validate(
            {
                "file": self.folder / "atlas.toml",
                "store": {"path": self.folder / "store"},
                "executor": {"kind": "serial", "threads": self.threads, "device": self.device},
                "models": self.models,
                "render": tuple({"model": (self.models[0]["name"],)} | block for block in blocks),
            }
            | photos
        )


def judge(name: str) -> VisionModel:
    """Return one of the efficientnet-lite networks."""
    return atlas.load(f"package:{LITE[name]}", name=name)


@torch.no_grad()
def seen(model: VisionModel, pictures: Sequence[np.ndarray], layers: Sequence[str]) -> dict[str, Tensor]:
    """Return what a network makes of pictures (H, W, 3) uint8, resized to its input: layer to (N, C, ...)."""
    known = model.card.identity.preprocessing
    network = model.network(model.numerics_for(LOGITS), torch.device("cpu"))
    passes: list[dict[str, Tensor]] = []
    for start in range(0, len(pictures), 16):
        images = [torch.from_numpy(np.array(one)).permute(2, 0, 1)[None].float() / 255 for one in pictures[start:][:16]]
        size = (known.height, known.width)
        resized = [
            F.interpolate(one, size=size, mode="bilinear", antialias=True, align_corners=False) for one in images
        ]
        passes.append(network.taps(torch.cat(resized), list(layers)))
    return {layer: torch.cat([one[layer] for one in passes]) for layer in layers}


def squares(photo_set: PhotoSet, photos: Sequence[Photo], side: int) -> Iterator[np.ndarray]:
    """Yield the central square of photos, (side, side, 3) uint8."""
    for photo in photos:
        yield np.asarray(central_square(photo_set.image(photo), side))


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table; numbers have three digits that count."""
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join([*lines, *("| " + " | ".join(map(_cell, row)) + " |" for row in rows)])


def _cell(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
