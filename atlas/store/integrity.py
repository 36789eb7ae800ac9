"""Integrity: does the store still hold what its documents say, and what they refer to?"""

import os
import re
from collections.abc import Callable, Iterator

from atlas.core.canonical import digest_bytes
from atlas.core.record import Record
from atlas.errors import StoreError, StoreSchemaError
from atlas.store.documents import decode
from atlas.store.files import read_bytes
from atlas.store.marker import NAME, marker_problem
from atlas.store.store import Store
from atlas.store.survey import DOCUMENTS, Damage, Kind, References, Survey

FILE_NAME = re.compile(r'"([0-9a-f]{64}\.[a-z]+)"')
"""A file of an analysis, as its document names it."""


def verify(store: Store) -> Iterator[Damage]:
    """Read everything in the store again and follow what it refers to; yield what is damaged or lost.

    Read are records, failed attempts, pictures, analyses and their files, cards of models and metrics, inputs, credits
    and selections.
    """
    if problem := marker_problem(store.path):
        yield Damage("store", NAME, problem)
    survey, references = Survey(store), References()
    yield from survey.damage
    for key in survey.jobs:
        yield from _job_damage(store, key, references)
    for key in survey.analyses:
        yield from _analysis_damage(store, key, references)
    yield from _parts_damage(store, survey, references)
    yield from _lost_references(store, survey, references)
    yield from _selection_damage(store, survey)


def _read_damage(kind: Kind, key: str, read: Callable[[], object], references: References) -> Iterator[Damage]:
    """Yield why something cannot be read, if it cannot."""
    try:
        read()
    except StoreError as error:
        yield Damage(kind, key, error.message, references.of(kind, key), isinstance(error, StoreSchemaError))


def _job_damage(store: Store, key: str, references: References) -> Iterator[Damage]:
    if not store.folder(key).is_dir():
        yield Damage("job", key, f"{store.folder(key)} is no folder")
        return
    try:
        complete = os.path.lexists(store.folder(key) / "record.json")
        record = store.read(key) if complete else store.failure(key)
    except StoreError as error:
        yield Damage("job", key, error.message, newer=isinstance(error, StoreSchemaError))
        return
    if record is None:
        return
    if record.job.key != key:
        yield Damage("job", key, f"the record describes another job ({record.job.key[:12]}...)")
        return
    references.add_job(record.job, key)
    yield from _asset_damage(store, record)


def _asset_damage(store: Store, record: Record) -> Iterator[Damage]:
    for asset in record.assets:
        path, what = store.folder(record.key) / asset.file_name, f"the {asset.role} {asset.file_name[:12]}..."
        if not os.path.lexists(path):
            yield Damage("job", record.key, f"{what} is missing")
            continue
        try:
            sound = digest_bytes(read_bytes(path)) == asset.sha256
        except StoreError as error:
            yield Damage("job", record.key, f"{what} cannot be read: {error.message.rpartition(': ')[2]}")
        else:
            if not sound:
                yield Damage("job", record.key, f"{what} does not match its hash")


def _analysis_damage(store: Store, key: str, references: References) -> Iterator[Damage]:
    folder = store.analyses.folder(key)
    if not folder.is_dir():
        yield Damage("analysis", key, f"{folder} is no folder")
        return
    try:
        if not os.path.lexists(folder / "analysis.json"):
            store.analyses.failure(key)
            return
        data, analysis = store.analyses.read_any(key)
        document = decode(DOCUMENTS[analysis.kind], data, folder / "analysis.json")
    except StoreError as error:
        yield Damage("analysis", key, error.message, newer=isinstance(error, StoreSchemaError))
        return
    references.add_analysis(analysis, document, key)
    for name in sorted(set(FILE_NAME.findall(data.decode()))):
        try:
            store.analyses.read_file(key, name)
        except StoreError as error:
            yield Damage("analysis", key, error.message)


def _parts_damage(store: Store, survey: Survey, references: References) -> Iterator[Damage]:
    for fingerprint in survey.cards:
        yield from _read_damage("card", fingerprint, lambda one=fingerprint: store.card(one), references)  # type: ignore[misc]
    for name in survey.metrics:
        yield from _read_damage("metric", name, lambda one=name: store.metric_cards.read(one), references)  # type: ignore[misc]
    for digest in survey.photos:
        yield from _read_damage("photo", digest, lambda one=digest: store.photo_credit(one), references)  # type: ignore[misc]
    for digest in survey.inputs:
        yield from _read_damage("input", digest, lambda one=digest: store.read_input(one), references)  # type: ignore[misc]


def _lost_references(store: Store, survey: Survey, references: References) -> Iterator[Damage]:
    there = {"card": set(survey.cards), "input": set(survey.inputs), "photo": set(survey.photos)}
    words = {
        "card": "the model's card",
        "input": "the input",
        "photo": "the photo's credit",
        "analysis": "the analysis",
    }
    for (kind, key), owners in sorted(references.owners.items()):
        lost = not store.analyses.has(key) if kind == "analysis" else key not in there[kind]
        if lost:
            many = "1 other needs it" if len(owners) == 1 else f"{len(owners)} others need it"
            yield Damage(kind, key, f"{words[kind]} is lost; {many}", tuple(owners))


def _selection_damage(store: Store, survey: Survey) -> Iterator[Damage]:
    """Yield selections that are damaged, and what was complete when a run ended and is there no more."""
    lost: dict[tuple[Kind, str], str] = {}
    for name in survey.selections:
        try:
            selection = store.selections.read_named(name)
        except StoreError as error:
            yield Damage("selection", name, error.message, newer=isinstance(error, StoreSchemaError))
            continue
        for key in selection.jobs:
            if not os.path.lexists(store.folder(key) / "record.json"):
                lost["job", key] = f"its record is lost, which {selection.configuration} rendered"
        for key in selection.analyses:
            if not os.path.lexists(store.analyses.folder(key) / "analysis.json"):
                lost["analysis", key] = f"the analysis is lost, which {selection.configuration} made"
    for (kind, key), problem in sorted(lost.items()):
        yield Damage(kind, key, problem)
    if survey.analyses and not survey.selections:
        yield Damage("selection", "", "which analyses are current is lost: no configuration has a selection")
