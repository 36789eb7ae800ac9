"""Frechet distance: how far pictures as a whole are from photos as a whole, both taken as Gaussians of features.

d² = ‖μ₁ − μ₂‖² + tr(Σ₁ + Σ₂ − 2 (Σ₁Σ₂)^½) (Heusel et al. 2017, equation 6). It is computed by torchmetrics.
"""

from dataclasses import dataclass

from atlas.core.metric_card import MetricCard, Source
from atlas.evaluation.arrays import Array, finite_sets

FULL = 2048
"""Samples below which a distance is marked, whatever the network: so many features InceptionV3 has, and so many
samples its covariance needs."""

INCEPTION_FEATURES = 2048
"""Of InceptionV3's last pooling, which FID is defined on."""

INCEPTION = "inceptionv3"
ITS_WEIGHTS = ("", "tf_in1k", "tv_in1k")
"""timm's tags of InceptionV3's own weights, by name or from a file; others are trained anew."""

CARD = MetricCard(
    name="frechet",
    title="Frechet distance",
    summary="distance between the features of pictures and of judging photos, each taken as one Gaussian",
    meaning=(
        "It is called FID where the features are InceptionV3's 2,048, and FD-<network> elsewhere: the two do not "
        "compare, nor do those of two networks.",
        f"Under {FULL:,} samples, or no more samples than features, the covariance is rank deficient and the distance "
        "too large by an amount that depends on n: KID, which is unbiased, is the one to read there.",
    ),
    definition="‖μ₁ − μ₂‖² + tr(Σ₁ + Σ₂ − 2 (Σ₁Σ₂)^½), with the means μ and covariances Σ of the features.",
    lowest=0,
    better="lower",
    n="one value of n pictures and as many photos as are told",
    paper=Source(
        title="GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium",
        authors="M. Heusel, H. Ramsauer, T. Unterthiner, B. Nessler, S. Hochreiter",
        year=2017,
        url="https://arxiv.org/abs/1706.08500",
    ),
    limits=(
        "It has no interval: it is biased, and more so for every resample, in which some pictures are drawn twice.",
        "Only distances of equal n compare.",
        "FID as others print it is of their weights, their resizing and their photos.",
    ),
)
CARDS = (CARD,)


@dataclass(frozen=True)
class FrechetDistance:
    """A distance between two sets.

    Attributes:
        name: ``FID``, or ``FD-<network>``.
        pictures, photos: how many there are of each with finite features.
        features: how many numbers each has.
        rank_deficient: whether they are too few for it.
    """

    name: str
    value: float
    pictures: int
    photos: int
    features: int
    rank_deficient: bool


def distance_name(network: str, features: int, inception: str = "FID", other: str = "FD") -> str:
    """Return what a distance is called that is of so many features of a network, e.g. ``FD-vit_small_patch14_dinov2``.

    Args:
        network: its architecture, e.g. ``resnet50.a1_in1k``; arguments that follow in braces are not named, and with
            them it is not InceptionV3 itself.
        inception: what it is called of InceptionV3's last pooling. other: how the name begins elsewhere.
    """
    base, _, tag = network.partition(".")
    itself = base.lower().replace("_", "").replace("-", "") == INCEPTION and tag in ITS_WEIGHTS
    return inception if itself and features == INCEPTION_FEATURES else f"{other}-{network.partition('{')[0]}"


def frechet(pictures: Array, photos: Array, network: str) -> FrechetDistance:
    """Return the distance between pictures and photos.

    Args:
        pictures: (N, D) features; those that are not finite are left out. photos: (M, D), the same.
        network: the architecture whose features they are.

    Raises:
        ScoreError: fewer than two of either, or features of two kinds.
    """
    import torch
    from torchmetrics.image.fid import FrechetInceptionDistance

    class Given(torch.nn.Module):
        """Passes features on that are computed already."""

        def __init__(self, features: int) -> None:
            super().__init__()
            self.num_features = features

        def forward(self, features: torch.Tensor) -> torch.Tensor:
            return features

    first, second = finite_sets(pictures, photos)
    metric = FrechetInceptionDistance(feature=Given(first.shape[1]))
    metric.update(torch.from_numpy(first), real=False)
    metric.update(torch.from_numpy(second), real=True)
    count, features = min(len(first), len(second)), first.shape[1]
    return FrechetDistance(
        name=distance_name(network, features),
        value=max(float(metric.compute()), 0.0),  # rounding goes below where the two are the same
        pictures=len(first),
        photos=len(second),
        features=features,
        rank_deficient=count < FULL or count <= features,  # means take one degree of freedom
    )
