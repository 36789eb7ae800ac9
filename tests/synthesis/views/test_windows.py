"""Windows and rolled pictures, each picture's at its own place, against slices and torch.roll."""

import torch

from atlas.synthesis.views.windows import roll, spread, windows


def noise(*shape):
    return torch.rand(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


CORNERS = torch.tensor([[0, 0], [2, 3], [1, 0]])
SHIFTS = torch.tensor([[0, 0], [2, -3], [-9, 14]])
MIRRORED = torch.tensor([True, False, True])


def test_windows_are_slices_and_their_gradient_lies_where_they_were():
    images = noise(3, 2, 6, 8).requires_grad_()
    found = windows(images, CORNERS, (4, 5))
    weights = noise(3, 2, 4, 5)
    (found * weights).sum().backward()
    for image, gradient, weight, window, (top, left) in zip(
        images, images.grad, weights, found, CORNERS.tolist(), strict=True
    ):
        assert torch.equal(window, image[:, top : top + 4, left : left + 5])
        expected = torch.zeros_like(gradient)
        expected[:, top : top + 4, left : left + 5] = weight
        assert torch.equal(gradient, expected)
    assert torch.equal(spread(weights, CORNERS, (6, 8)), images.grad)


def test_rolled_pictures_are_torchs_and_so_is_their_gradient():
    ours, theirs = (noise(3, 2, 6, 8).requires_grad_() for _ in range(2))
    found = roll(ours, SHIFTS, MIRRORED)
    moved = [image.roll(shift, (1, 2)) for image, shift in zip(theirs, SHIFTS.tolist(), strict=True)]
    expected = torch.stack([one.flip(2) if flip else one for one, flip in zip(moved, MIRRORED, strict=True)])
    assert torch.equal(found, expected)
    assert torch.equal(roll(ours, SHIFTS), torch.stack(moved))
    for values in (found, expected):
        (values * noise(3, 2, 6, 8).square()).sum().backward()
    assert torch.equal(ours.grad, theirs.grad)
