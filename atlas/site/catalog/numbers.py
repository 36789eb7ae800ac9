"""Numbers: how much a model, or a whole site, holds; counted here and nowhere else, and called by one name each.

The words of this site:

* a **class** is a unit of the network's output, a **unit** one of a layer before it; both have one status: *rendered*
  (there is a picture of it), else *dead*, else *failed*. A class may also have only concepts;
* a **layer** comes before the output, which is not counted as one;
* a **picture** is a rendering that was finished, whatever it is of: a class, a unit, a concept or a photo. There may be
  several of one class, by seed, method or sign. One job makes one rendering;
* a **concept** is a direction that has a page.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Numbers:
    """What is counted.

    Attributes:
        classes, units: by status. Only with concepts: ``classes["none"]``.
        layers: with a rendered unit; all_layers: of the network.
        renderings: by status, each once.
        concepts, explained: concepts, and the classes that they are of. photos: that pictures were made from.
    """

    classes: Counter[str] = field(default_factory=Counter)
    units: Counter[str] = field(default_factory=Counter)
    layers: int = 0
    all_layers: int = 0
    renderings: Counter[str] = field(default_factory=Counter)
    concepts: int = 0
    explained: int = 0
    photos: int = 0

    @property
    def lost(self) -> Counter[str]:
        """Classes and units by status."""
        return self.classes + self.units

    @property
    def pictures(self) -> int:
        """Renderings that were finished."""
        return self.renderings["done"]

    @property
    def words(self) -> str:
        """The most important ones: ``16 classes and 24 units rendered · 1 dead · 62 pictures``."""
        return f"{rendered_words(self.classes['done'], self.units['done'])}{lost_words(self.lost)} · {self.made}"

    @property
    def made(self) -> str:
        """How many pictures there are, in words."""
        return counted(self.pictures, "picture")


def total(parts: Iterable[Numbers]) -> Numbers:
    """Return the sums over models."""
    found = list(parts)
    return Numbers(
        classes=sum((it.classes for it in found), Counter()),
        units=sum((it.units for it in found), Counter()),
        layers=sum(it.layers for it in found),
        all_layers=sum(it.all_layers for it in found),
        renderings=sum((it.renderings for it in found), Counter()),
        concepts=sum(it.concepts for it in found),
        explained=sum(it.explained for it in found),
        photos=sum(it.photos for it in found),
    )


def counted(count: int, noun: str, plural: str = "") -> str:
    """Return e.g. ``1 picture`` or ``1,200 pictures``."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"


def rendered_words(classes: int, units: int) -> str:
    """Return e.g. ``16 classes and 24 units rendered``; what there is none of is left out."""
    parts = [counted(classes, "class", "classes")] if classes or not units else []
    parts += [counted(units, "unit")] if units else []
    return f"{' and '.join(parts)} rendered"


def lost_words(counts: Counter[str]) -> str:
    """Return e.g. ``· 2 dead · 1 failed · 2 with concepts only``, each part only if there are any."""
    names = {"dead": "dead", "failed": "failed", "none": "with concepts only"}
    return "".join(f" · {counts[status]:,} {name}" for status, name in names.items() if counts[status])
