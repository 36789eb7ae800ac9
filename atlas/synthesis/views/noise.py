"""Uniform noise that is the same on every device and in every batch: a counter-based hash, not a generator's stream.

A device's own generator gives other numbers than the CPU's, and one shared by a batch gives other numbers in another
batch. Here each value is a function of (item's seed, step, place in the image) alone.
"""

import numpy as np
import torch
from torch import Tensor

# The two-round multiply-xorshift hash "lowbias32" of C. Wellons (2018), https://nullprogram.com/blog/2018/07/31/,
# with its multipliers written as signed 32-bit numbers. The value's top bits carry the noise, so its last shift is
# left out, and the seed's two words enter before the first and the second round.
_MULTIPLIERS = (0x7FEB352D, 0x846CA68B - 2**32)
_SHIFTS = (16, 15)

CACHED = 262_144
"""Values that a CPU makes at a time, so that the passes of the hash stay in its cache (measured: half the time)."""


class HashedNoise:
    """Additive noise, uniform in [-amplitude, amplitude), for B items over many steps.

    Args:
        seeds: B non-negative integers below 2**63, one per item.
        steps: number of steps that will be asked for.
        shape: (C, H, W) of one item.
        amplitude: half the width of the distribution, image units.
    """

    def __init__(
        self, seeds: list[int], steps: int, shape: tuple[int, int, int], amplitude: float, device: torch.device
    ) -> None:
        self._shape = (len(seeds), *shape)
        self._amplitude = amplitude
        words = [np.random.SeedSequence(seed).generate_state(2 * steps).reshape(steps, 2) for seed in seeds]
        stacked = np.stack(words, axis=1).astype(np.uint32).view(np.int32)  # (steps, B, 2)
        self._words = torch.from_numpy(stacked).to(device)
        self._block = max(1, CACHED // len(seeds)) if device.type == "cpu" else int(np.prod(shape))
        self._counter = torch.arange(int(np.prod(shape)), dtype=torch.int32, device=device)

    def __call__(self, step: int) -> Tensor:
        """Return the noise of one step, (B, C, H, W) float32."""
        words = self._words[step]
        noise = torch.empty(self._shape, device=words.device).flatten(1)
        for start in range(0, noise.shape[1], self._block):
            block = slice(start, start + self._block)
            value = self._counter[block] + words[:, :1]
            _mix(value, 0)
            value += words[:, 1:]
            _mix(value, 1)
            torch.mul(value, self._amplitude * 2.0**-31, out=noise[:, block])
        return noise.view(self._shape)


def _mix(value: Tensor, number: int) -> None:
    """Apply one round of the hash in place. torch shifts int32 arithmetically, hence the mask for a logical shift."""
    shift = _SHIFTS[number]
    value ^= (value >> shift).bitwise_and_((1 << (32 - shift)) - 1)
    value *= _MULTIPLIERS[number]
