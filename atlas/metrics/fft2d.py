"""FFT2D: how unlike the Fourier magnitudes of a picture and its photo are."""

import torch
import torch.nn.functional as F
from torch import Tensor

from atlas.core.job import Target
from atlas.core.metric_card import MetricCard, Source
from atlas.metrics.base import METRICS, Finished, Metric, item_by_item


def fourier_distance(pictures: Tensor, photos: Tensor) -> Tensor:
    """Return FFT2D, (B,): 1 minus the cosine between the magnitudes of both pictures' Fourier transforms.

    The "cosine similarity in the Fourier space" of Shi et al. 2023, table I, where lower is better; they do not say
    more. Magnitudes are of the two-dimensional transform of each colour, the constant term included: of the complex
    values themselves the cosine would be that of the pixels (Parseval).

    Args:
        pictures, photos: (B, 3, H, W) in [0, 1].
    """
    first, second = (torch.fft.fft2(images.double()).abs().flatten(1) for images in (pictures, photos))
    return (1 - F.cosine_similarity(first, second, dim=1)).clamp(min=0).float()


class FFT2D(Metric):
    """Against the photo that a picture is of, or starts from."""

    card = MetricCard(
        name="fft2d",
        title="FFT2D",
        summary="1 minus the cosine between the Fourier magnitudes of picture and photo: 0 is the same, lower is "
        "nearer",
        meaning=(
            "Two pictures with as much of every pattern, coarse and fine, are near by it, wherever in the picture the "
            "patterns are: moving a picture does not change it.",
        ),
        definition="1 − cos(|F(x)|, |F(x₀)|), with the two-dimensional Fourier transform F of each colour, its "
        "constant term included, the picture x and the photo x₀.",
        lowest=0,
        highest=1,
        better="lower",
        n="one value, of the whole picture",
        paper=Source(
            title="Visualization Comparison of Vision Transformers and Convolutional Neural Networks",
            authors="Shi, Li, Zhang, Yamaguchi",
            year=2023,
            url="https://bit.ly/net-vis-compare",
        ),
        limits=("The constant term, the mean colour, weighs most, so that values are small even for unlike pictures.",),
    )
    place = 70

    def applies(self, target: Target) -> bool:
        """See :meth:`Metric.applies`."""
        return target.photo is not None

    def measure(self, finished: Finished) -> Tensor:
        """See :meth:`Metric.measure`."""
        return item_by_item(fourier_distance, finished)


METRICS.register(FFT2D.card.name, FFT2D())
