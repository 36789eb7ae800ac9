"""Closing and opening against scipy.ndimage, and the views that are made with them."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from atlas.synthesis.views.morphology import ELEMENTS, SmoothedViews, closing, opening, reflected

PAPER = [
    [[0, 1, 0], [1, 1, 1], [0, 1, 0]],
    [[1, 1, 0], [1, 1, 1], [0, 1, 0]],
    [[0, 1, 1], [1, 1, 1], [0, 1, 0]],
    [[0, 1, 0], [1, 1, 1], [1, 1, 0]],
    [[0, 1, 0], [1, 1, 1], [0, 1, 1]],
]
"""The elements as the paper and its code write them."""


def noise(*shape):
    return torch.rand(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@pytest.mark.parametrize("element", range(5))
def test_they_are_scipys_with_nothing_outside_the_picture(element):
    image = noise(1, 2, 9, 11)
    options = {"footprint": np.array(PAPER[element], dtype=bool), "mode": "constant"}

    def dilated(plane):
        return ndimage.grey_dilation(plane, cval=-np.inf, **options)

    def eroded(plane):
        return ndimage.grey_erosion(plane, cval=np.inf, **options)

    for channel in (0, 1):
        plane = image[0, channel].numpy()
        assert np.array_equal(closing(image, [element])[0, channel].numpy(), eroded(dilated(plane)))
        assert np.array_equal(opening(image, [element])[0, channel].numpy(), dilated(eroded(plane)))


def test_each_image_has_its_own_element():
    images = noise(5, 3, 8, 8)
    together = opening(closing(images, range(5)), range(5))
    for element in range(len(ELEMENTS)):
        alone = images[element : element + 1]
        assert torch.equal(together[element : element + 1], opening(closing(alone, [element]), [element]))
    assert len({plane.numpy().tobytes() for plane in closing(images[:1].expand(5, -1, -1, -1), range(5))}) == 5


def test_gradients_go_to_the_pixels_that_were_chosen():
    image = noise(2, 1, 6, 6).requires_grad_()
    assert torch.autograd.gradcheck(lambda given: opening(closing(given, [1, 4]), [1, 4]), (image,))


def test_reflection_is_numpys():
    images = noise(2, 3, 5, 7)
    expected = np.pad(images.numpy(), ((0, 0), (0, 0), (4, 4), (4, 4)), mode="reflect")
    assert np.array_equal(reflected(images, 4).numpy(), expected)
    assert torch.equal(reflected(images, 0), images)


class Whole:
    """Copies of a picture without its border."""

    count = 3

    def __call__(self, images, step, part):
        inner = images[:, :, 2:-2, 2:-2]
        return inner[:, None].expand(-1, len(range(self.count)[part]), -1, -1, -1).flatten(0, 1)


def generators(*seeds):
    return [torch.Generator().manual_seed(seed) for seed in seeds]


def test_elements_are_drawn_per_view_and_step_and_item():
    images = noise(1, 3, 12, 12).expand(2, -1, -1, -1)
    views = SmoothedViews(Whole(), 2, generators(0, 1), 40, 1, torch.device("cpu"))
    pictures = [views(images, step, slice(None)) for step in range(40)]
    candidates = {opening(closing(images[:1], [one]), [one]).numpy().tobytes(): one for one in range(5)}
    drawn = np.array([[candidates[view[None].numpy().tobytes()] for view in shown] for shown in pictures])
    assert np.bincount(drawn.flatten(), minlength=5).min() > 20  # of 240 draws
    assert not np.array_equal(drawn[:, :3], drawn[:, 3:]) and not np.array_equal(drawn[:, 0], drawn[:, 1])
    alone = SmoothedViews(Whole(), 2, generators(1), 40, 1, torch.device("cpu"))
    assert torch.equal(alone(images[1:], 7, slice(1, 3)), pictures[7][4:])


def test_they_are_repeated_with_other_elements():
    images = noise(1, 3, 12, 12)
    views = SmoothedViews(Whole(), 2, generators(3), 20, 2, torch.device("cpu"))
    twice = {
        opening(closing(once, [second]), [second]).numpy().tobytes(): (first, second)
        for first in range(5)
        for once in [opening(closing(images, [first]), [first])]
        for second in range(5)
    }
    drawn = [twice[views(images, step, slice(0, 1)).numpy().tobytes()] for step in range(20)]
    assert any(first != second for first, second in drawn)
    assert torch.equal(
        SmoothedViews(Whole(), 2, generators(3), 1, 0, torch.device("cpu"))(images, 0, slice(0, 1)), images
    )


def test_gradients_are_those_of_a_maximum_by_a_loop():
    """Each place gives its gradient to one of the largest of its neighbours; in a flat picture none is lost."""
    image = noise(1, 1, 7, 6).requires_grad_()
    weights = torch.rand(1, 1, 7, 6, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    (closing(image, [2]) * weights).sum().backward()
    expected = np.zeros((7, 6))
    footprint = [(row - 1, column - 1) for row, column in np.argwhere(np.array(PAPER[2]))]
    values = image.detach().numpy()[0, 0]

    def extreme(plane, place, sign, choose):
        near = [(place[0] + sign * row, place[1] + sign * column) for row, column in footprint]
        return choose([one for one in near if 0 <= one[0] < 7 and 0 <= one[1] < 6], key=lambda one: plane[one])

    grown = {place: extreme(values, place, -1, max) for place in np.ndindex(7, 6)}
    dilated = {place: values[source] for place, source in grown.items()}
    for place in np.ndindex(7, 6):
        expected[grown[extreme(dilated, place, 1, min)]] += float(weights[0, 0][place])
    total = image.grad[0, 0].numpy()
    assert total.sum() == pytest.approx(expected.sum())
    np.testing.assert_allclose(total, expected, atol=1e-12)
    flat = torch.ones(1, 1, 7, 6, dtype=torch.float64, requires_grad=True)
    (closing(flat, [2]) * weights).sum().backward()
    assert float(flat.grad.sum()) == pytest.approx(float(weights.sum()))
