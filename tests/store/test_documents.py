"""Documents carry a checksum of themselves: a changed bit is damage, another version is refused."""

import hashlib
import json
import random

import pytest
from records import IDENTITY, PROVENANCE, done, failed

from atlas.core.analysis import Analysis, ArraysDocument, PhotoCredit
from atlas.core.model_card import LayerInfo, ModelCard
from atlas.core.record import SCHEMA_VERSION, Record
from atlas.core.selection import Selection
from atlas.errors import StoreError, StoreSchemaError
from atlas.store.documents import encode, parse
from atlas.store.marker import FORMAT, Marker


def card():
    layers = (LayerInfo(name="logits", module="Linear", layout="vector", units=3),)
    return ModelCard(name="tiny", identity=IDENTITY, source="callable", origin="here", parameters=7, layers=layers)


def tally():
    analysis = Analysis(
        kind="tally", version=1, model=IDENTITY, layers=("a",), photos="p" * 64, parameters={}, numerics="float32"
    )
    name = "0" * 64 + ".safetensors"
    return ArraysDocument(key=analysis.key, analysis=analysis, arrays=name, facts={"n": 3}, provenance=PROVENANCE)


CREDIT = PhotoCredit(digest="ab" * 32, name="Kätzchen.jpg", author="Ada", licence="CC0", source="")
SAMPLES = {
    "record": done()[0],
    "failed attempt": failed("no gradient"),
    "card": card(),
    "analysis": tally(),
    "selection": Selection(configuration="../atlas.toml", photos=(CREDIT,), keys=("1" * 64,)),
    "credit": CREDIT,
    "marker": Marker(format=FORMAT, schema_version=SCHEMA_VERSION),
}


@pytest.fixture(params=SAMPLES)
def sample(request):
    return SAMPLES[request.param]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "document.json"


def test_a_document_is_plain_json_whose_checksum_is_as_documented(sample, path):
    data = encode(sample)
    path.write_bytes(data)
    assert parse(type(sample), path) == sample
    body, _, last = data.rpartition(b",\n")
    assert last == b' "checksum": "%s"\n}' % hashlib.sha256(body).hexdigest().encode()
    assert {name: value for name, value in json.loads(data).items() if name != "checksum"} == json.loads(
        sample.model_dump_json(exclude_none=True)
    )


def test_every_changed_byte_is_damage_that_names_the_file(sample, path):
    data, chosen = encode(sample), random.Random(7)
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 1 << chosen.randrange(8)
        path.write_bytes(changed)
        with pytest.raises(StoreError, match=r"document\.json is damaged[\s\S]*--repair"):
            parse(type(sample), path)


def test_every_truncation_and_addition_is_damage(sample, path):
    data = encode(sample)
    for text in [*(data[:length] for length in range(len(data))), data + b"\n", b" " + data, data + data]:
        path.write_bytes(text)
        with pytest.raises(StoreError, match="is damaged"):
            parse(type(sample), path)


@pytest.mark.parametrize("keeps_checksum", [True, False])
def test_a_newer_schema_is_refused_and_not_called_damage(sample, path, keeps_checksum):
    values = json.loads(encode(sample)) | {"schema_version": SCHEMA_VERSION + 1, "new_field": [1]}
    del values["checksum"]
    text = json.dumps(values, indent=1)
    if keeps_checksum:
        body = text.removesuffix("\n}")
        text = f'{body},\n "checksum": "{hashlib.sha256(body.encode()).hexdigest()}"\n}}'
    path.write_text(text)
    with pytest.raises(
        StoreSchemaError, match=rf"schema {SCHEMA_VERSION + 1}, which a newer atlas wrote[\s\S]*upgrade"
    ):
        parse(type(sample), path)


def test_an_earlier_version_is_refused_and_not_called_damage(path):
    """Version 1 had no checksum; version 2 and later have one, so without it they are damaged."""
    record = done()[0]
    for version, refusal in ((1, "schema 1, which an earlier atlas wrote"), (2, "has lost its checksum")):
        text = record.model_copy(update={"schema_version": version}).model_dump_json(exclude_none=True, indent=1)
        path.write_text(text)
        with pytest.raises(StoreError, match=refusal):
            parse(Record, path)
    path.write_bytes(encode(record.model_copy(update={"schema_version": 2})))
    with pytest.raises(StoreSchemaError, match=r"schema 2, which an earlier atlas wrote[\s\S]*atlas render"):
        parse(Record, path)
    path.write_text(CREDIT.model_dump_json())
    with pytest.raises(StoreError, match="has lost its checksum"):
        parse(PhotoCredit, path)
