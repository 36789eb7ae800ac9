"""Matches class folders and labels of photos with a model's classes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atlas.core.class_lookup import ClassLookup, loose, plain
from atlas.core.data_files import read_json, read_rows, read_toml
from atlas.core.model_card import ClassLabel
from atlas.errors import ConfigError, did_you_mean
from atlas.photos.photo import Photo
from atlas.photos.photo_set import PhotoSet
from atlas.photos.readers.base import counted

REMEDY = (
    "name folders by a class's name, WordNet id or index; or say in a file of rows folder,class, named by "
    "photos.classes, which class each stands for (an empty class leaves the folder out)"
)

MAX_PROBLEMS = 20
"""So many groups that match no class are named one by one."""

_WHAT, _REMEDY = "mapping file", "check photos.classes in the configuration"
_WORDNET = re.compile(r"n\d{8}")


@dataclass(frozen=True)
class Matched:
    """Photos by class.

    Attributes:
        classes: class index to its photos, sorted by name, identical ones once. Empty if the set has no groups.
        problems: groups that stand for no class or for several, and what was meant; see :data:`REMEDY`.
        ignored: groups that the mapping leaves out.
    """

    classes: dict[int, tuple[Photo, ...]]
    problems: list[str]
    ignored: tuple[str, ...] = ()

    def checked(self) -> dict[int, tuple[Photo, ...]]:
        """Return the classes.

        Raises:
            ConfigError: there are problems.
        """
        if self.problems:
            raise ConfigError(self.problems, "photos", REMEDY)
        return self.classes


def match_classes(photo_set: PhotoSet, labels: Sequence[ClassLabel]) -> Matched:
    """Return which photos are of which class, by the mapping file if it names their group, else by the group's name.

    A name is a class's id (``n02007558``), an id with more after it (``n02007558_flamingo``), a name or synonym, or an
    index; case and Unicode's normal form do not count, underscores are spaces, and so are hyphens where nothing else
    matches. Several groups may stand for one class.

    Args:
        labels: one per class of the model, in order.

    Raises:
        ConfigError: the mapping file cannot be read or is malformed.
    """
    mapping = {} if photo_set.spec.classes is None else read_mapping(photo_set.spec.classes)
    loosely = _loosely(mapping)
    lookup = ClassLookup(labels)
    groups: dict[str, list[Photo]] = {}
    for photo in photo_set.photos:
        if photo.group:
            groups.setdefault(photo.group, []).append(photo)
    chosen: dict[int, list[Photo]] = {}
    ignored: list[str] = []
    problems: list[str] = []
    for group, photos in groups.items():
        mapped = mapping.get(plain(group), loosely.get(loose(group)))
        if mapped == "":
            ignored.append(group)
            continue
        found = _indices(group if mapped is None else mapped, lookup)
        if len(found) == 1:
            chosen.setdefault(found[0], []).extend(photos)
        else:
            hint = len(problems) < MAX_PROBLEMS
            problems.append(_problem(group, mapped, photos, found, lookup, hint))
    if len(problems) > MAX_PROBLEMS:
        rest = len(problems) - MAX_PROBLEMS
        problems[MAX_PROBLEMS:] = [f"{counted(rest, 'further folder')} without one class each"]
    return Matched({index: _each_once(chosen[index]) for index in sorted(chosen)}, problems, tuple(ignored))


def read_mapping(path: Path) -> dict[str, str]:
    """Return a mapping file: folder, as names are compared, to the name, id or index of its class, or an empty text.

    Raises:
        ConfigError: it cannot be read or is malformed; names each bad line.
    """
    readers = {".json": _from_json, ".toml": _from_toml}
    rows = readers.get(path.suffix.lower(), _from_csv)(path)
    found: dict[str, str] = {}
    problems = []
    for where, folder, value in rows:
        if isinstance(value, bool) or not isinstance(value, str | int):
            problems.append(f"{where}: the class must be a name, an id or an index")
        elif found.setdefault(plain(folder), str(value).strip()) != str(value).strip():
            problems.append(f'{where}: the folder "{folder}" was given another class before')
    if problems:
        raise ConfigError(problems, str(path), "give each folder one class; an empty one leaves the folder out")
    return found


def _loosely(mapping: dict[str, str]) -> dict[str, str]:
    """Return a mapping by folders as they are compared loosely, without those that then have several classes."""
    found: dict[str, set[str]] = {}
    for folder, value in mapping.items():
        found.setdefault(loose(folder), set()).add(value)
    return {folder: next(iter(values)) for folder, values in found.items() if len(values) == 1}


def _from_json(path: Path) -> list[tuple[str, str, Any]]:
    content = read_json(path, _WHAT, _REMEDY)
    if not isinstance(content, dict):
        raise ConfigError(["must be a table from folder to class"], str(path))
    return [(folder, folder, value) for folder, value in content.items()]


def _from_toml(path: Path) -> list[tuple[str, str, Any]]:
    return [(folder, folder, value) for folder, value in read_toml(path, _WHAT, _REMEDY).items()]


def _from_csv(path: Path) -> list[tuple[str, str, Any]]:
    rows = list(read_rows(path, _WHAT, _REMEDY))
    if rows and [field.casefold() for field in rows[0][1]] == ["folder", "class"]:
        rows = rows[1:]
    wrong = [
        f"line {line}: {counted(len(row), 'field')} instead of folder and class" for line, row in rows if len(row) != 2
    ]
    if wrong:
        raise ConfigError(wrong[:MAX_PROBLEMS], str(path), "write folder,class; quote a name that holds a comma")
    return [(f"line {line}", row[0], row[1]) for line, row in rows]


def _indices(name: str, lookup: ClassLookup) -> list[int]:
    """Return the classes that a name stands for; several if it is ambiguous."""
    first, _, rest = re.sub(r"[\s_-]+", " ", name.strip()).partition(" ")
    found = lookup.named(name) or (lookup.with_id(first) if rest else [])
    if not found and _WORDNET.fullmatch(first.lower()):
        found = lookup.named(name.strip()[len(first) + 1 :])  # a model whose classes have names only
    if not found and "," in name:
        found = _all_of(name.split(","), lookup)
    if not found and re.fullmatch(r"\d{1,9}", name.strip(), re.ASCII) and int(name) < len(lookup.labels):
        found = [int(name)]
    return found


def _all_of(names: list[str], lookup: ClassLookup) -> list[int]:
    """Return the classes that have all of several names, as far as each name is one of some class."""
    known = [set(found) for name in names if (found := lookup.named(name))]
    return sorted(set.intersection(*known)) if known else []


def _problem(
    group: str, mapped: str | None, photos: list[Photo], found: list[int], lookup: ClassLookup, hint: bool
) -> str:
    """Return what is wrong with a group that does not stand for one class."""
    what = f'folder "{group}" ({counted(len(photos))})'
    name = group if mapped is None else mapped
    said = what if mapped is None else f'{what}, mapped to "{mapped}",'
    if found:
        return f"{said} may be class {lookup.ambiguity(found)}; map it to one of these indices"
    if re.fullmatch(r"\d{1,9}", name.strip(), re.ASCII):
        return f"{said} matches no class; the model has {len(lookup.labels)}, 0 to {len(lookup.labels) - 1}"
    if all(photo.name.count("/") > 1 for photo in photos) and mapped is None:
        inner = photos[0].name.split("/")[1]
        return (
            f'{said} matches no class and holds folders itself ("{inner}", ...); name the one above the class folders'
        )
    meant = did_you_mean(re.sub(_WORDNET, "", name).strip(" _-"), lookup.all_names()) if hint else ""
    return f"{said} matches no class" + (f"; {meant}" if meant else "")


def _each_once(photos: list[Photo]) -> tuple[Photo, ...]:
    """Return the photos of a class sorted by name; of identical ones in several of its groups the first."""
    first: dict[str, Photo] = {}
    for photo in sorted(photos, key=lambda photo: photo.name):
        first.setdefault(photo.digest, photo)
    return tuple(first.values())
