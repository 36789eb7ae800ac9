"""Names of a model's classes: from a file, from ImageNet, or numbers."""

import csv
import json
import re
from pathlib import Path
from typing import Any

from atlas.core.model_card import ClassLabel
from atlas.errors import ModelError
from atlas.models.spec import ModelSpec
from atlas.models.timm_source import IMAGENET_CLASSES, imagenet_labels

_INDEXED = re.compile(r"\s*\d+\s*,")


def class_labels(spec: ModelSpec, classes: int) -> tuple[ClassLabel, ...]:
    """Return one label per class: the spec's file first, then ImageNet for 1000 classes, then ``0``, ``1``, ...

    Args:
        classes: number of logits; 0 if the model is no classifier.

    Raises:
        ModelError: the file cannot be used, or names another number of classes.
    """
    if spec.class_names is not None:
        return _from_file(spec.class_names.expanduser(), classes)
    if classes == IMAGENET_CLASSES:
        return imagenet_labels()
    return tuple(ClassLabel(name=str(index)) for index in range(classes))


def _from_file(path: Path, classes: int) -> tuple[ClassLabel, ...]:
    labels = read_class_names(path)
    if not classes:
        raise ModelError(f'class names "{path}" are given, but the model has no class output', "remove class_names")
    if len(labels) != classes:
        raise ModelError(
            f'class names "{path}" name {len(labels)} classes, but the model has {classes}',
            "give one name for each class, in the order of the model's output",
        )
    return labels


def read_class_names(path: Path) -> tuple[ClassLabel, ...]:
    """Read a file of one name a line, of CSV rows ``index,name``, or of JSON (list, or object from index to name).

    Raises:
        ModelError: the file is missing, not UTF-8, malformed, or has gaps.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ModelError(f'class names "{path}" cannot be read: {error.strerror}', "check the path") from error
    except UnicodeDecodeError as error:
        raise ModelError(f'class names "{path}" are not UTF-8: {error.reason}', "save the file as UTF-8") from error
    if path.suffix.lower() == ".json":
        return _from_json(text, path)
    # Not splitlines: a name may hold any character but a line feed.
    lines = [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")]
    if len(lines) > 1 and all(_INDEXED.match(line) for line in lines[1:] if line.strip()):
        return _from_rows([row for row in csv.reader(lines) if row], path)
    return tuple(_label(line, index, path) for index, line in enumerate(lines))


def _from_rows(rows: list[list[str]], path: Path) -> tuple[ClassLabel, ...]:
    if not rows[0][0].strip().isdigit():
        rows = rows[1:]  # a header
    names: dict[str, Any] = {}
    for row in rows:
        index = row[0].strip()
        if index in names:
            raise ModelError(f'class names "{path}" give index {index} twice', "give each index once")
        names[index] = ",".join(row[1:])
    return _from_indexed(names, path)


def _from_json(text: str, path: Path) -> tuple[ClassLabel, ...]:
    try:
        content = json.loads(text)
    except ValueError as error:
        raise ModelError(f'class names "{path}" are not JSON: {error}', "check the file") from error
    if isinstance(content, list):
        return tuple(_label(value, index, path) for index, value in enumerate(content))
    if isinstance(content, dict):
        return _from_indexed(content, path)
    raise ModelError(f'class names "{path}" hold {type(content).__name__}', "use a list, or an object of index: name")


def _from_indexed(names: dict[str, Any], path: Path) -> tuple[ClassLabel, ...]:
    wanted = [str(index) for index in range(len(names))]
    if missing := [index for index in wanted if index not in names]:
        raise ModelError(
            f'class names "{path}" lack index {", ".join(missing[:5])} of 0 to {len(names) - 1}',
            "number the classes from 0 without gaps",
        )
    return tuple(_label(names[index], int(index), path) for index in wanted)


def _label(value: Any, index: int, path: Path) -> ClassLabel:
    """Make a label of a name, or of an (id, name) pair as in the usual ImageNet JSON."""
    identifier = ""
    if isinstance(value, list) and len(value) == 2 and all(isinstance(part, str) for part in value):
        identifier, value = value
    if not isinstance(value, str) or not value.strip():
        raise ModelError(f'class names "{path}": class {index} has the name {value!r}', "give every class a name")
    return ClassLabel(name=value.strip(), id=identifier)
