"""What vit_inversion and inversion do with their own parameters; common rules are in test_contract.py."""

from hashlib import sha256
from io import BytesIO

import numpy as np
import pytest
import torch
from method_runs import batch_of, rendered, resolved
from small_photos import picture

from atlas.core.job import LOGITS, Target
from atlas.errors import ConfigError, ModelError
from atlas.methods import methods
from atlas.methods.photos import photos_of
from atlas.methods.vit_inversion import picture_of, views_of
from atlas.models.load import load_model
from atlas.models.spec import ModelSpec
from atlas.synthesis.pictures.parametrization import frequency_scale
from atlas.synthesis.pictures.spectrum import natural_spectrum
from atlas.synthesis.views.morphology import closing, opening

CPU = torch.device("cpu")
VIT = methods.get("vit_inversion")
MACO = methods.get("inversion")


def photo(colour, seed):
    stream = BytesIO()
    picture(colour, seed, 64).save(stream, "PNG")
    return stream.getvalue()


PHOTOS = {sha256(data).hexdigest(): data for data in (photo(0, 1), photo(1, 2), photo(2, 3))}


def targets(layer, count=1):
    return [Target(kind="inversion", layer=layer, photo=digest) for digest in list(PHOTOS)[:count]]


def model_of(architecture, **options):
    return load_model(ModelSpec(name="m", architecture=architecture, **(options or {"pretrained": False})))


@pytest.fixture(scope="module")
def tiny():
    return model_of("tiny_networks:tiny", source="callable", size=32)


@pytest.fixture(scope="module")
def vit():
    return model_of("vit_tiny_patch16_224")


def render(method, model, chosen, seeds=None, **parameters):
    return rendered(method, model, chosen, seeds, PHOTOS.__getitem__, **parameters)


def error(model, image, target, side=32):
    """Return the relative squared error of the layer's activation, in float64."""
    network = model.network("float32", CPU)
    shown = torch.stack([torch.from_numpy(image), photos_of([target], side, PHOTOS.__getitem__)[0]])
    with torch.no_grad():
        found, wanted = network(shown, target.layer).double()
    return float(((found - wanted) ** 2).sum() / (wanted**2).sum())


def likeness(image, target, side=32):
    """Return the PSNR to the photo, dB."""
    wanted = photos_of([target], side, PHOTOS.__getitem__)[0].numpy()
    return 10 * np.log10(1 / np.mean((image.astype(float) - wanted) ** 2))


# --- both --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layer", ["act", "body", LOGITS])
@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        (VIT, {"steps": 80, "learning_rate": 0.02}),
        (VIT, {"steps": 80, "learning_rate": 0.1, "domain": "pixels"}),
        (VIT, {"steps": 80, "learning_rate": 0.02, "bounds": "clamp"}),
        (VIT, {"steps": 80, "domain": "pixels", "bounds": "clamp"}),
        (MACO, {"steps": 60, "image_size": 32, "crops": 4, "crop_mean": 0.8}),
        (MACO, {"steps": 60, "image_size": 32, "crops": 4, "crop_mean": 0.8, "reference": "photo"}),
    ],
)
def test_inversion_lowers_the_error_of_the_layer(tiny, method, parameters, layer):
    (target,) = targets(layer)
    (one,) = render(method, tiny, [target], **parameters)
    (start,) = render(method, tiny, [target], **parameters | {"steps": 1, "learning_rate": 1e-6})
    assert one.status == "done" and one.trace[-1] > one.trace[0]
    assert error(tiny, one.image, target) < 0.8 * error(tiny, start.image, target)


@pytest.mark.parametrize(
    ("method", "parameters"),
    [(VIT, {"steps": 12}), (VIT, {"steps": 12, "bounds": "clamp"}),
     (VIT, {"steps": 12, "bounds": "clamp", "domain": "pixels"}), (MACO, {"steps": 12, "image_size": 32, "crops": 3}),
     (MACO, {"steps": 12, "image_size": 32, "crops": 3, "reference": "photo"})],
)  # fmt: skip
def test_a_picture_is_of_its_own_photo_and_does_not_depend_on_its_batch(tiny, method, parameters):
    chosen = targets("body", 3)
    together = render(method, tiny, chosen, [5, 6, 7], **parameters)
    for number, target in enumerate(chosen):
        (alone,) = render(method, tiny, [target], [5 + number], **parameters)
        np.testing.assert_allclose(together[number].trace, alone.trace, rtol=1e-4, atol=1e-5)
        assert np.abs(together[number].image - alone.image).mean() < 0.005
    (other,) = render(method, tiny, chosen[1:2], [5], **parameters)
    assert np.abs(other.image - together[0].image).max() > 0.01


@pytest.mark.parametrize(
    ("method", "parameters"),
    [(VIT, {}), (VIT, {"bounds": "clamp"}), (VIT, {"bounds": "clamp", "domain": "pixels"}), (MACO, {"image_size": 32})],
)
def test_networks_that_see_luminance_alone_get_grey_pictures(method, parameters):
    model = model_of("tiny_networks:grey", source="callable", size=32, channels=1)
    (one,) = render(method, model, targets("body"), steps=6, **parameters)
    assert np.array_equal(one.image[0], one.image[1]) and one.image.std() > 0.001


# --- vit_inversion -----------------------------------------------------------------------------------------------


def test_the_ablations_of_table_1_are_parameters():
    found = VIT.parameters()
    assert (found.steps, found.decay, found.regularised, found.morphology) == (200, 1.9, 0.5, 1)
    assert (found.domain, found.attention, found.attention_weight) == ("frequency", "auto", 0.3)
    for one in ({"domain": "pixels"}, {"regularised": 0}, {"attention": "off"}):
        VIT.parameters(**one)


@pytest.mark.parametrize(
    ("asked", "rate"),
    [({}, 0.01), ({"bounds": "clamp"}, 0.01), ({"domain": "pixels", "bounds": "clamp"}, 0.01),
     ({"domain": "pixels"}, 0.1), ({"domain": "pixels", "learning_rate": 0.03}, 0.03)],
)  # fmt: skip
def test_the_step_size_lets_pixels_reach_every_colour(tiny, asked, rate):
    """No step of Adamax is longer than its size: all together must bring a grey pixel to the darkest and brightest."""
    found = resolved(VIT, tiny, **asked)
    assert found.learning_rate == rate
    if found.domain == "pixels" and "learning_rate" not in asked:
        farthest = 0.5 if found.bounds == "clamp" else float(torch.logit(torch.tensor(1 - 0.5 / 255)))
        assert found.steps * found.learning_rate > farthest


def test_a_clamped_picture_is_the_inverse_transform_and_nothing_else(tiny):
    """By hand: Lucid's scale, its 4, the authors' 0.6, and everything beyond 0 and 1 cut off."""
    values = resolved(VIT, tiny, bounds="clamp", start=3.0)
    picture = picture_of(batch_of(values, 3, 4))
    z = torch.view_as_complex(picture.coefficients.detach().double())
    signal = torch.fft.irfft2(z * frequency_scale(32, 32, 1.9), s=(32, 32)) / 4
    shown = picture().detach().double()
    torch.testing.assert_close(shown, (0.6 * signal).clamp(0, 1), rtol=0, atol=1e-4)
    assert (shown == 0).any() and ((shown > 0) & (shown < 1)).any()


def test_clamped_pixels_are_themselves_and_stay_in_range(tiny):
    (one,) = render(VIT, tiny, targets("act"), steps=3, bounds="clamp", domain="pixels", learning_rate=5.0)
    assert ((one.image == 0) | (one.image == 1)).mean() > 0.9
    (start,) = render(VIT, tiny, targets("act"), steps=1, bounds="clamp", domain="pixels", learning_rate=1e-9)
    assert abs(float(start.image.mean()) - 0.5) < 0.01 and 0.005 < start.image.std() < 0.02


@pytest.mark.parametrize(("side", "shift"), [(224, 4), (250, 4), (251, 5), (50, 0), (32, 0), (384, 7)])
def test_the_shift_is_the_greatest_whole_number_below_a_fiftieth(tiny, side, shift):
    """The paper's T: "the greatest integer less than (W + H) / 100"."""
    assert resolved(VIT, tiny, image_size=side).shift == shift
    assert max(whole for whole in range(side) if whole < (side + side) / 100) == shift


def test_a_shift_beyond_the_picture_is_refused(tiny):
    with pytest.raises(ConfigError, match="shift = 32 moves a picture of 32 pixels"):
        resolved(VIT, tiny, shift=32)


@pytest.mark.parametrize(("share", "switch"), [(0.75, 9), (0.0, 0), (1.0, 12), (0.5, 6)])
def test_pictures_are_regularised_in_the_first_steps_and_bare_in_the_last(tiny, share, switch):
    """The bare ones are the pictures; the others are closed and opened windows of them, by hand."""
    values = resolved(VIT, tiny, steps=12, shift=2, regularised=share)
    views = views_of(batch_of(values, 3))
    images = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    padded = torch.nn.functional.pad(images, (2, 2, 2, 2), mode="reflect")
    windows = [padded[:, :, y : y + 32, x : x + 32] for y in range(5) for x in range(5)]
    smooth = [opening(closing(window, [kind]), [kind]) for window in windows for kind in range(5)]
    for step in range(12):
        shown = views(images, step, slice(None))
        if step < switch:
            assert min(float((shown - one).abs().max()) for one in smooth) < 1e-6
        else:
            assert torch.equal(shown, images)


def test_the_score_is_minus_both_errors_and_the_weight_is_that_of_attention(vit):
    """The first value of the trace, from the start picture, by hand and with the class token."""
    (target,), module = targets("blocks.1"), vit.module
    seen = []
    handles = [
        module.get_submodule(path).register_forward_hook(lambda _, __, out: seen.append(out.double()))
        for path in ("blocks.1.attn", "blocks.1")
    ]
    network = vit.network("float32", CPU)
    (start,) = render(VIT, vit, [target], steps=1, learning_rate=1e-9, regularised=0)
    seen.clear()
    shown = torch.stack([torch.from_numpy(start.image), photos_of([target], 224, PHOTOS.__getitem__)[0]])
    with torch.no_grad():
        module(network.inputs(shown))
    for handle in handles:
        handle.remove()
    attention, block = (float(((one[0] - one[1]) ** 2).sum() / (one[1] ** 2).sum()) for one in seen)
    assert seen[1].shape == (2, 197, 192)
    for weight in (1.0, 0.25):
        (one,) = render(VIT, vit, [target], steps=1, regularised=0, attention_weight=weight)
        assert -one.trace[0] == pytest.approx(block + weight * attention, rel=1e-3)
    (one,) = render(VIT, vit, [target], steps=1, regularised=0, attention="off")
    assert -one.trace[0] == pytest.approx(block, rel=1e-3)


def test_networks_without_attention_are_inverted_without_it_and_say_so_when_it_is_asked_for(tiny, vit):
    assert resolved(VIT, tiny).attention == "off"
    assert resolved(VIT, vit).attention == "auto"
    with pytest.raises(ConfigError, match='model "m" has no attention branch') as raised:
        resolved(VIT, tiny, attention="on")
    assert '"auto" matches the layer alone' in str(raised.value)


def test_a_layer_without_attention_is_matched_alone_or_refused(vit):
    (one,) = render(VIT, vit, targets("patch_embed"), steps=1)
    assert one.status == "done"
    asked = resolved(VIT, vit, attention="on")
    objections = [VIT.objection(asked, vit.card.layer(name), vit) for name in ("patch_embed", "blocks.1")]
    assert "patch_embed" in objections[0] and objections[1] == ""
    with pytest.raises(ModelError, match='layer "patch_embed" has no attention branch'):
        render(VIT, vit, targets("patch_embed"), steps=1, attention="on")


# --- inversion ---------------------------------------------------------------------------------------------------


def test_the_magnitude_stays_natural(tiny):
    """The inversion is MACO's picture: zero mean and unit variance of that magnitude, whatever the photo."""
    from atlas.synthesis.pictures.colour import decorrelate

    (one,) = render(MACO, tiny, targets("act"), steps=30, image_size=32, crops=2)
    signal = decorrelate(torch.logit(torch.from_numpy(one.image).double())[None])
    found = torch.fft.rfft2(signal)[0, :, :, 1:-1].abs()
    wanted = natural_spectrum(32, 32)[:, :, 1:-1].double()
    torch.testing.assert_close(found, wanted * (found / wanted).median(), rtol=0, atol=1e-3 * float(wanted.max()))


def test_transparency_is_where_the_picture_differed(tiny):
    (one,) = render(MACO, tiny, targets("act"), steps=10, image_size=32)
    assert one.alpha.shape == (32, 32) and one.alpha.min() >= 0 and one.alpha.std() > 0
