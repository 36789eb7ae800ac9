"""What the site says about methods: prose kept as data, so that no page needs the code that renders."""

import json
from functools import cache
from pathlib import Path
from typing import Any

NOTES = Path(__file__).with_name("methods.json")


@cache
def _notes() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(NOTES.read_text(encoding="utf-8"))
    return loaded


def method_note(name: str) -> dict[str, Any]:
    """Return title, summary, paragraphs, limits, parameters' meanings, paper and data of a method.

    A method that another package brings has only its name here; its page shows that and its parameters.
    """
    unknown: dict[str, Any] = {
        "title": name,
        "summary": f"Renderings made with the method {name}.",
        "paragraphs": [f"The pictures below were made with the method “{name}”, which is not part of atlas itself."],
        "limits": [],
        "parameters": {},
        "paper": None,
        "data": "",
    }
    return unknown | _notes()["methods"].get(name, {})


def method_title(name: str) -> str:
    """Return a method's name as people write it."""
    title: str = method_note(name)["title"]
    return title


def limits() -> dict[str, Any]:
    """Return paragraphs and references on what no feature visualisation can tell."""
    note: dict[str, Any] = _notes()["limits"]
    return note
