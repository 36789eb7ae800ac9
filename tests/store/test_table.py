"""The table of a store: one row a rendering, equal to the records; and the schemas of all documents."""

import json
import sys
from datetime import datetime

import jsonschema
import pytest
from sample_store import CLASSES, card, make_sample_store

from atlas.errors import AtlasError, StoreError
from atlas.extras import MissingExtraError
from atlas.metrics import in_order
from atlas.store import Store, schemas
from atlas.store.table import COLUMNS


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    store = make_sample_store(tmp_path_factory.mktemp("table") / "store", side=16)
    for metric in in_order():
        store.save_metric(metric.card)
    return store


def test_it_equals_the_records(store):
    table, records = store.table(), list(store.records())
    rows = table.to_pylist()
    assert [row["key"] for row in rows] == [record.key for record in records]
    names = {card(variant).identity.fingerprint: card(variant).name for variant in "ab"}
    measured = {value.name for record in records for value in record.measurements}
    assert {"activation", "objective", "probability"} <= measured <= set(table.column_names)
    for row, record in zip(rows, records, strict=True):
        job, target = record.job, record.job.target
        assert {name: row[name] for name in measured} == {
            name: None if record.measurement(name) is None else record.measurement(name).value for name in measured
        }
        for name in ("kind", "layer", "sign", "direction", "photo", "references", "cluster"):
            assert row[name] == getattr(target, name)
        for name in ("method", "version", "seed", "numerics"):
            assert row[name] == getattr(job, name)
        for name in ("seconds", "device", "batch_size", "peak_bytes"):
            assert row[name] == getattr(record.provenance, name)
        assert row["unit"] == (None if target.kind in ("inversion", "caricature") else target.unit)
        assert (row["row"], row["column"]) == (target.position or (None, None))
        assert row["status"] == record.status
        assert row["created"] == datetime.fromisoformat(record.provenance.created)
        assert json.loads(row["parameters"]) == job.parameters
        assert (row["fingerprint"], row["model"]) == (job.model.fingerprint, names[job.model.fingerprint])
        assert row["class_name"] == (CLASSES[target.unit].name if target.kind in ("logit", "direction") else None)
        path = store.picture_path(record, "image")
        assert row["picture"] == (None if path is None else str(path))


def test_every_column_says_what_it_means_and_its_unit(store):
    schema = store.table().schema
    told = {field.name: {key.decode(): value.decode() for key, value in field.metadata.items()} for field in schema}
    assert {column.name for column in COLUMNS} < set(told)
    assert all(each["meaning"] and not each["meaning"].endswith(".") for each in told.values())
    assert told["seconds"]["unit"] == "s"
    for metric in in_order():
        if metric.card.name in told:
            assert told[metric.card.name]["meaning"] == metric.card.summary


def test_it_becomes_a_data_frame(store):
    frame = store.table().to_pandas()
    assert len(frame) == len(list(store.records()))
    assert (frame[frame.status == "dead"].picture.isna()).all()
    best = frame[frame.kind == "logit"].groupby("method").probability.mean()
    assert best.between(0, 1).all()


def test_an_empty_store_has_an_empty_table_with_all_columns(tmp_path):
    table = Store(tmp_path / "store", create=True).table()
    assert table.num_rows == 0 and table.column_names == [column.name for column in COLUMNS]


def test_a_damaged_record_is_a_clear_error(tmp_path):
    store = make_sample_store(tmp_path / "store", side=16)
    store.document_path(next(store.records()).key).write_text("{")
    with pytest.raises(StoreError, match=r"damaged[\s\S]*--repair"):
        store.table()


def test_without_its_library_it_says_what_to_install(store, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"pyarrow[\s\S]*lens-atlas\[table\]") as caught:
        store.table()
    assert isinstance(caught.value, AtlasError)


KINDS = {
    "store": ["store.json"],
    "record": ["objects/*/*/document.json"],
    "attempt": ["objects/*/*/attempts/*.json"],
    "statistics": ["objects/*/*/document.json"],
    "concepts": ["objects/*/*/document.json"],
    "score": ["objects/*/*/document.json"],
    "finding": ["objects/*/*/document.json"],
    "model-card": ["models/*.json"],
    "metric-card": ["metrics/*.json"],
    "method-card": ["methods/*.json"],
    "photo-credit": ["photos/*.json"],
    "selection": ["selections/*.json"],
}
"""Kinds of documents that the sample store holds, and where."""


def test_every_document_of_a_store_is_as_its_schema_says_and_none_is_as_anothers(store):
    validators = {name: jsonschema.Draft202012Validator(schema) for name, schema in schemas().items()}
    assert set(KINDS) <= set(validators)
    fitting = dict.fromkeys(KINDS, 0)
    for pattern in sorted({pattern for patterns in KINDS.values() for pattern in patterns}):
        paths = list(store.path.glob(pattern))
        assert paths
        for path in paths:
            document = json.loads(path.read_text())
            [kind] = [name for name, validator in validators.items() if validator.is_valid(document)]
            assert pattern in KINDS[kind]
            fitting[kind] += 1
            del document["checksum"]
            assert not validators[kind].is_valid(document), "a document carries its checksum"
    assert all(fitting.values()), fitting
