"""What deep_inversion and plug_in_inversion do with their own parameters; common rules are in test_contract.py."""

import numpy as np
import pytest
import torch
from method_runs import model_with, rendered, resolved
from small_runs import configuration

from atlas.core.job import LOGITS, Preprocessing, Target
from atlas.errors import ConfigError
from atlas.methods import methods
from atlas.models.load import load_model
from atlas.models.spec import ModelSpec
from atlas.plan.make import make_plan
from atlas.synthesis.pictures.parametrization import BoundedPixels
from atlas.synthesis.scores.classes import ClassEntropy

CPU = torch.device("cpu")
LOGIT = Target(kind="logit", layer=LOGITS, unit=3)


def loaded(network="tiny", **options):
    return load_model(
        ModelSpec(name="tiny", source="callable", architecture=f"tiny_networks:{network}", size=32, **options)
    )


@pytest.fixture(scope="module")
def tiny():
    return loaded()


def render(name, model, seed=0, **parameters):
    method = methods.get(name)
    numerics = model.numerics_for(LOGITS, keep_norms=bool(method.needs))
    return rendered(method, model, [LOGIT], [seed], numerics=numerics, **parameters)[0]


def refusal(tmp_path, model="tiny", **block):
    config = configuration(tmp_path, **block)
    with pytest.raises(ConfigError) as error:
        make_plan(config, {"tiny": loaded(model) if isinstance(model, str) else model})
    return str(error.value)


# --- plans -------------------------------------------------------------------------------------------------------


def test_a_network_without_batch_norm_is_refused_naming_the_methods_that_do_work(tmp_path):
    message = refusal(tmp_path, "colours", classes=(1,), method="deep_inversion", parameters={})
    assert 'method = "deep_inversion" needs batch norm, which model "tiny" does not have' in message
    able = message.split("; ")[1].removesuffix(" can").split(", ")
    assert {"maco", "fourier", "plug_in_inversion", "vit_maximization"} <= set(able)
    assert "deep_inversion" not in able


@pytest.mark.parametrize("name", ["deep_inversion", "plug_in_inversion"])
def test_channels_and_negatives_are_refused_naming_the_methods_that_do_work(tmp_path, name, tiny):
    options = {"method": name, "parameters": {}}
    message = refusal(tmp_path, tiny, layers=("body",), **options)
    assert "cannot render a channel" in message and "vit_maximization" in message
    for sign in ("negative", "both"):
        message = refusal(tmp_path, tiny, classes=(1,), sign=sign, **options)
        assert "cannot render what lowers a logit" in message and "maco" in message
        assert name not in message.split("; ")[1]


def test_a_plan_keeps_the_batch_norms_of_the_one_and_folds_those_of_the_other(tmp_path, tiny):
    for name, numerics in (("deep_inversion", "float32"), ("plug_in_inversion", "float32-folded")):
        plan = make_plan(configuration(tmp_path, method=name, classes=(1,), parameters={}), {"tiny": tiny})
        assert [job.job.numerics for job in plan.jobs] == [numerics]


def test_a_size_that_the_model_does_not_take_is_refused_by_the_setting_that_asks_for_it(tmp_path):
    """This one takes no other size than its own, and holds a batch norm."""
    model = loaded("fixed_size")
    for parameters, words in (
        ({"image_size": 64}, "parameters.image_size = 64: the model does not take it"),
        ({"half_resolution": 0.5}, "parameters.half_resolution = 0.5: the model does not take it"),
    ):
        message = refusal(tmp_path, model, classes=(1,), method="deep_inversion", parameters=parameters)
        assert words in message and "it expects 32 x 32" in message
    config = configuration(tmp_path, classes=(1,), method="deep_inversion", parameters={})
    assert len(make_plan(config, {"tiny": model}).jobs) == 1


@pytest.mark.parametrize("raised", [AssertionError, TypeError, SystemExit(3)])
def test_a_size_at_which_a_forward_raises_anything_is_refused_too(tmp_path, monkeypatch, raised):
    model = loaded("fixed_size")

    def forward(_):
        raise raised

    monkeypatch.setattr(model.module, "forward", forward)
    message = refusal(tmp_path, model, classes=(1,), method="deep_inversion", parameters={"image_size": 64})
    said = getattr(raised, "__name__", "it ended the program (exit status 3)")
    assert f"image_size = 64: the model does not take it ({said})" in message


# --- deep_inversion ----------------------------------------------------------------------------------------------


def test_the_defaults_are_those_of_the_authors(tiny):
    deep = methods.get("deep_inversion").parameters()
    assert (deep.steps, deep.learning_rate, deep.statistics, deep.first_statistics) == (2000, 0.25, 0.01, 10)
    assert (deep.jitter, deep.flip, deep.variation, deep.norm, deep.half_resolution) == (30, True, 1e-4, 1e-5, 0)
    plug_in = methods.get("plug_in_inversion").parameters()
    assert (plug_in.steps, plug_in.learning_rate, plug_in.jitter) == (2800, 0.01, 32)
    assert (plug_in.contrast, plug_in.brightness) == (1, 1)


def test_pictures_have_the_models_larger_side_unless_chosen():
    wide = Preprocessing(channels=3, height=96, width=128, mean=(0.5,) * 3, std=(0.5,) * 3)
    for name in ("deep_inversion", "plug_in_inversion"):
        method = methods.get(name)
        assert resolved(method, model_with(wide)).side == 128
        assert resolved(method, model_with(wide), image_size=64).side == 64
    assert resolved(method, model_with(wide)).shown == (96, 128)


def test_the_distance_from_the_statistics_falls_with_their_weight(tiny):
    """On pictures of the same steps: the more it weighs, the nearer the network's norm sees what it holds."""
    from atlas.models.network.norms import norm_inputs
    from atlas.synthesis.scores.classes import statistics_distance

    network, found = tiny.network("float32", CPU), []
    for weight in (0.0, 10.0):
        one = render("deep_inversion", tiny, steps=60, statistics=weight, jitter=4)
        with norm_inputs(network.module) as seen, torch.no_grad():
            network(torch.from_numpy(one.image).expand(2, -1, -1, -1), LOGITS)
        found.append(float(statistics_distance(seen, 10.0)[0]))
    assert found[1] < 0.8 * found[0]


def test_the_class_becomes_more_likely_on_the_whole_picture(tiny):
    network = tiny.network("float32", CPU)
    for name, parameters in (
        ("deep_inversion", {"steps": 60, "statistics": 0.0, "jitter": 4}),
        ("plug_in_inversion", {"steps": 140, "learning_rate": 0.1, "views": 4, "jitter": 4}),
    ):
        image = torch.from_numpy(render(name, tiny, **parameters).image)
        before = torch.rand(3, 32, 32, generator=torch.Generator().manual_seed(0))
        start, end = ClassEntropy(network, [3])(torch.stack([before, image]))[0].tolist()
        assert end > start


def test_half_resolution_shows_half_the_side_in_the_first_part(tiny):
    sides = []
    network = tiny.network("float32", CPU)
    handle = network.module.register_forward_pre_hook(lambda _, given: sides.append(given[0].shape[2]))
    parameters = {"steps": 9, "half_resolution": 2 / 3, "image_size": 48, "jitter": 4}
    one = render("deep_inversion", tiny, **parameters)
    handle.remove()
    assert sides == [24] * 6 + [48] * 3
    assert one.image.shape == (3, 48, 48)


def test_pixels_are_kept_in_range_after_every_step():
    start = torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(0)) * 9
    picture = BoundedPixels(start, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    optimizer = torch.optim.SGD(picture.parameters(), lr=0.3)
    optimizer.register_step_post_hook(picture.project)
    low, high = (torch.tensor([(edge - mean) / std for mean, std in ((0.485, 0.229), (0.456, 0.224), (0.406, 0.225))])
                 for edge in (0.0, 1.0))  # fmt: skip
    for _ in range(5):
        before = picture.values.detach().clone()
        image = picture()
        assert image.min() >= 0 and image.max() <= 1
        direction = torch.randn(image.shape, generator=torch.Generator().manual_seed(1))
        optimizer.zero_grad()
        (image * direction).sum().backward()
        std = torch.tensor([0.229, 0.224, 0.225])[:, None, None]
        torch.testing.assert_close(picture.values.grad, direction * std)  # also where a pixel is at the edge
        optimizer.step()
        expected = torch.maximum(torch.minimum(before - 0.3 * direction * std, high[:, None, None]), low[:, None, None])
        torch.testing.assert_close(picture.values.detach(), expected)


@pytest.mark.parametrize("name", ["deep_inversion", "plug_in_inversion"])
def test_grey_models_get_grey_pictures(name):
    image = render(name, loaded("grey", channels=1), steps=7, jitter=2).image
    assert np.array_equal(image[0], image[1]) and np.array_equal(image[0], image[2]) and image.std() > 0.01


# --- plug_in_inversion -------------------------------------------------------------------------------------------


def test_stages_grow_from_two_to_eight_eighths_and_noise_stays_where_none_has_been(tiny, monkeypatch):
    sides = []
    from atlas.synthesis.views import rolled

    original = rolled.roll

    def spy(images, shifts):
        sides.append(images.shape[2])
        return original(images, shifts)

    monkeypatch.setattr(rolled, "roll", spy)
    one = render("plug_in_inversion", tiny, steps=14, image_size=64, views=2, jitter=3)
    assert sides == [side for side in (16, 24, 32, 40, 48, 56, 64) for _ in range(2)]
    start = torch.rand(3, 64, 64, generator=torch.Generator().manual_seed(0)).numpy()
    moved = np.abs(one.image - start).max(axis=0)
    rings = [moved[8 * ring // 2 : 64 - 8 * ring // 2, 8 * ring // 2 : 64 - 8 * ring // 2].mean() for ring in range(7)]
    assert rings == sorted(rings)  # the middle has been moved in every stage, the rim in the last alone
    assert moved[:4].max() <= 0.0101 * 5  # Adam's two steps of the last stage


def test_transformers_are_inverted_too():
    model = load_model(ModelSpec(name="vit", architecture="vit_tiny_patch16_224", pretrained=False))
    one = render("plug_in_inversion", model, steps=2, image_size=64, views=2)
    assert one.status == "done" and one.image.shape == (3, 64, 64)
