"""Class match: which of a judge's classes each class of a model is, by WordNet id or name."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from atlas.core.class_lookup import ClassLookup
from atlas.core.model_card import ClassLabel


@dataclass(frozen=True)
class ClassMatch:
    """A model's classes among a judge's.

    Attributes:
        places: index of a class of the model to that of the judge's class.
        unmatched: index of every other class of the model to why the judge cannot judge it.
        classes: how many the judge has.
    """

    places: Mapping[int, int]
    unmatched: Mapping[int, str]
    classes: int

    def place(self, index: int) -> int | str:
        """Return the judge's class of a class of the model, or why there is none."""
        return self.places[index] if index in self.places else self.unmatched.get(index, f"there is no class {index}")


def match_labels(model: Sequence[ClassLabel], judge: Sequence[ClassLabel]) -> ClassMatch:
    """Return which of a judge's classes each class of a model is.

    A class is the judge's class of the same id; where one of the two has no ids, that of the same name, else of a name
    that is a synonym of the other's. Classes that have different ids are never the same, whatever their names: two of
    ImageNet's are called "crane". What may be several of the judge's is none, and so are two of the model's that would
    be one of the judge's. Two lists that are the same are matched place by place.

    Args:
        model, judge: one label for each class, in order.
    """
    if tuple(model) == tuple(judge):
        return ClassMatch({index: index for index in range(len(model))}, {}, len(judge))
    lookup = ClassLookup(judge)
    found = {index: _candidates(label, lookup) for index, label in enumerate(model)}
    taken: dict[int, list[int]] = {}
    for index, candidates in found.items():
        if len(candidates) == 1:
            taken.setdefault(candidates[0], []).append(index)
    places: dict[int, int] = {}
    unmatched: dict[int, str] = {}
    for index, label in enumerate(model):
        called = f'"{label.name}" (class {index})'
        candidates = found[index]
        if not candidates:
            unmatched[index] = f"{called} is none of the judge's {len(judge)} classes"
        elif len(candidates) > 1:
            unmatched[index] = f"{called} may be the judge's {lookup.ambiguity(candidates)}"
        elif len(taken[candidates[0]]) > 1:
            others = " and ".join(str(other) for other in taken[candidates[0]] if other != index)
            unmatched[index] = f'{called} would be the judge\'s "{judge[candidates[0]].name}", as would class {others}'
        else:
            places[index] = candidates[0]
    return ClassMatch(places, unmatched, len(judge))


def _candidates(label: ClassLabel, lookup: ClassLookup) -> list[int]:
    """Return the judge's classes that a label may mean, by the first of its names that means any."""
    for text in _names(label):
        found = lookup.named(text)
        if text != label.id:
            found = [index for index in found if _compatible(label, lookup.labels[index])]
        if found:
            return found
    return []


def _names(label: ClassLabel) -> Iterator[str]:
    """Yield what a class is called, the surest first; lists of ImageNet's classes often write all names into one."""
    yield from filter(str.strip, (label.id, label.name, *label.name.split(","), *label.synonyms))


def _compatible(label: ClassLabel, other: ClassLabel) -> bool:
    return not (label.id and other.id) or label.id.casefold() == other.id.casefold()
