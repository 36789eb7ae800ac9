"""Bench: what every task works with, whichever executor runs it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from atlas.core.record import Provenance
from atlas.errors import PhotoError
from atlas.models.load import VisionModel
from atlas.photos import PhotoSet
from atlas.store import Store
from atlas.synthesis.steps.ascent import Stopped
from atlas.tasks.peak import peak_bytes
from atlas.tasks.provenance import device_name, made_now

if TYPE_CHECKING:
    from atlas.models.network.network import Network


@dataclass(frozen=True)
class Bench:
    """What a batch of tasks of one model works with.

    Attributes:
        store: where results go, and what earlier tasks made is.
        model, device: what to look at, and where.
        photo_set: decodes the reference photos, if there are any; lists none itself.
        on_step: told (finished steps, all steps).
        should_stop: asked at each step; if it says so, the task raises Stopped.
    """

    store: Store
    model: VisionModel
    device: torch.device
    photo_set: PhotoSet | None
    on_step: Callable[[int, int], None]
    should_stop: Callable[[], bool]

    @property
    def photos(self) -> PhotoSet:
        """What decodes the reference photos, for tasks that are planned from photos only."""
        if self.photo_set is None:
            raise PhotoError("there are no photos", 'add a table [photos] with path = "a folder of photos"')
        return self.photo_set

    def network(self, numerics: str) -> "Network":
        """Return the model's network for these numerics, on the device."""
        return self.model.network(numerics, self.device)

    def provenance(self, seconds: float, together: int = 1) -> Provenance:
        """Return the provenance of something that took so many seconds, one of so many made together."""
        return made_now(device_name(self.device), seconds, together, peak_bytes(self.device))

    def counted(self, total: int) -> Callable[[], None]:
        """Return what is to be called once for each of ``total`` photos; it raises Stopped if the run is to end."""
        seen = 0

        def on_photo() -> None:
            nonlocal seen
            seen += 1
            if self.should_stop():
                raise Stopped
            self.on_step(min(seen, max(1, total)), max(1, total))

        return on_photo
