"""Compare: two renderings of the same jobs, key by key."""

from dataclasses import dataclass
from statistics import median

import numpy as np

from agreeing.work import Rendered


@dataclass(frozen=True)
class Agreement:
    """How alike two runs are, over the jobs of one method.

    Attributes:
        jobs: in both. other_status: of those, with another status. pictures: with a picture in both.
        equal: of those, with the same pixels.
        largest: greatest difference of a pixel's channel, of 255; typical: median over jobs of the mean difference.
        objective: median over jobs of the objectives' difference after the last step, relative to the larger.
        first: greatest relative difference of the objective at the first step, where nothing has grown yet.
    """

    method: str
    jobs: int
    other_status: int
    pictures: int
    equal: int
    largest: int
    typical: float
    objective: float
    first: float


def agreements(one: Rendered, other: Rendered) -> list[Agreement]:
    """Return the agreement of each method's jobs."""
    keys: dict[str, list[str]] = {}
    for key, record in one.records.items():
        if key in other.records:
            keys.setdefault(record.job.method, []).append(key)
    return [agreement(method, one, other, chosen) for method, chosen in sorted(keys.items())]


def agreement(method: str, one: Rendered, other: Rendered, keys: list[str]) -> Agreement:
    """Return the agreement of some jobs."""
    both = [key for key in keys if key in one.pictures and key in other.pictures]
    off = [np.abs(one.pictures[key].astype(int) - other.pictures[key].astype(int)) for key in both]
    traces = [(one.records[key].trace, other.records[key].trace) for key in both]
    return Agreement(
        method=method,
        jobs=len(keys),
        other_status=sum(one.records[key].status != other.records[key].status for key in keys),
        pictures=len(both),
        equal=sum(not difference.any() for difference in off),
        largest=max((int(difference.max()) for difference in off), default=0),
        typical=median([float(difference.mean()) for difference in off] or [0.0]),
        objective=median([relative(a[-1], b[-1]) for a, b in traces] or [0.0]),
        first=max((relative(a[0], b[0]) for a, b in traces), default=0.0),
    )


def other_statuses(one: Rendered, other: Rendered) -> list[str]:
    """Return the jobs that ended otherwise, in words."""
    return [
        f"{record.job.method} of {record.job.target}: {record.status}, then {other.records[key].status}"
        for key, record in one.records.items()
        if key in other.records and record.status != other.records[key].status
    ]


def relative(one: float, other: float) -> float:
    """Return the difference of two numbers relative to the larger one's size."""
    scale = max(abs(one), abs(other))
    return abs(one - other) / scale if scale else 0.0
