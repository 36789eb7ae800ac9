"""The serial executor: batches one after another, in this process, without Ray."""

from collections.abc import Iterator

from atlas.jobs.executors.base import Monitor
from atlas.jobs.walk import Walk
from atlas.jobs.worker import Work, Worker
from atlas.models.load import VisionModel
from atlas.synthesis.steps.ascent import Stopped
from atlas.tasks.task import Outcome


class SerialExecutor:
    """Works in this process.

    Args:
        work: what to work with and where to.
        loaded: models that this process has already loaded, by name, so that none is loaded twice.
    """

    def __init__(self, work: Work, loaded: dict[str, VisionModel] | None = None) -> None:
        self._worker = Worker(work, loaded)

    def run(self, walk: Walk, monitor: Monitor) -> Iterator[Outcome]:
        """See :meth:`Executor.run`."""
        while not monitor.stop.is_set() and (batch := walk.ready.take()) is not None:
            try:
                outcomes = self._worker.run(
                    batch,
                    on_step=lambda done, steps, batch=batch: monitor.on_step(batch, done, steps),  # type: ignore[misc]
                    should_stop=monitor.stop.is_set,
                )
            except Stopped:
                return
            for outcome in outcomes:
                yield from walk.take(outcome)
