"""Pictures that steps show smaller or blurred, so that large shapes come first, and whose magnitudes may be free."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from atlas.synthesis.pictures.parametrization import FourierPhase


class ChangingPhase(FourierPhase):
    """Phases of which steps see less: the low frequencies alone, or all of them, the high ones fainter.

    A picture of fewer pixels is made of the middle block of the same phases and magnitudes: what it shows is what the
    whole one shows with its fine grain left out, at a fraction of the time. A blur multiplies the magnitudes by the
    Fourier transform of a Gaussian, and the contrast is brought back to what it was, as it always is. After the last
    step the picture is whole and sharp.

    Args:
        sides: of the picture at each step, pixels, even where they are smaller than the picture.
        blurs: (steps, B), standard deviations as shares of the picture's side; None blurs nothing.
        reach: how far the natural logarithm of each magnitude may go from what it is in photos, as a bound that it
            comes near and does not pass; 0 holds them fixed.

    The others are those of :class:`FourierPhase`, whose magnitude is to be that of a square.
    """

    def __init__(
        self,
        magnitude: Tensor,
        generators: Sequence[torch.Generator],
        device: torch.device,
        grey: bool,
        contrast: float,
        sides: Sequence[int],
        blurs: Tensor | None = None,
        reach: float = 0.0,
    ) -> None:
        super().__init__(magnitude, magnitude.shape[1], generators, device, grey, contrast)
        self._sides = sides
        self._blurs = None if blurs is None else blurs.to(device)
        self._cycles = {side: squared_cycles(side).to(device) for side in {*sides}}  # copied once, not in steps
        self._reach = reach
        self.offsets = nn.Parameter(torch.zeros_like(self.phase)) if reach else None
        self._step = 0

    def groups(self, rate: float, magnitude_rate: float) -> list[dict[str, Any]]:
        """Return what an optimiser moves, and at which rates: phases, and logarithms of magnitudes if they are free."""
        free = [] if self.offsets is None else [{"params": [self.offsets], "lr": magnitude_rate}]
        return [{"params": [self.phase], "lr": rate}, *free]

    def advance(self, *_: object) -> None:
        """Go on to the next step's picture; made to be an optimiser's post-step hook."""
        self._step += 1

    def forward(self) -> Tensor:
        """Return the images of the step, (B, 3, side, side) float32 sRGB in [0, 1]; whole and sharp after the last."""
        last = self._step == len(self._sides)
        side = self._width if last else self._sides[self._step]
        phase, magnitude = low_block(self.phase, side), low_block(self._magnitude, side)
        if self.offsets is not None:
            magnitude = magnitude * (self._reach * torch.tanh(low_block(self.offsets, side) / self._reach)).exp()
        if self._blurs is not None and not last:
            squares = (math.pi * self._blurs[self._step])[:, None, None, None] ** 2
            magnitude = magnitude * torch.exp(-2 * squares * self._cycles[side])
        return self._picture(phase, magnitude, side)


def low_block(spectrum: Tensor, side: int) -> Tensor:
    """Return the low frequencies of a half spectrum (..., H, W // 2 + 1): those of a picture of an even side.

    Itself where it is of that side.
    """
    height = spectrum.shape[-2]
    if side == height:
        return spectrum
    rows = torch.cat([spectrum[..., : side // 2, :], spectrum[..., height - side // 2 :, :]], dim=-2)
    return rows[..., : side // 2 + 1]


def squared_cycles(side: int) -> Tensor:
    """Return the squared frequencies of a half spectrum, (side, side // 2 + 1), in cycles per picture."""
    rows = torch.fft.fftfreq(side, 1 / side)[:, None]
    return rows.square() + torch.fft.rfftfreq(side, 1 / side).square()
