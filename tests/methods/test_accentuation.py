"""What accentuation does with its own parameters; common rules are in test_contract.py."""

from hashlib import sha256
from io import BytesIO

import numpy as np
import pytest
import torch
from method_runs import rendered, resolved
from small_photos import picture

from atlas.core.job import LOGITS, Target
from atlas.errors import ModelError
from atlas.methods import methods
from atlas.methods.photos import photos_of
from atlas.models.load import load_model
from atlas.models.spec import ModelSpec
from atlas.synthesis.scores.accentuation import AccentuationScore

CPU = torch.device("cpu")
METHOD = methods.get("accentuation")
SMALL = {"image_size": 32, "steps": 40, "crops": 4, "learning_rate": 0.2, "regularisation": 1.0}


def photo(seed):
    stream = BytesIO()
    picture(seed % 3, seed, 64).save(stream, "PNG")
    return stream.getvalue()


PHOTOS = {sha256(data).hexdigest(): data for data in (photo(1), photo(2))}
FIRST, SECOND = PHOTOS


@pytest.fixture(scope="module")
def tiny():
    return load_model(ModelSpec(name="tiny", source="callable", architecture="tiny_networks:tiny", size=32))


def logit(unit=3, photo=FIRST):
    return Target(kind="logit", layer=LOGITS, unit=unit, photo=photo)


def render(model, target, seed=0, **parameters):
    return rendered(METHOD, model, [target], [seed], PHOTOS.__getitem__, **parameters)[0]


def given(target, side=32):
    return photos_of([target], side, PHOTOS.__getitem__)[0]


def activation(model, image, layer):
    shown = torch.as_tensor(image)[None].expand(2, -1, -1, -1)
    with torch.no_grad():
        return model.network("float32", CPU)(shown, layer)[0].double()


def likeness(image, target):
    return 10 * np.log10(1 / np.mean((image.astype(float) - given(target).numpy()) ** 2))


@pytest.mark.parametrize("parametrization", ["phase", "spectrum"])
@pytest.mark.parametrize(
    "target",
    [logit(), Target(kind="channel", layer="body", unit=2, photo=SECOND)],
    ids=["logit", "channel"],
)
def test_it_raises_the_unit_and_stays_nearer_to_the_photo_than_what_starts_from_noise(tiny, target, parametrization):
    one = render(tiny, target, parametrization=parametrization, **SMALL)
    before, after = (activation(tiny, image, target.layer)[target.unit].mean() for image in (given(target), one.image))
    assert one.status == "done" and after > before
    maco = methods.get("maco")
    without = target.model_copy(update={"photo": None})
    [noise] = rendered(maco, tiny, [without], image_size=32, steps=40, crops=4)
    assert likeness(one.image, target) > likeness(noise.image, target) + 5


def test_negatives_lower_the_unit(tiny):
    target = logit().model_copy(update={"sign": -1})
    one = render(tiny, target, **SMALL)
    assert activation(tiny, one.image, LOGITS)[3] < activation(tiny, given(target), LOGITS)[3]


def test_the_heavier_the_regularisation_the_nearer_the_early_layer_stays_to_the_photo(tiny):
    wanted, errors, reached = activation(tiny, given(logit()), "act"), [], []
    for weight in (0.0, 1.0, 30.0):
        image = render(tiny, logit(), layer="act", **SMALL | {"regularisation": weight}).image
        errors.append(float(((activation(tiny, image, "act") - wanted) ** 2).sum() / (wanted**2).sum()))
        reached.append(float(activation(tiny, image, LOGITS)[3]))
    assert errors == sorted(errors, reverse=True) and errors[2] < 0.5 * errors[0]
    assert reached == sorted(reached, reverse=True)


def test_the_score_is_the_objective_minus_the_weighted_error_in_float64(tiny):
    """By the definition, on numbers read off the layers: ``f(x) - weight * std(f over units) * error``."""
    network, target = tiny.network("float32", CPU), Target(kind="channel", layer="body", unit=2, photo=FIRST)
    generator = torch.Generator().manual_seed(0)
    views, photos = torch.rand(2, 3, 32, 32, generator=generator), given(target)[None]
    score = AccentuationScore(network, [target], "act", 4.0, photos, {}.__getitem__)
    found = score(torch.cat([views, photos.expand(2, -1, -1, -1)], dim=1))
    spread = activation(tiny, photos[0], "body").mean(dim=(1, 2)).numpy().std()
    wanted = activation(tiny, photos[0], "act")
    for view in (0, 1):
        early = activation(tiny, views[view], "act")
        error = float(((early - wanted) ** 2).sum() / (wanted**2).sum())
        expected = float(activation(tiny, views[view], "body")[2].mean()) - 4.0 * spread * error
        assert float(found[0, view]) == pytest.approx(expected, rel=1e-4)


def test_the_seed_moves_the_crops_alone(tiny):
    """After a step that changes nothing, all seeds show the photo."""
    for seed in (0, 1):
        one = render(tiny, logit(), seed, **SMALL | {"steps": 1, "learning_rate": 1e-9})
        np.testing.assert_array_equal((one.image * 255).round(), (given(logit()) * 255).round().numpy())


def test_the_early_layer_is_found_and_can_be_named(tiny):
    found = resolved(METHOD, tiny)
    assert found.layer in {layer.name for layer in tiny.card.layers} and METHOD.reads(found) == (found.layer,)
    with pytest.raises(ModelError, match='no layer "stm"') as raised:
        resolved(METHOD, tiny, layer="stm")
    assert '"stem"' in str(raised.value)


@pytest.mark.parametrize(
    ("architecture", "layer"),
    [("resnet18", "layer1"), ("vit_tiny_patch16_224", "blocks.0"), ("convnext_atto", "stages.0")],
)
def test_it_is_the_first_stage_or_block(architecture, layer):
    model = load_model(ModelSpec(name="m", architecture=architecture, pretrained=False))
    assert resolved(METHOD, model).layer.startswith(layer)


def test_grey_models_get_grey_pictures():
    model = load_model(ModelSpec(name="g", source="callable", architecture="tiny_networks:grey", size=32, channels=1))
    image = render(model, logit(), **SMALL | {"steps": 4}).image
    assert np.array_equal(image[0], image[1]) and np.array_equal(image[0], image[2]) and image.std() > 0.01
