"""Class lookup: from what people call a class to its index."""

import re
import unicodedata
from collections.abc import Callable, Sequence

from atlas.core.model_card import ClassLabel

_DASHES = r"\-\u2010-\u2015\u2212\uff0d"
_BETWEEN_WORDS = re.compile(rf"(?<=\w)[\s_/\\:|{_DASHES}]+(?=\w)")
_LEFT_OUT = re.compile(r"['’‘ʼ`´\"“”„]|\.+(?=\s|$)")


def plain(text: str) -> str:
    """Return a name as it is compared: case, Unicode's normal form, underscores and repeated spaces do not count."""
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
    return " ".join(folded.replace("_", " ").split())


def loose(text: str) -> str:
    """Return a name as it is compared where nothing else matches.

    What stands between words (hyphens, slashes), apostrophes, quotes, full stops and compatibility forms (``ﬁ``, full
    width) do not count either: folders, and the programs that make them, write those in their own ways.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(_BETWEEN_WORDS.sub(" ", _LEFT_OUT.sub("", folded)).replace("_", " ").split())


class ClassLookup:
    """Finds classes by id, name or synonym, in any case.

    Args:
        labels: one per class, in order.
    """

    def __init__(self, labels: Sequence[ClassLabel]) -> None:
        self.labels = labels
        self._plain = _Index(labels, plain)
        self._loose: _Index | None = None

    def named(self, text: str) -> list[int]:
        """Return the classes that a text names by id, else by name, else by synonym; several if it is ambiguous.

        Only if there is none is it compared loosely. Of several, one that is spelt just so is meant ("A", not "a").
        """
        found = self._plain.find(text)
        if not found and text.strip():
            self._loose = self._loose or _Index(self.labels, loose)
            return self._loose.find(text)
        exact = [index for index in found if _same(self.labels[index].name, text)]
        return exact if len(exact) == 1 else found

    def with_id(self, text: str) -> list[int]:
        """Return the classes that have an id."""
        return self._plain.ids.get(plain(text), []) if text else []

    def ambiguity(self, indices: Sequence[int]) -> str:
        """Return classes of one name as a choice between indices that says what tells them apart."""
        return " or ".join(f"{index}{_identity(self.labels[index], indices, self.labels)}" for index in indices)

    def all_names(self) -> list[str]:
        """Return everything that classes are called, for suggestions."""
        return [name for label in self.labels for name in (label.name, *label.synonyms, label.id) if name]


class _Index:
    """Classes by what they are called, as ``form`` compares it."""

    def __init__(self, labels: Sequence[ClassLabel], form: Callable[[str], str]) -> None:
        self.form = form
        self.ids: dict[str, list[int]] = {}
        self.names: dict[str, list[int]] = {}
        self.synonyms: dict[str, list[int]] = {}
        for index, label in enumerate(labels):
            self.ids.setdefault(form(label.id), []).append(index)
            self.names.setdefault(form(label.name), []).append(index)
            # Lists of ImageNet's classes often write all of a class's names into one: "tench, Tinca tinca".
            for synonym in dict.fromkeys(map(form, (*label.synonyms, *label.name.split(",")))):
                self.synonyms.setdefault(synonym, []).append(index)

    def find(self, text: str) -> list[int]:
        wanted = self.form(text)
        if not wanted:
            return []
        return self.ids.get(wanted) or self.names.get(wanted) or self.synonyms.get(wanted) or []


def _same(one: str, other: str) -> bool:
    return unicodedata.normalize("NFC", one.strip()) == unicodedata.normalize("NFC", other.strip())


def _identity(label: ClassLabel, indices: Sequence[int], labels: Sequence[ClassLabel]) -> str:
    """Return what tells a class from others that a text may mean: its id and a synonym, or its name if they differ."""
    differ = len({labels[index].name for index in indices}) > 1
    details = ", ".join(filter(None, [label.id, *([label.name] if differ else label.synonyms[:1])]))
    return f" ({details})" if details else ""
