"""Problems: what validation found, said to a person: key path, the bad value, what is allowed, what was meant."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from atlas.errors import ConfigError, did_you_mean

Checked = TypeVar("Checked", bound=BaseModel)
KeyPath = tuple[str | int, ...]

WHOLE, ABSENT = "whole_table", "absent_from_table"
"""Types of the errors of a field that say what is wrong with its whole table, and what that lacks."""

MUST_BE = {
    "string_type": "text in quotes",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "tuple_type": "a list in square brackets",
    "list_type": "a list in square brackets",
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "path_type": "a path in quotes",
    "none_required": "left out",
    "greater_than": "more than {gt}",
    "greater_than_equal": "{ge} or more",
    "less_than": "less than {lt}",
    "less_than_equal": "{le} or less",
    "literal_error": "{expected}",
    "string_too_long": "at most {max_length} characters long",
    "string_pattern_mismatch": "text that matches {pattern}",
}
"""Validation error type to what the value must be, filled in from the error's context."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong.

    Attributes:
        path: keys and list indices down to the value.
        text: what is wrong, without the path.
        guessed: the check belongs to one of several forms that the value may have.
    """

    path: KeyPath
    text: str
    guessed: bool = False

    def __str__(self) -> str:
        return f"{key_path(self.path)}: {self.text}" if self.path else self.text


def key_path(path: KeyPath) -> str:
    """Return ``render[1].parameters.steps`` for ``("render", 1, "parameters", "steps")``; list items count from 0."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def shown(value: Any, limit: int = 60) -> str:
    """Return a value as one would write it, shortened."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= limit else text[: limit - 3] + "..."


def unknown_key(path: KeyPath, allowed: Sequence[str]) -> Problem:
    """Return the problem of a key that does not exist where it stands."""
    listed = f"allowed: {', '.join(allowed)}" if allowed else "no keys are allowed here"
    hint = did_you_mean(path[-1], allowed, limit=1)
    return Problem(path, f"there is no such key; {f'{hint} ({listed})' if hint else listed}")


def checked(model: type[Checked], table: Mapping[str, Any]) -> Checked:
    """Return a table as an instance of its model.

    Raises:
        ConfigError: it is not valid; all problems at once.
    """
    try:
        return model.model_validate(dict(table))
    except ValidationError as error:
        raise ConfigError([str(problem) for problem in problems_of(error, table, (), {(): model})]) from error


def problems_of(
    error: ValidationError, table: Any, prefix: KeyPath, models: Mapping[KeyPath, type[BaseModel]]
) -> list[Problem]:
    """Return the problems that a validation found.

    Args:
        table: what was validated.
        prefix: path of ``table`` in the file.
        models: path without list indices, relative to ``table``, to the model that its keys are checked against.
    """
    found: list[Problem] = []
    details = error.errors(include_url=False)
    for detail in details:
        kind = detail["type"]
        of_table = kind in (WHOLE, ABSENT)
        path, guessed = _real_path(detail["loc"][:-1] if of_table else detail["loc"], table, kind)
        if kind == ABSENT and any(one["type"] == "extra_forbidden" and one["loc"][:-1] == path for one in details):
            continue  # a misspelt key is explanation enough of what lacks
        if kind == "too_short" and _value(table, path):
            continue  # what the list lacks are items that are wrong themselves, and reported
        if kind == "extra_forbidden":
            place = tuple(part for part in path[:-1] if isinstance(part, str))
            found.append(unknown_key(prefix + path, sorted(models[place].model_fields) if place in models else []))
        else:
            found.append(Problem(prefix + path, _sentence(detail, _value(table, path)), guessed))
    return _merged(found)


def _real_path(location: Sequence[str | int], table: Any, kind: str) -> tuple[KeyPath, bool]:
    """Return the part of an error's location that exists in the file, and whether more was in it.

    Where a value may have several forms, locations also hold the name of the form that was tried.
    """
    path: list[str | int] = []
    dropped = False
    for number, part in enumerate(location):
        here = _value(table, tuple(path))
        known = part in here if isinstance(here, dict) else isinstance(here, list) and part in range(len(here))
        if known or (kind == "missing" and number == len(location) - 1):
            path.append(part)
        elif not (isinstance(part, int) and path):  # the index of a single value that stands for a list of one
            dropped = True
    return tuple(path), dropped


def _value(table: Any, path: KeyPath) -> Any:
    for part in path:
        try:
            table = table[part]
        except (KeyError, IndexError, TypeError):
            return None
    return table


def _sentence(detail: Any, value: Any) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "missing":
        return "is missing" if len(detail["loc"]) > 1 else f"is missing; add a [[{detail['loc'][0]}]] table"
    if kind == "too_short" or kind == "string_too_short":
        return f"{shown(value)} must not be empty"
    if kind in ("tuple_type", "list_type") and isinstance(value, dict):
        return f"must be a list of tables; write [[{detail['loc'][-1]}]], with two brackets"
    if kind in ("model_type", "dict_type", "model_attributes_type") and isinstance(value, list):
        return f"must be one table; write [{detail['loc'][-1]}], with one bracket"
    if kind in MUST_BE:
        choices = re.findall("'([^']*)'", context["expected"]) if kind == "literal_error" else []
        hint = did_you_mean(value, choices, limit=1) if isinstance(value, str) else ""
        plain = {name: f"{bound:g}" if isinstance(bound, float) else bound for name, bound in context.items()}
        allowed = MUST_BE[kind].format(**plain).replace("'", '"')
        return f"{shown(value)} must be {allowed}" + (f"; {hint}" if hint else "")
    reason = str(context["error"]) if "error" in context else detail["msg"]
    if isinstance(value, dict):
        return reason
    return f"{shown(value)} {reason}" if reason.startswith("must ") else f"{shown(value)}: {reason}"


def _merged(problems: list[Problem]) -> list[Problem]:
    """Say once what was found once for each form that a value may have."""
    kept: dict[KeyPath, Problem] = {}
    for problem in problems:
        inner = any(len(other.path) > len(problem.path) == _common(other.path, problem.path) for other in problems)
        if problem.guessed and inner:
            continue
        earlier = kept.get(problem.path)
        if earlier is None:
            kept[problem.path] = problem
        elif earlier.guessed and " must be " in earlier.text and " must be " in problem.text:
            text = f"{earlier.text} or {problem.text.split(' must be ', 1)[1]}"
            kept[problem.path] = Problem(problem.path, earlier.text if problem.text in text else text, True)
        elif problem.text not in earlier.text:
            kept[problem.path] = Problem(problem.path, f"{earlier.text}; {problem.text}", True)
    return list(kept.values())


def _common(one: KeyPath, other: KeyPath) -> int:
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def tables_at(table: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """Return the tables under a key that should hold a list of them, whatever it does hold."""
    entries = table.get(key)
    return [entry if isinstance(entry, dict) else {} for entry in entries] if isinstance(entries, list) else []
