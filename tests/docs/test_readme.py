"""README and the pages as text: how long, and where their links lead."""

import re
from pathlib import Path

import pytest
from documentation import MADE, PAGES, ROOT

LINK = re.compile(r"\]\(([^)\s]+)\)")
BLOB = "https://github.com/lens-atlas/lens-atlas/blob/main/"


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_to_files_of_the_repository_lead_somewhere(page: Path):
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        address = link.partition("#")[0]
        if address.startswith(BLOB):
            assert (ROOT / address.removeprefix(BLOB)).exists(), link
        elif address and "://" not in address:
            assert (page.parent / address).exists(), link


def test_no_paragraph_stands_twice_on_a_page():
    counted = 0
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        long = [it for it in (it.strip() for it in text.split("\n\n")) if len(it) > 80]
        if not MADE.match(text):  # methods say alike what they have in common
            assert len(long) == len(set(long)), page
        counted += len(long)
    assert counted > 300
