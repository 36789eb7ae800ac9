"""Comparing: what a score makes of a picture beside the photo that it is of, with what was measured as it was made."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from atlas.core.record import AssetRole
from atlas.evaluation import lpips
from atlas.evaluation.scores.base import SCORES
from atlas.models.checkpoints.checkpoint import read_checkpoint
from atlas.tasks.analysis import Arrays, keep_arrays
from atlas.tasks.bench import Bench
from atlas.tasks.look import LookTask, stored_picture
from atlas.tasks.task import Outcome

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Lpips:
    """What LPIPS sees with: a network, and the file of its weights; digest: sha256 of that file."""

    backbone: lpips.Backbone
    weights: Path
    digest: str

    def of(self, picture: NDArray[np.uint8], photo: NDArray[np.uint8], device: torch.device) -> float:
        """Return the distance of a picture from its photo, both (H, W, 3)."""
        module = _module(self, device)
        pixels = (torch.from_numpy(each).permute(2, 0, 1)[None].float().to(device) / 255 for each in (picture, photo))
        return float(lpips.lpips(module, *pixels)[0])


@dataclass(frozen=True)
class CompareTask(LookTask):
    """A look at one finished picture and its photo, at the size of the picture.

    Attributes:
        lpips: what measures LPIPS, if anything does.
    """

    lpips: Lpips | None = None

    @torch.no_grad()
    def _look(self, bench: Bench, on_image: Callable[[], None]) -> Outcome:
        started, score = perf_counter(), SCORES.get(self.score)
        record = bench.store.read(self.picture)
        roles: tuple[AssetRole, ...] = ("image", "photo")  # every picture of a photo has it beside it
        picture, photo = (np.array(stored_picture(bench.store, record, role)) for role in roles)
        on_image()
        measured = {one.name: one.value for one in record.measurements}
        arrays: Arrays = {name: _row(measured.get(name, np.nan)) for name in score.measurements}
        arrays |= {name: np.asarray(array, np.float32) for name, array in score.compare(picture, photo).items()}
        if self.lpips is not None:
            arrays["lpips"] = _row(self.lpips.of(picture, photo, bench.device))
        keep_arrays(bench, self.analysis, arrays, {"rows": [self.picture]}, perf_counter() - started)
        return Outcome(self, "done")


def _row(value: float) -> NDArray[np.float32]:
    return np.full((1, 1), value, np.float32)


@lru_cache(maxsize=1)
def _module(given: Lpips, device: torch.device) -> "nn.Module":
    return lpips.distance(given.backbone, read_checkpoint(given.weights)).to(device)
