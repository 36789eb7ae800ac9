"""Windows that move a little, and views that change in the course of a run."""

import pytest
import torch

from atlas.synthesis.views.morphology import reflected
from atlas.synthesis.views.shifted import ShiftedViews, ViewsInTurn, resized

CPU = torch.device("cpu")


def noise(*shape):
    return torch.rand(shape, generator=torch.Generator().manual_seed(0))


def generators(*seeds):
    return [torch.Generator().manual_seed(seed) for seed in seeds]


def test_a_window_is_the_picture_moved_by_whole_pixels_and_its_mirror_image_behind_the_edge():
    images, seen = noise(2, 3, 12, 12), set()
    views = ShiftedViews(generators(0, 1), 400, 2, (12, 12), CPU)
    padded = torch.nn.functional.pad(images, (2, 2, 2, 2), mode="reflect")
    for step in range(400):
        shown = views(reflected(images, 2), step, slice(None))
        for item in (0, 1):
            matches = [
                (y, x)
                for y in range(5)
                for x in range(5)
                if torch.equal(shown[item], padded[item, :, y : y + 12, x : x + 12])
            ]
            assert len(matches) == 1
            seen.add((item, *matches[0]))
    assert len(seen) == 50  # each of the 25 places, of each item


def test_without_reach_and_at_its_size_a_view_is_the_picture():
    images = noise(2, 3, 12, 12)
    assert torch.equal(ShiftedViews(generators(0, 1), 3, 0, (12, 12), CPU)(images, 2, slice(None)), images)


def test_an_items_windows_do_not_depend_on_the_others():
    images = noise(2, 3, 12, 12)
    both, alone = ShiftedViews(generators(3, 4), 5, 3, (6, 6), CPU), ShiftedViews(generators(4), 5, 3, (6, 6), CPU)
    for step in range(5):
        assert torch.equal(both(images, step, slice(None))[1:], alone(images[1:], step, slice(None)))


def test_resizing_keeps_constants_and_the_channels():
    images = torch.arange(5.0)[None, :, None, None].expand(2, 5, 8, 8)
    assert resized(images, (3, 9)).shape == (2, 5, 3, 9)
    torch.testing.assert_close(resized(images, (3, 9)), images[:, :, :1, :1].expand(2, 5, 3, 9))


@pytest.mark.parametrize("steps", [0, 2, 5])
def test_views_take_turns(steps):
    first, then = ShiftedViews(generators(0), 5, 1, (10, 10), CPU), ShiftedViews(generators(0), 5, 0, (12, 12), CPU)
    views = ViewsInTurn(first, then, steps)
    sides = [views(noise(1, 3, 12, 12), step, slice(None)).shape[2] for step in range(5)]
    assert sides == [10] * steps + [12] * (5 - steps)
