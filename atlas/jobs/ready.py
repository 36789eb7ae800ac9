"""Ready: batches that can be made now, those of each model in order."""

from collections import defaultdict
from heapq import heappop, heappush
from itertools import count

from atlas.tasks.batch import Batch


class Ready:
    """Batches that wait for a worker, by model: a worker that has loaded one goes on with it as long as there is work.

    Several may be at one place; they come in the order in which they were put in.
    """

    def __init__(self) -> None:
        self._queues: dict[str, list[tuple[int, int, Batch]]] = defaultdict(list)
        self._numbers = count()

    def __len__(self) -> int:
        return sum(map(len, self._queues.values()))

    @property
    def first(self) -> int | None:
        """The lowest place of all; None if there is none."""
        return min((queue[0][0] for queue in self._queues.values() if queue), default=None)

    def put(self, place: int, batch: Batch) -> None:
        """Put in a batch; lower places come first."""
        heappush(self._queues[batch.model], (place, next(self._numbers), batch))

    def clear(self) -> list[Batch]:
        """Return all batches, in no order, and forget them."""
        found = [batch for queue in self._queues.values() for _, _, batch in queue]
        self._queues.clear()
        return found

    def take(self, model: str | None = None) -> Batch | None:
        """Return the first batch of a model, or if there is none the first of all; None if there is none at all."""
        filled = {name: queue for name, queue in self._queues.items() if queue}
        if not filled:
            return None
        name = model if model in filled else min(filled, key=lambda name: filled[name][0])
        return heappop(filled[name])[2]
