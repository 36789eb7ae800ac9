"""The serial executor: batches one after another, in this process, without Ray."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from atlas.jobs.executors.base import LOOK, WAITING, WRITTEN_BEHIND, Monitor
from atlas.jobs.walk import Walk
from atlas.jobs.worker import Work, Worker
from atlas.models.load import VisionModel
from atlas.synthesis.steps.ascent import Stopped
from atlas.tasks.batch import Batch
from atlas.tasks.task import Finish, Outcome


class SerialExecutor:
    """Works in this process: one thread makes batches, another encodes and stores them.

    Args:
        work: what to work with and where to.
        loaded: models that this process has already loaded, by name, so that none is loaded twice.
    """

    def __init__(self, work: Work, loaded: dict[str, VisionModel] | None = None) -> None:
        self._worker = Worker(work, loaded)

    def run(self, walk: Walk, monitor: Monitor) -> Iterator[Outcome]:
        """See :meth:`Executor.run`."""
        written: deque[Future[list[Outcome]]] = deque()
        said = False
        with ThreadPoolExecutor(1, "writer") as writer:
            while not monitor.stop.is_set() and not walk.is_over:
                batch = walk.next()
                if batch is None and not written:
                    if not walk.waits:
                        return
                    yield from walk.look()
                    if walk.only_waits and not said:
                        said = True
                        monitor.on_notice(WAITING)
                    monitor.stop.wait(0 if len(walk.ready) else LOOK)
                    continue
                if batch is not None:
                    if (finish := self._begun(batch, monitor)) is None:
                        break
                    written.append(writer.submit(finish))
                while written and (batch is None or len(written) > WRITTEN_BEHIND or written[0].done()):
                    for outcome in written.popleft().result():
                        yield from walk.take(outcome)
            for future in written:
                for outcome in future.result():
                    yield from walk.take(outcome)

    def _begun(self, batch: Batch, monitor: Monitor) -> Finish | None:
        """Return what stores a batch that was made; None if it was stopped before."""
        try:
            return self._worker.begin(
                batch,
                on_step=lambda done, steps: monitor.on_step(batch, done, steps),
                should_stop=monitor.stop.is_set,
            )
        except Stopped:
            return None
