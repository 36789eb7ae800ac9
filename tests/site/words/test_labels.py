"""labels.toml: what people call concepts. What is wrong with it is named; what is out of date does not stop a build."""

import json
from pathlib import Path

import pytest
from sample_site import Document, Sample
from sample_store import FLAMINGO, identity
from selecting import current

from atlas.core.analysis import ClassConcepts
from atlas.errors import ConfigError
from atlas.site import Label, SiteMetadata, build_site, read_labels
from atlas.site.words.labels import stale_labels
from atlas.store import Store

KEY = "0a1b2c3d4e5f"
STATED = SiteMetadata(author="Ada", licence="CC0", url="https://atlas.example/")
"""What an owner can say, said: nothing is left to be noted."""


def written(folder: Path, text: str) -> Path:
    path = folder / "labels.toml"
    path.write_text(text, encoding="utf-8")
    return path


def concept_key(store: Store, class_index: int, number: int) -> str:
    document = store.document(ClassConcepts, current(store, identity("a")).concepts[class_index])
    return document.concept_key(document.concepts[number - 1])


def test_labels_are_read_with_spaces_tidied(tmp_path: Path) -> None:
    path = written(tmp_path, f'["{KEY}"]\ntext = " stripes\\n of zebras"\nauthor = "Ädа"\n')
    assert read_labels(path) == {KEY: Label("stripes of zebras", "Ädа")}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"[{KEY}\n", "not valid TOML"),
        ('["stripes"]\ntext = "x"\nauthor = "y"\n', '"stripes" is no concept\'s key'),
        (f'["{KEY.upper()}"]\ntext = "x"\nauthor = "y"\n', "12 digits 0-9 a-f"),
        (f'["{KEY}"]\ntext = "x"\n', f"{KEY}.author is missing"),
        (f'["{KEY}"]\ntext = ""\nauthor = "y"\n', f"{KEY}.text must be text"),
        (f'["{KEY}"]\ntext = 3\nauthor = "y"\n', f"{KEY}.text must be text"),
        (f'["{KEY}"]\ntext = "x"\nautor = "y"\n', 'did you mean "author"'),
        (f'["{KEY}"]\ntext = "{"x" * 201}"\nauthor = "y"\n', "at most 200"),
        (f'{KEY} = "stripes"\n', f"{KEY} must be a table"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_labels(written(tmp_path, text))
    assert words in str(caught.value) and "labels.toml" in str(caught.value)


def test_all_problems_are_listed_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read_labels(written(tmp_path, f'["{KEY}"]\ntext = 1\n["zebra"]\ntext = "x"\n'))
    assert len(caught.value.problems) == 3


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no labels file"):
        read_labels(tmp_path / "labels.toml")
    with pytest.raises(ConfigError, match="cannot read"):
        read_labels(tmp_path)
    (tmp_path / "latin.toml").write_bytes(b'["0a1b2c3d4e5f"]\ntext = "\xe4"\n')
    with pytest.raises(ConfigError, match="not UTF-8"):
        read_labels(tmp_path / "latin.toml")


def test_a_label_of_a_lost_concept_is_noted_with_the_nearest_key() -> None:
    (near, far) = stale_labels({"0a1b2c3d4e50": Label("x", "y"), "f" * 12: Label("z", "y")}, [KEY, "1" * 12])
    assert f'did you mean "{KEY}"?' in near and "“x”" in near
    assert "did you mean" not in far and "f" * 12 in far


def test_a_label_is_shown_as_its_authors_and_is_in_search_and_json(own_store: Store, tmp_path: Path) -> None:
    key = concept_key(own_store, FLAMINGO, 2)
    labels = {key: Label("pink </script> <b>plumage", "Ada <i>"), "0" * 12: Label("lost", "Bo")}
    report = build_site(own_store, tmp_path / "site", STATED, labels=labels)
    assert len(report.notices) == 1 and "lost" in report.notices[0]
    site = Sample(own_store, tmp_path / "site", report)
    for address in (f"{site.first}/c/0.html", f"{site.first}/c/0/2.html"):
        words = Document(site.text(address)).words()
        assert "pink </script> <b>plumage labelled by Ada <i>" in words
    assert "labelled by" not in site.text(f"{site.first}/c/0/1.html")
    data = json.loads((site.site / site.first / "c" / "0" / "2.json").read_text())["data"]
    assert (data["key"], data["label"]) == (key, {"text": "pink </script> <b>plumage", "author": "Ada <i>"})
    assert '[0,2,"pink <\\/script> <b>plumage","Ada <i>"]' in (site.site / "search.js").read_text()


def test_without_labels_no_page_has_one(sample: Sample) -> None:
    assert not [address for address, text in sample.pages() if "labelled by" in text]


def test_new_labels_build_the_site_again_and_old_notices_stay(own_store: Store, tmp_path: Path) -> None:
    def build(labels: dict[str, Label]) -> tuple[bool, int]:
        report = build_site(own_store, tmp_path / "site", STATED, labels=labels)
        return report.unchanged, len(report.notices)

    lost = {"0" * 12: Label("lost", "Bo")}
    assert build({}) == (False, 0)
    assert build(lost) == (False, 1)
    assert build(lost) == (True, 1)
    assert build({"0" * 12: Label("lost", "Cy")}) == (False, 1)
