import math

import pytest
import torch

from atlas.synthesis.colour import decorrelate
from atlas.synthesis.parametrization import FourierPhase, InverseFourier
from atlas.synthesis.spectrum import natural_spectrum

CPU = torch.device("cpu")


def generators(count):
    return [torch.Generator().manual_seed(seed) for seed in range(count)]


@pytest.mark.parametrize("width", [12, 13])
def test_gradient_to_the_phase_equals_autograd_through_polar(width):
    generator = torch.Generator().manual_seed(0)
    phase = torch.rand(2, 3, 10, width // 2 + 1, generator=generator, dtype=torch.float64) * 6
    magnitude = torch.rand(3, 10, width // 2 + 1, generator=generator, dtype=torch.float64)
    weights = torch.rand(2, 3, 10, width, generator=generator, dtype=torch.float64)
    ours, slow = phase.clone().requires_grad_(), phase.clone().requires_grad_()
    signal = InverseFourier.apply(ours, magnitude, width)
    expected = torch.fft.irfft2(torch.polar(magnitude.expand_as(slow), slow), s=(10, width))
    (signal * weights).sum().backward()
    (expected * weights).sum().backward()
    torch.testing.assert_close(signal, expected, rtol=0, atol=1e-14)
    torch.testing.assert_close(ours.grad, slow.grad, rtol=0, atol=1e-14)


def test_gradient_passes_gradcheck():
    phase = torch.rand(1, 1, 6, 4, dtype=torch.float64, requires_grad=True)
    magnitude = torch.rand(1, 6, 4, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda p: InverseFourier.apply(p, magnitude, 6), (phase,))


def test_magnitude_is_the_template_except_in_the_hermitian_columns():
    """|rfft2(image)| equals the template but in the zeroth and Nyquist column, where it is off by order 1."""
    template = natural_spectrum(64, 64).double()
    phase = torch.rand(1, 3, 64, 33, generator=torch.Generator().manual_seed(1), dtype=torch.float64) * 2 * math.pi
    found = torch.fft.rfft2(InverseFourier.apply(phase, template, 64))[0].abs()
    error = (found - template).abs()
    relative = error / template
    assert error[:, :, 1:-1].max() < 1e-15 * template.max()
    assert relative[:, :, 0].max() > 0.5
    assert relative[:, :, -1].max() > 0.5


def test_images_are_standardised_recorrelated_and_squashed():
    images = FourierPhase(natural_spectrum(48, 48), 48, generators(3), CPU, grey=False)()
    assert images.shape == (3, 3, 48, 48)
    assert images.min() > 0 and images.max() < 1
    signal = decorrelate(torch.logit(images.double()))
    torch.testing.assert_close(signal.mean(dim=(1, 2, 3)), torch.zeros(3, dtype=torch.float64), rtol=0, atol=1e-3)
    torch.testing.assert_close(signal.var(dim=(1, 2, 3)), torch.ones(3, dtype=torch.float64), rtol=0, atol=1e-2)


def test_phase_starts_uniform_and_is_the_same_alone_or_in_a_batch():
    spectrum = natural_spectrum(64, 64)
    batch = FourierPhase(spectrum, 64, generators(3), CPU, grey=False).phase
    alone = FourierPhase(spectrum, 64, generators(3)[2:], CPU, grey=False).phase
    assert torch.equal(batch[2], alone[0])
    values = batch.detach().flatten()
    assert values.abs().max() <= math.pi
    assert abs(values.mean()) < 0.05
    assert values.var() == pytest.approx(math.pi**2 / 3, rel=0.03)


def test_grey_images_have_three_equal_channels():
    images = FourierPhase(natural_spectrum(32, 32), 32, generators(1), CPU, grey=True)()
    assert torch.equal(images[:, 0], images[:, 1]) and torch.equal(images[:, 0], images[:, 2])
