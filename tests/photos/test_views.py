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
from atlas.photos.views import central_square, patch_boxes, patch_size_for, patch_stride_for


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
    assert len(patch_boxes(224, 64, 51)) == 16
    places = torch.arange(224 * 224, dtype=torch.float64).reshape(1, 1, 224, 224)
    unfolded = torch.nn.functional.unfold(places, kernel_size=64, stride=51)[0].T.reshape(-1, 64, 64)
    cut = [places[0, 0, top:bottom, left:right] for left, top, right, bottom in patch_boxes(224, 64, 51)]
    assert torch.equal(torch.stack(cut), unfolded)


@given(st.integers(1, 300), st.data())
def test_patches_begin_at_the_corner_and_lie_within(side, data):
    size = data.draw(st.integers(1, side))
    stride = data.draw(st.integers(1, size))
    boxes = patch_boxes(side, size, stride)
    assert boxes[0] == (0, 0, size, size)
    assert {(right - left, bottom - top) for left, top, right, bottom in boxes} == {(size, size)}
    assert side - stride < boxes[-1][3] <= side
    assert len(set(boxes)) == len(boxes) == ((side - size) // stride + 1) ** 2


def test_sizes_and_strides():
    assert (patch_size_for(spec(), 224), patch_stride_for(spec(), 64)) == (64, 51)
    assert [patch_size_for(spec(), side) for side in (384, 28, 20, 6)] == [110, 8, 8, 6]
    assert patch_size_for(spec(patch_size=32), 224) == 32
    assert [patch_stride_for(spec(stride=stride), 100) for stride in (0.29, 0.57, 1.0, 0.001)] == [29, 57, 100, 1]
    with pytest.raises(ConfigError, match=r"photos\.patch_size: 300 pixels are more than the model's input of 224"):
        patch_size_for(spec(patch_size=300), 224)
