"""What makes pre-images natural: bounded colours and variation, and jitter (Mahendran and Vedaldi 2016, section 3).

Everything here is in the paper's own unit, the colours 0 to 255 of which the mean colour of photos is subtracted, so
that all its constants keep their values. :class:`BallPixels` is the one place where that unit meets images in [0, 1].
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from atlas.models.network.preprocess import IMAGENET_MEAN, LUMA
from atlas.synthesis.views.windows import windows

LEVELS = 255.0
"""The paper's unit: an image in [0, 1] times this."""

START_QUANTILE = 0.9
"""The authors divide uniform noise in -1 to 1 by its 95th percentile, which is this, before they scale it."""

FAINTEST = 1e-12
"""Sums of squares below this count as 0, where powers below 2 have no gradient."""


class BallPixels(nn.Module):
    """Pixels whose distance from the mean colour is bounded, and which are colours at all.

    Args:
        start: (B, C, H, W) in the paper's unit, C = 3 or, for grey pictures, 1.
        bound: B_+, largest length of a pixel's vector of colours.
    """

    def __init__(self, start: Tensor, bound: float) -> None:
        super().__init__()
        self._mean = mean_colour(start.shape[1], start.device)
        self._bound = bound
        self.values = nn.Parameter(start.clone())
        self.project()

    def project(self, *_: object) -> None:
        """Bring pixels into the ball and into the range of colours; made to be an optimiser's post-step hook.

        The paper shows networks values below 0 and above 255, and rescales what it prints. Here they see the picture.
        The range of colours holds the ball's centre, so that a pixel does not leave the ball when it is clamped.
        """
        with torch.no_grad():
            self.values.copy_(into_ball(self.values, self._bound).clamp(-self._mean, LEVELS - self._mean))

    def forward(self) -> Tensor:
        """Return the images, (B, 3, H, W) float32 sRGB in [0, 1]."""
        image = (self.values + self._mean) / LEVELS
        image = image + (image.clamp(0, 1) - image).detach()  # rounding must not end a pixel's gradient
        return image.expand(-1, 3, -1, -1)


def mean_colour(channels: int, device: torch.device) -> Tensor:
    """Return the mean colour of photos, (C, 1, 1) in 0 to 255; its luma if C is 1.

    It is that of ImageNet for every model: what a model subtracts itself need not be the mean of anything.
    """
    colour = torch.tensor(IMAGENET_MEAN, device=device) * LEVELS
    if channels == 1:
        colour = (colour * torch.tensor(LUMA, device=device)).sum(dim=0, keepdim=True)
    return colour[:, None, None]


def mean_free(images: Tensor, channels: int) -> Tensor:
    """Return images (B, 3, H, W) in [0, 1] in the paper's unit, (B, C, H, W); their luma if C is 1."""
    if channels == 1:
        images = (images * torch.tensor(LUMA, device=images.device)[:, None, None]).sum(dim=1, keepdim=True)
    return images * LEVELS - mean_colour(channels, images.device)


def into_ball(values: Tensor, bound: float) -> Tensor:
    """Return the nearest values (B, C, H, W) whose pixels are no longer than ``bound`` (section 3.4)."""
    return values * (bound / _squared_length(values).sqrt_().clamp_min_(bound))


def stretched(images: Tensor) -> Tensor:
    """Return images (B, 3, H, W), the least value of each moved to 0 and the largest to 1 (VLFeat's ``vl_imsc``)."""
    low, high = images.amin(dim=(1, 2, 3), keepdim=True), images.amax(dim=(1, 2, 3), keepdim=True)
    return torch.where(high > low, (images - low) / (high - low), images)


def uniform_noise(shape: Sequence[int], length: float, generators: Sequence[torch.Generator]) -> Tensor:
    """Return what inversions start from, (B, C, H, W) on the CPU: independent uniform values (authors' nnpreimage.m).

    Args:
        shape: (C, H, W). length: B, the typical length of a pixel's vector of colours.
        generators: B CPU generators.
    """
    reach = length / START_QUANTILE / 3**0.5
    return torch.stack([(torch.rand(*shape, generator=one) * 2 - 1) * reach for one in generators])


def alpha_norm(values: Tensor, alpha: float, length: float) -> tuple[Tensor, Tensor]:
    """Return ``N_alpha = sum of |pixel|^alpha / (H W B^alpha)`` and its gradient (equation 5).

    Args:
        values: (B, C, H, W), of which |pixel| is the Euclidean norm over colours. length: B.

    Returns:
        (B,), 1 if every pixel has length B; (B, C, H, W).
    """
    squares = _squared_length(values) / length**2
    powers = squares.clamp_min(FAINTEST) ** (alpha / 2 - 1)
    share = alpha / (length**2 * squares[0].numel())
    return (squares * powers).mean(dim=(1, 2, 3)), values * (powers * share)


def total_variation(values: Tensor, beta: float, slope: float) -> tuple[Tensor, Tensor]:
    """Return ``R_TV = sum of (across^2 + down^2)^(beta / 2) / (H W V^beta)`` and its gradient (section 3.2.2).

    The sum is over pixels and colours. As in the authors' ``tv.m`` the last column has no difference across and the
    last row none down.

    Args:
        values: (B, C, H, W). slope: V, the typical length of the difference.

    Returns:
        (B,); (B, C, H, W).
    """
    across, down = values[..., 1:] - values[..., :-1], values[..., 1:, :] - values[..., :-1, :]
    squares = torch.zeros_like(values)
    squares[..., :-1] = across.square()
    squares[..., :-1, :] += down.square()
    squares /= slope**2
    pixels = values.shape[2] * values.shape[3]
    share = beta / (slope**2 * pixels)
    if beta == 2:
        total, across, down = squares, across * share, down * share
    else:
        powers = squares.clamp_min(FAINTEST) ** (beta / 2 - 1)
        total, across, down = squares * powers, across * powers[..., :-1] * share, down * powers[..., :-1, :] * share
    gradient = torch.zeros_like(values)
    gradient[..., 1:] = across
    gradient[..., :-1] -= across
    gradient[..., 1:, :] += down
    gradient[..., :-1, :] -= down
    return total.sum(dim=(1, 2, 3)) / pixels, gradient


def _squared_length(values: Tensor) -> Tensor:
    """Return the squared length of every pixel's vector of colours, (B, 1, H, W)."""
    return values.square().sum(dim=1, keepdim=True)


class NaturalPrior:
    """``R_alpha + R_TV^beta`` of a picture's values, added to what an optimiser minimises.

    Its gradient does not go through the images, so that a unit which no gradient reaches is seen to be dead.

    Args:
        alpha, length: of :func:`alpha_norm`. beta, slope: of :func:`total_variation`.
    """

    def __init__(self, picture: BallPixels, alpha: float, length: float, beta: float, slope: float) -> None:
        self._values = picture.values
        self._alpha, self._length, self._beta, self._slope = alpha, length, beta, slope
        self._gradient: Tensor | None = None

    def __call__(self) -> Tensor:
        """Return the prior of the picture as it is, (B,)."""
        with torch.no_grad():
            bounded, pull = alpha_norm(self._values, self._alpha, self._length)
            varied, smoothing = total_variation(self._values, self._beta, self._slope)
            self._gradient = pull.add_(smoothing)
        return bounded + varied

    def add_gradient(self, *_: Any) -> None:
        """Add the latest prior's gradient to that of the values; made to be an optimiser's pre-step hook."""
        if self._values.grad is not None and self._gradient is not None:
            self._values.grad += self._gradient


class JitteredViews:
    """One view per picture and step: a window of a picture that is ``jitter - 1`` pixels larger (section 3.2.3).

    Args:
        generators: B CPU generators, one per item.
        steps: number of steps that will be asked for.
        still: the last of them, in which the window is in the middle.
        jitter: T; the window's corner is uniform over 0, ..., T - 1 in each direction.
        side: of the window, pixels.
    """

    count = 1

    def __init__(
        self,
        generators: Sequence[torch.Generator],
        steps: int,
        still: int,
        jitter: int,
        side: int,
        device: torch.device,
    ) -> None:
        self._side = side
        self._middle = (jitter - 1) // 2
        corners = [torch.randint(jitter, (steps, 2), generator=generator) for generator in generators]
        drawn = torch.stack(corners, dim=1)
        drawn[steps - still :] = self._middle
        self._corners = drawn.to(device)  # (steps, B, 2)

    def __call__(self, images: Tensor, step: int, part: slice) -> Tensor:
        """Return the views: see :class:`atlas.synthesis.steps.evaluation.Views`."""
        return windows(images, self._corners[step], (self._side, self._side))

    def middle(self, images: Tensor) -> Tensor:
        """Return the middle window of images or maps (..., H, W)."""
        inner = slice(self._middle, self._middle + self._side)
        return images[..., inner, inner]
