"""Pace: how long batches take, by kind, and when one that does not end is taken to hang."""

import math

from atlas.core.canonical import canonical_json
from atlas.tasks.batch import Batch

SLOWEST = 8.0
"""A batch may take so many times as long as those of its kind, or as its own steps promise."""
LEAST = 300.0
"""Seconds that any batch may take: a model is loaded in its first, from a disk that may be cold."""
UNMEASURED = 3600.0
"""Seconds for the first of its kind until its first step is done; some of them tell none."""


class Pace:
    """The longest that a batch of each kind took. Those of a kind are cut as even as can be, so sizes are alike."""

    def __init__(self) -> None:
        self._longest: dict[str, float] = {}

    def note(self, batch: Batch, seconds: float) -> None:
        """Note how long a batch took."""
        kind = _kind(batch)
        self._longest[kind] = max(self._longest.get(kind, 0.0), seconds)

    def deadline(self, batch: Batch, done: int, steps: int, seconds: float) -> float:
        """Return within how many seconds of its begin a batch must end.

        Args:
            done, steps, seconds: finished steps, all steps, and seconds after its begin when the last one finished.

        Returns:
            Infinity where only steps are known, and they promise nothing: concepts are found in photos, each of which
            is a step, for seconds or for hours after the last of them.
        """
        known = self._longest.get(_kind(batch))
        if done and known is None and not batch.tasks[0].paced:
            return math.inf
        promised = seconds / done * steps if done else None
        expected = max((one for one in (known, promised) if one is not None), default=None)
        return UNMEASURED if expected is None else max(LEAST, SLOWEST * expected)


def _kind(batch: Batch) -> str:
    first = batch.tasks[0]
    return canonical_json([first.kind, first.model, first.shares])
