"""Seeds: which of several renderings of each target a block asks for, by number or spread over its looks."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Discriminator, Field, InstanceOf, Tag

from atlas.errors import ConfigError

FEWEST, MOST = 2, 64
"""Facets that may be asked for: one look is no choice, and more than a page of them nobody compares."""


@dataclass(frozen=True)
class Facets:
    """``seeds = "facets:4"``: so many renderings of each target that show different looks of it.

    Attributes:
        count: how many.
    """

    written: ClassVar[str] = f'"facets:N", N from {FEWEST} to {MOST}'

    count: int


def listed(value: object) -> object:
    """Let a single name or number stand for a list of one."""
    return tuple(value) if isinstance(value, list) else value if isinstance(value, tuple) else (value,)


def _facets(value: object) -> object:
    """Return what ``"facets:4"`` stands for.

    Raises:
        ValueError: it is another text, or the number is out of range.
    """
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"facets:(\d{1,9})", value.strip(), re.ASCII)
    if match is None or not FEWEST <= int(match[1]) <= MOST:
        raise ValueError(f"must be whole numbers such as [0, 1], or {Facets.written}")
    return Facets(int(match[1]))


def _form(value: object) -> str:
    return "facets" if isinstance(value, str | Facets) else "seeds"


def _no_facets(value: object) -> object:
    if isinstance(value, str | Facets):
        raise ValueError("must be whole numbers such as [0, 1]; a concept is one look of its class already")
    return listed(value)


def seeds_of(value: int | str | Sequence[int]) -> tuple[int, ...] | Facets:
    """Return what a program gives as its seeds: one, several, or a number of facets.

    Raises:
        ConfigError: a text is no number of facets.
    """
    try:
        read = _facets(value)
    except ValueError as error:
        raise ConfigError([f'seed: "{value}" {error}']) from error
    return read if isinstance(read, Facets) else (value,) if isinstance(value, int) else tuple(value)  # type: ignore[arg-type]


Seed = Annotated[int, Field(ge=0, lt=2**31)]
PlainSeeds = Annotated[tuple[Seed, ...], BeforeValidator(_no_facets), Field(min_length=1)]
"""One seed or several."""
Seeds = Annotated[
    Annotated[tuple[Seed, ...], BeforeValidator(listed), Field(min_length=1), Tag("seeds")]
    | Annotated[InstanceOf[Facets], BeforeValidator(_facets), Tag("facets")],
    Discriminator(_form),
]
"""The same, or a number of facets."""
