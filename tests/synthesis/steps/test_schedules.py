"""Parts of a run: when they begin, how the rate moves within them, and that each forgets the last."""

import math

import pytest
import torch

from atlas.synthesis.steps.schedules import constant, even_parts, in_parts, warm_cosine


def rates(parts, curve, base=2.0):
    weight = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.Adam([weight], lr=base)
    schedule = in_parts(optimizer, parts, curve)
    found, fresh = [], []
    for _ in range(sum(parts)):
        found.append(optimizer.param_groups[0]["lr"])
        fresh.append(not optimizer.state)
        weight.grad = torch.ones(1)
        optimizer.step()
        schedule.step()
    return found, fresh


def test_the_rate_is_deep_inversions_policy():
    """``lr_cosine_policy`` of the authors' utils.py: 100 steps up, a cosine down."""
    found, _ = rates([300], lambda step, steps: warm_cosine(20)(step, steps))
    for step, rate in enumerate(found):
        expected = (step + 1) / 20 if step < 20 else 0.5 * (1 + math.cos(math.pi * (step - 20) / 280))
        assert rate == pytest.approx(2 * expected)


def test_a_short_part_warms_up_for_a_tenth_of_it():
    assert [warm_cosine(100)(step, 40) for step in (0, 3, 4)] == [0.25, 1.0, 1.0]
    assert warm_cosine(100)(0, 5) == 1.0 and warm_cosine(0)(0, 400) == 1.0
    assert warm_cosine(100)(0, 2000) == 0.01 and warm_cosine(100)(99, 2000) == 1.0


def test_each_part_begins_with_a_fresh_optimiser_and_the_full_rate():
    found, fresh = rates([3, 0, 4], warm_cosine(0))
    assert [step for step, new in enumerate(fresh) if new] == [0, 3]
    assert found == pytest.approx([1 + math.cos(math.pi * step / 3) for step in range(3)]
                                  + [1 + math.cos(math.pi * step / 4) for step in range(4)])  # fmt: skip
    assert rates([0, 5], constant)[0] == [2.0] * 5


@pytest.mark.parametrize("steps", [1, 4, 7, 40, 2800])
def test_even_parts_are_even_and_end_in_the_last(steps):
    parts = even_parts(steps, 7)
    assert sum(parts) == steps and len(parts) == 7
    assert max(parts) - min(parts) <= 1 and parts[-1] >= 1
    assert even_parts(2800, 7) == [400] * 7
