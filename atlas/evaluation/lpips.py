"""LPIPS: how unlike a picture and its photo look, by what a network makes of small patches (Zhang et al. 2018).

The distance is the lpips package's, which carries its calibration; the backbone's weights are given, so that nothing is
fetched.
"""

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from atlas.core.metric_card import MetricCard, Source
from atlas.errors import ScoreError

if TYPE_CHECKING:
    from torch import Tensor, nn

Backbone = Literal["alex", "vgg", "squeeze"]
BACKBONES: Mapping[Backbone, str] = {"alex": "AlexNet", "vgg": "VGG-16", "squeeze": "SqueezeNet 1.1"}
"""The networks that the paper calibrated; each by torchvision's own weights of ImageNet."""

CARD = MetricCard(
    name="lpips",
    title="LPIPS",
    summary="learned perceptual distance of a picture from its photo: 0 looks the same",
    meaning=(
        "It was calibrated on which of two damaged patches people found more like the first, and minds blur and noise "
        "more as people do than PSNR. Values of two backbones do not compare.",
    ),
    definition="Σₗ of the mean over positions of wₗ · (ŷₗ − ŷ₀ₗ)², with a backbone's features ŷₗ at its layers l, at "
    "length 1 over channels, and the weights wₗ that people's judgements gave.",
    lowest=0,
    better="lower",
    n="mean over all positions",
    paper=Source(
        title="The Unreasonable Effectiveness of Deep Features as a Perceptual Metric",
        authors="R. Zhang, P. Isola, A. A. Efros, E. Shechtman, O. Wang",
        year=2018,
        url="https://arxiv.org/abs/1801.03924",
    ),
    limits=("Its backbone is a network, too, and may be fooled as others are.",),
)
CARDS = (CARD,)


def distance(backbone: Backbone, weights: Mapping[str, "Tensor"]) -> "nn.Module":
    """Return the distance, as a module from pictures and photos (B, 3, H, W) to (B, 1, 1, 1): see :func:`lpips`.

    Args:
        backbone: one of :data:`BACKBONES`.
        weights: of torchvision's network of that name, as in its file: ``features.0.weight`` and so on; others, such as
            those of its classifier, are not used.

    Raises:
        ScoreError: weights are missing, or of other shapes.
    """
    from lpips import LPIPS

    with warnings.catch_warnings():  # of torchvision, about a parameter that the package gives it
        warnings.simplefilter("ignore", UserWarning)
        module = LPIPS(net=backbone, pnet_rand=True, verbose=False)
    own = module.net.state_dict()
    asked = {name: "features." + name.partition(".")[2] for name in own}  # slice2.3.weight is features.3.weight
    wrong = [given for name, given in asked.items() if given not in weights or weights[given].shape != own[name].shape]
    if wrong:
        raise ScoreError(
            f"{BACKBONES[backbone]} needs {len(asked)} weights, and {len(wrong)} are missing or of another shape, such "
            f'as "{wrong[0]}"',
            f"give torchvision's file of {BACKBONES[backbone]}'s weights of ImageNet, or another backbone",
        )
    module.net.load_state_dict({name: weights[given] for name, given in asked.items()})
    return module.eval().requires_grad_(False)


def lpips(module: "nn.Module", pictures: "Tensor", photos: "Tensor") -> "Tensor":
    """Return the distance of each picture from its photo, (B,), 0 and more.

    Args:
        module: see :func:`distance`. pictures, photos: (B, 3, H, W) in [0, 1], on its device.

    Raises:
        ScoreError: they have two shapes.
    """
    import torch

    if pictures.shape != photos.shape:
        raise ScoreError(
            f"pictures of the shape {tuple(pictures.shape)} cannot be compared with photos of {tuple(photos.shape)}",
            "bring both to one size",
        )
    with torch.no_grad():
        return module(pictures, photos, normalize=True).flatten()
