"""Heat maps: the gradient of the true least-squares solution, and enlarged strengths."""

import numpy as np
import pytest
import torch
from scipy.optimize import nnls

from atlas.craft.encode import least_squares, nearest
from atlas.craft.implicit import implicit_heat, position_heat, strength_gradient

SIDE, CHANNELS, CONCEPTS = 16, 8, 5


def front(dtype=torch.float64):
    """A small smooth network: (p, 3, 16, 16) to (p, 8, 4, 4), >= 0."""
    generator = torch.Generator().manual_seed(0)
    first = torch.randn(6, 3, 4, 4, generator=generator, dtype=torch.float64) / 4
    second = torch.randn(CHANNELS, 6, 2, 2, generator=generator, dtype=torch.float64) / 2

    def activation(images):
        hidden = torch.tanh(torch.nn.functional.conv2d(images, first.to(dtype), stride=2, padding=1))
        return torch.nn.functional.softplus(torch.nn.functional.conv2d(hidden, second.to(dtype), stride=2))

    return activation


def images(count=2, dtype=torch.float64):
    return torch.rand(count, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(1), dtype=torch.float64).to(dtype)


def directions(seed=2):
    found = np.random.default_rng(seed).gamma(0.5, size=(CONCEPTS, CHANNELS))
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def strength(image, basis, component):
    """The concept's strength, summed over positions, from SciPy's solution of every full problem in float64."""
    rows = front()(image[None])[0].flatten(1).T.numpy()
    return sum(nnls(basis.T, row)[0][component] for row in rows)


@pytest.mark.parametrize("component", range(CONCEPTS))
def test_the_gradient_is_that_of_the_true_solution(component):
    photo, basis, step = images(1), directions(), 1e-5
    gradient = strength_gradient(photo, front(), basis, component)[0]
    generator = np.random.default_rng(component)
    for _ in range(12):
        place = tuple(generator.integers((3, SIDE, SIDE)))
        up, down = photo[0].clone(), photo[0].clone()
        up[place] += step
        down[place] -= step
        slope = (strength(up, basis, component) - strength(down, basis, component)) / (2 * step)
        assert float(gradient[place]) == pytest.approx(slope, rel=1e-3, abs=1e-7)


def test_some_strengths_of_the_test_problem_are_zero_and_some_are_not():
    rows = front()(images(1))[0].flatten(1).T.numpy()
    present = least_squares(rows, directions()) > 0
    assert present.any(axis=0).all()
    assert not present.all()


def test_directions_that_depend_on_each_other_still_have_a_gradient():
    basis = directions()
    doubled = np.concatenate([basis, basis[:1]])
    whole = strength_gradient(images(), front(), basis, 0)
    shared = sum(strength_gradient(images(), front(), doubled, component) for component in (0, CONCEPTS))
    torch.testing.assert_close(shared, whole, rtol=1e-3, atol=1e-6)


def test_with_k_means_only_the_nearest_direction_has_a_gradient():
    photo, basis = images(1), directions()
    cosines = front()(photo)[0].flatten(1).T.numpy() @ basis.T
    counts = np.bincount(cosines.argmax(axis=1), minlength=CONCEPTS)
    for component in range(CONCEPTS):
        gradient = strength_gradient(photo, front(), basis, component, nearest)
        assert bool(gradient.any()) == bool(counts[component])


def test_a_heat_map_is_not_negative_and_has_the_photos_size():
    heat = implicit_heat(images(3, torch.float32), front(torch.float32), directions().astype(np.float32), 1)
    assert heat.shape == (3, SIDE, SIDE)
    assert heat.dtype == np.float32
    assert (heat >= 0).all()
    assert heat.any()


def test_a_photo_does_not_depend_on_its_batch():
    together = implicit_heat(images(3), front(), directions(), 0)
    for photo, heat in zip(images(3), together, strict=True):
        np.testing.assert_allclose(implicit_heat(photo[None], front(), directions(), 0)[0], heat, rtol=1e-5, atol=1e-9)


def test_the_heat_is_where_the_concept_is():
    def channels(photos):
        return photos.unflatten(2, (4, 4)).unflatten(4, (4, 4)).mean(dim=(3, 5))  # means of 4 x 4 px

    photo = torch.zeros(1, 3, SIDE, SIDE)
    photo[0, 0, 8:12, 4:8] = 1  # red there, nowhere else
    photo[0, 2] = 1 - photo[0, 0]
    heat = implicit_heat(photo, channels, np.eye(3, dtype=np.float32), 0)[0]
    assert heat[8:12, 4:8].sum() > 0.8 * heat.sum()


def test_a_photo_without_the_concept_has_no_heat():
    heat = implicit_heat(images(1), lambda photos: photos * 0, np.eye(3), 0)
    assert not heat.any()


def test_the_photos_are_left_as_they_are():
    photos = images()
    before = photos.clone()
    with torch.no_grad():
        implicit_heat(photos, front(), directions(), 0)
    assert torch.equal(photos, before)
    assert not photos.requires_grad


@pytest.mark.parametrize("side", [7, 28, 31])
def test_enlarged_strengths_are_not_negative_and_keep_their_place(side):
    coefficients = np.zeros((2, 7, 7, 3), dtype=np.float32)
    coefficients[1, 2, 5, 1] = 4
    heat = position_heat(coefficients, 1, side)
    assert heat.shape == (2, side, side)
    assert heat.dtype == np.float32
    assert (heat >= 0).all()
    assert not heat[0].any()
    row, column = np.unravel_index(heat[1].argmax(), (side, side))
    assert (row * 7 // side, column * 7 // side) == (2, 5)
    assert not position_heat(coefficients, 0, side).any()


def test_even_strengths_stay_even():
    np.testing.assert_allclose(position_heat(np.full((1, 3, 3, 1), 2.5), 0, 20), 2.5, rtol=1e-5)
