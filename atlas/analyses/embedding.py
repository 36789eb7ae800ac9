"""Embedding: renderings among photos in two dimensions, as a judge's features place them (VITAL, figures 9 and 10)."""

import numpy as np

from atlas.core.metric_card import MetricCard, Source
from atlas.errors import ScoreError
from atlas.extras import needing_extras

PERPLEXITY = 30.0
"""Neighbours that a point minds, about (van der Maaten, Hinton 2008); fewer where there are few points."""

NEIGHBOURS = 5
"""Of each point, of which the trustworthiness asks whether they are near in the features, too."""

ROUNDING = 1e-12
"""Variance that is none, in proportion to the sum of squares."""

FEWEST = 4
"""Points below which their principal components are the map."""

CARD = MetricCard(
    name="embedding",
    title="trustworthiness of the map",
    about="models",
    summary="how far points that lie together on the map of pictures and photos also lie together in the features",
    meaning=(
        "The map shows renderings among photos by t-SNE of another model's features. 1: neighbours on the map are "
        "neighbours in the features; below about 0.8 it should not be read closely.",
        "Neighbourhoods can be read, and little else: how large a cluster is, and how far two clusters lie apart, "
        "means little.",
    ),
    definition=f"1 minus the normalised sum of the ranks, in the features, of the {NEIGHBOURS} nearest points of the "
    "map that are not among as many nearest there (Venna, Kaski 2001). Features are brought to length 1.",
    lowest=0,
    highest=1,
    better="higher",
    n="one value, of n points",
    paper=Source(
        title="Visualizing Data using t-SNE",
        authors="van der Maaten, Hinton",
        year=2008,
        url="https://www.jmlr.org/papers/v9/vandermaaten08a.html",
    ),
    limits=(
        "Pictures and photos make the map together; a picture unlike all photos is still put beside some of them.",
        "Another seed or perplexity gives another map.",
    ),
)


def embed(features: np.ndarray, seed: int = 0, perplexity: float = PERPLEXITY) -> np.ndarray:
    """Return a place on the map of each item, by t-SNE.

    Args:
        features: (n, d) of pictures and photos, by one model. They are brought to length 1.
        seed: with the features it decides the map.

    Returns:
        (n, 2) float64 in [-1, 1]: the mean in the middle, the longer axis across, see :func:`framed`. Equal features
        have nearly equal places.

    Raises:
        ScoreError: a feature is NaN or infinite.
        MissingExtraError: openTSNE is not installed.
    """
    unit = _unit(features)
    count = len(unit)
    flat = _principal(unit)
    if count < FEWEST or not flat.any():
        return framed(flat)
    with needing_extras("the map of pictures among photos"):
        from openTSNE import TSNE
    # Small, as t-SNE's start should be, and spread a little, for equal places have no force between them.
    start = flat / flat[:, 0].std() * 1e-4 + np.random.default_rng(seed).normal(0, 1e-6, flat.shape)
    fitted = TSNE(
        perplexity=min(perplexity, (count - 1) / 3),
        initialization=start,
        neighbors="exact",
        negative_gradient_method="bh",
        n_jobs=1,
        random_state=seed,
    ).fit(unit)
    return framed(np.asarray(fitted, dtype=np.float64))


def framed(places: np.ndarray) -> np.ndarray:
    """Return a map turned and scaled into its frame, so that maps that differ by these alone are equal.

    The mean is in the middle, the first axis is the one of the largest spread, each axis points to its longer tail, and
    the largest coordinate is 1.

    Args:
        places: (n, 2).
    """
    turned = _principal(places)
    largest = np.abs(turned).max(initial=0)
    return turned / largest if largest > 0 else turned


def trustworthiness(features: np.ndarray, places: np.ndarray) -> float | None:
    """Return how far neighbours on a map are neighbours in the features, in [0, 1]; None of too few points.

    Args:
        features: (n, d) as :func:`embed` takes them. places: (n, 2).
    """
    from sklearn.manifold import trustworthiness as trusted

    neighbours = min(NEIGHBOURS, (len(places) - 1) // 2)
    return float(trusted(_unit(features), places, n_neighbors=neighbours)) if neighbours > 0 else None


def _unit(features: np.ndarray) -> np.ndarray:
    """Return features of length 1 in float64; one of zeros stays."""
    rows = features.astype(np.float64)
    if not np.isfinite(rows).all():
        bad = np.flatnonzero(~np.isfinite(rows).all(axis=1)).tolist()
        raise ScoreError(f"features of items {bad} are NaN or infinite", "leave these out, and say so")
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)


def _principal(rows: np.ndarray) -> np.ndarray:
    """Return the first two principal components (n, 2) of rows (n, d); each points to its longer tail."""
    count = len(rows)
    if not count:
        return np.zeros((0, 2))
    centred = rows - rows.mean(axis=0)
    # Of the smaller of the two products, for there may be thousands of items or of features.
    product = centred @ centred.T if count <= rows.shape[1] else centred.T @ centred
    sizes, vectors = (each[..., ::-1][..., :2] for each in np.linalg.eigh(product))
    kept = sizes > ROUNDING * np.square(rows).sum()
    components = np.zeros((count, 2))
    found = vectors * np.sqrt(np.maximum(sizes, 0)) if count <= rows.shape[1] else centred @ vectors
    components[:, : len(sizes)] = found * kept
    tails = (components**3).sum(axis=0)
    return components * np.where(tails < 0, -1, 1)
