"""What may be wrong with judges and evaluations besides the form of their tables: names, and what is lacking."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from atlas.config.evaluation import ALL, JudgingPhotos
from atlas.config.instruments import LpipsWeights
from atlas.config.problems import KeyPath, Problem, shown, tables_at
from atlas.errors import ConfigError, did_you_mean
from atlas.evaluation.scores.base import JUDGES, PHOTOS, SCORES

SPLIT = "photos = { judging = 0.5, seed = 0 }"
"""What asks for photos that judge."""
TO_JUDGE = 'add a table [[judges]] with model = "a model" and family = "its family"'
"""What it takes to have a judge."""


def evaluation_problems(table: Mapping[str, Any], models: Sequence[str]) -> Iterator[Problem]:
    """Yield what is wrong with the ``[[judges]]`` and ``[[evaluate]]`` tables of a configuration.

    Args:
        models: names of its models.
    """
    judges, blocks = tables_at(table, "judges"), tables_at(table, "evaluate")
    yield from _judge_problems(judges, models)
    analyses = tables_at(table, "analyse")
    if judges and not blocks and not analyses:
        yield Problem(("judges",), 'judge nothing; add a table [[evaluate]] with scores = ["transfer"]')
    if blocks and "render" not in table:
        yield Problem(("evaluate",), "scores pictures of classes, and none are rendered; add a [[render]] table")
    split = {"evaluate": blocks, "analyse": analyses}
    yield from _differing("photos", "photos are split once", split, JudgingPhotos().model_dump())
    backbone = {"backbone": LpipsWeights.model_fields["backbone"].default}
    yield from _differing("lpips", "LPIPS sees with one network", {"evaluate": blocks}, backbone)
    for number, block in enumerate(blocks):
        place = ("evaluate", number)
        chosen = [name for name in _listed(block.get("models")) if name not in ALL]
        yield from named_models(chosen, (*place, "models"), models)
        yield from _method_problems(_listed(block.get("methods")), (*place, "methods"))
        yield from _lacking(_listed(block.get("scores")), block, table, place)


def named_models(chosen: object, path: KeyPath, names: Sequence[str]) -> Iterator[Problem]:
    """Yield which names, one or a list of them, are of no model."""
    for name in _listed(chosen):
        if isinstance(name, str) and name not in names:
            hint = did_you_mean(name, names) or f"models: {', '.join(names) or 'none'}"
            yield Problem(path, f"there is no model {shown(name)}; {hint}")


def _judge_problems(judges: Sequence[Mapping[str, Any]], models: Sequence[str]) -> Iterator[Problem]:
    seen: set[object] = set()
    for number, judge in enumerate(judges):
        name = judge.get("model")
        yield from named_models(name, ("judges", number, "model"), models)
        if isinstance(name, str) and name in seen:
            yield Problem(("judges", number, "model"), f"{shown(name)} judges already; name each once")
        seen.add(name if isinstance(name, str) else None)


def _method_problems(chosen: Sequence[object], path: KeyPath) -> Iterator[Problem]:
    from atlas.methods import methods

    for name in chosen:
        if isinstance(name, str) and name not in ALL:
            try:
                methods.check(name)
            except ValueError as error:
                yield Problem(path, str(error))


def _lacking(
    chosen: Sequence[object], block: Mapping[str, Any], table: Mapping[str, Any], place: KeyPath
) -> Iterator[Problem]:
    """Yield what scores need and the configuration does not have."""
    for name in chosen:
        if not isinstance(name, str) or name not in SCORES.names():
            continue  # which is said where it is read
        try:
            needs = SCORES.get(name).needs
        except ConfigError as error:
            yield from (Problem((*place, "scores"), text) for text in error.problems)
            continue
        if JUDGES in needs and not tables_at(table, "judges"):
            yield Problem((*place, "scores"), f'"{name}" needs judges; {TO_JUDGE}')
        if PHOTOS in needs and "photos" not in block:
            yield Problem((*place, "scores"), f'"{name}" measures pictures against photos that judge; add {SPLIT}')
    if "photos" in block and "photos" not in table:
        text = 'splits the reference photos; add a table [photos] with path = "a folder of photos"'
        yield Problem((*place, "photos"), text)


def _differing(
    key: str, told: str, tables: Mapping[str, Sequence[Mapping[str, Any]]], usual: Mapping[str, Any]
) -> Iterator[Problem]:
    """Yield which tables say something else under a key than the first that has it; usual: what need not be said."""
    first: object = None
    for name, blocks in tables.items():
        for number, block in enumerate(blocks):
            if key in block:
                first = block[key] if first is None else first
                if _spelled_out(block[key], usual) != _spelled_out(first, usual):
                    text = f"{told}, and an earlier table says {shown(first)}; write the same"
                    yield Problem((name, number, key), text)


def _spelled_out(value: object, usual: Mapping[str, Any]) -> object:
    """Return a table with the defaults of what it does not say."""
    return {**usual, **value} if isinstance(value, dict) else value


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [] if value is None else [value]
