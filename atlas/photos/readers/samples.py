"""WebDataset samples: files of one name but for their endings, one of which may hold the label."""

import re
from typing import Any

from atlas.core.data_files import parse_json
from atlas.errors import DataFileError

LABEL_KEYS = ("label", "cls", "class", "wnid", "synset", "class_name", "label_name", "class_id", "category")
"""Where a sample's JSON may hold its label; the first that is there counts."""

_SAMPLE = re.compile(r"((?:.*/)?[^/]*?)\.([^/]*)")


def sample_of(name: str) -> tuple[str, str]:
    """Return the sample that a file belongs to, and its ending in lower case: all after the name's first dot."""
    match = _SAMPLE.fullmatch(name)
    return (match[1], match[2].lower()) if match else (name, "")


def label_of(ending: str, data: bytes, column: str | None) -> str | None:
    """Return the label that a file of a sample holds, as text, or None if it holds none.

    Args:
        ending: ``cls`` (the label itself) or ``json``.
        column: the key in the JSON; None looks for one.
    """
    if ending == "cls":
        return data.decode("utf-8", "replace").strip() or None
    content = _object(data)
    for key in (column,) if column is not None else LABEL_KEYS:
        value = content.get(key)
        if isinstance(value, int | str) and not isinstance(value, bool) and str(value).strip():
            return str(value).strip()
    return None


def _object(data: bytes) -> dict[str, Any]:
    try:
        content = parse_json(data, "")
    except DataFileError:
        return {}
    return content if isinstance(content, dict) else {}
