"""PSNR: how near a picture is to its photo, pixel by pixel."""

from torch import Tensor

from atlas.core.job import Target
from atlas.core.metric_card import MetricCard
from atlas.metrics.base import METRICS, Finished, Metric, item_by_item

HIGHEST_PSNR = 100.0
"""dB; where two pictures are the same in 8 bits the ratio is infinite, which no record can hold."""


def psnr(pictures: Tensor, photos: Tensor) -> Tensor:
    """Return the peak signal-to-noise ratio, dB, (B,): ``-10 log10`` of the mean squared difference, 100 at most.

    Args:
        pictures, photos: (B, 3, H, W) in [0, 1].
    """
    error = (pictures.double() - photos.double()).square().flatten(1).mean(dim=1)
    return (-10 * error.clamp(min=10 ** (-HIGHEST_PSNR / 10)).log10()).float()


class PSNR(Metric):
    """Against the photo that a picture is of, or starts from."""

    card = MetricCard(
        name="psnr",
        title="PSNR",
        summary="peak signal-to-noise ratio of the picture against the photo: higher is nearer",
        meaning=(
            "About 30 dB and more looks alike, 10 dB and less has little in common. It compares pixel by pixel: a "
            "picture that is the same but moved by some pixels scores low, which FFT2D does not mind.",
        ),
        definition="−10 log₁₀ of the mean squared difference over all pixels and colours, in [0, 1] units; 100 dB at "
        "most, which is what equal pictures get.",
        unit="dB",
        lowest=0,
        highest=HIGHEST_PSNR,
        better="higher",
        n="mean over all pixels and colours",
        limits=("Blurred pictures score well, and people's judgement of likeness often differs.",),
    )
    place = 60

    def applies(self, target: Target) -> bool:
        """See :meth:`Metric.applies`."""
        return target.photo is not None

    def measure(self, finished: Finished) -> Tensor:
        """See :meth:`Metric.measure`."""
        return item_by_item(psnr, finished)


METRICS.register(PSNR.card.name, PSNR())
