"""Comparing: what a score makes of a picture beside the photo that it is of, with what was measured as it was made."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from atlas.core.record import AssetRole
from atlas.errors import AtlasError, ModelError, ScoreError
from atlas.evaluation import lpips
from atlas.evaluation.scores.base import SCORES
from atlas.models.checkpoints.checkpoint import read_checkpoint
from atlas.tasks.analysis import Arrays, keep_arrays
from atlas.tasks.bench import Bench
from atlas.tasks.look import LookTask, stored_picture
from atlas.tasks.task import Outcome

if TYPE_CHECKING:
    from torch import nn

LOADING = Lock()
"""Held while a network is loaded that no worker holds, so that threads that ask at once load it once."""


@dataclass(frozen=True)
class Lpips:
    """What LPIPS sees with: a network, and the file of its weights; digest: sha256 of that file."""

    backbone: lpips.Backbone
    weights: Path
    digest: str

    def on(self, device: torch.device) -> "nn.Module":
        """Return the distance, loaded unless it is the last one that was.

        Raises:
            ScoreError: the file holds no weights of the network, which is found out once, not for every picture.
        """
        with LOADING:
            found = _loaded(self, device)
        if isinstance(found, AtlasError):
            raise ScoreError(f"LPIPS is left out: {found.message}", found.remedy)
        return found


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
        left_out: list[str] = []
        if self.lpips is not None:
            try:
                module = self.lpips.on(bench.device)
            except ScoreError as error:  # what else is measured needs no network
                left_out.append(error.sentence)
            else:
                pixels = (_pixels(each, bench.device) for each in (picture, photo))
                arrays["lpips"] = _row(float(lpips.lpips(module, *pixels)[0]))
        facts = {"rows": [self.picture], "left_out": left_out}
        keep_arrays(bench, self.analysis, arrays, facts, perf_counter() - started)
        return Outcome(self, "done")


def _pixels(picture: NDArray[np.uint8], device: torch.device) -> torch.Tensor:
    """Return a picture (H, W, 3) as (1, 3, H, W) in [0, 1]."""
    return torch.from_numpy(picture).permute(2, 0, 1)[None].float().to(device) / 255


def _row(value: float) -> NDArray[np.float32]:
    return np.full((1, 1), value, np.float32)


@lru_cache(maxsize=1)
def _loaded(given: Lpips, device: torch.device) -> "nn.Module | AtlasError":
    try:
        return lpips.distance(given.backbone, read_checkpoint(given.weights)).to(device)
    except (ModelError, ScoreError) as error:
        if not given.weights.is_file():
            raise  # it may come back, and what is left out stays so
        return error
