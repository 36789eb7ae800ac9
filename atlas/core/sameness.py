"""Sameness: whether two cards are of one model, and in words what tells them apart."""

import math
from collections.abc import Sequence

from atlas.core.model_card import Computed, ModelCard

_DECIDING = {
    "architecture": "its architecture or arguments",
    "weights": "its weights",
    "preprocessing": "its input",
    "structure": "its modules, their settings or their order",
}
"""What makes two models two, in words."""


def differences(known: ModelCard, found: ModelCard) -> list[str]:
    """Return in words what tells two models apart; nothing if they are one.

    Two models of one identity are the same only if they compute the same, as far as their cards tell.
    """
    names = [name for name in _DECIDING if getattr(known.identity, name) != getattr(found.identity, name)]
    if names == ["structure"] and known.identity.structure is None:
        return ["an earlier version of atlas stored it, which did not look at its modules"]
    if names:
        return [_DECIDING[name] for name in names]
    layer = computes_otherwise(known.computed, found.computed)
    return [f'what it computes (first seen at "{layer}"; its modules and weights are the same)'] if layer else []


def computes_otherwise(known: Sequence[Computed], found: Sequence[Computed]) -> str:
    """Return the first layer that makes something else of the same images, or an empty text.

    Of two that are never twice the same nothing was noted, and nothing can be told.
    """
    if not known or not found:
        return next((one.layer for one in (*known, *found)), "")
    others = {one.layer: one for one in found}
    for one in known:
        other = others.get(one.layer)
        if other is None or relative_difference(one.values, other.values) > max(one.within, other.within):
            return one.layer
    return ""


def relative_difference(known: Sequence[float | None], found: Sequence[float | None]) -> float:
    """Return the L2 norm of the difference over the larger norm; infinite where other values are not finite."""
    if [value is None for value in known] != [value is None for value in found]:  # or other numbers of them
        return math.inf
    pairs = [(a, b) for a, b in zip(known, found, strict=True) if a is not None and b is not None]
    size = max(math.hypot(*(a for a, _ in pairs)), math.hypot(*(b for _, b in pairs)))
    return math.hypot(*(a - b for a, b in pairs)) / size if size > 0 else 0.0
