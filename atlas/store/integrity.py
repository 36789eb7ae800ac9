"""Integrity: does the store still hold what its documents say, and what they refer to?"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from atlas.core.canonical import digest_bytes
from atlas.core.record import Record
from atlas.errors import StoreError, StoreSchemaError
from atlas.store.files import read_bytes
from atlas.store.keyed import decided_by
from atlas.store.marker import NAME, marker_problem
from atlas.store.store import Store
from atlas.store.survey import Damage, Kind, References, Survey

FILE_NAME = re.compile(r'"([0-9a-f]{64}\.[a-z]+)"')
"""A file of a result, as its document names it."""


def verify(store: Store) -> Iterator[Damage]:
    """Read everything in the store again and follow what it refers to; yield what is damaged or lost.

    Read are documents of results and their files, failed attempts, cards of models, metrics and methods, inputs,
    credits, pictures that several records show, and selections.
    """
    if problem := marker_problem(store.path):
        yield Damage("store", NAME, problem)
    survey, references = Survey(store), References()
    yield from survey.damage
    for key in survey.results:
        yield from _result_damage(store, key, references)
    yield from _parts_damage(store, survey, references)
    yield from _lost_references(store, survey, references)
    yield from _selection_damage(store, survey, references)


def _result_damage(store: Store, key: str, references: References) -> Iterator[Damage]:
    """Yield what is wrong with a result, and note what it refers to."""
    if not store.folder(key).is_dir():
        yield Damage("result", key, f"{store.folder(key)} is no folder")
        return
    path = store.document_path(key)
    try:
        if not os.path.lexists(path):
            if (attempt := store.failure(key)) is not None and attempt.job is not None:
                references.add_job(attempt.job, key)
            return
        document = store.any_document(key)
        decided = decided_by(document)
        if decided is not None and decided.key != key:
            raise StoreError(f"{path} describes another result ({decided.key[:12]}...)")
    except StoreError as error:
        yield Damage("result", key, error.message, other_version=isinstance(error, StoreSchemaError))
        return
    references.add(document, key)
    if isinstance(document, Record):
        files = {
            one.file_name: f"the {one.role} {one.file_name[:12]}..." for one in document.assets if not one.is_shared
        }
    else:
        found = sorted(set(FILE_NAME.findall(read_bytes(path).decode())))
        files = {name: f"its file {name[:12]}..." for name in found}
    for name, what in files.items():
        if problem := _file_problem(store.folder(key) / name, name.partition(".")[0]):
            yield Damage("result", key, f"{what} {problem}")


def _file_problem(path: Path, sha256: str) -> str:
    """Return what is wrong with a file whose content is known, as the end of a sentence; empty if nothing is."""
    if not os.path.lexists(path):
        return "is missing"
    try:
        return "" if digest_bytes(read_bytes(path)) == sha256 else "does not match its hash"
    except StoreError as error:
        return f"cannot be read: {error.message.rpartition(': ')[2]}"


def _parts_damage(store: Store, survey: Survey, references: References) -> Iterator[Damage]:
    """Yield which cards, inputs and shared pictures cannot be read."""
    for kind, part in store.parts.items():
        for name in survey.parts[kind]:
            try:
                part.read(name)
            except StoreError as error:
                other_version = isinstance(error, StoreSchemaError)
                yield Damage(kind, name, error.message, references.of(kind, name), other_version)


def _lost_references(store: Store, survey: Survey, references: References) -> Iterator[Damage]:
    there: dict[Kind, set[str]] = {kind: set(names) for kind, names in survey.parts.items()}
    words = {
        "card": "the model's card",
        "method": "the method's card",
        "input": "the input",
        "photo": "the photo's credit",
        "picture": "the photo as it was shown",
        "result": "the result",
    }
    for (kind, key), owners in sorted(references.owners.items()):
        lost = not store.has(key) if kind == "result" else key not in there[kind]
        if lost:
            many = "1 other needs it" if len(owners) == 1 else f"{len(owners)} others need it"
            yield Damage(kind, key, f"{words[kind]} is lost; {many}", tuple(owners))


def _selection_damage(store: Store, survey: Survey, references: References) -> Iterator[Damage]:
    """Yield selections that are damaged, and what was complete when a run ended and is there no more."""
    lost: dict[str, str] = {}
    for name in survey.selections:
        try:
            selection = store.selections.read_named(name)
        except StoreError as error:
            yield Damage("selection", name, error.message, other_version=isinstance(error, StoreSchemaError))
            continue
        for key in selection.keys:
            if not os.path.lexists(store.document_path(key)):
                lost[key] = f"it is lost, which {selection.configuration} had made"
    for key, problem in sorted(lost.items()):
        yield Damage("result", key, problem)
    if references.analysed and not survey.selections:
        yield Damage("selection", "", "which analyses are current is lost: no configuration has a selection")
