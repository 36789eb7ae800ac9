"""Zero-shot: does a network that learned pictures with their captions find a class by its name in a picture of it?

VITAL (Gorgun et al. 2025), section 1.2 of the supplement, with a CLIP (Radford et al. 2021, section 3.1): each class is
the mean of the embeddings of some prompts, such as "a photo of a llama", and a picture is of the class whose embedding
has the largest cosine with its own.
"""

from collections.abc import Hashable, Sequence
from typing import TypeVar

import numpy as np

from atlas.core.metric_card import MetricCard
from atlas.core.sources import VITAL
from atlas.errors import ScoreError
from atlas.evaluation.arrays import Array, as_rows, finite_rows, unit_rows
from atlas.evaluation.ranking import SEEDS, Verdicts, ranked

Key = TypeVar("Key", bound=Hashable)


def _card(k: int) -> MetricCard:
    return MetricCard(
        name=f"zero_shot_top{k}",
        title=f"zero-shot, top {k}",
        summary="share of pictures whose class a CLIP finds by name, "
        + ("first of all classes" if k == 1 else f"among the first {k}"),
        meaning=(
            "It has learned what words mean in pictures at large, so that it stands for people rather than for another "
            "classifier.",
        ),
        definition="The share of pictures whose embedding's cosine with that of their class, the mean over prompts, is "
        + ("the largest" if k == 1 else f"among the {k} largest")
        + " over all classes; Wilson's interval.",
        lowest=0,
        highest=1,
        better="higher",
        form="percent",
        n="share of n pictures",
        paper=VITAL,
        limits=("It reads: a picture with the class's name written in it has it.", "Fewer classes are easier.", SEEDS),
    )


CARDS = (_card(1), _card(5))


def class_embeddings(prompts: Sequence[Array]) -> np.ndarray:
    """Return one embedding of each class, at length 1, (K, D).

    Args:
        prompts: of each class, the embeddings (P, D) of its prompts; each is brought to length 1 before the mean.

    Raises:
        ScoreError: no class, one without prompts or with one that is not finite or zero, or means that vanish.
    """
    if not len(prompts):
        raise ScoreError("there are no embeddings without classes", "name the classes of the model")
    means = []
    for index, each in enumerate(prompts):
        units = unit_rows(as_rows(each, f"prompts of class {index}"))
        if not len(units) or not finite_rows(units).all():
            raise ScoreError(
                f"the prompts of class {index} have no embedding that is finite and not zero",
                "compute the embeddings again",
            )
        means.append(units.mean(axis=0))
    embeddings = unit_rows(np.array(means))
    if not finite_rows(embeddings).all():
        raise ScoreError("a class's prompts have embeddings that cancel out", "give it other prompts")
    return embeddings


def zero_shot(features: Array, embeddings: Array, places: Sequence[int | str], keys: Sequence[Key]) -> Verdicts[Key]:
    """Return where the class of each picture comes among all: ``.top(1)``, ``.top(5)`` are the figures.

    Args:
        features: (N, D), of pictures by the image tower. embeddings: (K, D), see :func:`class_embeddings`.
        places: index of each picture's class among the K, or why it has none: see
            :meth:`atlas.evaluation.class_match.ClassMatch.place`.
        keys: of the pictures.

    Returns:
        The verdicts; their scores are cosines.

    Raises:
        ScoreError: the two have not one length, an embedding is not finite or zero, or other numbers of pictures.
    """
    pictures, classes = as_rows(features, "features"), as_rows(embeddings, "embeddings")
    if pictures.shape[1] != classes.shape[1]:
        raise ScoreError(
            f"pictures have {pictures.shape[1]} features and classes have {classes.shape[1]}",
            "take image tower and text tower of one CLIP",
        )
    named = unit_rows(classes)
    if not finite_rows(named).all():
        raise ScoreError("an embedding of a class is not finite, or zero", "compute the embeddings again")
    return ranked(unit_rows(pictures) @ named.T, places, keys, "features")
