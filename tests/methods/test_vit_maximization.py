"""What vit_maximization does with its own parameters; common rules are in test_contract.py."""

import math

import numpy as np
import pytest
import torch
from method_runs import batch_of, rendered

from atlas.core.job import Target
from atlas.methods import methods
from atlas.models.load import load_model
from atlas.models.spec import ModelSpec
from atlas.synthesis.pictures.colour import KLT_COLOUR, KLT_MEAN
from atlas.synthesis.pictures.parametrization import frequency_scale
from atlas.synthesis.views.moves import CropOrPad, Jitter, Rotate, Scale

CPU = torch.device("cpu")
METHOD = methods.get("vit_maximization")


def settled(side=48, **parameters):
    return METHOD.parameters(**parameters).model_copy(update={"image_size": side, "resolution": (side, side)})


def render(model, target, **parameters):
    return rendered(METHOD, model, [target], **parameters)[0]


def test_the_defaults_are_those_of_the_authors_code_and_the_paper():
    found = METHOD.parameters()
    assert (found.steps, found.learning_rate, found.decay, found.start) == (100, 0.02, 1.5, 0.01)
    assert (found.standardise, found.decorrelate, found.transformations, found.morphology) == (False, True, "deep", 1)
    picture = METHOD.picture(batch_of(settled(), 0))
    assert type(METHOD.optimizer(settled(), picture)) is torch.optim.Adamax


def test_deep_transformations_are_those_of_the_authors_code():
    (first, jitter, scale, rotation, last, window), _ = METHOD.transformations(settled(64))
    assert (first, jitter, last, window) == (CropOrPad(64 + 2 * 12), Jitter(8), Jitter(2), CropOrPad(64))
    assert isinstance(scale, Scale) and scale.factors == pytest.approx(np.arange(80, 120) / 100)
    assert isinstance(rotation, Rotate) and (min(rotation.degrees), max(rotation.degrees)) == (-12, 11)
    assert len(rotation.degrees) == 24 + 12 + 5 * 4 and np.mean(np.abs(rotation.degrees)) < 4.5


def test_shallow_transformations_are_smaller():
    (first, jitter, scale, rotation, *_, window), _ = METHOD.transformations(settled(64, transformations="shallow"))
    assert (first, jitter, window) == (CropOrPad(64 + 2 * 10), Jitter(6), CropOrPad(64))
    assert (min(scale.factors), max(scale.factors)) == (0.85, 0.99) and set(rotation.degrees) == {-2, -1, 0, 1}


def test_the_picture_is_the_formula():
    """``sigmoid(A irfft2(scale * z) / 4 + mean)``, colours by a loop over pixels."""
    picture = METHOD.picture(batch_of(settled(8, start=0.5), 3))
    spectrum = torch.view_as_complex(picture.coefficients.detach().double())[0].numpy()
    signal = np.fft.irfft2(spectrum * frequency_scale(8, 8, 1.5).numpy() / 4, s=(8, 8))
    expected = np.empty((3, 8, 8))
    for row, column in np.ndindex(8, 8):
        mixed = np.array(KLT_COLOUR).T @ signal[:, row, column] + np.array(KLT_MEAN)
        expected[:, row, column] = 1 / (1 + np.exp(-mixed))
    np.testing.assert_allclose(picture().detach()[0].numpy(), expected, atol=1e-5)
    plain = METHOD.picture(batch_of(settled(8, start=0.5, decorrelate=False), 3))
    np.testing.assert_allclose(plain().detach()[0].numpy(), 1 / (1 + np.exp(-signal)), atol=1e-5)


@pytest.mark.parametrize("choice", ["deep", "shallow", "none"])
@pytest.mark.parametrize("side", [32, 224])
def test_views_show_the_picture_and_its_mirror_image_and_nothing_else(choice, side):
    steps = 60 if side == 32 else 15
    views = METHOD.views(batch_of(settled(side, transformations=choice, steps=steps, morphology=0, views=4), 0))
    white = torch.ones(1, 3, side, side)
    for step in range(steps):
        torch.testing.assert_close(views(white, step, slice(None)), torch.ones(4, 3, side, side))


def test_without_transformations_and_morphology_a_view_is_the_picture():
    images = torch.rand(2, 3, 48, 48, generator=torch.Generator().manual_seed(0))
    views = METHOD.views(batch_of(settled(transformations="none", morphology=0), 0, 1))
    torch.testing.assert_close(views(images, 0, slice(None)), images, rtol=0, atol=1e-4)


def test_morphology_makes_views_smoother_the_more_often_the_smoother():
    images = torch.rand(1, 3, 48, 48, generator=torch.Generator().manual_seed(0))
    rough = []
    for times in (0, 1, 2):
        views = METHOD.views(batch_of(settled(transformations="none", morphology=times), 0))
        rough.append(float(sum(views(images, step, slice(None)).diff(dim=3).abs().mean() for step in range(8))))
    assert rough[0] > 1.5 * rough[1] and rough[1] > rough[2]


@pytest.mark.parametrize("sign", [1, -1])
def test_transformers_channels_are_rendered_in_both_directions(sign):
    model = load_model(ModelSpec(name="vit", architecture="vit_tiny_patch16_224", pretrained=False))
    target = Target(kind="channel", layer="blocks.1", unit=5, sign=sign)
    one = render(model, target, steps=5, image_size=64)
    assert one.status == "done" and one.image.shape == (3, 64, 64) and one.trace[-1] > one.trace[0]
    picture = torch.nn.functional.interpolate(torch.from_numpy(one.image)[None], size=(224, 224), mode="bilinear")
    with torch.no_grad():
        tokens = model.network(model.numerics_for("blocks.1"), CPU)(picture.expand(2, -1, -1, -1), "blocks.1")[0, 5]
        start = METHOD.picture(batch_of(settled(224), 0))()
        before = model.network(model.numerics_for("blocks.1"), CPU)(start.expand(2, -1, -1, -1), "blocks.1")[0, 5]
    assert tokens.numel() == 196  # patches alone
    assert sign * float(tokens.mean()) > sign * float(before.mean())


def test_grey_models_get_grey_pictures():
    model = load_model(ModelSpec(name="g", source="callable", architecture="tiny_networks:grey", size=32, channels=1))
    image = render(model, Target(kind="channel", layer="body", unit=3), steps=6).image
    assert np.array_equal(image[0], image[1]) and np.array_equal(image[0], image[2]) and image.std() > 0.001
    assert math.isfinite(image.std())
