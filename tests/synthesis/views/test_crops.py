import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas.synthesis.views.crops import RandomCrops, Sides, crop_by_matrices, crop_resize, crop_with_steady_gradient

CPU = torch.device("cpu")


def crops(seeds, steps=50, count=3, mean=0.25, std=0.1, smallest=0.05):
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    return RandomCrops(generators, steps, [Sides(count, mean, std, smallest)], (16, 16), CPU)


def test_the_whole_image_as_crop_is_a_plain_resize():
    image = torch.rand(2, 3, 40, 40, generator=torch.Generator().manual_seed(0))
    whole = torch.tensor([1.0, 0.0, 0.0]).expand(2, 1, 3)
    expected = F.interpolate(image, size=(16, 16), mode="bilinear", align_corners=False)
    torch.testing.assert_close(crop_resize(image, whole, (16, 16)), expected, rtol=0, atol=1e-5)


def test_an_aligned_crop_at_its_own_size_is_a_slice():
    image = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    box = torch.tensor([[[0.5, 0.25, 0.125]]])
    torch.testing.assert_close(crop_resize(image, box, (16, 16)), image[:, :, 8:24, 4:20], rtol=0, atol=1e-5)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 3), st.integers(1, 4), st.integers(3, 20), st.integers(3, 20))
def test_all_ways_to_crop_agree_in_value_and_gradient(seed, batch, count, height, width):
    generator = torch.Generator().manual_seed(seed)
    side = torch.rand(batch, count, 1, generator=generator) * 0.95 + 0.05
    boxes = torch.cat([side, torch.rand(batch, count, 2, generator=generator) * (1 - side)], dim=-1)
    image = torch.rand(batch, 3, 24, 30, generator=generator)
    weights = torch.rand(batch * count, 3, height, width, generator=generator)
    results = []
    for crop in (crop_resize, crop_by_matrices, crop_with_steady_gradient):
        leaf = image.clone().requires_grad_()
        views = crop(leaf, boxes, (height, width))
        (views * weights).sum().backward()
        results.append((views.detach(), leaf.grad))
    for other in results[1:]:
        torch.testing.assert_close(results[0], other, rtol=0, atol=2e-4)


def test_crops_stay_inside_and_have_the_stated_distribution():
    side, top, left = crops(range(40)).boxes.flatten(0, 2).unbind(-1)
    assert side.min() >= 0.05 and side.max() <= 1
    assert top.min() >= 0 and (top + side).max() <= 1 + 1e-6
    assert left.min() >= 0 and (left + side).max() <= 1 + 1e-6
    assert abs(side.mean() - 0.25) < 0.01
    assert abs(side.std() - 0.1) < 0.01


def test_crops_use_the_whole_picture():
    """Every part of the picture is seen: centres near the middle would leave the outer half as plain spectrum."""
    _, top, left = crops(range(40)).boxes.flatten(0, 2).unbind(-1)
    for start in (top, left):
        counts = torch.histc(start, bins=5, min=0, max=0.75)
        assert counts.min() > counts.sum() / 10


def test_crops_of_an_item_do_not_depend_on_its_batch():
    image = torch.rand(3, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    batch = crops([4, 5, 6])(image, 7, slice(0, 3)).unflatten(0, (3, 3))
    alone = crops([5])(image[1:2], 7, slice(0, 3))
    assert torch.equal(batch[1], alone)
    torch.testing.assert_close(crops([5])(image[1:2], 7, slice(1, 2)), alone[1:2])


def test_crops_of_several_sizes_stand_side_by_side_and_the_first_kind_is_as_it_is_alone():
    generators = [[torch.Generator().manual_seed(seed) for seed in range(30)] for _ in range(2)]
    small, large = Sides(3, 0.4, 0.05, 0.05), Sides(2, 0.9, 0.02, 0.05)
    alone = RandomCrops(generators[0], 40, [small], (16, 16), CPU)
    mixed = RandomCrops(generators[1], 40, [small, large], (16, 16), CPU)
    assert (alone.count, mixed.count) == (3, 5)
    assert torch.equal(mixed.boxes[:, :, :3], alone.boxes)
    found = mixed.boxes[:, :, 3:, 0]
    assert abs(found.mean() - 0.9) < 0.01 and abs(found.std() - 0.02) < 0.005
