"""References: what becomes of VITAL's pictures with fewer, foreign or unseen references, and with some blocks alone.

After VITAL's supplement, tables 4 and 5 and figure 4. Here is what is varied; pictures are rendered, and scored, as all
others are.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch
from pydantic import JsonValue

from atlas.core.metric_card import MetricCard
from atlas.core.sources import VITAL
from atlas.errors import ScoreError

NUMBERS = (5, 10, 20, 50, 100)
"""Reference photos of a class (table 4)."""

USUAL = 50
"""References unless their number is varied (section 1.1)."""

FOREIGN = (5, 10, 20)
"""Photos of other classes that are added to :data:`USUAL` of the class (table 5); in proportion to fewer."""

Study = Literal["number", "corrupted", "held_out", "blocks"]

CARD = MetricCard(
    name="references",
    title="VITAL by its references",
    about="pictures",
    summary="how scores of VITAL's pictures change with the number and purity of references and the blocks matched",
    meaning=(
        "Each row is VITAL with one thing changed, scored as all pictures are. Where scores stop rising with the "
        "number of references, more photos are not worth their time.",
        "Foreign references are of other classes: how much scores fall with them tells how pure a folder must be.",
    ),
    definition="VITAL with 5, 10, 20, 50 and 100 references; with a tenth, a fifth and two fifths as many photos of "
    "other classes added; with references from the other half of the photos; and with each block of the network alone, "
    "the first and the last, and all.",
    n="as the score that is shown",
    paper=VITAL,
    limits=("More references than a class has photos are left out, and said to be.",),
)


@dataclass(frozen=True)
class Variant:
    """VITAL with one thing changed.

    Attributes:
        study: what is varied. name: of the variant in its study, such as ``50``.
        parameters: of ``vital``, besides what the study keeps.
        foreign: photos of other classes among its references; None where the method draws its references itself.
        photos: where references are from: the photos that methods may be fitted to, or those that judge others. Scores
            of the latter's pictures take the former as judging photos.
    """

    study: Study
    name: str
    parameters: dict[str, JsonValue] = field(default_factory=dict)
    foreign: int | None = None
    photos: Literal["fitting", "judging"] = "fitting"


@dataclass(frozen=True)
class Plan:
    """What is rendered. ``left_out``: a sentence for each variant that there are not enough photos or blocks for."""

    variants: tuple[Variant, ...]
    left_out: tuple[str, ...]


def plan(available: int, stages: Sequence[str], held_out: int = 0, foreign: int = 0) -> Plan:
    """Return the variants of VITAL that are compared.

    Args:
        available: photos that may be references, of the class that has fewest.
        stages: layers that VITAL matches, in order, such as stem and stages.
        held_out: photos of that class in the other half.
        foreign: photos of other classes that may be added.

    Raises:
        ScoreError: no photos, or no layers.
    """
    if available < 1 or not stages:
        raise ScoreError("VITAL needs a reference photo and a layer to match", "add photos of the class")
    usual = min(USUAL, available)
    variants = [Variant("number", str(n), {"references": n}) for n in NUMBERS if n <= available]
    left_out = [f"{n} references: there are {available}" for n in NUMBERS if n > available]
    for added in dict.fromkeys((0, *(foreign_count(nominal, usual) for nominal in FOREIGN))):
        if added <= foreign:
            given: dict[str, JsonValue] = {"references": usual + added, "class_references": "all"}
            variants.append(Variant("corrupted", f"{usual} + {added}", given, foreign=added))
        else:
            left_out.append(f"{added} foreign references: there are {foreign}")
    if held_out:
        count = min(usual, held_out)
        variants += [
            Variant("held_out", "fitting", {"references": count}),
            Variant("held_out", "judging", {"references": count}, photos="judging"),
        ]
    else:
        left_out.append("held-out references: there are none")
    variants += [
        Variant("blocks", " + ".join(layers), {"references": usual, "layers": list(layers)})
        for layers in blocks(stages)
    ]
    return Plan(tuple(variants), tuple(left_out))


def foreign_count(nominal: int, usual: int) -> int:
    """Return how many foreign photos are to ``usual`` what ``nominal`` are to :data:`USUAL`; 1 at least."""
    return max(1, round(nominal * usual / USUAL))


def blocks(stages: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the sets of layers of figure 4: each alone, the first and the last, all; each set once."""
    sets = [*((stage,) for stage in stages), (stages[0], stages[-1]), tuple(stages)]
    return list(dict.fromkeys(tuple(dict.fromkeys(layers)) for layers in sets))


def corrupted(of_class: Sequence[str], others: Sequence[str], usual: int, added: int, seed: int) -> tuple[str, ...]:
    """Return the digests of a class's references with some of other classes among them.

    All are drawn by the seed, and whoever adds more keeps what was added before, as in table 5.

    Args:
        of_class: digests of the class's photos, such as those that the model recognises. others: of other classes.
        usual: how many of the class. added: how many of others.

    Returns:
        ``usual + added`` digests, those of the class first; in any case the same for the same photos, in whatever order
        they are given.

    Raises:
        ScoreError: there are not so many.
    """
    if usual > len(set(of_class)) or added > len(set(others) - set(of_class)):
        raise ScoreError(
            f"{usual} references and {added} foreign ones of {len(set(of_class))} and {len(set(others))} photos",
            "take fewer, or add photos",
        )
    generator = torch.Generator().manual_seed(seed)
    own = _drawn(of_class, generator)[:usual]
    return (*own, *_drawn(list(set(others) - set(of_class)), generator)[:added])


def _drawn(digests: Sequence[str], generator: torch.Generator) -> list[str]:
    listed = sorted(set(digests))
    return [listed[place] for place in torch.randperm(len(listed), generator=generator).tolist()]
