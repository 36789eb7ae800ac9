"""What a score is: what it needs, what is looked at for it, and a function from what was seen to figures.

To add one is to write a file with a subclass of :class:`Score`, and to name it in :data:`SCORES`; who judges, which
pictures, keys, storing and tables are the same for all.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from atlas.core.figures import Figure
from atlas.core.job import Target
from atlas.core.metric_card import MetricCard
from atlas.core.registry import Registry
from atlas.core.score import Subject
from atlas.errors import ScoreError
from atlas.evaluation.class_match import ClassMatch

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Arrays = Mapping[str, "NDArray[np.float32]"]

JUDGES, PHOTOS, CLIP = "judges", "photos", "clip"
"""What scores may need: models that judge, photos that pictures are measured against, a network that reads names."""
LPIPS = "lpips"
"""What scores may use, if it is there."""
CLASSES: Subject = "classes"
UNITS: Subject = "units"
INVERSIONS: Subject = "inversions"
SAID = 3
"""Reasons that a sentence names before the rest is only counted."""
PROBABILITIES = "probabilities"
"""Name of the array (n, K) of a judge's probabilities of all its classes; there is none of a judge without classes."""

EMBEDDING = "embedding"
"""Name of the array (n, D) of what a CLIP makes of pictures, or of the names of classes."""


def features_at(layer: str) -> str:
    """Return the name of the array (n, D) of a judge's features at a layer, means over positions."""
    return f"features {layer}"


@dataclass(frozen=True)
class Evidence:
    """What was seen of the pictures of one model and method, by one judge or by none.

    Attributes:
        pictures: arrays of n rows, one for each picture.
        targets: what each picture is of. seeds: of each.
        match: of the model's classes with the judge's, of scores that ask for it.
        own: whether the judge is the rendered model itself. network: architecture of the judge, or of the CLIP.
        photos: the same arrays of the judging photos of each class, by the rendered model's index; for scores of units
            those of all judging photos, in parts.
        layers: of the judge, the penultimate one first; for scores of units theirs; none without a judge.
        k: neighbours to count, of scores that do.
        names: :data:`EMBEDDING` of the names of all classes of the rendered model, of scores that need a CLIP.
    """

    pictures: "Arrays"
    targets: Sequence[Target]
    seeds: Sequence[int]
    match: ClassMatch | None
    own: bool
    network: str
    photos: Mapping[int, "Arrays"]
    layers: Sequence[str]
    k: Sequence[int]
    names: "Arrays | None" = None

    @property
    def aims(self) -> list[tuple[int, int]]:
        """The class of each picture, an index of the rendered model's, and its seed."""
        return [(target.unit, seed) for target, seed in zip(self.targets, self.seeds, strict=True)]

    def of_photos(self, array: str) -> "NDArray[np.float32]":
        """Return an array of all judging photos that have it, (M, ...), class by class.

        Raises:
            ScoreError: none has.
        """
        import numpy as np

        found = [arrays[array] for _, arrays in sorted(self.photos.items()) if array in arrays]
        if not found:
            raise ScoreError("none of the judging photos could be read", "mend them, or add others")
        return np.concatenate(found)

    def without_photos(self, array: str) -> dict[tuple[int, int], str]:
        """Return the pictures of classes no photo of which has an array, by their aims, and why nothing judges them.

        Photos of other classes do not: a set of pictures is held against photos of the same classes.
        """
        unreadable = {aim: aim[0] in self.photos for aim in self.aims if array not in self.photos.get(aim[0], {})}
        return {
            (index, seed): f"none of the judging photos of class {index} could be read"
            if there
            else f"class {index} has no judging photos"
            for (index, seed), there in unreadable.items()
        }


@dataclass(frozen=True)
class Line:
    """A figure by its name: that of a card, with the layer where it is measured at one.

    Attributes:
        title: what it is called where the card's title does not say it all, such as that of whose features it is.
        interval: whether its ends say how sure it is; if not they are its value.
    """

    name: str
    figure: Figure
    layer: str = ""
    title: str = ""
    interval: bool = True


@dataclass(frozen=True)
class Column:
    """One number of each picture; None of those that it could not be measured of."""

    name: str
    values: Sequence[float | None]
    layer: str = ""


@dataclass(frozen=True)
class Curve:
    """A line over numbers, such as power over frequency, with its interval. x_title, x_unit: what these are."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]
    x_title: str
    x_unit: str


@dataclass(frozen=True)
class Measured:
    """What a score says.

    Attributes:
        left_out: what could not be measured and what it would take, as sentences.
    """

    lines: Sequence[Line] = ()
    columns: Sequence[Column] = ()
    curves: Sequence[Curve] = ()
    left_out: Sequence[str] = ()


def left_out(reasons: Mapping[tuple[int, int], str]) -> list[str]:
    """Return why pictures were left out, in a sentence that names the first few reasons; nothing of none."""
    if not reasons:
        return []
    pictures = "1 picture" if len(reasons) == 1 else f"{len(reasons)} pictures"
    return [f"{pictures} left out: {said(reasons.values())}"]


def said(reasons: Iterable[str]) -> str:
    """Return the first few of some reasons, each once, and how many more there are."""
    each = list(dict.fromkeys(reasons))
    more = f"; and {len(each) - SAID} more" if len(each) > SAID else ""
    return "; ".join(each[:SAID]) + more


class Score(ABC):
    """A score of pictures.

    Attributes:
        of: what the pictures are of.
        title, summary: for people; the summary is a sentence without a full stop.
        cards: what each of its numbers says.
        needs: of :data:`JUDGES`, :data:`PHOTOS` and :data:`CLIP`.
        uses: of :data:`LPIPS`; without it they tell less.
        measurements: names of numbers that pictures have since they were made, which it tells, of inversions.
        classes: whether a judge must know the pictures' classes.
        own: whether the rendered model itself is asked besides the judges; for scores of units it alone is, at the
            units' layers.
        libraries: of an extra, without which it is left out.
        neighbours: whether its numbers depend on ``k``.
        version: raised whenever its numbers change.
    """

    title: ClassVar[str]
    summary: ClassVar[str]
    of: ClassVar[Subject] = CLASSES
    cards: ClassVar[tuple[MetricCard, ...]]
    needs: ClassVar[frozenset[str]] = frozenset()
    uses: ClassVar[frozenset[str]] = frozenset()
    measurements: ClassVar[tuple[str, ...]] = ()
    classes: ClassVar[bool] = False
    own: ClassVar[bool] = False
    libraries: ClassVar[tuple[str, ...]] = ()
    neighbours: ClassVar[bool] = False
    version: ClassVar[int] = 1

    def cards_for(self, k: Sequence[int]) -> tuple[MetricCard, ...]:
        """Return what each of its numbers says, with those that only some ``k`` neighbours have."""
        return self.cards

    def unjudged(self, networks: Sequence[str]) -> str:
        """Return what it cannot say without another judge, and what it would take, as a sentence; empty of nothing.

        Args:
            networks: architectures of those that judge.
        """
        return ""

    @abstractmethod
    def measure(self, seen: Evidence) -> Measured:
        """Return what it says of pictures, of which there is one at least.

        Raises:
            ScoreError: it cannot be measured of them; says what it would take.
        """

    def look(self, pixels: "NDArray[np.uint8]") -> "Arrays":
        """Return what is looked at in one picture (H, W, 3) without any network: arrays of one row each.

        Scores without judges say what; photos come as squares with the pictures' side.
        """
        raise TypeError(f"{type(self).__name__} has no judges, and does not say by look() what is looked at")

    def compare(self, picture: "NDArray[np.uint8]", photo: "NDArray[np.uint8]") -> "Arrays":
        """Return what is made of a picture (H, W, 3) beside the photo that it is of, of the same size: arrays of one
        row each, NaN where there is nothing to tell.

        Scores of inversions say what.
        """
        raise TypeError(f"{type(self).__name__} does not say by compare() what is made of a picture and its photo")


SCORES: Registry[Score] = Registry(
    "score",
    "atlas.scores",
    Score,
    {
        "auc_mad": "atlas.evaluation.scores.auc_mad:AUC_MAD",
        "frechet": "atlas.evaluation.scores.distances:FRECHET",
        "inversion": "atlas.evaluation.scores.inversion:INVERSION",
        "kid": "atlas.evaluation.scores.distances:KID",
        "plausibility": "atlas.evaluation.scores.plausibility:PLAUSIBILITY",
        "spectrum": "atlas.evaluation.scores.spectrum:SPECTRUM",
        "transfer": "atlas.evaluation.scores.transfer:TRANSFER",
        "zero_shot": "atlas.evaluation.scores.zero_shot:ZERO_SHOT",
    },
)
"""All scores."""
