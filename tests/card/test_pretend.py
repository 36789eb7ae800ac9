"""The pretend accelerator itself: it tells what a card would be waited for, and what it would refuse."""

import pytest
import torch
from pretend import DEVICE, Pretend


def test_it_computes_what_the_cpu_computes_with_gradients():
    values = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    expected = values.clone().requires_grad_()
    (torch.fft.rfft2(expected).abs() ** 2).sum().backward()
    with Pretend():
        leaf = values.to(DEVICE).requires_grad_()
        (torch.fft.rfft2(leaf).abs() ** 2).sum().backward()
        assert leaf.device == leaf.grad.device == DEVICE
        assert torch.equal(leaf.grad.cpu(), expected.grad)


def test_tensors_of_host_and_device_do_not_meet_but_for_single_numbers():
    with Pretend():
        there = torch.ones(3, device=DEVICE)
        assert (there * torch.tensor(2.0)).sum().item() == 6
        with pytest.raises(RuntimeError, match="host and device meet"):
            there + torch.ones(3)
        with pytest.raises(RuntimeError, match="host and device meet"):
            there[torch.tensor([0, 2])]
    with pytest.raises(RuntimeError, match="outside"):
        there + 1


WAITS = {
    "a number": lambda there: float(there[0]),
    "a truth": lambda there: bool((there > 0).all()),
    "a copy to the host": lambda there: there.cpu(),
    "a copy from the host": lambda there: torch.ones(3).to(DEVICE),
    "a list": lambda there: there.tolist(),
    "places": lambda there: there.nonzero(),
    "a mask": lambda there: there[there > 0],
    "numbers of Python": lambda there: torch.tensor([1.0, 2.0], device=DEVICE),
    "an inverse": lambda there: torch.linalg.inv(torch.eye(2, device=DEVICE)),
}


@pytest.mark.parametrize("what", WAITS)
def test_what_a_card_is_waited_for_in_is_counted(what):
    with Pretend() as pretend:
        there = torch.arange(3.0, device=DEVICE)
        pretend.forget()
        WAITS[what](there)
        assert pretend.waits.total() == 1


def test_views_and_free_tensors_are_no_kernels():
    with Pretend() as pretend:
        there = torch.empty(2, 3, device=DEVICE)
        for view in (
            there.T,
            there[0],
            there.view(6),
            there.expand(4, 2, 3),
            there.detach(),
            there.unflatten(1, (3, 1)),
        ):
            assert view.device == DEVICE
        assert not pretend.kernels
        there.zero_()
        there + 1
        assert pretend.kernels.total() == 2


def test_autocast_is_known_there():
    with Pretend() as pretend, torch.autocast(DEVICE.type, torch.bfloat16):
        there = torch.ones(2, 2, device=DEVICE)
        assert (there @ there).dtype == torch.bfloat16
        assert pretend.multiplied == {torch.bfloat16}
