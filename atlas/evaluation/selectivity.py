"""Selectivity: does a unit answer more to its pictures than to photos?

AUC and MAD of CoSy (Kopf et al. 2024, equations 2 and 3), with the two controls that VITAL (Gorgun et al. 2025, table 2
of the supplement) and CoSy take: the photos that the unit answers to most, and all photos.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, fields
from typing import Generic, TypeVar

import numpy as np

from atlas.core.metric_card import MetricCard, Source
from atlas.errors import ScoreError
from atlas.evaluation.arrays import Array, as_float64
from atlas.evaluation.scored import Scored

Key = TypeVar("Key", bound=Hashable)

STRONGEST = 50
"""Photos of the harder control, as in VITAL."""

COSY = Source(
    title="CoSy: Evaluating Textual Explanations of Neurons",
    authors="L. Kopf, P. L. Bommer, A. Hedström, S. Lapuschkin, M. M.-C. Höhne, K. Bykov",
    year=2024,
    url="https://arxiv.org/abs/2405.20331",
)


def _cards(control: str, words: str) -> tuple[MetricCard, MetricCard]:
    limits = (
        "Pictures by ascent reach activations that no photo reaches: it tells that they excite the unit, not that they "
        "explain it.",
        "It is coarse: a unit has as many pictures as seeds.",
    )
    auc_card = MetricCard(
        name=f"auc_{control}",
        title=f"AUC against {words}",
        summary=f"how often a unit answers more to one of its pictures than to one of {words}: .5 is as often as not",
        definition=f"The area under the ROC curve of the activations on {words} (label 0) and on the unit's pictures "
        "(label 1); mean over units.",
        lowest=0,
        highest=1,
        better="higher",
        n="mean over n units",
        paper=COSY,
        limits=limits,
    )
    mad_card = MetricCard(
        name=f"mad_{control}",
        title=f"MAD against {words}",
        summary=f"a unit's mean activation on its pictures minus that on {words}, in standard deviations of these",
        definition=f"(mean on the pictures − mean on {words}) / standard deviation on {words}; mean over units.",
        unit="standard deviations",
        better="higher",
        n="mean over n units",
        paper=COSY,
        limits=limits,
    )
    return auc_card, mad_card


CARDS = (*_cards("strongest", f"its {STRONGEST} strongest photos"), *_cards("all", "all photos"))


@dataclass(frozen=True)
class Selectivity(Generic[Key]):
    """AUC and MAD of units against the two controls, by unit; ``.figure()`` of each is the mean over units."""

    auc_strongest: Scored[Key]
    mad_strongest: Scored[Key]
    auc_all: Scored[Key]
    mad_all: Scored[Key]


def selectivity(
    photos: Mapping[Key, Array], pictures: Mapping[Key, Array], strongest: int = STRONGEST
) -> Selectivity[Key]:
    """Return how selectively units answer to their pictures.

    Args:
        photos: by unit, its activation on each judging photo, (M,). pictures: on each of its pictures, such as those of
            three seeds, (S,). Both measured alike. Of a unit that is lowered, give both with their signs changed.
        strongest: how many photos the harder control has. A unit with fewer photos has no such control: its strongest
            would be all of them.
    """
    names = [field.name for field in fields(Selectivity)]
    values: dict[str, dict[Key, float]] = {name: {} for name in names}
    lost: dict[str, dict[Key, str]] = {name: {} for name in names}
    for unit, activations in pictures.items():
        synthetic = as_float64(activations).ravel()
        control = as_float64(photos[unit]).ravel() if unit in photos else np.empty(0)
        controls = {"strongest": np.sort(control)[::-1][:strongest], "all": control}
        for name in names:
            measure, _, of = name.partition("_")
            try:
                if of == "strongest" and len(control) < strongest:
                    raise ScoreError(f"there are {len(control)} photos, fewer than {strongest}")
                values[name][unit] = (auc if measure == "auc" else mad)(controls[of], synthetic)
            except ScoreError as error:
                lost[name][unit] = error.message
    return Selectivity(**{name: Scored(values[name], lost[name]) for name in names})


def auc(control: Array, synthetic: Array) -> float:
    """Return the probability that a synthetic activation is above one of the control; equal ones count half.

    It is the area under the ROC curve (CoSy, equation 2), and the statistic of Mann and Whitney over its largest value.

    Raises:
        ScoreError: one of the two is empty or not finite.
    """
    low, high = _checked(control, synthetic)
    ordered = np.sort(low)
    below = np.searchsorted(ordered, high, side="left")
    not_above = np.searchsorted(ordered, high, side="right")
    return float((below + not_above).mean() / 2 / len(ordered))


def mad(control: Array, synthetic: Array) -> float:
    """Return the difference of the means in standard deviations of the control, over n (CoSy, equation 3).

    Raises:
        ScoreError: one of the two is empty or not finite, or the control does not vary.
    """
    low, high = _checked(control, synthetic)
    spread = low.std()
    if np.ptp(low) == 0:
        raise ScoreError(f"all {len(low)} activations of the control are {low[0]:.4g}, which is no scale")
    return float((high.mean() - low.mean()) / spread)


def _checked(control: Array, synthetic: Array) -> tuple[np.ndarray, np.ndarray]:
    low, high = as_float64(control).ravel(), as_float64(synthetic).ravel()
    for what, values in (("photos", low), ("pictures", high)):
        if not len(values):
            raise ScoreError(f"there are no activations on {what}", f"give at least one of the {what}")
        if not np.isfinite(values).all():
            count = int((~np.isfinite(values)).sum())
            raise ScoreError(f"{count} of {len(values)} activations on {what} are not finite", "leave these out")
    return low, high
