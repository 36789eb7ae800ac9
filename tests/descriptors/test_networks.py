"""HOG, HOGb and dense SIFT against slow loops over pixels, cells and blocks, and scikit-image where it agrees."""

import math
import re

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from skimage.feature import hog as skimage_hog

from atlas.descriptors import dsift, hog, hogb
from atlas.descriptors.histograms import OrientationBins
from atlas.errors import ModelError
from atlas.models.load import load_model
from atlas.models.spec import ModelSpec


def picture(height=40, width=48, seed=0):
    """Smooth noise with slopes of all directions, float64 in [0, 1]."""
    rough = np.random.default_rng(seed).random((height + 4, width + 4))
    smooth = sum(rough[i : i + height, j : j + width] for i in range(5) for j in range(5)) / 25
    return (smooth - smooth.min()) / (smooth.max() - smooth.min())


def descriptor(network, image):
    return network.double()(torch.from_numpy(image)[None, None])[0].numpy()


def slow_cells(image, count, cell, bilinear):
    """Return (rows, columns, count): every pixel's gradient shared among orientations and the four nearest cells."""
    height, width = image.shape
    cells = np.zeros((height // cell, width // cell, count))
    for y in range(1, height - 1):
        for x in range(1, width - 1):
            across, down = image[y, x + 1] - image[y, x - 1], image[y + 1, x] - image[y - 1, x]
            length = math.hypot(across, down)
            for k in range(count):
                cosine = (
                    across * math.cos(2 * math.pi * k / count) + down * math.sin(2 * math.pi * k / count)
                ) / length
                if bilinear:
                    share = max(0.0, 1 - count / (2 * math.pi) * math.acos(max(-1.0, min(1.0, cosine))))
                else:
                    share = float(cosine > math.cos(math.pi / count))
                for row in range(cells.shape[0]):
                    for column in range(cells.shape[1]):
                        near = [
                            max(0.0, 1 - abs((place + 0.5) / cell - 0.5 - index))
                            for place, index in ((y, row), (x, column))
                        ]
                        cells[row, column, k] += length * share * near[0] * near[1]
    return cells


def slow_hog(cells):
    """Return (rows, columns, 27) as VLFeat's vl_hog_extract: each cell by the norms of the four blocks that hold it."""
    rows, columns, count = cells.shape
    undirected = cells[..., : count // 2] + cells[..., count // 2 :]
    result = np.zeros((rows, columns, count + count // 2))
    for row in range(rows):
        for column in range(columns):
            values = np.concatenate([cells[row, column], undirected[row, column]])
            for up in (-1, 0):
                for left in (-1, 0):
                    block = [
                        undirected[min(max(row + up + i, 0), rows - 1), min(max(column + left + j, 0), columns - 1)]
                        for i in (0, 1)
                        for j in (0, 1)
                    ]
                    norm = math.sqrt(sum(float(one @ one) for one in block) + 1e-4 / 255**2)
                    result[row, column] += 0.5 * np.minimum(values / norm, 0.2)
    return result


def slow_sift(cells, stride):
    """Return (rows, columns, 128): 4 x 4 cells under a Gaussian, of norm 1 before they are clamped."""
    rows, columns = ((length - 4) // stride + 1 for length in cells.shape[:2])
    result = np.zeros((rows, columns, 16 * cells.shape[2]))
    for row in range(rows):
        for column in range(columns):
            values = []
            for i in range(4):
                for j in range(4):
                    weight = math.exp(-((i - 1.5) ** 2 + (j - 1.5) ** 2) / (2 * 1.5**2))
                    values.extend(weight * cells[row * stride + i, column * stride + j])
            values = np.array(values)
            result[row, column] = np.minimum(values / math.sqrt(values @ values + 1e-6 / 255**2), 0.2)
    return result


@pytest.mark.parametrize(("network", "bilinear"), [(hog, False), (hogb, True)])
def test_hog_is_that_of_loops_over_pixels_and_blocks(network, bilinear):
    image = picture(24, 32)
    expected = slow_hog(slow_cells(image, 18, 8, bilinear))
    found = descriptor(network(), image)
    np.testing.assert_allclose(found.transpose(1, 2, 0), expected, rtol=0, atol=1e-9)
    assert found.shape == (27, 3, 4) and found.std() > 0.02


@pytest.mark.parametrize("stride", [1, 2])
def test_dense_sift_is_that_of_loops(stride):
    image = picture(24, 36)
    expected = slow_sift(slow_cells(image, 8, 4, True), stride)
    found = descriptor(dsift(cell=4, stride=stride), image)
    np.testing.assert_allclose(found.transpose(1, 2, 0), expected, rtol=0, atol=1e-7)  # its window is in float32
    assert found.shape == (128, (3, 2)[stride - 1], (6, 3)[stride - 1]) and found.max() == 0.2


def test_orientations_are_those_of_scikit_image_where_its_conventions_allow():
    """scikit-image's HOG is Dalal and Triggs': undirected bins from 0 to 180 degrees that begin at multiples of their
    width; pixels count for their own cell alone; pixels at the border have half a gradient; histograms are means over
    the cell, in float32. So each of our bins, centred at a multiple of 20 degrees, is two of its bins of 10 degrees;
    ours are folded to undirected ones and averaged over the cells that are not at the border. With blocks of one cell
    and the L1 norm, its histograms come out as they are but for their sum.
    """
    image = picture(40, 48, seed=3)
    theirs = skimage_hog(image, orientations=18, pixels_per_cell=(8, 8), cells_per_block=(1, 1), block_norm="L1",
                         feature_vector=False)[:, :, 0, 0]  # fmt: skip
    expected = np.stack([theirs[..., 2 * k - 1] + theirs[..., 2 * k] for k in range(9)], axis=2)

    network = hog().double()
    bins = OrientationBins(18, bilinear=False).double()(network.gradient(torch.from_numpy(image)[None, None]))
    means = F.avg_pool2d(F.pad(bins, (1, 1, 1, 1)), 8)[0].permute(1, 2, 0).numpy()
    folded = means[..., :9] + means[..., 9:]
    found = folded / (folded.sum(axis=2, keepdims=True) + 1e-5)
    np.testing.assert_allclose(found[1:-1, 1:-1], expected[1:-1, 1:-1], rtol=0, atol=1e-6)


def test_hard_bins_hold_the_whole_gradient_and_straight_ones_are_never_thrown_about():
    bins = OrientationBins(18, bilinear=False)
    upright = torch.tensor([[0.0, 0.0, 3.0, -3.0], [2.0, -2.0, 0.0, 0.0]])[None, :, :, None] * torch.rand(1, 1, 4, 50)
    found = bins(upright)
    torch.testing.assert_close(found.sum(dim=1), torch.linalg.vector_norm(upright, dim=1))
    assert [set(found[0, :, row].argmax(dim=0).tolist()) for row in range(4)] == [{4}, {13}, {0}, {9}]


def test_bilinear_bins_share_a_gradient_between_two_neighbours():
    angles = torch.rand(100, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 2 * math.pi
    gradients = torch.stack([angles.cos(), angles.sin()])[None, :, :, None]
    found = OrientationBins(8, bilinear=True).double()(gradients)[0, :, :, 0]
    torch.testing.assert_close(found.sum(dim=0), torch.ones(100, dtype=torch.float64))
    assert set((found > 0).sum(dim=0).tolist()) == {2}
    mean = (found * torch.arange(8.0)[:, None]).sum(dim=0)  # their centre of mass is the angle, but around 0
    inside = angles < 2 * math.pi * 7 / 8
    torch.testing.assert_close(mean[inside], (angles * 8 / (2 * math.pi))[inside])


def test_gradients_flow_through_bilinear_orientations_and_not_through_hard_ones():
    """A turn of all gradients by a few degrees is what only the former's gradient can ask for."""
    for bilinear in (True, False):
        gradients = torch.tensor([1.0, 0.1], dtype=torch.float64).view(1, 2, 1, 1).requires_grad_()
        OrientationBins(18, bilinear).double()(gradients)[0, 0].sum().backward()
        across, down = gradients.grad[0, :, 0, 0].tolist()
        tangential = down * 1 - across * 0.1
        assert (abs(tangential) > 0.1) == bilinear
    for network in (hogb(), dsift(), hog()):
        image = torch.from_numpy(picture()).float()[None, None].requires_grad_()
        network(image).square().sum().backward()
        assert torch.isfinite(image.grad).all() and (image.grad != 0).float().mean() > 0.9


def test_the_gradient_of_hogb_is_that_of_finite_differences():
    image = torch.from_numpy(picture(16, 16, seed=5))[None, None].requires_grad_()
    assert torch.autograd.gradcheck(lambda shown: hogb(4).double()(shown), image, eps=1e-7, atol=1e-4, fast_mode=True)


@pytest.mark.parametrize("network", [hog, hogb, dsift])
def test_a_flat_picture_has_finite_gradients_and_an_empty_code(network):
    image = torch.full((1, 1, 40, 40), 0.5, requires_grad=True)
    code = network()(image)
    code.sum().backward()
    assert code.abs().max() == 0 and torch.isfinite(image.grad).all()


@pytest.mark.parametrize("network", [hog, hogb, dsift])
def test_contrast_and_brightness_do_not_matter(network):
    image = picture()
    np.testing.assert_allclose(descriptor(network(), 0.5 * image + 0.3), descriptor(network(), image), atol=1e-6)


@pytest.mark.parametrize(("name", "units", "grid"), [("hog", 27, (8, 8)), ("hogb", 27, (8, 8)), ("dsift", 128, (5, 5))])
def test_they_load_as_models_of_grey_pictures_without_classes(name, units, grid):
    spec = {"source": "callable", "architecture": f"atlas.descriptors:{name}", "size": 64, "mean": 0, "std": 1}
    card = load_model(ModelSpec(name=name, **spec)).card
    assert [layer.name for layer in card.layers] == ["gradient", "bins", "cells", "blocks"]
    assert (card.layers[-1].units, card.layers[-1].grid) == (units, grid)
    assert card.identity.preprocessing.channels == 1 and not card.classes
    smaller = load_model(ModelSpec(name=name, arguments={"cell": 4}, **spec)).card
    assert smaller.layers[-1].grid > grid and smaller.identity != card.identity


def test_an_odd_cell_is_refused():
    spec = ModelSpec(name="x", source="callable", architecture="atlas.descriptors:hog", arguments={"cell": 7})
    with pytest.raises(ModelError, match=re.escape("a cell has an even number of pixels, at least 2, not 7")):
        load_model(spec)
