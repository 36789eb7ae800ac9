"""The colour matrix: right-multiplied on the channel axis, and undone by its inverse."""

import numpy as np
import torch

from atlas.synthesis.pictures.colour import IMAGENET_COLOUR, KLT_COLOUR, decorrelate, from_klt, recorrelate


def test_recorrelate_is_the_matrix_on_the_right_of_each_pixel():
    image = torch.randn(2, 3, 4, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    expected = np.einsum("bchw,cd->bdhw", image.numpy(), np.array(IMAGENET_COLOUR))
    np.testing.assert_allclose(recorrelate(image).numpy(), expected, atol=1e-15)


def test_decorrelate_undoes_recorrelate():
    image = torch.randn(2, 3, 7, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(decorrelate(recorrelate(image)), image, atol=1e-14, rtol=0)


def test_the_matrix_is_lucids_divided_by_its_largest_column_norm():
    """``color_correlation_svd_sqrt`` of lucid/optvis/param/color.py; a row there is a channel of RGB."""
    published = np.array([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]])
    normalised = published / np.linalg.norm(published, axis=0).max()
    np.testing.assert_allclose(np.array(IMAGENET_COLOUR), normalised.T, atol=1e-7)


def test_an_item_does_not_depend_on_its_batch():
    images = torch.randn(5, 3, 33, 31, generator=torch.Generator().manual_seed(0))
    together = recorrelate(images)
    assert all(torch.equal(together[i : i + 1], recorrelate(images[i : i + 1])) for i in range(5))


def test_gradients_flow_after_a_first_use_under_inference_mode():
    with torch.inference_mode():
        recorrelate(torch.zeros(1, 3, 2, 2, dtype=torch.float16).double())
    image = torch.zeros(1, 3, 2, 2, dtype=torch.float64, requires_grad=True)
    recorrelate(image).sum().backward()
    expected = torch.tensor(IMAGENET_COLOUR, dtype=torch.float64).sum(1)
    torch.testing.assert_close(image.grad[0, :, 0, 0], expected)


def test_the_first_decorrelated_channel_is_grey_light():
    channel = torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1)
    red, green, blue = recorrelate(channel).flatten().tolist()
    assert max(red, green, blue) - min(red, green, blue) < 0.03


def test_klt_is_the_matrix_on_the_left_of_each_pixel_plus_the_mean():
    signal = torch.randn(2, 3, 4, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    published = np.array([[0.430, 0.300, -0.063], [0.411, -0.202, 0.162], [0.188, -0.246, -0.210]])
    expected = np.einsum("dc,bchw->bdhw", published, signal.numpy()) + np.array([0.485, 0.456, 0.406])[:, None, None]
    np.testing.assert_allclose(from_klt(signal).numpy(), expected, atol=1e-15)


def test_klt_axes_are_the_eigenvectors_of_the_covariance_that_they_give():
    """Of signals with uncorrelated channels of unit variance, whose colours then have the covariance ``A A^T``."""
    axes = np.array(KLT_COLOUR)
    lengths = np.linalg.norm(axes, axis=1)
    cosines = (axes / lengths[:, None]) @ (axes / lengths[:, None]).T
    np.testing.assert_allclose(cosines, np.eye(3), atol=0.003)  # published to three digits
    variances, vectors = np.linalg.eigh(axes.T @ axes)
    np.testing.assert_allclose(np.sqrt(variances[::-1]), lengths, atol=0.001)
    np.testing.assert_allclose(np.abs(np.sum(vectors.T[::-1] * axes, axis=1)), lengths, atol=0.001)
