"""labels.toml from the configuration to the command's output."""

import pytest
from sample_concepts import add_concepts
from sample_store import FLAMINGO, card, identity
from selecting import selection_of

from atlas.store import Store

LOST = '["0a1b2c3d4e5f"]\ntext = "stripes"\nauthor = "Ada"\n'


@pytest.fixture
def project(atlas):
    """A project whose store holds two concepts, and whose configuration names a labels file in another folder."""
    atlas.configure(extra='[site]\npath = "site"\nlabels = "names/labels.toml"\n[store]\npath = "sample"\n')
    store = Store(atlas.folder / "sample", create=True)
    store.save_card(card("a"))
    add_concepts(store, identity("a"), FLAMINGO, count=2)
    store.selections.save(selection_of(store).model_copy(update={"configuration": "../atlas.toml"}))
    (atlas.folder / "names").mkdir()
    return atlas


def test_labels_are_found_beside_the_configuration_and_lost_ones_reported(project):
    (project.folder / "names" / "labels.toml").write_text(LOST)
    for state in ("built in", "unchanged"):
        result = project("build")
        assert result.status == 0 and state in result.out
        assert "“stripes” is of the concept" in result.out + result.err


def test_a_missing_labels_file_is_named(project):
    result = project("build")
    assert result.status == 2
    assert "there is no labels file" in result.err and "labels.toml" in result.err


def test_a_wrong_label_is_named_and_the_old_site_stays(project):
    file = project.folder / "names" / "labels.toml"
    file.write_text("")
    assert project("build").status == 0
    before = (project.folder / "site" / "index.html").read_bytes()
    file.write_text('["stripes"]\ntext = "x"\n')
    result = project("build")
    assert result.status == 2 and "is no concept's key" in result.err
    assert (project.folder / "site" / "index.html").read_bytes() == before


def test_labels_must_not_lie_in_the_site(atlas):
    atlas.configure(extra='[site]\npath = "site"\nlabels = "site/labels.toml"\n')
    result = atlas("plan")
    assert result.status == 2 and "is replaced" in result.err
