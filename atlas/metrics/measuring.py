"""Measuring: every metric on a batch of finished pictures; one that raises costs its own values and nothing else."""

import logging
import math
from collections.abc import Iterable
from dataclasses import dataclass, field

import torch

from atlas.core.record import Measurement
from atlas.errors import StoreError
from atlas.metrics.base import Finished, Metric, in_order
from atlas.models.code.faults import is_fault
from atlas.models.code.foreign import first_line

logger = logging.getLogger(__name__)


@dataclass
class Measured:
    """What was measured of one picture.

    Attributes:
        values: in the order of the metrics; what is NaN or infinite is left out.
        notices: why a metric gave none: sentences for a person.
    """

    values: list[Measurement] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


@torch.no_grad()
def measure(finished: Finished, metrics: Iterable[Metric] | None = None) -> list[Measured]:
    """Measure a batch: every metric of every picture that it applies to.

    A metric that raises is left out of the record, with a notice: the picture took minutes, and is worth keeping
    without one of its numbers. If it raises on several pictures, each is tried alone, so that one harms no other.

    Args:
        metrics: by default all there are.

    Raises:
        StoreError: what a target names cannot be read.
    """
    results = [Measured() for _ in finished.targets]
    for metric in in_order() if metrics is None else metrics:
        for result, found in zip(results, _isolated(metric, finished), strict=True):
            if isinstance(found, str):
                result.notices.append(found)
            elif found is not None:
                result.values.append(found)
    return results


def _isolated(metric: Metric, finished: Finished) -> list[Measurement | str | None]:
    """Return a metric's measurement of each picture; None where there is none, a sentence where it raised."""
    try:
        return list(_measurements(metric, finished))
    except (StoreError, KeyboardInterrupt):
        raise
    except BaseException as error:  # another package's metric may raise anything, or end the program
        if is_fault(error):  # which is no metric's
            raise
        if len(finished.targets) > 1:
            alone = [_isolated(metric, finished.only([place])) for place in range(len(finished.targets))]
            return [found for result in alone for found in result]
        logger.debug("the metric %s failed", metric.card.name, exc_info=True)
        return [f"{finished.targets[0]} is kept without its {metric.card.name}: {first_line(error)}"]


def _measurements(metric: Metric, finished: Finished) -> list[Measurement | None]:
    places = [place for place, target in enumerate(finished.targets) if metric.applies(target)]
    results: list[Measurement | None] = [None] * len(finished.targets)
    if not places:
        return results
    some = finished if len(places) == len(results) else finished.only(places)
    values = torch.as_tensor(metric.measure(some))
    if tuple(values.shape) != (len(places),):
        raise ValueError(f"it gave values of shape {tuple(values.shape)}, and not one for each of {len(places)}")
    unit, samples = metric.unit(some), metric.samples(some)
    for place, value in zip(places, values.tolist(), strict=True):
        if math.isfinite(value):
            direction = metric.card.direction(finished.targets[place])
            results[place] = Measurement(name=metric.card.name, value=value, unit=unit, direction=direction, n=samples)
    return results
