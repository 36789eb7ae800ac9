"""What a network makes of a view, to the bit, does not depend on how many others it is shown at once."""

import pytest
import torch

from atlas.jobs.lanes import one_thread
from atlas.models.network.passes import VIEWS_PER_PASS, FilledRows, never_alone

CPU = torch.device("cpu")
MOST = VIEWS_PER_PASS["cpu"]


@pytest.mark.parametrize("family", ["efficientnet", "resnet", "convnext", "vit"])
def test_a_view_is_the_same_beside_any_number_of_others(families, family):
    model = families(family)
    network = model.network(model.numerics_for("logits"), CPU)
    side = 224 if family == "vit" else 96
    generator = torch.Generator().manual_seed(0)
    views, weight = torch.rand(MOST, 3, side, side, generator=generator), torch.randn(1000, generator=generator)

    def seen(part):
        shown = part.clone().requires_grad_()
        logits = network(never_alone(shown), "logits")[: len(part)]
        (logits @ weight).sum().backward()
        return logits.detach(), shown.grad

    with one_thread():
        logits, gradient = seen(views)
        for start, end in [(0, 1), (2, 5)]:
            some, its_gradient = seen(views[start:end])
            assert torch.equal(some, logits[start:end])
            assert torch.equal(its_gradient, gradient[start:end])


@pytest.mark.parametrize("rows", [0, 1, 3, MOST - 1, MOST, MOST + 1])
def test_products_of_few_rows_are_what_they_are(rows):
    generator = torch.Generator().manual_seed(1)
    rows_of, weight = torch.rand(rows, 7, generator=generator), torch.rand(7, 5, generator=generator)
    layer = torch.nn.Linear(7, 5)
    tokens = rows_of[:, None]

    def made():
        return [rows_of @ weight, torch.mm(rows_of, weight), layer(rows_of), layer(tokens), layer(tokens[None])]

    expected = made()
    with FilledRows():
        found = made()
    for one, other in zip(found, expected, strict=True):
        assert one.shape == other.shape
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("width", [192, 1280])
def test_a_row_of_a_product_is_the_same_beside_any_number_of_others(width):
    generator = torch.Generator().manual_seed(2)
    layer = torch.nn.Linear(width, 1000).requires_grad_(False)
    rows = torch.rand(MOST, width, generator=generator)

    def made(some):
        some = some.clone().requires_grad_()
        logits = layer(some)
        (logits.square().sum()).backward()
        return logits.detach(), some.grad

    with one_thread(), FilledRows():
        whole = made(rows)
        for shape in ((-1,), (-1, 1)):  # of views, and of their class tokens
            for start, end in [(0, 1), (1, 4), (3, 12), (2, 10)]:
                some = made(rows[start:end].unflatten(0, shape))
                for one, other in zip(some, whole, strict=True):
                    assert torch.equal(one.flatten(0, -2), other[start:end])
