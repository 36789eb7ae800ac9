"""The link check finds each kind of broken link, and nothing else."""

import json
from pathlib import Path

import pytest

from atlas.site import check_links


def page(folder: Path, body: str, name: str = "index.html", head: str = "") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'<!doctype html><html lang="en" data-root=""><head>{head}</head><body>{body}</body></html>')
    return folder


@pytest.mark.parametrize(
    "body",
    [
        '<a href="gone.html">x</a>',
        '<a href="deep/">x</a>',
        '<a href="../outside.html">x</a>',
        '<a href="there.html#nothing">x</a>',
        '<a href="#nothing">x</a>',
        '<a href="/there.html">x</a>',
        '<a href="javascript:alert(1)">x</a>',
        '<img src="gone.webp">',
        '<img src="there.html" srcset="there.html 160w, gone.webp 224w">',
        '<img src="https://elsewhere.example/x.webp">',
        '<script src="https://elsewhere.example/x.js"></script>',
        '<link rel="stylesheet" href="https://elsewhere.example/x.css">',
        '<a data-masked="gone.webp" href="there.html">x</a>',
        '<a data-recipe="r-gone" href="there.html">x</a>',
    ],
)
def test_a_broken_link_is_found(tmp_path: Path, body: str) -> None:
    page(tmp_path, "", "there.html")
    (problem,) = check_links(page(tmp_path, body))
    assert problem.startswith("index.html: ")


@pytest.mark.parametrize(
    "body",
    [
        '<a href="there.html?view=raw#here">x</a>',
        '<a href="https://arxiv.org/abs/2306.06805">x</a>',
        '<a href="deep/page.html">x</a>',
        '<p id="me"></p><a href="#me">x</a>',
        '<img src="there.html" srcset="there.html 160w, deep/page.html 224w">',
        "<p>href=&#34;gone.html&#34; is only text</p>",
    ],
)
def test_a_sound_link_is_not_reported(tmp_path: Path, body: str) -> None:
    page(tmp_path, '<p id="here"></p>', "there.html")
    page(tmp_path, '<a href="../there.html">x</a>', "deep/page.html")
    assert check_links(page(tmp_path, body)) == []


@pytest.mark.parametrize(
    "document",
    [
        {"links": {"next": "gone.html"}},
        {"data": [{"href": "gone.json"}]},
        {"a": {"src": "https://elsewhere.example/i"}},
    ],
)
def test_addresses_in_json_are_checked(tmp_path: Path, document: dict[str, object]) -> None:
    page(tmp_path, "")
    (tmp_path / "data.json").write_text(json.dumps(document))
    (problem,) = check_links(tmp_path)
    assert problem.startswith("data.json: ")


def test_broken_json_is_reported(tmp_path: Path) -> None:
    page(tmp_path, "")
    (tmp_path / "data.json").write_text('{"links": ')
    (problem,) = check_links(tmp_path)
    assert "not valid JSON" in problem
