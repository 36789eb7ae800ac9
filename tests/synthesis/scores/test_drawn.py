"""Scores that are drawn along directions: the directions, and what of the score is changed."""

import pytest
import torch
from tiny_networks import tiny

import atlas
from atlas.core.job import Facet, Target
from atlas.errors import ModelError
from atlas.synthesis.scores.drawn import DrawnScore, facet_direction


def target(number, unit=1, layer="act"):
    return Target(kind="logit", layer="logits", unit=unit, facet=Facet(number=number, layer=layer, strength=2.0))


@pytest.fixture(scope="module")
def network():
    model = atlas.load(tiny(), mean=0.5, std=0.5, size=32, classes=[f"c{index}" for index in range(10)])
    return model.network("float32", torch.device("cpu"))


def test_directions_are_orthonormal_and_none_is_brightness():
    directions = torch.stack([facet_direction(target(number), 12) for number in range(1, 12)]).double()
    torch.testing.assert_close(directions @ directions.T, torch.eye(11, dtype=torch.float64), atol=1e-6, rtol=0)
    torch.testing.assert_close(directions.sum(dim=1), torch.zeros(11, dtype=torch.float64), atol=1e-6, rtol=0)


def test_directions_are_those_of_the_unit_and_the_layer():
    one = facet_direction(target(2), 12)
    assert torch.equal(one, facet_direction(target(2), 12))
    assert abs(float(one @ facet_direction(target(2, unit=2), 12))) < 0.99
    assert abs(float(one @ facet_direction(target(2, layer="body"), 12))) < 0.99


def test_more_facets_than_directions_are_refused():
    with pytest.raises(ModelError, match="at most 11 facets"):
        facet_direction(target(12), 12)


def test_the_score_is_told_as_it_is_and_its_gradient_goes_along(network):
    views = torch.rand(4, 3, 32, 32, generator=torch.Generator().manual_seed(0), requires_grad=True)
    targets = [target(1), target(2)]
    plain = network(views, "logits")[:, 1].unflatten(0, (2, 2))
    drawn = DrawnScore(lambda shown: network(shown, "logits")[:, 1].unflatten(0, (2, 2)), network, targets)(views)
    torch.testing.assert_close(drawn, plain)
    (own,) = torch.autograd.grad(plain.sum(), views, retain_graph=True)
    (both,) = torch.autograd.grad(drawn.sum(), views)
    pooled = network(views, "act").mean(dim=(2, 3))
    centred = pooled - pooled.mean(dim=1, keepdim=True)
    added = 0
    for place, one in enumerate(targets):
        part = centred[2 * place : 2 * place + 2]
        cosines = (part / part.norm(dim=1, keepdim=True)) @ facet_direction(one, 12)
        added = added + (2.0 * plain[place].detach().abs() * cosines).sum()
    (expected,) = torch.autograd.grad(added, views)
    torch.testing.assert_close(both - own, expected, atol=1e-6, rtol=1e-3)


def test_a_layer_that_is_not_reached_says_so(network):
    score = DrawnScore(lambda shown: network(shown, "stem").mean(dim=(1, 2, 3))[None], network, [target(1)])
    with pytest.raises(ModelError, match="act"):
        score(torch.rand(2, 3, 32, 32))
