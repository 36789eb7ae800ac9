"""What of activations cannot be factorised, found out without trying."""

import numpy as np

from atlas.core.factorisation_card import FactorisationCard
from atlas.craft.factorisations.base import taking_signs
from atlas.errors import ConceptError


def check_activations(activations: np.ndarray, count: int, card: FactorisationCard) -> None:
    """Find out whether activations can be factorised, without doing it.

    Raises:
        ConceptError: they are not finite, of the wrong shape, all zero, signed where the card says that signs are not
            taken, or have fewer rows, or fewer different ones, than concepts are asked for.
    """
    if activations.ndim != 2 or count < 1:
        raise ConceptError(
            f"cannot fit {count} concepts to activations of shape {activations.shape}",
            "give one row of channels per patch, and ask for at least one concept",
        )
    if not np.isfinite(activations).all():
        bad = int((~np.isfinite(activations)).any(axis=1).sum())
        raise ConceptError(
            f"the activations of {bad} of {len(activations)} patches are not finite",
            "choose another layer, or float32 instead of bfloat16",
        )
    if len(activations) and not activations.any():
        raise ConceptError("the layer's activations are zero on every patch", "choose another layer")
    _check_signs(activations, card)
    _check_rank(activations, count)


def _check_signs(activations: np.ndarray, card: FactorisationCard) -> None:
    if card.takes_signed or activations.min(initial=0) >= 0:
        return
    signed = ", ".join(taking_signs())
    raise ConceptError(
        f'"{card.name}" takes no negative activations, and {(activations < 0).mean():.1%} of these are '
        f"(the lowest is {activations.min():.3g})",
        f"choose a layer that is never negative, as after a ReLU, or a factorisation that takes signs: {signed}",
    )


def _check_rank(activations: np.ndarray, count: int) -> None:
    """Refuse more concepts than there are patches; patches of which one is a copy of another count once."""
    if len(activations) < count:
        raise ConceptError(
            f"{count} concepts cannot be found in {len(activations)} patches", "ask for fewer concepts, or add photos"
        )
    different: set[bytes] = set()
    for row in activations:
        if row.any():
            different.add((row + 0.0).tobytes())  # + 0.0 turns -0.0 into 0.0
            if len(different) == count:
                return
    patches = "all alike" if len(different) == 1 else f"only {len(different)} different ones"
    raise ConceptError(
        f"{count} concepts cannot be found in {len(activations)} patches that are {patches}, blank ones not counted",
        "ask for fewer concepts, or add photos that differ",
    )
