"""What the network is shown at once."""

import pytest
import torch

from atlas.models.network.passes import VIEWS_PER_PASS
from atlas.synthesis.steps.evaluation import mean_score


class Shifted:
    """Views of pictures, each brighter than the one before."""

    def __init__(self, count):
        self.count = count

    def __call__(self, images, step, part):
        numbers = torch.arange(self.count)[part].view(1, -1, 1, 1, 1)
        return (images[:, None] * (1 + numbers)).flatten(0, 1)


@pytest.mark.parametrize("batch", [1, 2, 3, 4, 5, 7, 8])
@pytest.mark.parametrize("count", [2, 4, 6, 8, 16, 32])
def test_views_go_through_the_network_in_passes_that_leave_none_out(batch, count):
    seen = []

    def score(views):
        seen.append(len(views))
        return views.flatten(1).sum(dim=1).unflatten(0, (batch, -1))

    images = torch.rand(batch, 3, 2, 2, generator=torch.Generator().manual_seed(0), requires_grad=True)
    values = mean_score(score, None, Shifted(count))(images, 0)
    assert sum(seen) == batch * count
    assert max(seen) <= VIEWS_PER_PASS["cpu"]
    factor = (count + 1) / 2  # the mean of 1 to count
    torch.testing.assert_close(values, factor * images.detach().flatten(1).sum(dim=1))
    torch.testing.assert_close(images.grad, torch.full_like(images, factor))
