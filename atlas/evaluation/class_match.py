"""Class match: which of a judge's classes each class of a model is, by WordNet id or name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from atlas.core.class_lookup import ClassLookup, loose, plain
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

    A class is the judge's class of the same id; where one of the two has no id, that with which it has a name in
    common: of several, one that is called the same first, then spelt the same, then the one that shares most names.
    Classes that have different ids are never the same, whatever their names: two of ImageNet's are called "crane". What
    may be several of the judge's is none, and so are two of the model's that would be one of the judge's. Two lists
    that are the same are matched place by place; numbers in place of names match in no other way, for the seventh of
    ten classes is not the seventh of a thousand.

    Args:
        model, judge: one label for each class, in order.
    """
    if tuple(model) == tuple(judge):
        return ClassMatch({index: index for index in range(len(model))}, {}, len(judge))
    for whose, labels in (("model", model), ("judge", judge)):
        if are_numbered(labels):
            reason = f"the classes of the {whose} have numbers and no names: say what they are by class_names"
            return ClassMatch({}, dict.fromkeys(range(len(model)), reason), len(judge))
    names = [_names(label) for label in judge]
    called: dict[str, list[int]] = {}
    for index, each in enumerate(names):
        for name in each:
            called.setdefault(name, []).append(index)
    found = {index: _candidates(label, judge, names, called) for index, label in enumerate(model)}
    taken: dict[int, list[int]] = {}
    for index, candidates in found.items():
        if len(candidates) == 1:
            taken.setdefault(candidates[0], []).append(index)
    places: dict[int, int] = {}
    unmatched: dict[int, str] = {}
    for index, candidates in found.items():
        said = f'"{model[index].name}" (class {index})'
        if not candidates:
            unmatched[index] = f"{said} is none of the judge's {len(judge)} classes"
        elif len(candidates) > 1:
            unmatched[index] = f"{said} may be the judge's {ClassLookup(judge).ambiguity(candidates)}"
        elif len(taken[candidates[0]]) > 1:
            others = " and ".join(str(other) for other in taken[candidates[0]] if other != index)
            unmatched[index] = f'{said} would be the judge\'s "{judge[candidates[0]].name}", as would class {others}'
        else:
            places[index] = candidates[0]
    return ClassMatch(places, unmatched, len(judge))


def _candidates(
    label: ClassLabel, judge: Sequence[ClassLabel], names: Sequence[tuple[str, ...]], called: Mapping[str, list[int]]
) -> list[int]:
    """Return the judge's classes that a label means as well as any other.

    Args:
        names: of each of the judge's classes. called: the classes of each name.
    """
    own = _names(label)
    sharing = sorted({index for name in own for index in called.get(name, []) if _compatible(label, judge[index])})
    if same := [index for index in sharing if label.id and plain(label.id) == plain(judge[index].id)]:
        return same
    if not sharing:
        return []

    def likeness(index: int) -> tuple[bool, bool, float]:
        other = names[index]
        shared = len({*own} & {*other}) / len({*own} | {*other})
        return own[0] == other[0], _first(label) == _first(judge[index]), shared

    best = max(map(likeness, sharing))
    return [index for index in sharing if likeness(index) == best]


def _first(label: ClassLabel) -> str:
    """Return a class's first name as it is spelt: ImageNet has a "Cardigan", a dog, and a "cardigan"."""
    return label.name.partition(",")[0].strip()


def _names(label: ClassLabel) -> tuple[str, ...]:
    """Return what a class is called, as names are compared, its first name first.

    Lists of ImageNet's classes often write all of a class's names into one: "tench, Tinca tinca".
    """
    parts = [*label.name.split(","), label.name, *label.synonyms, label.id]
    return tuple(dict.fromkeys(name for part in parts if (name := loose(part).strip()))) or ("",)


def _compatible(label: ClassLabel, other: ClassLabel) -> bool:
    return not (label.id and other.id) or plain(label.id) == plain(other.id)


def are_numbered(labels: Sequence[ClassLabel]) -> bool:
    """Tell whether classes are called by their places alone, as those of a network without names are."""
    return bool(labels) and all(
        label.name == str(index) and not label.id and not label.synonyms for index, label in enumerate(labels)
    )
