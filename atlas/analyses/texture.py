"""Texture bias: which photos a model still recognises without colour, without texture, or without shape.

After Geirhos et al. 2019 and Shi et al. 2023, section V-D. Variants are of the photo as it is shown to models, so that
all of them see the same pictures.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from atlas.core.figures import Figure, share
from atlas.core.metric_card import MetricCard
from atlas.core.sources import VIT_AND_CNN
from atlas.errors import ScoreError, did_you_mean
from atlas.extras import needing_extras

SIDE = 224
"""Pixels of the square that variants are made of (section V), before it is brought to a model's own input size."""

PATCHES = (8, 16, 32)
"""Sides of the patches that are covered or exchanged, pixels (section V-D)."""

COVERED = (0.5, 0.7)
"""Least and largest share of the patches that are covered (section V-D)."""

COVER = 0.5
"""What covers patches: the grey in the middle, about the mean of photos; the paper does not say."""

SMOOTHING = 2**0.5
"""Standard deviation before edges are sought, pixels: the default of the implementation that Geirhos et al. used."""

FRAME = 0.05
"""Share of the shorter side that is taken for background around a photo."""

NOTICEABLE = 1.0
"""A difference in CIE Lab that an eye just notices: what differs less from a frame is like it."""

PART = 0.1
"""Parts of a figure below this share of its largest part are taken for noise."""

CARD = MetricCard(
    name="texture_bias",
    title="accuracy on changed photos",
    about="models",
    summary="share of photos whose class the model ranks first after their colour, texture or shape was taken away",
    meaning=(
        "Silhouettes and edges keep shape and lose texture: a model that still recognises them goes by shape. Covered "
        "and shuffled patches keep texture and lose shape: a model that still recognises these goes by local texture.",
        "Models differ in how many unchanged photos they recognise; the share of those, which is given beside, "
        "compares them more fairly.",
    ),
    definition="The share of photos with rank 1 of their class. Grey: luma in three equal channels. Silhouette: what "
    "stands out from the colours of the photo's frame, by its Mahalanobis distance in CIE Lab and Otsu's threshold, "
    "holes filled, black on white. Edge: Canny's, black on white. Covered: 50 to 70 % of the patches are grey, patches "
    "of 8, 16 or 32 pixels, both drawn for each photo. Shuffled: all patches exchanged, of 8, 16 and 32 pixels. "
    f"Variants are made at {SIDE} x {SIDE} pixels.",
    lowest=0,
    highest=1,
    form="percent",
    n="share of n photos, with Wilson's interval",
    paper=VIT_AND_CNN,
    limits=(
        "The papers' silhouettes are of objects before white. Before a busy background, or of an object that reaches "
        "the photo's edge, what stands out is a crude figure, and a low share may be its fault.",
        "Style transfer, which the papers also measure, needs a network of its own and is left out.",
        "A model with few classes has an easier task; compare it with models of as many.",
    ),
)

RECOGNISED = MetricCard(
    name="texture_bias_recognised",
    title="accuracy on changed photos that were recognised",
    about="models",
    summary="share of the photos that a model recognises unchanged which it still recognises changed",
    meaning=(
        "It compares models that recognise different numbers of unchanged photos: what is lost is lost by the change.",
    ),
    definition="The share of photos with rank 1 of their class, of those that have it unchanged.",
    lowest=0,
    highest=1,
    form="percent",
    n="share of n photos, with Wilson's interval",
    paper=VIT_AND_CNN,
    limits=("Photos differ between models: those that one recognises may be easier than another's.",),
)
CARDS = (CARD, RECOGNISED)


def original(photo: Tensor, generator: torch.Generator) -> Tensor:
    """Return the photo as it is."""
    return photo.clone()


def grey(photo: Tensor, generator: torch.Generator) -> Tensor:
    """Return the photo's luma in three equal channels."""
    from torchvision.transforms.functional import rgb_to_grayscale

    return rgb_to_grayscale(photo, num_output_channels=3).clone()


def silhouette(photo: Tensor, generator: torch.Generator) -> Tensor:
    """Return what stands out from the photo's frame in black on white; white if nothing does.

    There is no segmentation: the frame's colours are taken for the background's. Otsu's threshold parts the distances
    from them; holes are filled, and parts much smaller than the largest one are dropped.
    """
    with needing_extras("the analysis of texture bias", "analyses"):
        from skimage.color import rgb2lab
        from skimage.filters import threshold_otsu
    from scipy import ndimage

    colours = rgb2lab(photo.permute(1, 2, 0).double().numpy())
    height, width = colours.shape[:2]
    border = max(1, round(FRAME * min(height, width)))
    around = np.ones((height, width), dtype=bool)
    around[border : height - border, border : width - border] = False
    away = colours - colours[around].mean(axis=0)
    spread = away[around].T @ away[around] / around.sum() + NOTICEABLE**2 * np.eye(3)
    distance = np.sqrt(np.einsum("hwi,ij,hwj->hw", away, np.linalg.inv(spread), away))
    if np.ptp(distance) < NOTICEABLE:
        return torch.ones_like(photo)
    figure = ndimage.binary_fill_holes(distance > threshold_otsu(distance))
    parts, _ = ndimage.label(figure)
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    figure = (sizes >= PART * sizes.max())[parts] & (parts > 0)
    return _black_on_white(figure, photo)


def edge(photo: Tensor, generator: torch.Generator) -> Tensor:
    """Return the photo's edges by Canny, black on white: of steps in luma above about a tenth of the range."""
    with needing_extras("the analysis of texture bias", "analyses"):
        from skimage.feature import canny

    return _black_on_white(canny(grey(photo, generator)[0].double().numpy(), sigma=SMOOTHING), photo)


def occluded(photo: Tensor, generator: torch.Generator) -> Tensor:
    """Return the photo with 50 to 70 % of its patches covered; their side and the share are drawn."""
    side = PATCHES[int(torch.randint(len(PATCHES), (), generator=generator))]
    low, high = COVERED
    return cover(photo, side, low + (high - low) * float(torch.rand((), generator=generator)), generator)


def cover(photo: Tensor, side: int, part: float, generator: torch.Generator) -> Tensor:
    """Return the photo with some patches in grey: ``part`` of them, to the nearest whole number; one at least is seen.

    Args:
        photo: (3, H, W). Where its sides are no multiples of ``side``, the last patches are smaller.
    """
    tiles = _tiles(photo, side)
    hidden = torch.randperm(len(tiles), generator=generator)[: min(round(part * len(tiles)), len(tiles) - 1)]
    covered = photo.clone()
    for place in hidden.tolist():
        covered[:, tiles[place][0], tiles[place][1]] = COVER
    return covered


def shuffle(photo: Tensor, side: int, generator: torch.Generator) -> Tensor:
    """Return the photo with its patches exchanged at random; no pixel is lost.

    Args:
        photo: (3, H, W). Where its sides are no multiples of ``side``, the smaller patches at the right and lower ends
            are exchanged among those of their size, so that no strip keeps its shape.
    """
    shuffled = photo.clone()
    by_shape: dict[tuple[int, ...], list[tuple[slice, slice]]] = {}
    for rows, columns in _tiles(photo, side):
        by_shape.setdefault(photo[0, rows, columns].shape, []).append((rows, columns))
    for tiles in by_shape.values():
        for (rows, columns), place in zip(tiles, torch.randperm(len(tiles), generator=generator).tolist(), strict=True):
            shuffled[:, rows, columns] = photo[:, tiles[place][0], tiles[place][1]]
    return shuffled


def _shuffled(side: int) -> Callable[[Tensor, torch.Generator], Tensor]:
    return lambda photo, generator: shuffle(photo, side, generator)


VARIANTS: dict[str, Callable[[Tensor, torch.Generator], Tensor]] = {
    "original": original,
    "grey": grey,
    "silhouette": silhouette,
    "edge": edge,
    "occluded": occluded,
    **{f"shuffled_{side}": _shuffled(side) for side in PATCHES},
}
"""Name to what makes the variant of a photo (3, H, W) in [0, 1] on the CPU."""


def called(name: str) -> str:
    """Return what a variant is called wherever people read of it, e.g. ``shuffled 8``."""
    return name.replace("_", " ")


def variant(name: str, photo: Tensor, digest: str, seed: int = 0) -> Tensor:
    """Return a variant of a photo, the same one for a seed and a photo wherever it is made.

    Args:
        name: of :data:`VARIANTS`.
        photo: (3, H, W) float32 sRGB in [0, 1] on the CPU.
        digest: of its file, which with the seed and the name decides all that is drawn.

    Raises:
        ScoreError: no such variant.
        MissingExtraError: scikit-image, which finds edges and silhouettes, is not installed.
    """
    if name not in VARIANTS:
        raise ScoreError(
            f'no variant "{name}" of photos', did_you_mean(name, VARIANTS) or f"take {', '.join(VARIANTS)}"
        )
    drawn = hashlib.sha256(f"{seed} {digest} {name}".encode()).digest()
    return VARIANTS[name](photo, torch.Generator().manual_seed(int.from_bytes(drawn[:6], "big")))


@dataclass(frozen=True)
class Accuracy:
    """How many photos a model recognises in one variant.

    Attributes:
        overall: of all photos. by_class: of those of each class, by its index.
        of_recognised: of those that it recognises unchanged; None if there are none.
    """

    overall: Figure
    by_class: dict[int, Figure]
    of_recognised: Figure | None


def accuracies(recognised: Mapping[str, Sequence[bool]], classes: Sequence[int]) -> dict[str, Accuracy]:
    """Return the accuracy in each variant.

    Args:
        recognised: variant, ``original`` among them, to whether each photo's class has rank 1
            (:func:`atlas.analyses.ranks.ranks`).
        classes: of the photos, in the same order.

    Raises:
        ScoreError: no photos, or other numbers of them.
    """
    if wrong := [name for name, outcomes in recognised.items() if len(outcomes) != len(classes)]:
        raise ScoreError(f"{', '.join(wrong)}: not as many outcomes as photos", "give one for each photo")
    plain, known = recognised["original"], sorted(set(classes))
    found = {}
    for name, outcomes in recognised.items():
        of_class = {index: [o for o, c in zip(outcomes, classes, strict=True) if c == index] for index in known}
        still = [outcome for outcome, before in zip(outcomes, plain, strict=True) if before]
        by_class = {index: share(of_class[index]) for index in known}
        found[name] = Accuracy(share(outcomes), by_class, share(still) if still else None)
    return found


def _tiles(photo: Tensor, side: int) -> list[tuple[slice, slice]]:
    """Return rows and columns of the patches of a photo (3, H, W), row by row, the last ones as small as they are."""
    height, width = photo.shape[1:]
    return [
        (slice(top, min(top + side, height)), slice(left, min(left + side, width)))
        for top in range(0, height, side)
        for left in range(0, width, side)
    ]


def _black_on_white(figure: np.ndarray, photo: Tensor) -> Tensor:
    return torch.from_numpy(1 - figure.astype(np.float32)).to(photo.dtype).expand_as(photo).clone()
