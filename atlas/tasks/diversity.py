"""How far pictures of one thing lie apart: measured once all are there, of looks and of seeds alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import ClassVar

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from atlas.core.analysis import Analysis, Diversity
from atlas.core.job import ModelIdentity
from atlas.core.record import Record
from atlas.errors import StoreError
from atlas.metrics.base import see
from atlas.metrics.diversity import features, layout, mean_distance
from atlas.store import Store
from atlas.store.snapshot import Snapshot
from atlas.tasks.analysis import AnalysisTask
from atlas.tasks.bench import Bench
from atlas.tasks.task import Outcome

DIVERSITY_VERSION = 1
"""Raise it whenever what is measured changes."""


@dataclass(frozen=True)
class DiversityTask(AnalysisTask):
    """The diversity of some pictures; ``analysis`` builds on them.

    Attributes:
        method: that they are by. what: they are of, for messages.
    """

    kind: ClassVar[str] = "diversity"
    cost: ClassVar[int] = 0
    of_pictures: ClassVar[bool] = True

    method: str
    what: str

    @property
    def needs(self) -> tuple[str, ...]:
        """See :attr:`Task.needs`."""
        return self.analysis.upstream

    def is_stored(self, store: Store | Snapshot) -> bool:
        """See :meth:`Task.is_stored`: it is made again once a picture is there that was dead before."""
        if not store.has(self.key):
            return False
        try:
            measured = store.document(Diversity, self.key).pictures
        except StoreError:  # it is damaged: repair's to make again
            return True
        return all(key in measured or not store.has(key) or store.is_dead(key) for key in self.needs)

    def __str__(self) -> str:
        return f"{self.model}: diversity of {len(self.needs)} pictures of {self.what} by {self.method}"

    @property
    def columns(self) -> tuple[str, str, str]:
        """See :attr:`Task.columns`."""
        return self.analysis.layers[0], self.kind, self.method

    @staticmethod
    def run(tasks: "Sequence[DiversityTask]", bench: Bench) -> list[Outcome]:
        """See :meth:`Task.run`."""
        for task in tasks:
            task._measure(bench)
        return [Outcome(task, "done") for task in tasks]

    @torch.no_grad()
    def _measure(self, bench: Bench) -> None:
        started = perf_counter()
        records = [record for record in map(bench.store.read, self.needs) if record.status == "done"]
        network, layer = bench.network(self.analysis.numerics), self.analysis.layers[0]
        layouts, seen = list[Tensor](), list[Tensor]()
        for record in records:  # one by one, so that no batch changes their rounding
            picture = _picture(record, bench.store).to(bench.device)
            layouts.append(layout(picture))
            seen.append(features(see(network, picture, layer, classifies=False).activation))
        enough = len(records) > 1
        document = Diversity(
            key=self.key,
            analysis=self.analysis,
            pictures=tuple(record.key for record in records),
            features=mean_distance(torch.cat(seen)) if enough else None,
            pixels=mean_distance(torch.cat(layouts)) if enough else None,
            provenance=bench.provenance(perf_counter() - started),
        )
        bench.store.commit(self.key, document, {})


def diversity_of(
    model: str, keys: Sequence[str], identity: ModelIdentity, layer: str, numerics: str, method: str, what: str
) -> DiversityTask:
    """Return what measures the diversity of the pictures of some keys, in whatever order.

    Args:
        model: its name. layer: of the penultimate features.
    """
    analysis = Analysis(
        kind="diversity",
        version=DIVERSITY_VERSION,
        model=identity,
        layers=(layer,),
        upstream=tuple(sorted(keys)),
        parameters={},
        numerics=numerics,
    )
    return DiversityTask(model, analysis, method, what)


def _picture(record: Record, store: Store) -> Tensor:
    """Return the picture of a record, (1, 3, H, W) in [0, 1]."""
    path = store.picture_path(record, "image")
    assert path is not None  # a rendering that is done has one
    with Image.open(path) as image:
        return torch.from_numpy(np.array(image.convert("RGB"))).permute(2, 0, 1)[None].float() / 255
