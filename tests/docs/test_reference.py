"""The pages that are made from the code, and README's table of methods."""

import subprocess
import sys
from collections.abc import Iterator
from types import ModuleType

import pytest
from documentation import ROOT

from atlas.core.registry import OURS
from atlas.methods import methods

COMMAND = [sys.executable, "-m", "reference", "--check"]
NAMES = [name for name in methods.names() if methods.origin(name) == OURS]


@pytest.fixture
def reference(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The module that makes the pages of methods."""
    monkeypatch.syspath_prepend(str(ROOT))
    from reference import methods as module

    return module


def test_what_is_made_from_the_code_is_as_the_code_makes_it():
    ended = subprocess.run(COMMAND, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (0, ""), ended.stdout + ended.stderr


def test_the_readme_has_a_row_for_every_method_and_as_many_cells_in_each():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    listed = readme.partition("<!-- methods: made")[2].partition("<!-- end of methods -->")[0]
    rows = [line for line in listed.splitlines() if line.startswith("| `")]
    assert sorted(row.split("`")[1] for row in rows) == NAMES
    assert {row.count("|") for row in rows} == {4}


@pytest.mark.parametrize("name", NAMES)
def test_the_pages_of_methods_say_all_that_the_cards_say(name: str, reference: ModuleType):
    card = methods.get(name).card
    explained, looked_up = reference._explained(card), reference._reference(card)
    for said in (card.title, card.summary, *card.paragraphs, *card.limits, card.paper.title, card.paper.url, card.data):
        assert said in explained
    of_presets, _, of_parameters = looked_up.rpartition("| parameter |")
    presets, rows = (
        [line for line in part.splitlines() if line.startswith("| `")] for part in (of_presets, of_parameters)
    )
    assert [row.split("`")[1] for row in presets] == [f'"{name}"' for name in card.presets]
    for row, preset in zip(presets, card.presets.values(), strict=True):
        assert preset.summary in row and all(f"`{key} = " in row for key in preset.parameters)
    assert [row.split("`")[1] for row in rows] == [parameter.name for parameter in card.parameters]
    assert all(row.replace("\\|", "").count("|") == 5 for row in rows)
