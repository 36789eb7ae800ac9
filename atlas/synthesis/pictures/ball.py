"""The ball around photos in which pictures look the same: every value within epsilon of the photo's."""

import math

import torch
from torch import Tensor, nn


class BallAround(nn.Module):
    """Pixels that are their own parameters, kept within a distance of photos and in [0, 1] by :meth:`project`.

    Args:
        photos: (B, 3, H, W) on the device; whole numbers of 255ths, as 8 bits hold. The pictures start there.
        epsilon: largest difference of any value.
        signs: let gradients pass as their signs.
    """

    def __init__(self, photos: Tensor, epsilon: float, signs: bool = False) -> None:
        super().__init__()
        self._photos, self._epsilon = photos, epsilon
        self.values = nn.Parameter(photos.clone())
        if signs:
            self.values.register_hook(torch.sign)

    def project(self, *_: object) -> None:
        """Bring every value to the nearest one in the ball and in [0, 1]; made to be an optimiser's post-step hook."""
        with torch.no_grad():
            change = (self.values - self._photos).clamp(-self._epsilon, self._epsilon)
            self.values.copy_((self._photos + change).clamp(0, 1))

    def forward(self) -> Tensor:
        """Return the images, (B, 3, H, W) float32 sRGB in [0, 1]."""
        return self.values * 1.0

    def in_8_bits(self, images: Tensor) -> Tensor:
        """Return images as 8 bits hold them, rounded so that they are exactly in the ball."""
        levels = math.floor(self._epsilon * 255 + 1e-6)  # 2 / 255 must count as two levels
        start = (self._photos.double() * 255).round()
        change = (images.double() * 255 - start).round().clamp(-levels, levels)
        return ((start + change).clamp(0, 255) / 255).float()


def variation_of_change(images: Tensor, photos: Tensor) -> Tensor:
    """Return the total variation of ``images - photos``, (B,): the sum of absolute differences of neighbours.

    The paper does not say which total variation it means; this one has a gradient of 0 where there is no change yet.
    """
    change = images - photos
    across = (change[..., 1:] - change[..., :-1]).abs().flatten(1).sum(dim=1)
    return across + (change[..., 1:, :] - change[..., :-1, :]).abs().flatten(1).sum(dim=1)
