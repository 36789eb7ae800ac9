"""Diversity: how far pictures of one thing lie apart, to the network and to the eye that sees only their layout."""

import torch.nn.functional as F
from torch import Tensor

from atlas.core.metric_card import MetricCard

SIDE = 16
"""Pixels of the side to which pictures are brought before they are compared as pictures."""

FEATURES = MetricCard(
    name="diversity",
    title="diversity",
    summary="mean distance between any two of some pictures of one thing in the network's penultimate features",
    meaning=(
        "0: to the network all pictures are the same. It is higher where they show different sides of what is "
        "rendered, such as another pose or surround.",
        "It means something beside that of other pictures of the same thing by the same method: facets are worth their "
        "name where they lie further apart than pictures that differ by their seed alone.",
    ),
    definition="The mean over pairs of 1 − the cosine of the features, which are the mean over positions at the "
    "network's last stage on each whole picture.",
    lowest=0,
    highest=2,
    n="mean over all pairs of n pictures",
    limits=(
        "Pictures that fail to show anything lie far apart, too: look at them.",
        "Of few pictures it varies much from one set of seeds to the next.",
    ),
)
PIXELS = MetricCard(
    name="diversity_pixels",
    title="diversity of layout",
    summary=f"mean distance between any two of some pictures of one thing at {SIDE} x {SIDE} pixels",
    meaning=("It is higher where things lie at other places or have other colours, whatever the network makes of it.",),
    definition=f"The mean over pairs of 1 − the cosine of the values of {SIDE} x {SIDE} pixels, from which each "
    "picture's mean is taken off.",
    lowest=0,
    highest=2,
    n="mean over all pairs of n pictures",
    limits=("It knows nothing of what is shown: the same thing moved aside is another layout.",),
)
CARDS = (FEATURES, PIXELS)


def mean_distance(vectors: Tensor) -> float:
    """Return the mean over pairs of 1 - cosine of vectors (n, C), n at least 2; one of all zeros has cosine 0."""
    unit = F.normalize(vectors.double(), dim=1)
    cosines = unit @ unit.T
    count = len(vectors)
    return float(1 - (cosines.sum() - cosines.diagonal().sum()) / (count * (count - 1)))


def layout(pictures: Tensor) -> Tensor:
    """Return pictures (n, 3, H, W) as centred vectors of few pixels, (n, 3 * SIDE * SIDE)."""
    small = F.interpolate(pictures, size=(SIDE, SIDE), mode="bilinear", antialias=True, align_corners=False)
    flat = small.flatten(1)
    return flat - flat.mean(dim=1, keepdim=True)


def features(activation: Tensor) -> Tensor:
    """Return the mean over positions of an activation (n, C, ...), (n, C)."""
    return activation.flatten(2).mean(dim=2) if activation.dim() > 2 else activation
