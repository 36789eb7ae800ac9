"""The bound on what a class is raised to: values stay, gradients fade with the log odds, and only then."""

import pytest
import torch

from atlas.synthesis.scores.confidence import AMONG, sure_enough


def gates(logits, units, signs, confidence):
    """Return the values of views, and the gradients of their sum to them."""
    signs = torch.tensor(signs, dtype=torch.float32)
    views = logits.unflatten(0, (len(units), -1))
    values = torch.stack([each[:, unit] for each, unit in zip(views, units, strict=True)]) * signs[:, None]
    values = values.detach().requires_grad_()
    bounded = sure_enough(values, logits, torch.tensor(units), signs, confidence)
    (gradient,) = torch.autograd.grad(bounded.sum(), values)
    assert torch.equal(bounded, values)
    return gradient


def test_the_gradient_halves_at_the_confidence_and_follows_the_log_odds():
    logits = torch.randn(6, AMONG, generator=torch.Generator().manual_seed(0)) * 4
    p = logits.double().softmax(dim=1).view(2, 3, AMONG)[[0, 1], :, [3, 7]]
    bound = torch.tensor(0.7, dtype=torch.float64).logit()
    assert gates(logits, [3, 7], [1, 1], 0.7).numpy() == pytest.approx(
        torch.sigmoid(bound - p.logit()).numpy(), rel=1e-4
    )
    half = torch.tensor([[0.7, *[0.3 / (AMONG - 1)] * (AMONG - 1)]]).log()
    assert gates(half, [0], [1], 0.7).item() == pytest.approx(0.5, abs=1e-5)


@pytest.mark.parametrize("count", [2, 15, 21_000])
def test_among_more_or_fewer_classes_the_odds_are_those_among_a_thousand(count):
    few = torch.zeros(1, count)
    thousand = torch.zeros(1, AMONG)
    few[0, 0] = thousand[0, 0] = 8.0
    assert gates(few, [0], [1], 0.8).item() == pytest.approx(gates(thousand, [0], [1], 0.8).item(), abs=1e-4)


def test_a_single_logit_has_no_odds():
    assert gates(torch.full((3, 1), 9.0), [0], [1], 0.5).tolist() == [[1, 1, 1]]


def test_it_is_that_of_the_log_probability_at_even_odds():
    logits = torch.randn(4, AMONG, generator=torch.Generator().manual_seed(1)).requires_grad_()
    (gradient,) = torch.autograd.grad(logits.log_softmax(dim=1)[:, 2].sum(), logits)
    assert gates(logits.detach(), [2], [1], 0.5).numpy() == pytest.approx(gradient[None, :, 2].numpy(), rel=1e-4)


def test_without_a_bound_nothing_changes_nor_for_what_lowers_a_class():
    logits = torch.randn(4, 5) * 50
    assert torch.equal(gates(logits, [0, 1], [1, 1], 1), torch.ones(2, 2))
    assert torch.equal(gates(logits, [0, 1], [-1, -1], 0.5), torch.ones(2, 2))


def test_extreme_logits_give_finite_gradients_and_a_broken_one_stays_its_own():
    logits = torch.tensor([[1e4, 0.0], [-1e4, 0.0], [0.0, 0.0], [float("nan"), 0.0]])
    gradient = gates_of_broken(logits)
    even = (torch.tensor(0.9).logit() + torch.tensor(AMONG - 1.0).log()).sigmoid().item()
    assert gradient[:3].tolist() == pytest.approx([0, 1, even], abs=2e-3)
    assert gradient[3].isnan()


def test_classes_that_are_broken_do_not_touch_the_others():
    logits = torch.tensor([[0.0, 1.0, float("nan")], [0.0, 1.0, float("inf")], [0.0, 1.0, -float("inf")]])
    gradient = gates_of_broken(logits)
    plain = gates_of_broken(torch.tensor([[0.0, 1.0, -1e30]]))
    assert gradient.tolist() == pytest.approx([plain.item(), 1, plain.item()])


def gates_of_broken(logits):
    values = logits[:, :1].clone().requires_grad_()
    (gradient,) = torch.autograd.grad(
        sure_enough(values, logits, torch.zeros(len(logits), dtype=torch.long), torch.ones(len(logits)), 0.9).sum(),
        values,
    )
    return gradient[:, 0]


@pytest.mark.parametrize("views", [1, 3, 4])
def test_gradients_do_not_depend_on_the_batch(views):
    generator = torch.Generator().manual_seed(3)
    logits = torch.randn(40 * views, 11, generator=generator) * 3
    together = gates(logits, [2] * 40, [1] * 40, 0.9)
    for size in (1, 2, 3, 5, 8):
        for first in range(0, 40 - size, size):
            part = gates(logits[first * views :][: size * views], [2] * size, [1] * size, 0.9)
            assert torch.equal(part, together[first : first + size])
