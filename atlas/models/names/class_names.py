"""Names of a model's classes: from a file, from what the source knows, from ImageNet, or numbers."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from atlas.core.data_files import read_text
from atlas.core.model_card import ClassLabel
from atlas.errors import DataFileError, ModelError
from atlas.models.names.columns import read_columns
from atlas.models.names.entries import IDENTIFIER, Entry, checked, in_order, visible
from atlas.models.names.lines import lines_of, read_lines
from atlas.models.names.structures import entries_of, read_structure
from atlas.models.sources.timm import imagenet_labels, wordnet_label
from atlas.models.spec import ModelSpec

_TABLES = (".csv", ".tsv")


class ClassNames(NamedTuple):
    """The labels of a model's classes, and where they are from in words (empty for numbers)."""

    labels: tuple[ClassLabel, ...]
    origin: str


def class_names(spec: ModelSpec, classes: int, configuration: Mapping[str, Any] | None = None) -> ClassNames:
    """Return one label per class: the spec's file first, then what came with the weights, then ImageNet, then numbers.

    Args:
        classes: number of logits; 0 if the model is no classifier. By it timm tells the sets of ImageNet apart.
        configuration: what came with the weights; its ``label_names`` are used if there are as many.

    Raises:
        ModelError: the file cannot be used, or names another number of classes.
    """
    if spec.class_names is not None:
        return ClassNames(_from_file(spec.class_names, classes), f"the file {spec.class_names.name}")
    named = configuration.get("label_names") if configuration else None
    if configuration and isinstance(named, list | tuple) and len(named) == classes:
        held = {"label_names": list(named), "label_descriptions": configuration.get("label_descriptions")}
        return ClassNames(_labels(entries_of(held)), "the configuration of the weights")
    subset, labels = imagenet_labels(classes)
    if labels:
        return ClassNames(labels, f"{subset}, which the number of outputs suggests")
    return ClassNames(tuple(ClassLabel(name=str(index)) for index in range(classes)), "")


def _from_file(path: Path, classes: int) -> tuple[ClassLabel, ...]:
    labels = read_class_names(path)
    if not classes:
        raise ModelError(f'class names "{path}" are given, but the model has no class output', "remove class_names")
    if len(labels) != classes:
        background = len(labels) == classes + 1 and labels[0].name.casefold() in ("background", "__background__")
        remedy = "give one name for each class, in the order of the model's output"
        raise ModelError(
            f'class names "{path}" name {len(labels)} classes, but the model has {classes}',
            f'take out the first name, "{labels[0].name}"' if background else remedy,
        )
    return labels


def read_class_names(path: Path) -> tuple[ClassLabel, ...]:
    """Read a list of names in any form that ``docs/guides/models.md`` shows; what looks like another is refused.

    Raises:
        ModelError: the file is missing, not UTF-8, malformed, no list of names, or has gaps.
    """
    try:
        return _labels(_entries(read_text(path, "file of class names"), path))
    except DataFileError as error:
        raise ModelError(error.message, error.remedy) from error
    except ModelError as error:
        raise ModelError(f'class names "{path}" {error.message}', error.remedy) from error


def _labels(entries: Sequence[Entry]) -> tuple[ClassLabel, ...]:
    named = _with_names(in_order(entries)) if entries else []
    checked(named)
    return tuple(map(_label, named))


def _entries(text: str, path: Path) -> list[Entry]:
    ending = path.suffix.lower()
    starts = re.match(r"(\s*#.*\n)*\s*(\w+\s*=\s*)?[\[{(]", text) is not None
    # A name may begin with a bracket, but then the bracket closes on its line.
    closes = re.match(r"\s*((\[[^\[\]\n]*\]|\{[^{}\n]*\})[ \t\r]*|\([^()\n]*\).*)\n\s*\S", text) is not None
    # Symbols are classes, too: "(", ")" and so on, a line each.
    closes = closes or re.match(r"\s*[\[{(][ \t\r]*\n(?!.*(['\"]).*\1)", text, re.DOTALL) is not None
    if ending == ".json" or starts:
        try:
            return read_structure(text, str(path))
        except DataFileError as error:
            if ending == ".json" or not closes:
                problem = error.problems[0].removeprefix("not valid JSON, ")
                raise ModelError(f"are not JSON, nor a list or dict of Python: {problem}", "check the file") from error
    lines = lines_of(text)
    entries = read_columns(lines, ending in _TABLES)
    return read_lines(lines) if entries is None else entries


def _with_names(entries: list[Entry]) -> list[Entry]:
    """Return the entries of WordNet's ids alone with the names that WordNet has for them."""
    if not all(IDENTIFIER.fullmatch(entry.id or entry.name) for entry in entries):
        return entries
    return [entry if entry.id and entry.name else _from_wordnet(entry) for entry in entries]


def _from_wordnet(entry: Entry) -> Entry:
    label = wordnet_label(entry.id or entry.name)
    return Entry(label.name, entry.where, label.id, entry.index, label.synonyms)


def _label(entry: Entry) -> ClassLabel:
    """Make a label. Beside a WordNet id stand all of a class's names: the first is its name, the others synonyms."""
    name, synonyms = visible(entry.name), entry.synonyms
    if IDENTIFIER.fullmatch(entry.id) and not synonyms:
        name, *others = (part.strip() for part in name.split(",") if part.strip())
        synonyms = tuple(others)
    return ClassLabel(name=name, id=entry.id, synonyms=synonyms)
