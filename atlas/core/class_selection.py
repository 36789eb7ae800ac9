"""Class selection: from names, ids, indices and globs, as a configuration has them, to the classes of one model."""

import re
from collections.abc import Iterable, Sequence

from atlas.core.class_lookup import ClassLookup, plain
from atlas.core.job import LOGITS
from atlas.core.model_card import ModelCard
from atlas.errors import did_you_mean

EVERYTHING = ("all", "*")
GLOB_CHARACTERS = re.compile(r"[*?]")


def select_classes(selectors: Sequence[str | int], card: ModelCard) -> tuple[list[int], list[str]]:
    """Return the indices of the classes selected, in the order of the selectors, each once; and the problems.

    A selector is an index, ``"all"``, a glob, or a class's name, id or synonym in any case. A text that names a class
    is that class; only else it is a glob or an index.
    """
    logits = card.layer(LOGITS)
    if logits is None:
        return [], [f'classes: model "{card.name}" has no logits, so it has no classes; give layers instead']
    chosen: dict[int, None] = {}
    problems: list[str] = []
    lookup = ClassLookup(card.classes)
    for selector in selectors:
        found, problem = _class_indices(selector, card, lookup, logits.units)
        chosen.update(dict.fromkeys(found))
        problems += [f"classes: {problem}"] if problem else []
    return list(chosen), problems


def glob_pattern(glob: str, separator: str = "") -> re.Pattern[str]:
    """Return a glob as a pattern: ``*`` and ``?`` stop at the separator if there is one, ``**`` does not."""
    one = f"[^{re.escape(separator)}]" if separator else "."
    meaning = {"**": ".*", "*": f"{one}*", "?": one}
    parts = re.split(r"(\*\*|\*|\?)", glob)
    return re.compile("".join(meaning.get(part, re.escape(part)) for part in parts), re.DOTALL)


def _class_indices(
    selector: str | int, card: ModelCard, lookup: ClassLookup, count: int
) -> tuple[Iterable[int], str | None]:
    """Return the indices that one selector stands for, and what is wrong with it."""
    if isinstance(selector, str):
        named = lookup.named(selector)
        if len(named) > 1:
            return [], f'class "{selector}" is ambiguous; write its index or id: {lookup.ambiguity(named)}'
        if named:
            return named, None
        if selector in EVERYTHING:
            return range(count), None
        if not re.fullmatch(r"\s*\d{1,9}\s*", selector, re.ASCII):
            return _globbed(selector, card, lookup)
    index = int(selector)
    if index >= count:
        return [], f'class {index} is out of range; model "{card.name}" has {count} classes, 0 to {count - 1}'
    return [index], None


def _globbed(glob: str, card: ModelCard, lookup: ClassLookup) -> tuple[list[int], str | None]:
    """Return the classes one of whose names matches a glob."""
    if not card.classes:
        return [], f'model "{card.name}" has no class names; write indices instead of "{glob}"'
    pattern = glob_pattern(plain(glob))
    found = [
        index
        for index, label in enumerate(card.classes)
        if any(pattern.fullmatch(plain(name)) for name in (label.name, *label.synonyms))
    ]
    if found:
        return found, None
    hint = did_you_mean(glob, lookup.all_names()) or "see the site's page of classes, or write an index"
    matches = "matches no class" if GLOB_CHARACTERS.search(glob) else "is no class"
    return [], f'"{glob}" {matches} of model "{card.name}"; {hint}'
