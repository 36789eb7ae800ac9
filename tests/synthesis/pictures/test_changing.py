"""Pictures that change in the course of a run: each shows of the whole one what its definition says."""

import math

import torch

from atlas.synthesis.pictures.changing import ChangingPhase, low_block, squared_cycles
from atlas.synthesis.pictures.colour import decorrelate
from atlas.synthesis.pictures.parametrization import FourierPhase, InverseFourier
from atlas.synthesis.pictures.spectrum import natural_spectrum

CPU = torch.device("cpu")


def generators(count):
    return [torch.Generator().manual_seed(seed) for seed in range(count)]


def changing(sides, blurs=None, count=2, side=32, reach=0.0):
    return ChangingPhase(natural_spectrum(side, side), generators(count), CPU, False, 2.0, sides, blurs, reach)


def signals(pictures):
    return decorrelate(torch.logit(pictures.detach().double()))


def test_a_small_picture_has_the_low_frequencies_of_the_whole_one():
    magnitude = natural_spectrum(32, 32).double()
    phase = torch.rand(2, 3, 32, 17, generator=torch.Generator().manual_seed(0)).double() * 6
    whole = torch.fft.rfft2(InverseFourier.apply(phase, magnitude, 32))
    small = torch.fft.rfft2(InverseFourier.apply(low_block(phase, 12), low_block(magnitude, 12), 12))
    rows = [*range(6), *range(-5, 0)]  # all but the Nyquist frequency, at which two of the whole one's fall together
    torch.testing.assert_close(small[..., rows, :6], whole[..., rows, :6], rtol=0, atol=1e-9 * float(whole.abs().max()))


def test_a_blur_is_the_convolution_with_a_gaussian():
    sigma = 0.05
    sharp, blurred = changing([32]), changing([32], torch.full((1, 2), sigma))
    places = (torch.arange(32).double() + 16) % 32 - 16
    kernel = torch.exp(-0.5 * (places / (sigma * 32)) ** 2)
    kernel = kernel[:, None] * kernel / kernel.sum() ** 2
    by_hand = torch.fft.ifft2(torch.fft.fft2(signals(sharp())) * torch.fft.fft2(kernel)).real
    by_hand = by_hand / by_hand.std(dim=(1, 2, 3), correction=0, keepdim=True) * 2.0
    torch.testing.assert_close(signals(blurred()), by_hand, rtol=0, atol=5e-3)


def test_steps_have_their_own_sides_and_the_last_picture_is_whole_and_sharp():
    picture = changing([12, 12, 32], torch.tensor([[0.02, 0.0], [0.0, 0.03], [0.05, 0.05]]))
    whole = FourierPhase(natural_spectrum(32, 32), 32, generators(2), CPU, False, 2.0)()
    seen = []
    for _ in range(4):
        seen.append(picture().detach())
        picture.advance()
    assert [one.shape[2] for one in seen] == [12, 12, 32, 32]
    assert torch.equal(seen[3], whole) and not torch.allclose(seen[2], whole, atol=0.01)
    assert torch.equal(seen[0][1], changing([12])()[1]) and torch.equal(seen[1][0], changing([12])()[0])


def test_what_a_small_picture_does_not_show_has_no_gradient():
    picture = changing([12])
    picture().square().sum().backward()
    shown = torch.zeros(32, 17, dtype=torch.bool)
    shown[[*range(6), *range(-6, 0)], :7] = True
    assert picture.phase.grad[..., ~shown].abs().max() == 0
    assert picture.phase.grad[..., 1:6, 1:6].abs().min() > 0


def test_frequencies_are_counted_in_cycles_per_picture():
    found = squared_cycles(6)
    for row in range(6):
        for column in range(4):
            vertical = row if row < 3 else row - 6
            assert math.isclose(float(found[row, column]), vertical**2 + column**2, rel_tol=1e-6)


def test_free_magnitudes_start_as_those_of_photos_and_stay_within_reach():
    held, free = (changing([16], side=16, reach=reach) for reach in (0.0, 1.5))
    torch.testing.assert_close(free(), held())
    with torch.no_grad():
        free.offsets[0] += torch.linspace(-9, 9, 16)[:, None]
    found = torch.fft.rfft2(signals(free()))[0].abs() / torch.fft.rfft2(signals(held()))[0].abs()
    found = found[:, 1:8, 1:-1].log()  # Hermitian columns apart, and rows that are one another's mirror images
    spread = (found - found[:, :1]).mean(dim=(0, 2))
    expected = 1.5 * torch.tanh(torch.linspace(-9, 9, 16)[1:8] / 1.5).double()
    torch.testing.assert_close(spread, expected - expected[0], rtol=0, atol=1e-2)
    free().square().sum().backward()
    assert free.offsets.grad.abs().max() > 0
