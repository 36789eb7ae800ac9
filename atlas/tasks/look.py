"""Looks: what a judge makes of one picture, or of the judging photos of a class; kept as arrays, for scores to read.

Every picture is shown alone and whole, so that nothing that is looked at beside it changes the arrays.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import ClassVar

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from atlas.activations.views import squares
from atlas.core.job import LOGITS
from atlas.core.record import AssetRole, Record
from atlas.errors import ScoreError
from atlas.evaluation.scores.base import PROBABILITIES, SCORES, features_at
from atlas.metrics.diversity import features
from atlas.models.network.network import Network
from atlas.photos import Photo
from atlas.store import Store
from atlas.store.documents import REMEDY
from atlas.tasks.analysis import AnalysisTask, Arrays, keep_arrays
from atlas.tasks.bench import Bench
from atlas.tasks.machine import Machine
from atlas.tasks.task import Outcome

LOOK_VERSION = 1
"""Raise it whenever what is seen of the same picture changes."""


@dataclass(frozen=True)
class LookTask(AnalysisTask):
    """A look at one finished picture, or at photos; ``analysis`` says by which network, at which layers.

    Attributes:
        picture: key of its rendering; empty for photos. photos: that are looked at, in the order of their digests.
        score: whose :meth:`~atlas.evaluation.scores.base.Score.look` it is; empty for a network's.
        side: of the squares of photos, pixels, where no network says it.
        what: it looks at, for messages.
    """

    kind: ClassVar[str] = "look"
    cost: ClassVar[int] = 0
    evaluates: ClassVar[bool] = True

    what: str
    picture: str = ""
    photos: tuple[Photo, ...] = ()
    score: str = ""
    side: int = 0

    def __str__(self) -> str:
        by = self.score or self.model
        return f"{by} looks at {self.what}"

    @property
    def title(self) -> str:
        """See :attr:`Task.title`."""
        return f"{self.score or self.model} looks at {'pictures' if self.picture else self.what}"

    @property
    def columns(self) -> tuple[str, str, str]:
        """See :attr:`Task.columns`."""
        return self.where, self.kind, "pictures" if self.picture else "photos"

    @property
    def shares(self) -> object:
        """Whatever one network, or one score, is shown of one sort."""
        return [self.analysis.layers, self.analysis.parameters, self.analysis.numerics, bool(self.picture)]

    def together(self, machine: Machine) -> int | None:
        """See :meth:`Task.together`; the photos of a class are many already."""
        return machine.batch_size if self.picture else machine.at_a_time

    def in_a_thread(self) -> int:
        """See :meth:`Task.in_a_thread`."""
        return 1

    @staticmethod
    def run(tasks: "Sequence[LookTask]", bench: Bench) -> list[Outcome]:
        """See :meth:`Task.run`."""
        on_image = bench.counted(sum(max(1, len(task.photos)) for task in tasks))
        return [task._look(bench, on_image) for task in tasks]

    @torch.no_grad()
    def _look(self, bench: Bench, on_image: Callable[[], None]) -> Outcome:
        started = perf_counter()
        seen: dict[str, list[np.ndarray]] = {}
        names: list[str] = []
        skipped: list[str] = []
        for name, image in self._images(bench, skipped):
            on_image()
            names.append(name)
            for array, row in self._seen(image, bench).items():
                seen.setdefault(array, []).append(row)
        arrays = {name: np.concatenate(rows).astype(np.float32) for name, rows in seen.items()}
        keep_arrays(bench, self.analysis, arrays, {"rows": names, "skipped": skipped}, perf_counter() - started)
        return Outcome(self, "done", "; ".join(skipped))

    def _images(self, bench: Bench, skipped: list[str]) -> Iterator[tuple[str, Image.Image]]:
        """Yield what is looked at with its key or digest; of what cannot be decoded, why is noted."""
        if self.picture:
            yield self.picture, stored_picture(bench.store, bench.store.read(self.picture), "image")
            return
        known = self.analysis.model.preprocessing
        side = self.side or max(known.width, known.height)
        for photo, square in squares(self.photos, bench.photos, side, lambda photo, why: skipped.append(why)):
            yield photo.digest, square

    def _seen(self, image: Image.Image, bench: Bench) -> Arrays:
        """Return what is seen of an image: arrays of one row."""
        if self.score:
            return dict(SCORES.get(self.score).look(np.array(image)))
        return seen_by(bench.network(self.analysis.numerics), image, self.analysis.layers)


def stored_picture(store: Store, record: Record, role: AssetRole) -> Image.Image:
    """Return a picture of a record that has one of that role.

    Raises:
        ScoreError: its file is lost or damaged, which ends no other look.
    """
    path = store.picture_path(record, role)
    assert path is not None  # whatever is looked at was planned because it is there
    try:
        with Image.open(path) as stored:
            return stored.convert("RGB")
    except (OSError, SyntaxError) as error:  # which is how PIL says that a PNG is broken
        raise ScoreError(f"{path} is lost or damaged", REMEDY) from error


def seen_by(network: Network, image: Image.Image, layers: Sequence[str]) -> Arrays:
    """Return what a network makes of an image, resized whole to its input, bicubically as networks are shown photos.

    Args:
        layers: among them the logits, if it has classes.

    Returns:
        Probabilities (1, K) and, of each other layer, the mean over positions of its activation, (1, D).
    """
    taps = network.taps(as_input(image, network), list(layers))
    found = {features_at(layer): features(taps[layer]) for layer in layers if layer != LOGITS}
    if LOGITS in taps:
        found[PROBABILITIES] = taps[LOGITS].softmax(dim=1)
    return {name: each.float().cpu().numpy() for name, each in found.items()}


def as_input(image: Image.Image, network: Network) -> Tensor:
    """Return an image as a network is shown it, (1, 3, H, W) in [0, 1]: whole, bicubically at its input size."""
    known = network.preprocessing
    whole = image.resize((known.width, known.height), Image.Resampling.BICUBIC)
    pixels = torch.from_numpy(np.array(whole)).permute(2, 0, 1)[None].float() / 255
    return pixels.to(network.device)
