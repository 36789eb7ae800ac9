import math

import numpy as np
import pytest
import torch

from atlas.synthesis.pictures.colour import IMAGENET_COLOUR, decorrelate, recorrelate
from atlas.synthesis.pictures.parametrization import (
    FourierPhase,
    FourierSpectrum,
    InverseFourier,
    Pixels,
    frequency_scale,
)
from atlas.synthesis.pictures.spectrum import natural_spectrum

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


@pytest.mark.parametrize("width", [6, 7])
def test_gradients_to_phase_and_magnitude_pass_gradcheck(width):
    generator = torch.Generator().manual_seed(0)
    phase = torch.rand(2, 1, 6, 4, dtype=torch.float64, generator=generator).requires_grad_()
    magnitude = torch.rand(2, 1, 6, 4, dtype=torch.float64, generator=generator).requires_grad_()
    assert torch.autograd.gradcheck(lambda p: InverseFourier.apply(p, magnitude[0].detach(), width), (phase,))
    assert torch.autograd.gradcheck(lambda p, m: InverseFourier.apply(p, m, width), (phase, magnitude))


def test_a_magnitude_of_0_has_no_gradient_rather_than_nan():
    magnitude = torch.zeros(1, 1, 6, 4, requires_grad=True)
    InverseFourier.apply(torch.rand(1, 1, 6, 4), magnitude, 6).sum().backward()
    assert magnitude.grad.abs().max() == 0


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


def standard_phase(count, side=32):
    return FourierPhase(natural_spectrum(side, side), side, generators(count), CPU, grey=False, standardise=True)


def test_of_a_standardised_phase_neither_size_nor_shift_show():
    made = standard_phase(3).double()
    made._magnitude = made._magnitude.double()
    before = made().detach()
    with torch.no_grad():
        factors = torch.tensor([0.1, 3.0, 40.0])[:, None, None, None]
        made.phase.mul_(factors).add_(torch.tensor([2.0, -7.0, 0.5])[:, None, None, None])
    torch.testing.assert_close(made().detach(), before, rtol=0, atol=1e-12)
    with torch.no_grad():
        made.phase.mul_(-1)
    assert (made().detach() - before).abs().max() > 0.1  # the other way round it is another picture


def test_a_standardised_phase_is_used_with_mean_0_and_deviation_1_of_each_item():
    standard, plain = standard_phase(2), FourierPhase(natural_spectrum(32, 32), 32, generators(2), CPU, grey=False)
    values = standard.phase.detach().clone()
    with torch.no_grad():
        standard.phase.mul_(torch.tensor([5.0, 0.2])[:, None, None, None]).add_(1)
        for item, own in enumerate(values.double()):
            plain.phase[item] = (own - own.mean()) / own.std(correction=0)
    torch.testing.assert_close(standard().detach(), plain().detach(), rtol=0, atol=1e-4)


def test_a_standardised_phase_starts_normal_and_is_the_same_alone_or_in_a_batch():
    batch, alone = standard_phase(3, 64), FourierPhase(
        natural_spectrum(64, 64), 64, generators(3)[2:], CPU, grey=False, standardise=True
    )  # fmt: skip
    assert torch.equal(batch.phase[2], alone.phase[0])
    assert torch.equal(batch()[2], alone()[0])
    values = batch.phase.detach().flatten()
    assert abs(values.mean()) < 0.02 and values.var() == pytest.approx(1, rel=0.03)
    assert values.pow(4).mean() == pytest.approx(3, rel=0.05)  # as of no uniform draws


def test_the_gradient_goes_through_the_standardisation():
    """It is that of the same by autograd alone, and has no part along the phase or a shift of all of it."""
    made = standard_phase(2, 12).double()
    magnitude = made._magnitude = made._magnitude.double()
    weights = torch.rand(2, 3, 12, 12, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    (made() * weights).sum().backward()
    slow = made.phase.detach().clone().requires_grad_()
    mean, deviation = slow.mean(dim=(1, 2, 3), keepdim=True), slow.std(dim=(1, 2, 3), correction=0, keepdim=True)
    signal = torch.fft.irfft2(torch.polar(magnitude.expand_as(slow), (slow - mean) / deviation), s=(12, 12))
    standard = (signal - signal.mean(dim=(1, 2, 3), keepdim=True)) / signal.std(
        dim=(1, 2, 3), correction=0, keepdim=True
    )
    (torch.sigmoid(recorrelate(standard)) * weights).sum().backward()
    torch.testing.assert_close(made.phase.grad, slow.grad, rtol=1e-9, atol=1e-12)
    along = (made.phase.grad * made.phase.detach()).sum(dim=(1, 2, 3))
    assert along.abs().max() < 1e-12 and made.phase.grad.sum(dim=(1, 2, 3)).abs().max() < 1e-12


def test_grey_images_have_three_equal_channels():
    images = FourierPhase(natural_spectrum(32, 32), 32, generators(1), CPU, grey=True)()
    assert torch.equal(images[:, 0], images[:, 1]) and torch.equal(images[:, 0], images[:, 2])


@pytest.mark.parametrize(("height", "width", "decay"), [(6, 8, 1.0), (7, 9, 1.5), (8, 8, 0.0)])
def test_frequency_scale_is_lucids_by_loops(height, width, decay):
    scale = frequency_scale(height, width, decay)
    assert scale.shape == (height, width // 2 + 1) and scale.dtype == torch.float64
    for row in range(height):
        for column in range(width // 2 + 1):
            vertical = (row if row < (height + 1) // 2 else row - height) / height
            frequency = math.sqrt(vertical**2 + (column / width) ** 2)
            expected = math.sqrt(width * height) / max(frequency, 1 / max(width, height)) ** decay
            assert float(scale[row, column]) == pytest.approx(expected, rel=1e-14)


def test_without_decay_the_scale_makes_the_transform_unitary():
    spectrum = torch.fft.rfft2(torch.rand(6, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(0)))
    unitary = torch.fft.irfft2(spectrum, s=(6, 8), norm="ortho")
    torch.testing.assert_close(torch.fft.irfft2(spectrum * frequency_scale(6, 8, 0.0), s=(6, 8)), unitary)


@pytest.mark.parametrize("side", [12, 13])
def test_spectrum_pictures_are_those_of_lucid(side):
    image = FourierSpectrum(side, 1.0, False, 0.3, generators(2), CPU, decorrelate=True, grey=False)
    parts = image.coefficients.detach().double().numpy()
    spectrum = (parts[..., 0] + 1j * parts[..., 1]) * frequency_scale(side, side, 1.0).numpy()
    signal = np.fft.irfft2(spectrum, s=(side, side)) / 4
    rgb = np.einsum("bchw,cd->bdhw", signal, np.array(IMAGENET_COLOUR))
    np.testing.assert_allclose(image().detach().numpy(), 1 / (1 + np.exp(-rgb)), atol=1e-5)


def test_standardised_spectra_give_signals_of_mean_0_and_variance_1():
    images = FourierSpectrum(24, 1.0, True, 5.0, generators(3), CPU, decorrelate=True, grey=False)()
    signal = decorrelate(torch.logit(images.double()))
    torch.testing.assert_close(signal.mean(dim=(1, 2, 3)), torch.zeros(3, dtype=torch.float64), rtol=0, atol=1e-3)
    variance = signal.var(dim=(1, 2, 3), unbiased=False)
    torch.testing.assert_close(variance, torch.ones(3, dtype=torch.float64), rtol=0, atol=1e-3)


def test_a_bounded_spectrum_is_scaled_down_where_it_is_stronger_and_nowhere_else():
    common = (24, 1.0, False, 0.2, generators(3), CPU)
    plain = FourierSpectrum(*common, decorrelate=True, grey=False)
    deviations = plain.signal().detach().std(dim=(1, 2, 3), correction=0)
    between = float(deviations.sort().values[1])
    bounded = FourierSpectrum(*common, decorrelate=True, grey=False, contrast=between)
    bounded.load_state_dict(plain.state_dict())
    ratios = (bounded.signal() / plain.signal()).detach()
    expected = (between / deviations).clamp_max(1)
    torch.testing.assert_close(ratios, expected[:, None, None, None].expand_as(ratios), rtol=1e-4, atol=1e-4)
    assert (ratios.flatten(1)[:, 0] < 1).sum() == 1


def test_pixels_are_colours_before_a_sigmoid():
    coloured, plain = (Pixels(9, 0.4, generators(2), CPU, decorrelate, grey=False) for decorrelate in (True, False))
    torch.testing.assert_close(torch.logit(plain()), plain.values)
    assert torch.equal(plain.values, coloured.values)
    rgb = np.einsum("bchw,cd->bdhw", coloured.values.detach().numpy(), np.array(IMAGENET_COLOUR))
    np.testing.assert_allclose(coloured().detach().numpy(), 1 / (1 + np.exp(-rgb)), atol=1e-6)


@pytest.mark.parametrize("deviation", [0.01, 1.0])
def test_starts_are_normal_and_the_same_alone_or_in_a_batch(deviation):
    def made(several):
        spectrum = FourierSpectrum(32, 1.0, True, deviation, several, CPU, decorrelate=True, grey=False)
        return spectrum.coefficients.detach()

    batch, alone = made(generators(3)), made(generators(3)[2:])
    assert torch.equal(batch[2], alone[0])
    assert float(batch.std()) == pytest.approx(deviation, rel=0.03)
    assert abs(float(batch.mean())) < 0.03 * deviation
    pixels, lone = (Pixels(32, deviation, g, CPU, True, False).values for g in (generators(3), generators(3)[1:2]))
    assert torch.equal(pixels[1], lone[0])


def test_grey_spectra_and_pixels_have_three_equal_channels():
    spectrum = FourierSpectrum(32, 1.0, True, 1.0, generators(1), CPU, decorrelate=True, grey=True)
    for image in (spectrum(), Pixels(32, 1.0, generators(1), CPU, decorrelate=True, grey=True)()):
        assert image.shape == (1, 3, 32, 32) and image.std() > 0.05
        assert torch.equal(image[:, 0], image[:, 1]) and torch.equal(image[:, 0], image[:, 2])


def test_contrast_multiplies_the_standardised_signal():
    spectrum = natural_spectrum(48, 48)
    plain, strong = (FourierPhase(spectrum, 48, generators(2), CPU, False, contrast)().double() for contrast in (1, 2))
    torch.testing.assert_close(torch.logit(strong), 2 * torch.logit(plain), rtol=0, atol=1e-3)
