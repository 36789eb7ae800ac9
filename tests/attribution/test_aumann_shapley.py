"""Aumann-Shapley values: completeness, a closed form, and the value of games with few players."""

from itertools import permutations

import pytest
import torch

from atlas.attribution.aumann_shapley import aumann_shapley


def normal(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def curved(activation):
    return (activation.flatten(1).tanh().sum(dim=1) + activation.flatten(1).prod(dim=1)) ** 2


def test_values_sum_to_the_rise_from_the_baseline():
    activation, baseline = normal(3, 2, 2), normal(1, 2, 2, seed=1)
    values = aumann_shapley(curved, activation, 200, baseline)
    rise = curved(activation) - curved(baseline)
    torch.testing.assert_close(values.sum(dim=(1, 2)), rise, rtol=1e-3, atol=1e-3)


def test_values_of_a_product_are_shared_equally():
    """The integral of a b t dt over both factors is a b / 2 each, whatever their sizes."""
    activation = torch.tensor([[2.0, 5.0], [-1.0, 3.0]], dtype=torch.float64)
    values = aumann_shapley(lambda a: a.prod(dim=1), activation, 10)
    torch.testing.assert_close(values, (activation.prod(dim=1) / 2)[:, None].expand(2, 2))


def test_they_are_shapley_values_where_players_interact_in_pairs():
    """Of a quadratic form the two agree; Shapley's by all orders of arrival."""
    matrix, activation = normal(4, 4, seed=2), normal(1, 4)

    def worth(a):
        return torch.einsum("ni,ij,nj->n", a, matrix, a)

    shapley = torch.zeros(4, dtype=torch.float64)
    for order in permutations(range(4)):
        present = torch.zeros(1, 4, dtype=torch.float64)
        for player in order:
            before = worth(present)
            present[0, player] = activation[0, player]
            shapley[player] += (worth(present) - before).item() / 24
    # A player's own square is its own in Shapley's values too, for it is there whenever the player is.
    torch.testing.assert_close(aumann_shapley(worth, activation, 50)[0], shapley)


def test_each_item_has_the_values_it_has_alone():
    activation = normal(4, 3)
    together = aumann_shapley(curved, activation, 8)
    torch.testing.assert_close(together[2:3], aumann_shapley(curved, activation[2:3], 8))
    assert not activation.requires_grad


@pytest.mark.parametrize("steps", [1, 4])
def test_a_linear_function_needs_one_step(steps):
    weights = normal(3)
    activation = normal(2, 3, seed=1)
    torch.testing.assert_close(aumann_shapley(lambda a: a @ weights, activation, steps), activation * weights)


def test_what_a_function_does_not_depend_on_has_no_value():
    activation = normal(2, 3)
    assert not aumann_shapley(lambda a: torch.ones(len(a), dtype=a.dtype), activation, 4).any()
    other = normal(2).requires_grad_()
    assert not aumann_shapley(lambda a: other * 2, activation, 4).any()
    with pytest.raises(ValueError, match="0 steps"):
        aumann_shapley(curved, activation, 0)
