"""The prior of natural pre-images by loops in float64, Algorithm 1 step by step in numpy, the ball by its property."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from atlas.models.network.preprocess import IMAGENET_MEAN
from atlas.synthesis.scores.naturalness import (
    BallPixels,
    JitteredViews,
    NaturalPrior,
    alpha_norm,
    into_ball,
    mean_free,
    stretched,
    total_variation,
    uniform_noise,
)
from atlas.synthesis.steps.decayed_adagrad import DecayedAdaGrad
from atlas.synthesis.steps.schedules import constant, in_parts

CPU = torch.device("cpu")


def values(*shape, seed=0, size=60.0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * size


def generators(*seeds):
    return [torch.Generator().manual_seed(seed) for seed in seeds]


# --- the prior ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("alpha", [1.0, 2.0, 6.0])
@pytest.mark.parametrize("colours", [3, 1])
def test_the_alpha_norm_is_that_of_loops(alpha, colours):
    x = values(2, colours, 5, 7)
    for item in range(2):
        total = 0.0
        for v in range(5):
            for u in range(7):
                total += sum(float(x[item, k, v, u]) ** 2 for k in range(colours)) ** (alpha / 2)
        assert float(alpha_norm(x, alpha, 80.0)[0][item]) == pytest.approx(total / (5 * 7 * 80.0**alpha), rel=1e-12)


@pytest.mark.parametrize("beta", [1.0, 1.5, 2.0])
@pytest.mark.parametrize("colours", [3, 1])
def test_total_variation_is_that_of_loops(beta, colours):
    x, slope = values(2, colours, 5, 7), 80 / 6.5
    for item in range(2):
        total = 0.0
        for k in range(colours):
            for v in range(5):
                for u in range(7):
                    here = float(x[item, k, v, u])
                    across = float(x[item, k, v, u + 1]) - here if u < 6 else 0.0
                    down = float(x[item, k, v + 1, u]) - here if v < 4 else 0.0
                    total += (across**2 + down**2) ** (beta / 2)
        expected = total / (5 * 7 * slope**beta)
        assert float(total_variation(x, beta, slope)[0][item]) == pytest.approx(expected, rel=1e-9)


def test_both_are_1_where_colours_and_slopes_are_typical():
    x = torch.zeros(1, 3, 6, 6, dtype=torch.float64)
    x[:, 0], x[:, 2] = 48.0, -64.0  # of length 80
    assert float(alpha_norm(x, 6.0, 80.0)[0]) == pytest.approx(1)
    assert float(total_variation(x, 2.0, 12.3)[0]) < 1e-12
    ramp = (torch.arange(1000.0, dtype=torch.float64) * 12.3).expand(1, 1, 2, -1)
    assert float(total_variation(ramp, 2.0, 12.3)[0]) == pytest.approx(1, rel=1e-2)


@pytest.mark.parametrize("exponent", [1.0, 1.5, 2.0, 6.0])
@pytest.mark.parametrize("penalty", [alpha_norm, total_variation])
def test_gradients_are_those_of_the_values_and_0_where_nothing_varies(penalty, exponent):
    x = values(2, 3, 4, 5).requires_grad_()
    value, gradient = penalty(x, exponent, 70.0)
    (expected,) = torch.autograd.grad(value.sum(), x)
    torch.testing.assert_close(gradient.detach(), expected)
    flat = torch.zeros(1, 3, 4, 4, dtype=torch.float64)
    assert torch.equal(penalty(flat, exponent, 70.0)[1], flat)


def test_the_prior_adds_its_gradient_to_what_is_there_and_each_item_has_its_own():
    picture = BallPixels(values(2, 3, 8, 8, size=40.0).float(), 160.0)
    prior = NaturalPrior(picture, 6.0, 80.0, 2.0, 12.3)
    x = picture.values.detach()
    both = [alpha_norm(x, 6.0, 80.0), total_variation(x, 2.0, 12.3)]
    torch.testing.assert_close(prior(), both[0][0] + both[1][0])
    picture.values.grad = torch.ones_like(x)
    prior.add_gradient()
    torch.testing.assert_close(picture.values.grad, 1 + both[0][1] + both[1][1])
    alone = alpha_norm(x[1:], 6.0, 80.0)[1] + total_variation(x[1:], 2.0, 12.3)[1]
    torch.testing.assert_close(picture.values.grad[1:], 1 + alone)


# --- Algorithm 1 -------------------------------------------------------------------------------------------------


def test_algorithm_1_step_by_step():
    """A quadratic and the ball, with the paper's names; in a second part memory is new and the rate a tenth."""
    curvature = values(1, 3, 2, 2, seed=1, size=1.0).abs() / 50
    target = values(1, 3, 2, 2, seed=2, size=150.0)
    start = values(1, 3, 2, 2, seed=3, size=20.0)
    eta_0, rho, bound, parts = 40.0, 0.9, 70.0, (12, 5)

    x = start.numpy().copy()
    expected = []
    for part, steps in enumerate(parts):
        rate = eta_0 if part == 0 else eta_0 / 10
        squares, mu = np.zeros_like(x), np.zeros_like(x)
        for _ in range(steps):
            g = 2 * curvature.numpy() * (x - target.numpy())
            squares = rho * squares + g**2
            eta = 1 / (1 / rate + np.sqrt(squares))
            mu = rho * mu - eta * g
            x = x + mu
            length = np.sqrt((x**2).sum(axis=1, keepdims=True))
            x = x * np.minimum(1, bound / length)
            expected.append(x.copy())

    moved = nn.Parameter(start.clone())
    optimizer = DecayedAdaGrad([moved], eta_0, rho)
    optimizer.register_step_post_hook(lambda *_: moved.data.copy_(into_ball(moved.data, bound)))
    schedule = in_parts(optimizer, parts, constant, [1.0, 0.1])
    for one in expected:
        optimizer.zero_grad()
        (curvature * (moved - target) ** 2).sum().backward()
        optimizer.step()
        schedule.step()
        np.testing.assert_allclose(moved.detach().numpy(), one, rtol=1e-12, atol=1e-10)
    assert np.isclose(np.sqrt((expected[11] ** 2).sum(axis=1)), bound).any()  # the ball was reached


def test_the_first_step_is_the_initial_rate_where_gradients_are_small():
    moved = nn.Parameter(torch.zeros(4, dtype=torch.float64))
    optimizer = DecayedAdaGrad([moved], 3.0)
    moved.grad = torch.tensor([1e-9, -1e-9, 0.0, 1e9], dtype=torch.float64)
    optimizer.step()
    expected = torch.tensor([-3e-9, 3e-9, 0.0, -1.0], dtype=torch.float64)
    torch.testing.assert_close(moved.detach(), expected, rtol=1e-6, atol=0)


# --- pixels ------------------------------------------------------------------------------------------------------


def test_the_ball_is_projected_onto_its_nearest_point():
    """P(x) is the nearest point of a convex set exactly if <x - P(x), y - P(x)> <= 0 for all y in it."""
    x, y = values(4, 3, 30, 30, size=120.0), into_ball(values(4, 3, 30, 30, seed=1, size=200.0), 160.0)
    projected = into_ball(x, 160.0)
    length = projected.norm(dim=1)
    assert float(length.max()) <= 160.0 * (1 + 1e-12)
    assert float(((x - projected) * (y - projected)).sum(dim=1).max()) <= 1e-6
    inside = x.norm(dim=1) <= 160
    assert 0.2 < float(inside.double().mean()) < 0.9
    assert torch.equal(projected.transpose(0, 1)[:, inside], x.transpose(0, 1)[:, inside])


@pytest.mark.parametrize("colours", [3, 1])
def test_pictures_are_in_range_and_in_the_ball_and_go_back_to_their_values(colours):
    picture = BallPixels(values(2, colours, 16, 16, size=200.0).float(), 160.0)
    image = picture()
    assert image.shape == (2, 3, 16, 16) and image.min() >= 0 and image.max() <= 1
    held = picture.values.detach()
    assert float(held.norm(dim=1).max()) <= 160.001
    torch.testing.assert_close(mean_free(image.detach(), colours), held, rtol=0, atol=1e-4)
    grey = torch.tensor(IMAGENET_MEAN)[:, None, None]
    if colours == 3:
        torch.testing.assert_close(BallPixels(torch.zeros(1, 3, 2, 2), 160.0)().detach()[0], grey.expand(3, 2, 2))
    image.sum().backward()
    torch.testing.assert_close(picture.values.grad, torch.full_like(held, 3 / colours / 255))


def test_noise_is_as_the_authors_scale_it_and_its_own_for_each_item():
    together, alone = (uniform_noise((3, 64, 64), 80.0, generators(*seeds)) for seeds in ((1, 2), (2,)))
    assert torch.equal(together[1:], alone) and not torch.equal(together[0], together[1])
    ninety_five = float(together.flatten().quantile(0.95))
    assert ninety_five == pytest.approx(80 / math.sqrt(3), rel=0.02)
    assert float(together.mean().abs()) < 1


def test_stretching_fills_the_range_of_each_picture():
    images = torch.rand(3, 3, 8, 8, generator=torch.Generator().manual_seed(0)) * 0.2 + 0.4
    images[2] = 0.3
    found = stretched(images)
    assert [(float(one.min()), float(one.max())) for one in found[:2]] == [(0, 1), (0, 1)]
    assert torch.equal(found[2], images[2])
    first = images[0].flatten()
    assert torch.equal(found[0].flatten().argsort(), first.argsort())


# --- jitter ------------------------------------------------------------------------------------------------------


def test_windows_lie_at_every_shift_and_at_last_in_the_middle():
    steps, still, jitter, side = 300, 20, 4, 6
    views = JitteredViews(generators(1, 2), steps, still, jitter, side, torch.device("cpu"))
    alone = JitteredViews(generators(2), steps, still, jitter, side, torch.device("cpu"))
    places = torch.arange(81.0).view(1, 1, 9, 9).repeat(2, 3, 1, 1)
    whole = slice(0, 1)
    corners = []
    for step in range(steps):
        found = views(places, step, whole)
        assert found.shape == (2, 3, side, side)
        assert torch.equal(found[1:], alone(places[1:], step, whole))
        top, left = divmod(int(found[1, 0, 0, 0]), 9)
        assert torch.equal(found[1], places[1, :, top : top + side, left : left + side])
        corners.append((top, left))
    assert set(corners[:-still]) == {(top, left) for top in range(4) for left in range(4)}
    assert set(corners[-still:]) == {(1, 1)}
    assert torch.equal(views.middle(places), views(places, steps - 1, whole))


def test_a_jitter_of_one_shows_the_picture_itself():
    images = torch.rand(2, 3, 5, 5, generator=torch.Generator().manual_seed(0))
    views = JitteredViews(generators(1, 2), 3, 0, 1, 5, torch.device("cpu"))
    assert all(torch.equal(views(images, step, slice(0, 1)), images) for step in range(3))
