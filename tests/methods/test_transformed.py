"""What fourier, cbr and feature_vis do with their own parameters; what all methods must do is in test_contract.py."""

import numpy as np
import pytest
import torch
from method_runs import batch_of, model_with, rendered, resolved

from atlas.core.job import LOGITS, Preprocessing, Target
from atlas.errors import ConfigError
from atlas.methods import methods
from atlas.models.load import load_model
from atlas.models.spec import ModelSpec
from atlas.synthesis.steps.gradient_step import NormalisedStep
from atlas.synthesis.views.moves import CropOrPad, Jitter, Rotate, Scale, lucid, xplique

CPU = torch.device("cpu")
NAMES = ["fourier", "cbr", "feature_vis"]


@pytest.fixture(scope="module")
def tiny():
    return load_model(ModelSpec(name="tiny", source="callable", architecture="tiny_networks:tiny", size=32))


@pytest.fixture(scope="module")
def transformer():
    return load_model(ModelSpec(name="vit", architecture="vit_tiny_patch16_224", pretrained=False))


def render(name, model, target, seed=0, **parameters):
    method = methods.get(name)
    known = {key: value for key, value in parameters.items() if key in method.parameters.model_fields}
    return rendered(method, model, [target], [seed], **known)[0]


LOGIT = Target(kind="logit", layer=LOGITS, unit=3)


def high_share(image):
    """Share of a picture's energy, mean left out, above an eighth of a cycle per pixel."""
    energy = np.abs(np.fft.fft2(image - image.mean(axis=(1, 2), keepdims=True))) ** 2
    frequency = np.hypot(np.fft.fftfreq(image.shape[1])[:, None], np.fft.fftfreq(image.shape[2]))
    return energy[:, frequency > 1 / 8].sum() / energy.sum()


@pytest.mark.parametrize("name", NAMES)
def test_the_picture_and_its_views_have_the_models_size_unless_chosen(name):
    method = methods.get(name)
    wide = Preprocessing(channels=3, height=96, width=128, mean=(0.5,) * 3, std=(0.5,) * 3)
    for parameters, side, shown in (
        ({}, 128, (96, 128)),
        ({"image_size": 64, "resolution": 48}, 64, (48, 48)),
        ({"resolution": (48, 40)}, 128, (48, 40)),
    ):
        found = resolved(method, model_with(wide), **parameters)
        assert (found.side, found.shown) == (side, shown)
        assert found.model_dump(mode="json")["resolution"] == list(shown)


def test_the_defaults_are_those_of_the_sources(tiny):
    fourier, pixels, climbing = (resolved(methods.get(name), tiny) for name in NAMES)
    for found in (fourier, pixels):
        assert (found.steps, found.learning_rate, found.start, found.views) == (512, 0.05, 0.01, 1)
        assert found.transformations == "lucid" and found.decorrelate
    assert fourier.decay == 1.0 and not hasattr(pixels, "decay")
    assert climbing.steps == 1000


@pytest.mark.parametrize(
    ("choice", "stages", "fill"), [("lucid", lucid(64), 0.5), ("xplique", xplique(64), 0.0), ("none", (), 0.5)]
)
@pytest.mark.parametrize("name", ["fourier", "cbr"])
def test_transformations_are_chosen_by_name(name, choice, stages, fill):
    method = methods.get(name)
    assert method.transformations(method.parameters(image_size=64, transformations=choice)) == (stages, fill)


def test_feature_vis_jitters_scales_and_rotates_within_its_parameters(tiny):
    parameters = resolved(methods.get("feature_vis"), tiny, image_size=64, jitter=5, scale=0.2, rotate=2.5)
    (jitter, scale, rotation, window), fill = methods.get("feature_vis").transformations(parameters)
    assert (jitter, window, fill) == (Jitter(5), CropOrPad(64), 0.5)
    assert isinstance(scale, Scale) and isinstance(rotation, Rotate)
    assert (min(scale.factors), max(scale.factors)) == pytest.approx((0.8, 1.2)) and len(scale.factors) == 11
    assert (min(rotation.degrees), max(rotation.degrees)) == (-2.5, 2.5)


def test_a_jitter_that_leaves_nothing_of_the_picture_is_refused(tiny):
    with pytest.raises(ConfigError, match=r"jitter = 32 leaves no window of a picture of 32 pixels") as error:
        resolved(methods.get("feature_vis"), tiny, jitter=32)
    assert "below 32" in error.value.remedy


@pytest.mark.parametrize("name", ["fourier", "feature_vis"])
def test_decay_shifts_energy_from_high_to_low_frequencies(name, tiny):
    shares = [high_share(render(name, tiny, LOGIT, steps=15, decay=decay).image) for decay in (0.0, 1.0, 2.0)]
    assert shares[0] > 1.5 * shares[1] > 2 * shares[2]


def test_pixels_hold_more_high_frequencies_than_the_amplified_spectrum(tiny):
    pixels, spectrum = (high_share(render(name, tiny, LOGIT, steps=15).image) for name in ("cbr", "fourier"))
    assert pixels > 1.5 * spectrum


@pytest.mark.parametrize("name", ["fourier", "feature_vis"])
def test_a_large_decay_saturates_colours_unless_pictures_are_standardised(name, tiny):
    parameters = {"steps": 30, "decay": 2.0, "learning_rate": 0.05}
    kept, free = (render(name, tiny, LOGIT, standardise=choice, **parameters).image for choice in (True, False))
    assert free.std() > 1.5 * kept.std()


def test_the_bare_gradient_step_is_that_of_equation_2(tiny):
    """One step of Algorithm 1 moves z by the rate times the gradient; normalised, by the rate itself."""
    method = methods.get("feature_vis")
    for normalise, kind in ((True, NormalisedStep), (False, torch.optim.SGD)):
        parameters = resolved(methods.get("feature_vis"), tiny, normalise_gradient=normalise, learning_rate=0.25)
        picture = method.picture(batch_of(parameters, 0))
        before = picture.coefficients.detach().clone()
        optimizer = method.optimizer(parameters, picture)
        assert type(optimizer) is kind
        gradient = torch.randn(before.shape, generator=torch.Generator().manual_seed(1)) * 7
        picture.coefficients.grad = -gradient  # the loop turns the sign of what is maximised
        optimizer.step()
        expected = gradient / gradient.square().mean().sqrt() if normalise else gradient
        torch.testing.assert_close(picture.coefficients.detach(), before + 0.25 * expected)


@pytest.mark.parametrize("name", NAMES)
def test_vision_transformers_are_rendered_at_every_depth(name, transformer):
    for target in (LOGIT, Target(kind="channel", layer="blocks.1", unit=5, sign=-1)):
        one = render(name, transformer, target, steps=4, image_size=64)
        assert one.status == "done" and one.image.shape == (3, 64, 64)
        assert one.trace[-1] > one.trace[0]


@pytest.mark.parametrize("name", NAMES)
def test_grey_models_get_grey_pictures(name):
    model = load_model(ModelSpec(name="g", source="callable", architecture="tiny_networks:grey", size=32, channels=1))
    image = render(name, model, LOGIT, steps=4).image
    assert np.array_equal(image[0], image[1]) and np.array_equal(image[0], image[2]) and image.std() > 0.001


@pytest.mark.parametrize("name", NAMES)
def test_a_blocked_unit_is_woken_and_one_that_cannot_be_is_dead(name):
    model = load_model(ModelSpec(name="d", source="callable", architecture="tiny_networks:with_dead_units", size=32))
    targets = [Target(kind="channel", layer="act2", unit=unit) for unit in (0, 1)]
    # Waking must succeed in the 16 steps in which gradients are redirected, so they are large.
    dead, woken = (render(name, model, target, steps=24, learning_rate=0.5, standardise=False) for target in targets)
    assert dead.status == "dead" and dead.image is None
    assert woken.status == "done" and woken.trace[0] == 0 < woken.trace[-1]
