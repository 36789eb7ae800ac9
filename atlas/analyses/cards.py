"""What the numbers of all analyses say."""

from atlas.analyses import attribution, cka, class_relatedness, concept_curves, embedding, references, texture

CARDS = (
    cka.CARD,
    *attribution.CARDS,
    class_relatedness.CARD,
    *texture.CARDS,
    embedding.CARD,
    references.CARD,
    concept_curves.CARD,
)
