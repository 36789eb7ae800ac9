"""Views that are mirrored and coloured: each by the definition, view by view, and the same in any batch."""

import pytest
import torch

from atlas.synthesis.steps.evaluation import WholeView
from atlas.synthesis.views.coloured import ColouredViews, coloured
from atlas.synthesis.views.crops import RandomCrops, Sides
from atlas.synthesis.views.mirrored import MirroredViews

CPU = torch.device("cpu")


def noise(*shape):
    return torch.rand(shape, generator=torch.Generator().manual_seed(0))


def generators(*seeds):
    return [torch.Generator().manual_seed(seed) for seed in seeds]


def test_half_of_the_views_are_mirrored_and_the_others_left_alone():
    images = noise(2, 3, 12, 12)
    views = MirroredViews(WholeView((12, 12)), generators(0, 1), 60, CPU)
    turned = []
    for step, item in ((step, item) for step in range(60) for item in range(2)):
        view = views(images, step, slice(None))[item]
        turned.append(torch.equal(view, images[item].flip(2)))
        assert turned[-1] or torch.equal(view, images[item])
    assert 40 < sum(turned) < 80
    assert turned[0::2] != turned[1::2]


def test_colours_change_as_the_formula_says_by_loops():
    views, generator = noise(2, 3, 5, 4).double(), torch.Generator().manual_seed(1)
    contrast, brightness = (torch.rand(2, 1, 1, 1, generator=generator).double() for _ in range(2))
    gains = torch.rand(2, 3, 1, 1, generator=generator).double()
    found = coloured(views, contrast, gains, brightness)
    for item in range(2):
        for colour in range(3):
            plane = views[item, colour]
            stretched = (plane - plane.mean()) * (1 + contrast[item]) + plane.mean()
            expected = stretched * (1 + gains[item, colour]) + brightness[item]
            torch.testing.assert_close(found[item, colour], expected[0], rtol=0, atol=1e-12)


def test_changes_are_uniform_within_reach_and_of_brightness_half_of_it():
    flat = torch.full((30, 3, 2, 2), 0.5)  # no contrast to change: view = 0.5 * gain + brightness
    views = ColouredViews(WholeView((2, 2)), generators(*range(30)), 40, 0.4, 0.2, CPU)
    found = torch.stack([views(flat, step, slice(None)).mean(dim=(2, 3)) for step in range(40)])
    assert found.min() >= 0.5 * 0.8 - 0.2 and found.max() <= 0.5 * 1.2 + 0.2
    within = found - found.mean(dim=2, keepdim=True)  # brightness is the same for the three colours
    assert float(found.mean()) == pytest.approx(0.5, abs=0.01)
    assert float(within.var() * 3 / 2) == pytest.approx((0.5 * 0.4) ** 2 / 12, rel=0.05)
    assert float(found.mean(dim=2).var()) == pytest.approx(0.4**2 / 12 + (0.5 * 0.4) ** 2 / 36, rel=0.1)


@pytest.mark.parametrize("wrap", [MirroredViews, lambda *given: ColouredViews(*given[:3], 0.4, 0.2, CPU)])
def test_a_view_is_the_same_in_any_batch_and_part(wrap):
    def views(*seeds):
        drawn = (generators(*seeds), 3)
        return wrap(RandomCrops(*drawn, [Sides(2, 0.5, 0.1, 0.1), Sides(2, 0.9, 0.1, 0.1)], (6, 6), CPU), *drawn, CPU)

    images = noise(3, 3, 20, 20)
    together, alone = views(0, 1, 2), views(1)
    assert together.count == 4
    whole = together(images, 2, slice(None)).unflatten(0, (3, 4))
    assert torch.equal(whole[1], alone(images[1:2], 2, slice(None)))
    assert torch.equal(whole[:, 1:3].flatten(0, 1), together(images, 2, slice(1, 3)))
