"""Class names in JSON or as Python text: lists, tables from index to name and back, and the files that hold those."""

import ast
import json
import re
import warnings
from collections import Counter
from collections.abc import Mapping
from typing import Any

from atlas.core.data_files import check_content, parse_json
from atlas.errors import DataFileError, ModelError
from atlas.models.names.entries import IDENTIFIER, Entry, is_whole

HOLDERS = (
    *("id2label", "label_names", "pretrained_cfg", "idx_to_class", "idx2label", "class_names", "names", "classes"),
    *("categories", "labels", "vocab", "name", "class_name", "label", "class_to_idx", "label2id"),
)
"""Keys under which configurations and metadata hold class names, the surest first."""

INDEX_KEYS = ("index", "idx", "class_index", "class_idx", "class_id", "label_id", "classid", "id", "number", "#", "")
ID_KEYS = ("wnid", "wordnet_id", "wordnet", "synset", "synset_id", "mid")
NAME_KEYS = ("class_name", "label_name", "display_name", "name", "classname", "class", "label", "category", "title")
NAME_KEYS_LAST = ("words", "text", "description")
"""What tables call their columns; of several that may hold names the first counts."""

MAX_PYTHON = 8 << 20
"""Characters of the longest Python text that is parsed."""

_SHAPES = "use a list of names, or an object of index: name"
_STRING = re.compile(r"""[uU]?'(?:[^'\\\n]|\\.)*'|[uU]?"(?:[^"\\\n]|\\.)*\"""")


def read_structure(text: str, source: str) -> list[Entry]:
    """Return the entries of JSON, of one JSON object a line, or of a Python list, tuple or dict (never run).

    Raises:
        ModelError: it is none of these, or holds no names.
        DataFileError: it is JSON beyond what is read.
    """
    try:
        content = parse_json(text.encode("utf-8"), source)
    except DataFileError:
        content = _json_lines(text, source)
        if content is None:
            content = _python(text)
        if content is None:
            raise
        check_content(content, source)
    return entries_of(content)


def entries_of(content: Any) -> list[Entry]:
    """Return the entries of a structure; see :func:`read_structure`."""
    if isinstance(content, list):
        return [_entry(value, f"class {number}") for number, value in enumerate(content)]
    if not isinstance(content, dict):
        raise ModelError(f"hold {type(content).__name__}", _SHAPES)
    folded = {str(key).casefold(): value for key, value in content.items()}
    for key in HOLDERS:
        if isinstance(folded.get(key), list | dict) and folded[key]:
            return _described(entries_of(folded[key]), folded.get("label_descriptions"))
    whole = all(map(is_whole, content))
    if content and all(is_whole(value) and not (whole and isinstance(value, str)) for value in content.values()):
        # From name to index, as datasets have it.
        return [Entry(str(name), f'"{name}"', index=int(index)) for name, index in content.items()]
    if whole:
        return [_entry(value, f"class {index}", int(index)) for index, value in content.items()]
    if all(IDENTIFIER.fullmatch(str(key)) and isinstance(value, str) for key, value in content.items()):
        if list(content) != sorted(content):
            raise ModelError("name ids without saying their order", _SHAPES)
        return [Entry(name, f'"{key}"', id=key) for key, name in content.items()]
    keys = ", ".join(f'"{str(key)[:30]}"' for key in list(content)[:5])
    more = ", ..." if len(content) > 5 else ""
    raise ModelError(f"lack index 0: the keys are {keys}{more}", f"{_SHAPES}, or of name: index")


def _entry(value: Any, where: str, index: int | None = None) -> Entry:
    """Return one entry: a name, a pair of id and name or of index and name, or an object of these."""
    if isinstance(value, str):
        return Entry(value, where, index=index)
    if isinstance(value, list) and value and all(isinstance(part, str) for part in value):
        first, *others = value
        if others and (IDENTIFIER.fullmatch(first) or re.fullmatch(r"\S*\d\S*", first)):
            return Entry(others[0], where, first, index, tuple(others[1:]))
        return Entry(first, where, index=index, synonyms=tuple(others))
    if isinstance(value, list) and len(value) == 2:
        first, second = value
        if index is None and is_whole(first) and isinstance(second, str):
            return Entry(second, where, index=int(first))
        if index is None and is_whole(second) and isinstance(first, str):
            return Entry(first, where, index=int(second))
    if isinstance(value, dict):
        return _from_object(value, where, index)
    shown = json.dumps(value, default=str, ensure_ascii=False)[:60]
    raise ModelError(f"give {where} the name {shown}", "give every class a name in quotes")


def _from_object(value: Mapping[str, Any], where: str, index: int | None) -> Entry:
    fields = {str(key).casefold(): inner for key, inner in value.items()}
    names = [fields[key] for key in (*NAME_KEYS, *NAME_KEYS_LAST) if isinstance(fields.get(key), str)]
    ids = [fields[key] for key in (*ID_KEYS, "id") if isinstance(fields.get(key), str)]
    numbers = [int(fields[key]) for key in INDEX_KEYS if is_whole(fields.get(key))]
    if not names and len(value) == 1 and index is None:  # {"0": "tench"}
        (key, name), *_ = value.items()
        if is_whole(key) and isinstance(name, str):
            return Entry(name, where, index=int(key))
    if not names:
        raise ModelError(f"give {where} no name, but the keys {', '.join(fields)[:60]}", 'call the name "name"')
    given = index if index is not None else numbers[0] if numbers else None
    return Entry(names[0], where, id="" if not ids or is_whole(ids[0]) else ids[0], index=given)


def _described(entries: list[Entry], descriptions: Any) -> list[Entry]:
    """Return timm's label_names together with its label_descriptions: a text each, by name or in the same order."""
    if isinstance(descriptions, list) and len(descriptions) == len(entries):
        descriptions = {entry.name: text for entry, text in zip(entries, descriptions, strict=True)}
    if not isinstance(descriptions, dict):
        return entries
    described = []
    for entry in entries:
        text = descriptions.get(entry.name)
        if isinstance(text, str) and text.strip() and IDENTIFIER.fullmatch(entry.name):
            entry = Entry(text, entry.where, entry.name, entry.index)
        elif isinstance(text, str) and text.strip() and text != entry.name:
            entry = Entry(entry.name, entry.where, entry.id, entry.index, (text,))
        described.append(entry)
    return described


def _json_lines(text: str, source: str) -> list[Any] | None:
    """Return the objects of a file of one JSON object or text a line, or None if it is none."""
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) < 2 or not all(line.lstrip()[0] in '{["' for line in lines):
        return None
    try:
        return [parse_json(line.encode("utf-8"), source) for line in lines]
    except DataFileError:
        return None


def _python(text: str) -> Any:
    """Return what a Python list or dict holds, perhaps given a name (``names = [...]``); None if it is none.

    Raises:
        ModelError: a dict has a key twice.
    """
    bare = _STRING.sub('""', text)
    if re.search(r'""\s*""', bare):  # two texts without a comma: Python would make one of them
        return None
    bare = bare.replace('""', "")
    if len(text) > MAX_PYTHON or not re.fullmatch(r"\s*(?:\w+\s*=)?[\s\d\[\]{}(),:]*;?\s*", re.sub("#.*", "", bare)):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # unknown escapes
            body = ast.parse(text.strip().rstrip(";")).body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None
    if len(body) != 1 or not isinstance(body[0], ast.Expr | ast.Assign):
        return None
    try:
        return _literal(body[0].value)
    except ValueError:
        return None


def _literal(node: ast.expr) -> Any:
    """Return the value of a literal: lists, tuples, dicts, texts and whole numbers; raises ValueError for all else."""
    if isinstance(node, ast.List | ast.Tuple):
        return [_literal(item) for item in node.elts]
    if isinstance(node, ast.Constant) and isinstance(node.value, str | int) and not isinstance(node.value, bool):
        return node.value
    if not isinstance(node, ast.Dict):
        raise ValueError(ast.dump(node)[:60])
    keys = [_literal(key) for key in node.keys if key is not None]
    if len(keys) < len(node.keys) or not all(isinstance(key, str | int) for key in keys):
        raise ValueError("a key that is no text or number")
    table = dict(zip(keys, map(_literal, node.values), strict=True))
    if len(table) < len(keys):
        twice = next(key for key, times in Counter(keys).items() if times > 1)
        raise ModelError(f"give index {twice!r} twice", "give each index once")
    return table
