"""CKA: its invariances, its estimator against Song et al.'s formula, and what has no value."""

import numpy as np
import pytest
import tiny_networks
import torch

from atlas.analyses.cka import CKA, grams, minibatches, unbiased_gram
from atlas.errors import ScoreError


def normal(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def cka_of(first, second, size=0):
    """CKA of two layers' activations of the same photos, in minibatches."""
    gathered = CKA(["a"], ["b"])
    for batch in minibatches(len(first), size or len(first)):
        gathered.add(grams({"a": first[batch]}), grams({"b": second[batch]}))
    return gathered.result()


def hsic(first, second):
    """Song et al. 2012, equation 5, as it is written."""
    n = len(first)
    K, L = ((x.flatten(1) @ x.flatten(1).T).numpy() for x in (first, second))
    np.fill_diagonal(K, 0)
    np.fill_diagonal(L, 0)
    one = np.ones(n)
    total = np.trace(K @ L) + one @ K @ one * (one @ L @ one) / ((n - 1) * (n - 2)) - 2 / (n - 2) * one @ K @ L @ one
    return total / (n * (n - 3))


def rotation(size):
    return torch.linalg.qr(normal(size, size, seed=9))[0]


def test_a_rotated_and_scaled_representation_is_the_same():
    features = normal(40, 12)
    assert cka_of(features, 300 * features @ rotation(12), size=8).values[0, 0] == pytest.approx(1, abs=1e-12)


def test_what_is_stretched_along_one_axis_is_another():
    features = normal(40, 12)
    stretched = features * torch.tensor([20.0, *[1.0] * 11])
    assert cka_of(features, stretched, size=8).values[0, 0] < 0.8


def test_independent_representations_are_near_zero_on_average():
    """The biased estimator would give about 0.9 of 20 photos with 200 features."""
    values = [cka_of(normal(20, 200, seed=2 * s), normal(20, 200, seed=2 * s + 1)).values[0, 0] for s in range(40)]
    assert abs(np.mean(values)) < 0.02


@pytest.mark.parametrize("count", [4, 5, 9])
def test_products_of_grams_are_the_unbiased_estimator(count):
    first, second = normal(count, 3, 2, 2), normal(count, 5, seed=1)
    product = (unbiased_gram(first) * unbiased_gram(second)).sum() / (count * (count - 3))
    assert product == pytest.approx(hsic(first, second), rel=1e-9)


def test_it_is_the_ratio_of_mean_estimates_of_equal_minibatches():
    first, second = normal(24, 6), normal(24, 6) + normal(24, 6, seed=3)
    parts = [slice(start, start + 8) for start in (0, 8, 16)]
    between, own, other = (
        np.mean([hsic(a[part], b[part]) for part in parts])
        for a, b in ((first, second), (first, first), (second, second))
    )
    assert cka_of(first, second, size=8).values[0, 0] == pytest.approx(between / np.sqrt(own * other), rel=1e-9)


def test_small_minibatches_have_no_bias():
    """The biased estimator would give about 0.6 in minibatches of 10, and 0.5 of all at once."""
    small, whole = [], []
    for seed in range(20):
        first = normal(300, 4, seed=seed)
        second = first + normal(300, 4, seed=100 + seed)
        small.append(cka_of(first, second, size=10).values[0, 0])
        whole.append(cka_of(first, second).values[0, 0])
    assert np.mean(small) == pytest.approx(np.mean(whole), abs=0.02)


def test_neither_the_order_of_minibatches_nor_that_of_photos_in_one_matters():
    first, second = normal(30, 6), normal(30, 3, seed=1)
    batches = [grams({"a": first[b]}) | grams({"b": second[b]}) for b in minibatches(30, 10)]
    one, other = CKA(["a", "b"]), CKA(["a", "b"])
    for batch in batches:
        one.add(batch)
    for batch in reversed(batches):
        other.add(batch)
    for name in ("values", "low", "high"):
        np.testing.assert_array_equal(getattr(one.result(), name), getattr(other.result(), name))
    turned = torch.randperm(30, generator=torch.Generator().manual_seed(1))
    np.testing.assert_allclose(cka_of(first[turned], second[turned]).values, cka_of(first, second).values)


def test_a_networks_layers_make_a_symmetric_matrix_with_ones_on_its_diagonal():
    network, photos = tiny_networks.tiny().eval(), torch.rand(24, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        stem = network.act(network.norm(network.stem(photos)))
        body = network.act2(network.body(stem))
        layers = {"stem": stem, "body": body, "logits": network(photos)}
    gathered = CKA(list(layers))
    for batch in minibatches(24, 8):
        gathered.add(grams({name: activation[batch] for name, activation in layers.items()}))
    found = gathered.result()
    np.testing.assert_array_equal(found.values, found.values.T)
    np.testing.assert_allclose(found.values.diagonal(), 1)
    assert (found.photos, found.batches) == (24, 3)
    assert found.values[0, 1] > found.values[0, 2]
    assert (found.low <= found.values + 1e-12).all()
    assert (found.values <= found.high + 1e-12).all()


def test_between_two_models_it_is_the_transpose_the_other_way():
    first = {"a": normal(16, 4), "b": normal(16, 9, seed=1)}
    second = {"c": normal(16, 2, 3, 3) + first["a"].sum(dim=1)[:, None, None, None]}
    forth, back = CKA(["a", "b"], ["c"]), CKA(["c"], ["a", "b"])
    forth.add(grams(first), grams(second))
    back.add(grams(second), grams(first))
    np.testing.assert_allclose(forth.result().values, back.result().values.T)


@pytest.mark.parametrize("offset", [0.0, 1e4])
def test_a_common_offset_changes_nothing_in_half_the_digits_either(offset):
    features = normal(12, 50).float()
    moved = (features + offset).double().sub(offset)  # what float32 leaves of them
    expected = cka_of(moved, normal(12, 50, seed=1)).values
    np.testing.assert_allclose(cka_of(features + offset, normal(12, 50, seed=1)).values, expected, rtol=1e-9)


@pytest.mark.parametrize(
    "constant",
    [
        torch.full((12, 7), 0.1),
        torch.full((12, 7), 1e30),
        torch.zeros(12, 7),
        torch.full((12, 7), 0.1) * (1 + 1e-7 * normal(12, 7).float()),  # different by rounding alone
        torch.eye(12),  # all photos equally far from each other
        1e-3 * torch.eye(12, dtype=torch.float32) + 0.3,
    ],
)
def test_what_tells_no_photo_from_another_has_no_value_and_leaves_others_theirs(constant):
    gathered = CKA(["a", "none"])
    gathered.add(grams({"a": normal(12, 5), "none": constant}))
    found = gathered.result()
    assert np.isnan(found.values[1]).all()
    assert np.isnan(found.values[:, 1]).all()
    assert found.values[0, 0] == pytest.approx(1)
    assert found.reasons == {(0, "none"): "tells no photo from another"}


def test_a_minibatch_that_tells_no_photo_from_another_takes_no_interval_away():
    features = torch.cat([normal(12, 5), torch.ones(6, 5, dtype=torch.float64)])
    gathered = CKA(["a", "b"])
    for batch in minibatches(len(features), 6):
        gathered.add(grams({"a": features[batch], "b": features[batch] ** 3}))
    found = gathered.result()
    assert (found.low <= found.values + 1e-9).all() and (found.values <= found.high + 1e-9).all()


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_what_is_not_finite_has_no_value_and_leaves_others_theirs(bad):
    features = normal(12, 5)
    broken = features.clone()
    broken[7, 2] = bad
    gathered = CKA(["a"], ["a", "broken"])
    for batch in minibatches(12, 6):
        gathered.add(grams({"a": features[batch]}), grams({"a": features[batch], "broken": broken[batch]}))
    found = gathered.result()
    assert found.values[0, 0] == pytest.approx(1)
    assert np.isnan(found.values[0, 1])
    assert found.reasons == {(1, "broken"): "gives NaN or infinity"}


def test_a_large_layer_is_read_in_parts(monkeypatch):
    features = normal(8, 5, 7, 3)
    whole = unbiased_gram(features)
    monkeypatch.setattr("atlas.analyses.cka.CHUNK", 100)
    np.testing.assert_allclose(unbiased_gram(features), whole, rtol=1e-9)


@pytest.mark.parametrize(("count", "size"), [(4, 1), (7, 4), (9, 4), (50, 16), (64, 16), (5, 100), (1000, 32)])
def test_minibatches_hold_all_photos_once_and_enough_each(count, size):
    sizes = [len(range(count)[batch]) for batch in minibatches(count, size)]
    assert [place for batch in minibatches(count, size) for place in range(count)[batch]] == list(range(count))
    assert min(sizes) >= 4
    assert max(sizes) - min(sizes) <= 1
    assert max(sizes) <= max(size, 7)


def test_too_few_photos_and_what_does_not_fit_are_said():
    with pytest.raises(ScoreError, match="CKA of 3 photos"):
        minibatches(3, 8)
    with pytest.raises(ScoreError, match="a minibatch of 3 photos"):
        unbiased_gram(normal(3, 5))
    with pytest.raises(ScoreError, match="no CKA without photos"):
        CKA(["a"]).result()
    with pytest.raises(ScoreError, match="different numbers of photos"):
        CKA(["a"], ["b"]).add(grams({"a": normal(5, 2)}), grams({"b": normal(6, 2)}))
    with pytest.raises(ScoreError, match="lacks the layers b"):
        CKA(["a", "b"]).add(grams({"a": normal(5, 2)}))
