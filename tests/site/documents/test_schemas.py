"""What the site publishes follows the schemas that it publishes, and these say what everything means."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError
from sample_site import Sample, script_value

from atlas.site.page_kind import page_kinds


def documents(site: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield every page's JSON and the manifest."""
    for path in sorted(site.rglob("*.json")):
        if path.parent != site / "schema" and not path.name.startswith("."):
            yield path, json.loads(path.read_text(encoding="utf-8"))


def validator(path: Path) -> Draft202012Validator:
    schema = json.loads(path.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def test_every_document_follows_the_schema_that_it_names(sample: Sample) -> None:
    validators = {path.name: validator(path) for path in (sample.site / "schema").iterdir()}
    seen = set()
    for path, document in documents(sample.site):
        schema = (path.parent / document["$schema"]).resolve()
        assert schema.parent == (sample.site / "schema").resolve(), path
        validators[schema.name].validate(document)
        seen.add(schema.name)
        assert document["schema"] == "atlas-manifest" or schema.stem == document["kind"]
    validators["search.json"].validate(script_value(sample.text("search.js"), "atlasIndex"))
    elsewhere = {"search.json", "study.json"}  # no page; a site of its own, see test_study.py
    assert seen | elsewhere == set(validators), "every schema is that of something on the sample site"


def test_every_kind_of_page_with_data_has_a_schema(sample: Sample) -> None:
    kinds = {kind.name for kind in page_kinds() if not kind.is_error}
    assert {path.stem for path in (sample.site / "schema").iterdir()} == {*kinds, "manifest", "search"}


@pytest.mark.parametrize("change", [{"kind": "unit"}, {"more": 1}, {"schema_version": 2}, {"data": {}}, {"links": {}}])
def test_a_schema_refuses_what_is_no_such_document(sample: Sample, change: dict[str, Any]) -> None:
    path = sample.site / sample.first / "index.json"
    with pytest.raises(ValidationError):
        validator(sample.site / "schema" / "model.json").validate(json.loads(path.read_text()) | change)


def test_what_is_not_known_is_left_out_and_what_has_no_value_is_null(sample: Sample) -> None:
    for _, document in documents(sample.site):
        assert all(document["links"].values()) if "links" in document else True
        for rendering in document.get("data", {}).get("renderings", []):
            assert "assets" not in rendering and (rendering["status"] == "done") == ("pictures" in rendering)
            assert None not in rendering["job"]["target"].values()
        concepts = document.get("data", {}).get("concepts", [])
        if document.get("kind") == "concepts":
            assert all(concept["label"] is None for concept in concepts), "nobody labelled them"


def test_every_part_of_a_schema_says_what_it_is(sample: Sample) -> None:
    for path in (sample.site / "schema").iterdir():
        schema = json.loads(path.read_text(encoding="utf-8"))
        for name, part in {"itself": schema, **schema["$defs"]}.items():
            assert part.get("description") or "enum" in part or name == "JsonValue", (path.name, name)
