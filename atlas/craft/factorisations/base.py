"""What a factorisation is: a card, and a function from activations to directions; and the registry of all."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

from atlas.core.factorisation_card import FactorisationCard
from atlas.core.registry import Registry

if TYPE_CHECKING:
    import numpy as np  # the configuration is read without it

Solver: TypeAlias = Literal["auto", "sklearn", "torch"]
Start: TypeAlias = Literal["spectral", "random"]


@dataclass(frozen=True)
class Fitting:
    """How directions are found: what :func:`atlas.craft.factorise.factorise` is told that is not data.

    Attributes:
        solver: for factorisations that have several; others leave it aside.
        seed: of all random numbers.
        start: ``spectral``, a careful start that depends little on the seed, or ``random``.
        device: for torch.
    """

    solver: Solver = "auto"
    seed: int = 0
    start: Start = "spectral"
    device: str = "cpu"


class Factorisation(ABC):
    """One way to factorise activations A (n, C) as strengths U (n, r) >= 0 times directions W (r, C).

    Subclass, and name an instance in the entry-point group ``atlas.factorisations``, by the name on its card. The card
    is kept with the concepts that it found.
    """

    card: ClassVar[FactorisationCard]

    @abstractmethod
    def directions(self, activations: "Sequence[np.ndarray]", count: int, fitting: Fitting) -> "Sequence[np.ndarray]":
        """Return the directions of each of several matrices, (count, C), of any scale and order.

        None may depend on the other matrices; several are given so that a GPU can take them together.

        Args:
            activations: (n, C) float32 each; n may differ. Finite, of mean norm about 1, with at least ``count``
                different rows, and >= 0 unless the card says that negative ones are taken.

        Raises:
            ConceptError: it cannot be done.
        """

    def encode(self, activations: "np.ndarray", directions: "np.ndarray") -> "np.ndarray":
        """Return the strengths (m, r) float32 >= 0 of directions (r, C) of unit norm in any activations (m, C).

        A row's strengths depend on nothing but that row. Heat maps that go to the pixels take them for the
        least-squares solution over the directions that have any.
        """
        from atlas.craft.encode import least_squares

        return least_squares(activations, directions)


FACTORISATIONS: Registry[Factorisation] = Registry(
    "factorisation",
    "atlas.factorisations",
    Factorisation,
    {
        "convex-nmf": "atlas.craft.factorisations.convex_nmf:CONVEX_NMF",
        "dictionary": "atlas.craft.factorisations.dictionary:DICTIONARY",
        "k-means": "atlas.craft.factorisations.k_means:K_MEANS",
        "nmf": "atlas.craft.factorisations.nmf:NMF",
        "semi-nmf": "atlas.craft.factorisations.semi_nmf:SEMI_NMF",
    },
)
"""All factorisations."""


def taking_signs() -> list[str]:
    """Return the names of the factorisations that take negative activations."""
    return [name for name, factorisation in FACTORISATIONS if factorisation.card.takes_signed]
