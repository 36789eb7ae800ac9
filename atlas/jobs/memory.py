"""Memory: what a model's views take and how many pictures fitted, as far as the store knows it and a worker learns."""

from contextlib import suppress
from threading import Lock

import torch

from atlas.core.canonical import canonical_json, digest_bytes
from atlas.core.footprint import Fit, Footprints, ViewFootprint
from atlas.errors import StoreError
from atlas.models.load import VisionModel
from atlas.store import Store
from atlas.tasks.provenance import device_name
from atlas.tasks.task import Task


class Memory:
    """What one worker knows of one model's use of its device.

    Args:
        store: where it is kept for other workers and later runs. model: gets what is known of its views.
    """

    def __init__(self, store: Store, model: VisionModel, device: torch.device) -> None:
        self._store = store
        self._model = model
        self._device = device_name(device)
        self._lock = Lock()
        self._fitted: dict[str, int] = {}
        self._known = self._kept()
        for view in self._known.views:
            model.view_bytes.setdefault(view.numerics, {}).setdefault((view.layer, view.height, view.width), view.bytes)

    def together(self, task: Task) -> int | None:
        """Return how many tasks like this one fitted together when more did not; None if all did so far."""
        shares = _shares(task)
        return next((fit.together for fit in self._known.fits if fit.of == (shares, self._device)), None)

    def short(self, task: Task, count: int) -> None:
        """Note that so many tasks like this one did not fit: half of them may, unless more have."""
        with self._lock:
            if count > max(1, self._fitted.get(_shares(task), 0)):
                self._learn(Footprints(fingerprint=self._known.fingerprint, fits=(self._fit(task, count // 2),)))

    def fitted(self, task: Task, count: int) -> None:
        """Note that so many tasks like this one did fit, though a single one of them may have been too large."""
        with self._lock:
            self._fitted[_shares(task)] = max(count, self._fitted.get(_shares(task), 0))
            if count > (self.together(task) or count):
                self._learn(Footprints(fingerprint=self._known.fingerprint, fits=(self._fit(task, count),)))

    def keep(self) -> None:
        """Keep what was measured of views since this began."""
        views = tuple(
            ViewFootprint(layer=layer, height=height, width=width, numerics=numerics, bytes=bytes_)
            for numerics, known in self._model.view_bytes.items()
            for (layer, height, width), bytes_ in list(known.items())
        )
        if {view.of for view in views} - {view.of for view in self._known.views}:
            self._learn(Footprints(fingerprint=self._known.fingerprint, views=views))

    def _fit(self, task: Task, together: int) -> Fit:
        return Fit(shares=_shares(task), layer=task.columns[0], device=self._device, together=together)

    def _learn(self, more: Footprints) -> None:
        """Keep what is new, with what others have learned meanwhile; of two at once, one is measured again some day."""
        self._known = self._known.joined(self._kept()).joined(more)
        with suppress(StoreError):  # it decides no result
            self._store.footprints.save(self._known)

    def _kept(self) -> Footprints:
        fingerprint = self._model.card.identity.fingerprint
        try:
            return self._store.footprints.read(fingerprint)
        except StoreError:  # there is none yet, or it is damaged: it is measured again
            return Footprints(fingerprint=fingerprint)


def _shares(task: Task) -> str:
    return digest_bytes(canonical_json(task.shares).encode())
