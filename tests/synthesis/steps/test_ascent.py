import pytest
import torch
from torch import nn

from atlas.synthesis.steps.ascent import Stopped, ascend
from atlas.synthesis.steps.redirect import RedirectedReLU


class Pixels(nn.Module):
    """Images that are their own parameters."""

    def __init__(self, batch):
        super().__init__()
        self.values = nn.Parameter(torch.full((batch, 3, 2, 2), 0.5))

    def forward(self):
        return self.values * 1.0


def run(objective, batch, steps=5, **options):
    pixels = Pixels(batch)

    def evaluate(images, step):
        values = objective(images, step)
        values.sum().backward()
        return values.detach()

    return ascend(pixels, evaluate, torch.optim.SGD(pixels.parameters(), lr=0.1), steps, **options)


def test_it_climbs_and_alpha_sums_the_gradient_over_steps():
    result = run(lambda images, step: (images * 2).flatten(1).sum(1), batch=2)
    torch.testing.assert_close(result.images, torch.full((2, 3, 2, 2), 0.5 + 5 * 0.2))
    torch.testing.assert_close(result.alpha, torch.full((2, 2, 2), 5 * 2.0))
    assert (result.trace.diff(dim=0) > 0).all()
    assert result.trace.shape == (5, 2)


def test_nan_in_one_item_leaves_the_others_bit_for_bit():
    def objective(images, step):
        values = images.square().flatten(1).sum(1)
        return values * torch.tensor([1.0, float("nan") if step == 2 else 1.0, 1.0])

    broken, sound = run(objective, batch=3), run(lambda images, step: images.square().flatten(1).sum(1), batch=3)
    assert torch.isnan(broken.trace[2:, 1]).all()
    for index in (0, 2):
        assert torch.equal(broken.images[index], sound.images[index])
        assert torch.equal(broken.trace[:, index], sound.trace[:, index])


def test_an_item_without_gradient_is_not_reached_and_the_rest_is_as_alone():
    weights = torch.tensor([1.0, 0.0])
    result = run(lambda images, step: images.flatten(1).sum(1) * weights, batch=2)
    assert result.reached.tolist() == [True, False]
    assert torch.equal(result.images[0], run(lambda images, step: images.flatten(1).sum(1), batch=1).images[0])


def test_a_blocked_relu_is_woken_by_redirected_gradients():
    def objective(images, step):
        return torch.relu(images.flatten(1).sum(1, keepdim=True) - 6.5).sum(1)

    result = run(objective, batch=1, steps=20)
    assert result.reached.tolist() == [True]
    assert result.trace[0, 0] == 0 and result.trace[-1, 0] > 0


def test_a_redirected_gradient_reaches_too_and_stands_for_the_other_in_alpha():
    def objective(images, step):
        return torch.relu(images.flatten(1).sum(1, keepdim=True) - torch.tensor([[1000.0], [0.0]])).sum(1)

    result = run(objective, batch=2, steps=2)
    assert result.trace[:, 0].tolist() == [0, 0]
    assert result.reached.tolist() == [True, True]
    torch.testing.assert_close(result.alpha, torch.full((2, 2, 2), 2.0))


def test_alpha_of_what_was_woken_is_of_plain_gradients_alone():
    def objective(images, step):
        return torch.relu(images.flatten(1).sum(1, keepdim=True) - 6.5).sum(1)

    result = run(objective, batch=1, steps=20)
    steps = int((result.trace[:, 0] > 0).sum())
    assert 0 < steps < 20
    torch.testing.assert_close(result.alpha, torch.full((1, 2, 2), float(steps)))


def test_it_stops_when_asked_and_tells_its_steps():
    seen = []
    with pytest.raises(Stopped):
        run(
            lambda images, step: images.flatten(1).sum(1),
            batch=1,
            on_step=seen.append,
            should_stop=lambda: len(seen) == 3,
        )
    assert seen == [1, 2, 3]


def test_no_redirection_is_left_behind_after_an_error():
    def objective(images, step):
        raise RuntimeError("broken model")

    with pytest.raises(RuntimeError, match="broken model"):
        run(objective, batch=1)
    leaf = torch.tensor([[-1.0]], requires_grad=True)
    torch.relu(leaf).sum().backward()
    assert leaf.grad.item() == 0
    assert RedirectedReLU not in [type(mode) for mode in torch.overrides._get_current_function_mode_stack()]


def test_a_penalty_moves_pictures_but_is_in_neither_trace_nor_alpha_and_wakes_no_dead_unit():
    def objective(images, step):
        return images.flatten(1).sum(1) * torch.tensor([1.0, 0.0])

    plain = run(objective, batch=2, steps=1)
    held = run(objective, batch=2, steps=1, penalty=lambda images: 0.5 * images.flatten(1).sum(1))
    assert torch.equal(plain.trace, held.trace) and torch.equal(plain.alpha, held.alpha)
    assert held.reached.tolist() == [True, False]
    torch.testing.assert_close(held.images[0], torch.full((3, 2, 2), 0.5 + 0.1 * 0.5))


class Growing(nn.Module):
    """Images of 2 x 2 pixels that become 4 x 4 after a step."""

    def __init__(self):
        super().__init__()
        self.values = nn.Parameter(torch.full((1, 3, 4, 4), 0.5))
        self.steps = 0

    def forward(self):
        return self.values[..., ::2, ::2] * 1.0 if self.steps == 0 else self.values * 1.0

    def advance(self, *_):
        self.steps += 1


def test_alpha_of_small_pictures_is_spread_over_the_pixels_of_the_whole_one():
    picture = Growing()
    optimizer = torch.optim.SGD(picture.parameters(), lr=0.1)
    optimizer.register_step_post_hook(picture.advance)

    def evaluate(images, step):
        values = images.flatten(1).sum(1)
        values.sum().backward()
        return values.detach()

    result = ascend(picture, evaluate, optimizer, 2)
    torch.testing.assert_close(result.alpha, torch.full((1, 4, 4), 0.25 + 1.0))
