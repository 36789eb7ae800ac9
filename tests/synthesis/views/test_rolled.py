"""Rolled, halved, mirrored and growing views, each as its definition says."""

import numpy as np
import pytest
import torch

from atlas.synthesis.views.crops import RandomCrops, Sides, crop_resize
from atlas.synthesis.views.rolled import GrowingViews, RolledParts, RolledViews, colour_shift

CPU = torch.device("cpu")


def noise(*shape):
    return torch.rand(shape, generator=torch.Generator().manual_seed(0))


def generators(*seeds):
    return [torch.Generator().manual_seed(seed) for seed in seeds]


def shift_of(picture, view):
    """Return the (rows, columns, mirrored) by which a picture was rolled to give a view."""
    side = picture.shape[1]
    for mirrored in (False, True):
        seen = view.flip(2) if mirrored else view
        for rows in range(-(side // 2), side - side // 2):
            for columns in range(-(side // 2), side - side // 2):
                if torch.equal(picture.roll((rows, columns), (1, 2)), seen):
                    return rows, columns, mirrored
    raise AssertionError("the view is no rolled picture")


def test_pictures_are_rolled_by_all_shifts_within_reach_and_mirrored_half_the_time():
    images = noise(2, 3, 9, 9)
    views = RolledViews(generators(0, 1), 60, 2, True, 0, CPU)
    found = [shift_of(images[item], views(images, step, slice(None))[item]) for step in range(60) for item in (0, 1)]
    for axis in (0, 1):
        assert {one[axis] for one in found} == {-2, -1, 0, 1, 2}
    assert 40 < sum(mirrored for *_, mirrored in found) < 80  # of 120
    assert found[0::2] != found[1::2]


def test_without_flip_nothing_is_mirrored_and_the_rest_is_the_same():
    images = noise(1, 3, 9, 9)
    free, plain = RolledViews(generators(0), 20, 3, True, 0, CPU), RolledViews(generators(0), 20, 3, False, 0, CPU)
    for step in range(20):
        rows, columns, mirrored = shift_of(images[0], plain(images, step, slice(None))[0])
        assert not mirrored
        assert shift_of(images[0], free(images, step, slice(None))[0])[:2] == (rows, columns)


def test_the_first_steps_see_half_the_side_and_half_the_shift():
    images = noise(1, 3, 18, 18)
    views = RolledViews(generators(0), 40, 4, False, 30, CPU)
    half = images.unfold(2, 2, 2).unfold(3, 2, 2).mean(dim=(4, 5))
    assert [views(images, step, slice(None)).shape[2] for step in (0, 29, 30, 39)] == [9, 9, 18, 18]
    near = [(views(images, step, slice(None)) - half.roll((y, x), (2, 3))).abs().max() < 1e-6
            for step in range(30) for y in range(-2, 3) for x in range(-2, 3)]  # fmt: skip
    assert sum(near) == 30


def rolled_parts(*seeds, crops=2, size=(6, 6)):
    """Return views of 9-pixel pictures, and the parts that they are made of."""
    rolled = RolledViews(generators(*seeds), 5, 2, False, 0, CPU)
    cut = RandomCrops(generators(*seeds), 5, [Sides(crops, 0.6, 0.1, 0.05)], size, CPU) if crops else None
    return RolledParts(rolled, size, cut), rolled, cut


def test_the_whole_is_shown_first_and_crops_of_the_same_rolled_picture_after_it():
    images = noise(2, 3, 9, 9)
    views, rolled, crops = rolled_parts(0, 1)
    assert views.count == 3
    shown = views(images, 3, slice(0, 3)).unflatten(0, (2, 3))
    moved = rolled(images, 3, slice(0, 1))
    whole = torch.tensor([[[1.0, 0.0, 0.0]]]).expand(2, 1, 3)
    torch.testing.assert_close(shown[:, 0], crop_resize(moved, whole, (6, 6)))
    torch.testing.assert_close(shown[:, 1:].flatten(0, 1), crops(moved, 3, slice(0, 2)))
    for part in (slice(0, 1), slice(1, 3), slice(2, 512), slice(0, 512)):  # in passes, the last of which ends early
        torch.testing.assert_close(views(images, 3, part).unflatten(0, (2, -1)), shown[:, part])
    alone = rolled_parts(1)[0](images[1:], 3, slice(0, 3))
    torch.testing.assert_close(alone, shown[1])


def test_a_whole_picture_of_the_right_size_is_only_rolled():
    images = noise(2, 3, 9, 9)
    views, rolled, _ = rolled_parts(0, 1, crops=0, size=(9, 9))
    assert views.count == 1
    assert torch.equal(views(images, 2, slice(0, 1)), rolled(images, 2, slice(0, 1)))


def test_colour_shift_is_the_formula():
    images, exponents, offsets = (
        noise(2, 3, 4, 4).double(),
        noise(2, 3, 1, 1).double() - 0.5,
        noise(2, 3, 1, 1).double(),
    )
    found = colour_shift(images, exponents, offsets).numpy()
    for item, channel in np.ndindex(2, 3):
        scale, offset = np.exp(exponents[item, channel].item()), offsets[item, channel].item()
        np.testing.assert_allclose(found[item, channel], images[item, channel].numpy() * scale + offset, rtol=1e-14)


def growing(seeds, sides, count=4, size=(8, 8), jitter=0, contrast=1.0, brightness=1.0):
    return GrowingViews(generators(*seeds), sides, count, size, jitter, contrast, brightness, CPU)


def fitted(plane, picture):
    """Return the (factor, offset) that make a view's channel of a picture's, and how badly they fit."""
    design = np.stack([picture.flatten(), np.ones(picture.size)], axis=1)
    (factor, offset), residual, *_ = np.linalg.lstsq(design, plane.flatten(), rcond=None)
    return factor, offset, residual[0]


def test_copies_are_shifted_in_colour_each_by_itself_within_the_reach():
    images = noise(2, 3, 8, 8)
    views = growing((0, 1), [8] * 30)
    found = []
    for step in range(30):
        shown = views(images, step, slice(None)).unflatten(0, (2, 4)).double().numpy()
        for item, copy, channel in np.ndindex(2, 4, 3):
            found.append(fitted(shown[item, copy, channel], images[item, channel].double().numpy()))
    factors, offsets, residuals = np.array(found).T
    assert residuals.max() < 1e-9 and len(np.unique(factors.round(5))) > 700
    for values in (np.log(factors), offsets):  # 720 draws from U[-1, 1]
        assert -1 <= values.min() < -0.98 and 0.98 < values.max() <= 1 and abs(values.mean()) < 0.1


def test_the_middle_grows_and_is_resized_to_the_input():
    images = noise(1, 3, 16, 16)
    views = growing((0,), [4, 10, 16], contrast=0.0, brightness=0.0, count=1)
    whole = torch.tensor([[[1.0, 0.0, 0.0]]])
    for step, (start, stop) in enumerate([(6, 10), (3, 13), (0, 16)]):
        expected = crop_resize(images[:, :, start:stop, start:stop], whole, (8, 8))
        torch.testing.assert_close(views(images, step, slice(None)), expected)


def test_all_copies_of_a_step_are_rolled_alike():
    images = noise(1, 3, 9, 9)
    views = growing((0,), [9] * 20, size=(9, 9), jitter=3, contrast=0.0, brightness=0.0)
    shifts = set()
    for step in range(20):
        shown = views(images, step, slice(None))
        assert all(torch.equal(view, shown[0]) for view in shown)
        shifts.add(shift_of(images[0], shown[0]))
    assert len(shifts) > 10


@pytest.mark.parametrize("part", [slice(0, 1), slice(1, 4)])
def test_an_item_does_not_depend_on_its_batch_nor_a_view_on_the_others(part):
    images = noise(3, 3, 16, 16)
    together = growing((0, 1, 2), [10] * 5, jitter=3)(images, 3, slice(None)).unflatten(0, (3, 4))
    alone = growing((1,), [10] * 5, jitter=3)(images[1:2], 3, part)
    torch.testing.assert_close(alone, together[1, part], rtol=0, atol=1e-6)
