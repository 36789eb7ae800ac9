"""Views: the central square is what resizing and cropping give; patches are CRAFT's."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from atlas.errors import ConfigError
from atlas.photos import PhotosSpec
from atlas.photos.views import PatchGrid, central_square, grid_for, patch_side, patch_stride


def spec(**keys):
    return PhotosSpec(path=Path("photos"), **keys)


def test_the_square_is_the_centre_of_the_resized_photo():
    values = np.random.default_rng(0).integers(0, 256, (60, 100, 3), dtype=np.uint8)
    image = Image.fromarray(values).resize((300, 180), Image.Resampling.BICUBIC)
    whole = image.resize((100, 60), Image.Resampling.BICUBIC)
    expected = np.asarray(whole.crop((20, 0, 80, 60))).astype(int)
    assert np.abs(np.asarray(central_square(image, 60)).astype(int) - expected).max() <= 2


@pytest.mark.parametrize("size", [(7, 7), (301, 64), (64, 301), (1, 500), (1, 1)])
def test_it_is_the_middle_whatever_the_shape(size):
    width, height = size
    across = np.abs(np.arange(width) - (width - 1) / 2)[None, :]
    down = np.abs(np.arange(height) - (height - 1) / 2)[:, None]
    ring = np.maximum(across, down).clip(0, 255).astype(np.uint8)
    square = np.asarray(central_square(Image.fromarray(ring), 32)).astype(int)
    assert square.shape == (32, 32)
    for mirrored in (square[::-1], square[:, ::-1]):
        assert np.abs(square - mirrored).max() <= 2


def test_stripes_finer_than_a_pixel_turn_grey():
    stripes = np.zeros((448, 448, 3), np.uint8)
    stripes[:, ::2] = 255
    square = np.asarray(central_square(Image.fromarray(stripes), 64)).astype(int)
    assert np.abs(square - 127).max() < 12


def test_patches_are_those_that_craft_unfolds():
    assert len(PatchGrid(224, 64, 51).boxes) == 16
    places = torch.arange(224 * 224, dtype=torch.float64).reshape(1, 1, 224, 224)
    unfolded = torch.nn.functional.unfold(places, kernel_size=64, stride=51)[0].T.reshape(-1, 64, 64)
    cut = [places[0, 0, top:bottom, left:right] for left, top, right, bottom in PatchGrid(224, 64, 51).boxes]
    assert torch.equal(torch.stack(cut), unfolded)


@given(st.integers(1, 300), st.data())
def test_patches_begin_at_the_corner_and_lie_within(side, data):
    size = data.draw(st.integers(1, side))
    stride = data.draw(st.integers(1, size))
    boxes = PatchGrid(side, size, stride).boxes
    assert boxes[0] == (0, 0, size, size)
    assert {(right - left, bottom - top) for left, top, right, bottom in boxes} == {(size, size)}
    assert side - stride < boxes[-1][3] <= side
    assert len(set(boxes)) == len(boxes) == ((side - size) // stride + 1) ** 2


def test_sizes_and_strides():
    assert grid_for(spec(), 224) == PatchGrid(224, 64, 51)
    assert [grid_for(spec(), side).patch for side in (384, 28, 20, 6)] == [110, 8, 8, 6]
    assert grid_for(spec(patch_size=32), 224).patch == 32
    assert [patch_stride(100, share) for share in (0.29, 0.57, 1.0, 0.001)] == [29, 57, 100, 1]
    with pytest.raises(ConfigError, match=r"photos\.patch_size: 300 pixels are more than the model's input of 224"):
        grid_for(spec(patch_size=300), 224)


def test_what_rounding_changes():
    """Concepts round down and VITAL to the nearest: a pixel at some sizes, which keys of both hold."""
    down, nearest = (
        {side: patch_stride(patch_side(side, None, ""), 0.8, rounding) for side in range(224, 520, 4)}
        for rounding in ("down", "nearest")
    )
    assert (down[224], nearest[224], down[384], nearest[384]) == (51, 51, 88, 88)
    differ = [side for side in down if down[side] != nearest[side]]
    assert all(nearest[side] - down[side] == 1 for side in differ)
    assert {288, 300, 320, 336, 512} <= set(differ)
