"""CLIP's part: what it makes of finished pictures, and of the names of classes; kept as arrays, for scores to read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image

from atlas.errors import ModelError
from atlas.evaluation.scores.base import EMBEDDING
from atlas.evaluation.zero_shot import class_embeddings
from atlas.tasks.analysis import Arrays, keep_arrays
from atlas.tasks.bench import Bench
from atlas.tasks.look import LookTask
from atlas.tasks.task import Outcome

if TYPE_CHECKING:
    from atlas.models.clip import Clip

LOADING = Lock()
"""Held while a CLIP is loaded, so that threads that ask at once load it once."""


@dataclass(frozen=True)
class ClipFile:
    """A CLIP: open_clip's name of its architecture, and the file of its weights; digest: sha256 of that file."""

    architecture: str
    weights: Path
    digest: str

    def on(self, device: torch.device) -> "Clip":
        """Return it, loaded unless it is the last one that was.

        Raises:
            ModelError: the file holds no weights of it, which is found out once, not for every picture.
        """
        with LOADING:
            found = _loaded(self, device)
        if isinstance(found, ModelError):
            raise ModelError(found.message, found.remedy)
        return found


@dataclass(frozen=True)
class ClipLookTask(LookTask):
    """A look at one finished picture by a CLIP."""

    clip: ClipFile | None = None

    def _seen(self, image: Image.Image, bench: Bench) -> Arrays:
        assert self.clip is not None
        return {EMBEDDING: self.clip.on(bench.device).picture(image)}


@dataclass(frozen=True)
class NamesTask(LookTask):
    """A look at the names of classes by a CLIP: one embedding of each, the mean over its prompts.

    Attributes:
        names: of all classes of the model, in order.
    """

    clip: ClipFile | None = None
    names: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, str, str]:
        """See :attr:`Task.columns`."""
        return "", self.kind, "names"

    @staticmethod
    def run(tasks: "Sequence[NamesTask]", bench: Bench) -> list[Outcome]:  # type: ignore[override]
        """See :meth:`Task.run`."""
        on_name = bench.counted(sum(len(task.names) for task in tasks))
        return [task._look(bench, on_name) for task in tasks]

    def _look(self, bench: Bench, on_image: Callable[[], None]) -> Outcome:
        from atlas.models.clip import prompts

        assert self.clip is not None
        started, clip, found = perf_counter(), self.clip.on(bench.device), list[np.ndarray]()
        for name in self.names:
            on_image()
            found.append(class_embeddings([clip.texts(list(prompts(name)))])[0])
        arrays = {EMBEDDING: np.array(found, np.float32)}
        keep_arrays(bench, self.analysis, arrays, {"rows": list(self.names)}, perf_counter() - started)
        return Outcome(self, "done")


@lru_cache(maxsize=1)
def _loaded(given: ClipFile, device: torch.device) -> "Clip | ModelError":
    from atlas.models.clip import Clip

    try:
        return Clip(given.architecture, given.weights, device)
    except ModelError as error:
        return error
