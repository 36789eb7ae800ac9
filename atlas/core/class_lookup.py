"""Class lookup: from what people call a class to its index."""

from collections.abc import Sequence

from atlas.core.model_card import ClassLabel


def plain(text: str) -> str:
    """Return a name as it is compared: case, underscores and repeated spaces do not count."""
    return " ".join(text.casefold().replace("_", " ").split())


class ClassLookup:
    """Finds classes by id, name or synonym, in any case.

    Args:
        labels: one per class, in order.
    """

    def __init__(self, labels: Sequence[ClassLabel]) -> None:
        self.labels = labels
        self._ids: dict[str, list[int]] = {}
        self._names: dict[str, list[int]] = {}
        self._synonyms: dict[str, list[int]] = {}
        for index, label in enumerate(labels):
            self._ids.setdefault(plain(label.id), []).append(index)
            self._names.setdefault(plain(label.name), []).append(index)
            # Lists of ImageNet's classes often write all of a class's names into one: "tench, Tinca tinca".
            for synonym in dict.fromkeys(map(plain, (*label.synonyms, *label.name.split(",")))):
                self._synonyms.setdefault(synonym, []).append(index)

    def named(self, text: str) -> list[int]:
        """Return the classes that a text names by id, else by name, else by synonym; several if it is ambiguous."""
        wanted = plain(text)
        if not wanted:
            return []
        return self._ids.get(wanted) or self._names.get(wanted) or self._synonyms.get(wanted) or []

    def with_id(self, text: str) -> list[int]:
        """Return the classes that have an id."""
        return self._ids.get(plain(text), []) if text else []

    def ambiguity(self, indices: Sequence[int]) -> str:
        """Return classes of one name as a choice between indices that says what tells them apart."""
        return " or ".join(f"{index}{_identity(self.labels[index])}" for index in indices)

    def all_names(self) -> list[str]:
        """Return everything that classes are called, for suggestions."""
        return [name for label in self.labels for name in (label.name, *label.synonyms, label.id) if name]


def _identity(label: ClassLabel) -> str:
    details = ", ".join([label.id, *label.synonyms[:1]] if label.id else label.synonyms[:1])
    return f" ({details})" if details else ""
