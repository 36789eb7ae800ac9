"""The paper that concepts follow, for the cards of what is done and measured."""

from atlas.core.metric_card import Source

CRAFT = Source(
    title="CRAFT: Concept Recursive Activation FacTorization for Explainability",
    authors="Fel, Picard, Bethune, Boissin, Vigouroux, Colin, Cadène, Serre",
    year=2023,
    url="https://arxiv.org/abs/2211.10154",
)
