"""Signals of half spectra, as the definition of the inverse transform has them."""

import pytest
import torch

from atlas.synthesis.pictures.half_spectrum import to_signals

SIZES = [(6, 8), (5, 8), (6, 7), (5, 7), (1, 4), (4, 1)]


def halves(height, width, dtype=torch.complex128):
    return torch.randn(2, 3, height, width // 2 + 1, dtype=dtype, generator=torch.Generator().manual_seed(height))


def whole(half, width):
    """Return the whole spectrum whose real part's half this is: each frequency is the conjugate of its opposite."""
    height = half.shape[-2]
    full = torch.zeros(*half.shape[:-1], width, dtype=half.dtype)
    for row in range(height):
        for column in range(width):
            here, opposite = half[..., row, :], half[..., -row % height, :].conj()
            if column in (0, width / 2):  # these stand for themselves: the Hermitian part
                full[..., row, column] = (here[..., column] + opposite[..., column]) / 2
            else:
                near = column < width / 2
                full[..., row, column] = here[..., column] if near else opposite[..., width - column]
    return full


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_signals_are_those_of_the_hermitian_part(height, width):
    half = halves(height, width)
    expected = torch.fft.ifft2(whole(half, width))
    assert float(expected.imag.abs().max()) < 1e-12
    torch.testing.assert_close(to_signals(half, width), expected.real)


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_on_a_cpu_signals_and_gradients_are_irfft2s_to_the_bit(height, width):
    ours, theirs = (halves(height, width, torch.complex64).requires_grad_() for _ in range(2))
    signals, expected = to_signals(ours, width), torch.fft.irfft2(theirs, s=(height, width))
    weights = torch.rand(signals.shape, generator=torch.Generator().manual_seed(0))
    for values in (signals, expected):
        (values * weights).sum().backward()
    assert torch.equal(signals, expected)
    assert torch.equal(ours.grad, theirs.grad)


def test_gradients_are_numeric_ones():
    half = halves(4, 6).requires_grad_()
    assert torch.autograd.gradcheck(lambda given: to_signals(given, 6), (half,))
