"""Where things are made in a program: in this process, on one device, into a store or into a folder that goes."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from atlas.config import Config, ExecutorSettings, StoreSettings
from atlas.config.problems import checked
from atlas.errors import AtlasWarning
from atlas.face.stopping import stop_on_interrupt
from atlas.face.watch import Watch
from atlas.jobs.executors.base import Monitor
from atlas.jobs.known_models import settle
from atlas.jobs.pending import QUARANTINED, pending
from atlas.jobs.report import Report
from atlas.jobs.run import run_plan
from atlas.models.load import VisionModel
from atlas.models.spec import ModelSpec
from atlas.plan.plan import Plan
from atlas.store import Store
from atlas.tasks.machine import Machine


@dataclass(frozen=True)
class Workplace:
    """Where pictures are made and kept; none of it changes them.

    Attributes:
        device: torch's name, or ``auto``. batch_size: pictures optimised together, or ``auto``.
        store: None keeps nothing. progress: show a bar.
    """

    device: str
    batch_size: int | Literal["auto"]
    store: Store | Path | str | None
    progress: bool

    @property
    def machine(self) -> Machine:
        """What a run has to work with.

        Raises:
            ConfigError: the device is not there, or the batch size is none.
        """
        settings = {"kind": "serial", "device": self.device, "batch_size": self.batch_size}
        return Machine.of(checked(ExecutorSettings, settings))

    @contextmanager
    def opened(self) -> Iterator[Store]:
        """Yield the store that is given, or one that is removed afterwards."""
        with TemporaryDirectory(prefix="atlas-") as folder:
            if isinstance(self.store, Store):
                yield self.store
            else:
                place = Path(folder) / "store" if self.store is None else Path(self.store).expanduser().absolute()
                yield Store(place, create=True)

    def configuration(self, model: VisionModel, store: Store) -> Config:
        """Return the configuration of a run in this process; the model is there already, and nothing is built of it."""
        name = model.card.name
        spec = ModelSpec(name=name, source="callable", architecture=model.card.identity.architecture[:300])
        return Config(
            file=Path.cwd() / "atlas.toml",
            store=StoreSettings(path=store.path),
            models=(spec,),
        )

    def run(self, plan: Plan, store: Store, nouns: tuple[str, str]) -> Report:
        """Make what of a plan is missing, with a bar; Ctrl-C ends it after the current step, which the report says.

        Args:
            nouns: what one thing that is made is called, and several.
        """
        todo = pending(plan, store, retry=[QUARANTINED])
        watch = Watch.of_program(self.progress)
        with watch.tasks(len(todo.missing), *nouns) as bar, stop_on_interrupt() as stop:
            monitor = Monitor(bar.on_step, bar.on_outcome, bar.on_total, bar.on_notice, stop)
            return run_plan(plan, store, self.machine, monitor, todo)


def known_model(model: VisionModel, store: Store) -> VisionModel:
    """Return a model as a store knows it; what a person should know of that is a warning."""
    known = settle(model, store)
    for notice in known.notices[len(model.notices) :]:
        warnings.warn(notice, AtlasWarning, stacklevel=5)
    return known
