"""What a pydantic model's fields are: types and defaults in words, meanings from descriptions and docstrings."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from atlas.methods.describe import allowed
from reference.markdown import prose


def summary(model: type[BaseModel]) -> str:
    """Return what a model's docstring says before its sections, on one line."""
    text = " ".join(inspect.cleandoc(model.__doc__ or "").partition("\n\nAttributes:")[0].split())
    return prose(re.sub(r"^``\[.*?``: (\w)", lambda match: match[1].upper(), text))


def meanings(model: type[BaseModel]) -> dict[str, str]:
    """Return field to its meaning: its description, or the ``Attributes`` of the model's docstring and its bases'."""
    found: dict[str, str] = {}
    for base in reversed(model.__mro__):
        section = inspect.cleandoc(vars(base).get("__doc__") or "").partition("Attributes:\n")[2].partition("\n\n")[0]
        for entry in re.split(r"\n(?! {8})", section):
            found |= _entry(" ".join(entry.split()), list(model.model_fields))
    return found | {name: prose(field.description) for name, field in model.model_fields.items() if field.description}


def _entry(line: str, fields: list[str]) -> dict[str, str]:
    """Return the meanings on one line of ``Attributes``, such as ``name: what. low, high: the range.``"""
    name = "|".join(map(re.escape, fields))
    marks = list(re.finditer(rf"(?:^|(?<=[.;] ))((?:{name})(?:, (?:{name}))*): ", line)) if fields else []
    ends = [*(mark.start() for mark in marks[1:]), len(line)]
    found: dict[str, str] = {}
    for mark, end in zip(marks, ends, strict=False):
        found |= dict.fromkeys(mark[1].split(", "), prose(line[mark.end() : end].strip()))
    return found


def rows(model: type[BaseModel]) -> Iterator[tuple[str, str, str, str]]:
    """Yield name, type, default and meaning of each field."""
    told = meanings(model)
    for name, field in model.model_fields.items():
        yield f"`{field.alias or name}`", allowed(field.annotation, field.metadata), default(field), told.get(name, "")


def default(field: FieldInfo) -> str:
    """Return a field's default as TOML would say it; empty where it is left open."""
    if field.is_required():
        return "*must be given*"
    value = field.get_default(call_default_factory=True)
    if value is None or value in ("", (), {}) or isinstance(value, BaseModel):
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, str | Path):
        return f'`"{value}"`'
    return f"`{list(value)}`" if isinstance(value, tuple) else f"`{value}`"


def _is_model(annotation: Any) -> bool:
    return inspect.isclass(annotation) and issubclass(annotation, BaseModel)


def models_within(roots: list[type[BaseModel]]) -> list[type[BaseModel]]:
    """Return models, each followed by those that its fields are made of, each once."""
    found: dict[type[BaseModel], None] = {}

    def visit(annotation: Any) -> None:
        if _is_model(annotation) and annotation not in found:
            found[annotation] = None
            for field in annotation.model_fields.values():
                visit(field.annotation)
        for part in get_args(annotation):
            visit(part)

    for root in roots:
        visit(root)
    return list(found)
