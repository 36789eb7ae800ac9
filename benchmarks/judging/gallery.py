"""Gallery: a folder of pictures of settings, which fills up over several runs and processes."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from comparing.study import judge
from PIL import Image

import atlas
from atlas.core.record import Record
from atlas.models.load import VisionModel
from atlas.store import Store
from atlas.tasks.machine import usable_cores
from judging.judges import probe_judge
from judging.ledger import Ledger, claimed
from judging.settings import VIT, Setting
from judging.targets import Aim

TOGETHER = 4
"""Pictures that are optimised together, and so the most that is lost when a process is killed."""


@dataclass(frozen=True)
class Shot:
    """One picture of a setting.

    Attributes:
        aim: class and seed. pixels: (H, W, 3) uint8; None if the rendering failed or is dead.
        cpu: seconds of all cores that it took; None if its process was ended before it could note them.
    """

    setting: Setting
    aim: Aim
    key: str
    pixels: np.ndarray | None
    cpu: float | None


ENDED = ("done", "dead")
"""What is not rendered again; what failed, for want of memory for example, is."""


@dataclass
class Gallery:
    """What is rendered, of which network, where.

    Attributes:
        folder: holds store, cache and ledger. weights: of the ViT probe, if it is rendered.
        references: folder of photos for methods that need them.
        networks: name to network and to where an index of ImageNet is in its output, as far as they are loaded.
    """

    folder: Path
    weights: Path | None = None
    references: Path | None = None
    networks: dict[str, tuple[VisionModel, dict[int, int]]] = field(default_factory=dict)

    @cached_property
    def store(self) -> Store:
        """The store of all settings."""
        return Store(self.folder / "store", create=True)

    @cached_property
    def ledger(self) -> Ledger:
        """Which picture is which setting's, and what it cost."""
        return Ledger(self.folder / "pictures.jsonl")

    def network(self, name: str) -> tuple[VisionModel, dict[int, int]]:
        """Return a network to render."""
        if name not in self.networks:
            if name == VIT:
                if self.weights is None:
                    raise ValueError("the ViT is rendered from its weights: name the file")
                probe = probe_judge(self.weights)
                self.networks[name] = (probe.model, dict(probe.places))
            else:
                self.networks[name] = (judge(name), {index: index for index in range(1000)})
        return self.networks[name]

    def render(
        self, settings: Sequence[Setting], aims: Sequence[Aim], told: Callable[[str], None], wait: bool = False
    ) -> None:
        """Render what is missing, some pictures at a time; several processes share the work by claims.

        Args:
            wait: for what another process is at, so that all is there afterwards.
        """
        for setting in settings:
            for seed in dict.fromkeys(seed for _, seed in aims):
                indices = [index for index, each in aims if each == seed]
                for start in range(0, len(indices), TOGETHER):
                    chunk = [(index, seed) for index in indices[start:][:TOGETHER]]
                    name = f"{setting.digest}-{seed}-{'-'.join(str(index) for index, _ in chunk)}"
                    with claimed(self.folder / "claims" / name, wait) as mine:
                        rows = self.ledger.rows()
                        known = [rows.get(row_id(setting, aim), {}).get("status") for aim in chunk]
                        missing = [aim for aim, status in zip(chunk, known, strict=True) if status not in ENDED]
                        if mine and missing:
                            told(f"{setting.name}, seed {seed}: {len(missing)} pictures")
                            self._render(setting, missing)

    def _render(self, setting: Setting, aims: Sequence[Aim]) -> None:
        model, places = self.network(setting.network)
        options = dict(setting.options)
        if setting.photos:
            if self.references is None:
                raise ValueError(f"{setting.name} needs reference photos: name their folder")
            options["photos"] = self.references
        began, before = datetime.now(timezone.utc).replace(microsecond=0), time.process_time()  # records hold seconds
        pictures = atlas.render(
            model,
            [places[index] for index, _ in aims],
            seed=aims[0][1],
            batch_size=TOGETHER,
            store=self.store,
            progress=False,
            **options,
        )
        spent = time.process_time() - before
        new = {one.key for one in pictures if datetime.fromisoformat(one.record.provenance.created) >= began}
        for aim, picture in zip(aims, pictures, strict=True):
            cpu = spent / len(new) if picture.key in new else None
            self.ledger.add(row_id(setting, aim), key=picture.key, status=picture.status, cpu=cpu, setting=setting.name)

    def shots(self, settings: Iterable[Setting], aims: Sequence[Aim]) -> list[Shot]:
        """Return what is there."""
        rows = self.ledger.rows()
        found: list[Shot] = []
        for setting in settings:
            for aim in aims:
                row = rows.get(row_id(setting, aim))
                if row is not None:
                    found.append(Shot(setting, aim, row["key"], self._pixels(row), row["cpu"]))
        return found

    def seconds(self, shot: Shot) -> float | None:
        """Return the wall seconds of a picture's batch over its pictures, as the store has them; None if it failed."""
        return None if shot.pixels is None else self.store.read(shot.key).provenance.seconds

    def _pixels(self, row: dict[str, Any]) -> np.ndarray | None:
        record: Record | None = self.store.read(row["key"]) if row["status"] == "done" else None
        path = None if record is None else self.store.picture_path(record, "image")
        if path is None:
            return None
        with Image.open(path) as picture:
            return np.asarray(picture.convert("RGB"))


def row_id(setting: Setting, aim: Aim) -> str:
    """Return what a picture is called in the ledger."""
    return f"{setting.digest} {aim[0]} {aim[1]}"


def use_threads(count: int) -> None:
    """Compute with so many CPU threads; 0 for as many as this process may use."""
    torch.set_num_threads(count or usable_cores())
