import numpy as np
import torch
from scipy import stats

from atlas.synthesis.views.noise import HashedNoise

CPU = torch.device("cpu")
SHAPE = (3, 64, 64)


def test_noise_is_uniform_within_its_amplitude():
    values = HashedNoise([7, 8], 2, SHAPE, 0.1, CPU)(1).numpy().ravel()
    assert np.abs(values).max() <= 0.1
    assert stats.kstest(values, stats.uniform(-0.1, 0.2).cdf).pvalue > 0.001


def test_noise_has_no_structure_in_space_over_steps_or_between_items():
    noise = HashedNoise([7, 8], 3, SHAPE, 0.5, CPU)
    first, second = noise(0), noise(1)
    pairs = {
        "right neighbour": (first[0][..., 1:], first[0][..., :-1]),
        "lower neighbour": (first[0][:, 1:], first[0][:, :-1]),
        "next step": (first[0], second[0]),
        "other item": (first[0], first[1]),
        "other colour": (first[0, 0], first[0, 1]),
    }
    for name, (left, right) in pairs.items():
        correlation = np.corrcoef(left.numpy().ravel(), right.numpy().ravel())[0, 1]
        assert abs(correlation) < 5 / np.sqrt(left.numel()), name


def test_noise_of_an_item_does_not_depend_on_its_batch():
    batch = HashedNoise([1, 2, 3], 4, SHAPE, 0.1, CPU)(3)
    alone = HashedNoise([2], 9, SHAPE, 0.1, CPU)(3)
    assert torch.equal(batch[1], alone[0])


def test_values_are_fixed_for_ever():
    """The hash is part of what a key promises: a change of these numbers needs a new version of every method."""
    value = HashedNoise([123], 2, (1, 1, 4), 1.0, CPU)(1).flatten()
    words = np.random.SeedSequence(123).generate_state(4).reshape(2, 2)[1]
    expected = [_slow(counter, *map(int, words)) for counter in range(4)]
    np.testing.assert_allclose(value.numpy(), expected, atol=1e-7)


def _slow(counter, first, second):
    """The same hash in Python's own integers."""
    mask = 2**32 - 1
    value = (counter + first) & mask
    value = ((value ^ (value >> 16)) * 0x7FEB352D + second) & mask
    value = ((value ^ (value >> 15)) * 0x846CA68B) & mask
    return (value - 2**32 if value >= 2**31 else value) * 2.0**-31
