"""The serial executor: batches one after another, in this process, without Ray."""

from collections.abc import Iterator, Sequence

from atlas.jobs.executors.base import Monitor
from atlas.jobs.tasks import Task
from atlas.jobs.worker import Outcome, Work, Worker
from atlas.models.load import VisionModel
from atlas.synthesis.steps.ascent import Stopped


class SerialExecutor:
    """Renders in this process.

    Args:
        work: what to render with and where to.
        loaded: models that this process has already loaded, by name, so that none is loaded twice.
    """

    def __init__(self, work: Work, loaded: dict[str, VisionModel] | None = None) -> None:
        self._worker = Worker(work, loaded)

    def run(self, batches: Sequence[Task], monitor: Monitor) -> Iterator[Outcome]:
        """See :meth:`Executor.run`."""
        for batch in batches:
            if monitor.stop.is_set():
                return
            try:
                yield from self._worker.run(
                    batch,
                    on_step=lambda done, steps, batch=batch: monitor.on_step(batch, done, steps),  # type: ignore[misc]
                    should_stop=monitor.stop.is_set,
                )
            except Stopped:
                return
