"""Stages and the warp that applies them, against explicit padding, slicing, resizing, rotation and filtering."""

import itertools
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from torchvision.transforms import InterpolationMode
from torchvision.transforms.functional import rotate

from atlas.synthesis.views.moves import (
    LUCID_FILL,
    Blur,
    Canvas,
    CropOrPad,
    Flip,
    Jitter,
    Pad,
    Rotate,
    Scale,
    lucid,
    spaced,
    xplique,
)
from atlas.synthesis.views.warp import GatheredWarp, RandomViews, blur, neighbours_of, warp

CPU = torch.device("cpu")
SIDE = 40


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def picture(side=SIDE, smooth=0.0):
    values = np.random.default_rng(0).random((1, 3, side, side))
    return torch.from_numpy(ndimage.gaussian_filter(values, (0, 0, smooth, smooth), mode="wrap") if smooth else values)


def view(image, stages, size, fill=0.5, seed=0):
    """One view in float64."""
    made = RandomViews([generator(seed)], 1, 1, stages, image.shape[-1], (size, size), fill, CPU)
    made._maps, made._shares = made._maps.double(), made._shares.double()
    return made(image, 0, slice(0, 1))


def drawn_shift(pixels, source):
    """The offset (x, y) that a jitter draws from a generator."""
    return torch.randint(pixels + 1, (1, 1, 2), generator=source).flatten().tolist()


def test_padding_holds_the_fill():
    image = picture()
    for fill in (0.5, 0.0):
        expected = F.pad(image, (12, 12, 12, 12), value=fill)
        torch.testing.assert_close(view(image, [Pad(12)], SIDE + 24, fill), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("pixels", [7, 8])
def test_jitter_is_a_slice_at_whole_pixels(pixels):
    image, size = picture(), SIDE - pixels
    for seed in range(5):
        x, y = drawn_shift(pixels, generator(seed))
        expected = image[:, :, y : y + size, x : x + size]
        torch.testing.assert_close(view(image, [Jitter(pixels)], size, seed=seed), expected, rtol=0, atol=1e-5)


def test_jitter_draws_every_offset():
    canvas = Jitter(3)(Canvas.whole(SIDE, (2000,)), generator())
    offsets, counts = torch.unique(canvas.offset, return_counts=True)
    assert offsets.tolist() == [-1.5, -0.5, 0.5, 1.5]
    assert counts.min() > 0.8 * 1000


@pytest.mark.parametrize("factor", [0.9, 1.0, 1.1, 2.0])
def test_scale_is_a_bilinear_resize(factor):
    image = picture()
    size = round(SIDE * factor)
    expected = F.interpolate(image, size=(size, size), mode="bilinear", align_corners=False)
    inner = slice(2, -2)  # at the edge one repeats pixels, the other mixes the fill in
    found = view(image, [Scale((factor,))], size)
    torch.testing.assert_close(found[..., inner, inner], expected[..., inner, inner], rtol=0, atol=1e-5)


@pytest.mark.parametrize("degrees", [-10.0, 0.0, 7.0, 90.0])
def test_rotation_is_that_of_torchvision_and_scipy(degrees):
    image = picture(smooth=1.0)
    found = view(image, [Rotate((degrees,))], SIDE)
    ours = rotate(image, degrees, InterpolationMode.BILINEAR)
    scipy = ndimage.rotate(image.numpy(), degrees, axes=(3, 2), reshape=False, order=1)
    inner = slice(8, -8)  # inside whatever corners come into view
    for expected in (ours, torch.from_numpy(scipy)):
        torch.testing.assert_close(found[..., inner, inner], expected[..., inner, inner], rtol=0, atol=1e-4)


def test_a_corner_uncovered_by_a_rotation_holds_the_fill():
    found = view(torch.ones(1, 3, SIDE, SIDE, dtype=torch.float64), [Rotate((45.0,))], SIDE)
    torch.testing.assert_close(found[..., 0, 0], torch.full((1, 3), 0.5, dtype=torch.float64))
    assert found[..., SIDE // 2, SIDE // 2].min() == 1


def test_flip_mirrors_about_half_of_the_views():
    image = picture()
    found = [view(image, [Flip()], SIDE, seed=seed) for seed in range(40)]
    mirrored = [torch.allclose(one, image.flip(3), atol=1e-5) for one in found]
    assert 8 < sum(mirrored) < 32
    for one, is_mirrored in zip(found, mirrored, strict=True):
        assert is_mirrored or torch.allclose(one, image, atol=1e-5)


@pytest.mark.parametrize("sigma", [0.5, 1.05, 3.0])
def test_blur_is_a_gaussian_filter(sigma):
    image = picture()
    found = view(image, [Blur(sigma, sigma)], SIDE)
    padded = np.pad(image.numpy() - 0.5, ((0, 0), (0, 0), (20, 20), (20, 20)))
    filtered = ndimage.gaussian_filter(padded, (0, 0, sigma, sigma), mode="constant", radius=math.ceil(3 * sigma))
    expected = torch.from_numpy(filtered[..., 20:-20, 20:-20] + 0.5)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)


def test_two_blurs_add_their_variances_and_a_scale_widens_them():
    canvas = Canvas.whole(SIDE, (1,))
    for stage in (Blur(3, 3), Blur(4, 4), Scale((2.0,))):
        canvas = stage(canvas, generator())
    assert float(canvas.variance) == pytest.approx(100)


def test_crop_or_pad_keeps_what_a_scale_did():
    """A view that is the whole canvas shows the same at every scale; one of a fixed side does not."""
    image = picture(smooth=1.0)
    small, large = (view(image, [Scale((factor,))], SIDE) for factor in (0.9, 1.1))
    torch.testing.assert_close(small, large, rtol=0, atol=1e-4)
    small, large = (view(image, [Scale((factor,)), CropOrPad(SIDE)], SIDE) for factor in (0.9, 1.1))
    assert (small - large).abs().mean() > 0.01
    assert (small[..., 0, :] - 0.5).abs().max() < 1e-5


@pytest.mark.parametrize("seed", range(4))
def test_one_sampling_equals_the_sequence_of_lucid(seed):
    """Pad, slice, resize, rotate, slice, each resampling in turn, within what resampling a smooth picture costs."""
    image = picture(side=80, smooth=4.0)
    source = generator(seed)
    factor, angle = 1.06, 7.0
    x, y = drawn_shift(8, source)
    slow = F.pad(image, (12, 12, 12, 12), value=0.5)[:, :, y : y + 96, x : x + 96]
    torch.randint(1, (1, 1), generator=source), torch.randint(1, (1, 1), generator=source)  # scale and angle
    slow = F.interpolate(slow, size=(102, 102), mode="bilinear", align_corners=False)  # 96 * 1.06 = 101.8
    slow = rotate(slow, angle, InterpolationMode.BILINEAR, fill=[0.5] * 3)
    x, y = drawn_shift(4, source)
    slow = slow[:, :, y : y + 98, x : x + 98][..., 3:95, 3:95]  # to a side of 80 + 12
    stages = list(lucid(80))
    assert (stages[0], stages[1], stages[4], stages[5]) == (Pad(12), Jitter(8), Jitter(4), CropOrPad(92))
    stages[2], stages[3] = Scale((factor,)), Rotate((angle,))
    found = view(image, stages, 92, seed=seed)
    spread = float(image.max() - image.min())
    assert (found - slow).abs().mean() < 0.02 * spread
    inner = slice(16, -16)
    assert (found - slow)[..., inner, inner].abs().max() < 0.1 * spread


def test_lucid_and_xplique_draw_from_the_published_lists():
    *_, scale, rotation, _, _ = lucid(224)
    assert scale.factors == pytest.approx([1 + (step - 5) / 50 for step in range(11)])
    assert sorted(rotation.degrees) == pytest.approx(sorted([*range(-10, 11), *[0] * 5]))
    stages = xplique(512)
    assert stages[0] == Pad(128)
    assert [stage.pixels for stage in stages if isinstance(stage, Jitter)] == [64, 64, 128, 128, 128, 32, 32]
    assert [type(stage) for stage in stages[6:8]] == [Scale, Blur] and stages[-1] == Flip()
    assert min(stages[6].factors) == pytest.approx(0.92) and max(stages[6].factors) == pytest.approx(0.96)
    assert stages[7] == Blur(1.0, 1.1)
    assert spaced(1, 1, 3) == (1, 1, 1)


def test_views_of_an_item_depend_on_neither_its_batch_nor_the_other_views():
    images = torch.rand(3, 3, 32, 32, generator=generator())
    for stages in (lucid(32), xplique(32)):
        arguments = (4, 3, stages, 32, (24, 20), LUCID_FILL, CPU)
        batch = RandomViews([generator(seed) for seed in (4, 5, 6)], *arguments)(images, 2, slice(0, 3))
        alone = RandomViews([generator(5)], *arguments)(images[1:2], 2, slice(0, 3))
        assert batch.shape == (9, 3, 24, 20)
        assert torch.equal(batch.unflatten(0, (3, 3))[1], alone)
        single = RandomViews([generator(5)], *arguments)(images[1:2], 2, slice(1, 2))
        assert torch.equal(single, alone[1:2])


def test_every_step_view_and_item_is_drawn_anew():
    made = RandomViews([generator(seed) for seed in (4, 5)], 3, 2, lucid(32), 32, (32, 32), LUCID_FILL, CPU)
    maps = made._maps.flatten(0, 2)
    assert all(not torch.equal(first, second) for first, second in itertools.combinations(maps, 2))


def test_gradients_pass_gradcheck():
    images = torch.rand(2, 1, 7, 7, dtype=torch.float64, generator=generator(), requires_grad=True)
    draws = torch.rand(2, 2, 2, 3, dtype=torch.float64, generator=generator())
    assert torch.autograd.gradcheck(lambda x: warp(x, draws, (5, 6), 1), (images,))
    shares = torch.tensor([0.1, 0.2], dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda x: blur(x, shares, 0.2), (images,))


@pytest.mark.parametrize("stages", [lucid(32), xplique(32), ()])
def test_the_gradient_reaches_the_picture_through_every_view(stages):
    images = torch.rand(2, 3, 32, 32, generator=generator(), requires_grad=True)
    views = RandomViews([generator(4), generator(5)], 1, 4, stages, 32, (32, 32), LUCID_FILL, CPU)
    for number in range(4):
        (gradient,) = torch.autograd.grad(views(images, 0, slice(number, number + 1)).square().sum(), images)
        assert (gradient != 0).flatten(1).double().mean(dim=1).min() > 0.1


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    factor=st.floats(0.3, 3.0),
    degrees=st.floats(-180, 180),
    side=st.integers(4, 13),
    size=st.tuples(st.integers(3, 14), st.integers(3, 14)),
)
def test_the_gathered_gradient_is_that_of_grid_sample(seed, factor, degrees, side, size):
    stages = [Scale((factor,)), Rotate((degrees,)), Jitter(3), Flip(), CropOrPad(side)]
    views = [RandomViews([generator(seed + item)], 1, 3, stages, side, size, 0.5, CPU) for item in (0, 1)]
    maps = torch.cat([one._maps[0] for one in views]).double()
    images = torch.rand(2, 3, side, side, dtype=torch.float64, generator=generator(seed))
    weights = torch.rand(6, 3, *size, dtype=torch.float64, generator=generator(seed + 1))
    results = []
    for way in (warp, GatheredWarp.apply):
        leaf = images.clone().requires_grad_()
        made = way(leaf, maps, size, neighbours_of(maps, side, size))
        (made * weights).sum().backward()
        results.append((made.detach(), leaf.grad))
    torch.testing.assert_close(results[0], results[1], rtol=0, atol=1e-9)
