"""Addresses: whatever a name holds, its slug is safe, and two things never share one."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_store import ARABIC_NAME, LONG_NAME, PATH_NAME, SCRIPT_NAME

from atlas.site.catalog.addresses import LONGEST, page_name, root_of, slug, unique_slugs
from atlas.site.page import pager


@given(st.text(max_size=400))
def test_a_slug_is_one_safe_path_segment(name: str) -> None:
    made = slug(name)
    assert re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]*", made)
    assert len(made) <= LONGEST
    assert ".." not in (made, made[:2])


@pytest.mark.parametrize("name", ["blocks.4.2", "layer1.0.conv2", "efficientnet_lite0"])
def test_ordinary_names_stay_as_they_are(name: str) -> None:
    assert slug(name) == name


@pytest.mark.parametrize("name", [SCRIPT_NAME, PATH_NAME, LONG_NAME, ARABIC_NAME])
def test_hostile_names_lose_what_is_hostile(name: str) -> None:
    assert not re.search(r"[^A-Za-z0-9._-]", slug(name))


@given(
    st.lists(st.tuples(st.uuids().map(str), st.text(alphabet="aAbB./ ", max_size=3)), unique_by=lambda pair: pair[0])
)
def test_slugs_differ_even_where_case_does_not_count(names: list[tuple[str, str]]) -> None:
    slugs = [made.lower() for made in unique_slugs(names).values()]
    assert len(set(slugs)) == len(names)


def test_the_root_is_as_many_steps_up_as_the_address_is_deep() -> None:
    assert root_of("index.html") == ""
    assert root_of("m/x/l/y/3.html") == "../../../../"


@given(st.integers(1, 80), st.data())
def test_a_pager_links_first_last_here_and_neighbours(last: int, data: st.DataObject) -> None:
    here = data.draw(st.integers(1, last))
    entries = pager([page_name(place) for place in range(1, last + 1)], here)
    linked = [entry.number for entry in entries if entry.address]
    assert {1, last, here, max(1, here - 1), min(last, here + 1)} <= set(linked)
    assert linked == sorted(set(linked))
    assert [entry.number for entry in entries if entry.here] == [here]
    assert all(entry.address == page_name(entry.number) for entry in entries if entry.address)
