"""What every registered method must do, and what every family of models must allow."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from method_runs import model_with
from method_targets import LOOKS, NAMED, VECTORS, seed_of, settled, targets_of
from records import PREPROCESSING, job
from small_runs import PARAMETERS

from atlas.core.job import LOGITS, Facet, Target
from atlas.core.method_card import MethodCard
from atlas.errors import ModelError
from atlas.jobs.lanes import one_thread
from atlas.methods import RenderBatch, methods
from atlas.models.load import load_model
from atlas.models.spec import ModelSpec
from atlas.plan.jobs import Jobs
from atlas.synthesis.steps.ascent import Stopped

CPU = torch.device("cpu")
ORDER = ("logit", "channel", "inversion", "caricature", "neuron", "direction")
METHODS = [name for name, _ in methods]
CHANNELS = [name for name, method in methods if "channel" in method.kinds]
KINDS = [(name, kind) for name, method in methods for kind in sorted(method.kinds)]
ONE_KIND = {name: next(kind for kind in ORDER if kind in method.kinds) for name, method in methods}
"""A kind of each method: of what holds for any kind alike, one is tried."""
EASIER = {
    "natural": {"light_jitter": 0.0, "colour_jitter": 0.0},
    "accentuation": {"regularisation": 1.0, "learning_rate": 0.2},
    "plug_in_inversion": {"contrast": 0.0, "brightness": 0.0, "learning_rate": 0.1},
}
"""What lets a method climb in 40 steps: ever other crops and colours change a random network more than so few can."""
WAKING = {name: {"learning_rate": 0.5} for name in ("cbr", "fourier", "vit_maximization")}
"""What wakes a sleeping unit within the few steps of a test, where pictures start close to grey."""
FAMILIES = {
    "tf_efficientnet_lite0": "blocks.2.1",
    "resnet18": "layer2.1",
    "convnext_atto": "stages.1",
    "vit_tiny_patch16_224": "blocks.3",
    "swin_tiny_patch4_window7_224": "layers.1",
}
"""One model of each family, and a layer in its middle."""


@pytest.fixture(scope="module")
def tiny():
    return load_model(ModelSpec(name="tiny", source="callable", architecture="tiny_networks:tiny", size=32))


def render(model, name, targets, parameters=PARAMETERS, seeds=None, **options):
    method, resolved = methods.get(name), settled(model, name, parameters)
    made = Jobs("m", model, method, resolved.parameters, "float32")
    jobs = [made.job(target, 0) for target in targets]
    network = model.network(jobs[0].numerics, CPU)
    load_input = (resolved.inputs | NAMED).__getitem__
    seeds = seeds or [seed_of(one) for one in jobs]
    return method.render(RenderBatch(network, targets, seeds, resolved.parameters, load_input, **options))


QUICK_LOOKS = {"steps": 3, "image_size": 32, "crops": 2, "learning_rate": 0.05}


def hooks_of(part):
    return [*part._forward_pre_hooks, *part._forward_hooks, *part._backward_hooks]


def logits(*units):
    return [Target(kind="logit", layer=LOGITS, unit=unit) for unit in units]


def some_targets(name, count):
    """Return targets of a method, the first kind of :data:`ORDER` that it renders."""
    return targets_of(ONE_KIND[name], name)[:count]


@pytest.mark.parametrize("name", METHODS)
def test_declarations_are_complete(name):
    method = methods.get(name)
    assert method.name == name
    assert method.version >= 1
    assert method.kinds
    assert method.title and method.summary and method.paper.url.startswith("https://")
    for field in method.parameters.model_fields.values():
        assert field.description
    assert json.dumps(method.parameters().model_dump())


@pytest.mark.parametrize("name", METHODS)
def test_its_card_explains_it_and_every_parameter(name):
    method = methods.get(name)
    card = method.card
    assert MethodCard.model_validate_json(card.model_dump_json()) == card
    assert len(card.paragraphs) >= 2 and len(card.limits) >= 2
    assert all(text.strip().endswith(".") for text in (card.summary, *card.paragraphs, *card.limits))
    assert card.paper and card.paper.venue and card.paper.equation
    assert [one.name for one in card.parameters] == [*method.parameters.model_fields]
    defaults = method.parameters().model_dump(mode="json")
    for one in card.parameters:
        assert one.meaning and not one.meaning.endswith(".") and one.allowed
        assert one.default == defaults[one.name]


@pytest.mark.parametrize("name", METHODS)
def test_parameters_resolve_to_complete_json_once_and_for_all(name, tiny):
    method = methods.get(name)
    first, second = (settled(tiny, name) for _ in range(2))
    assert first == second
    assert json.loads(json.dumps(first.dump)) == first.dump
    assert first.dump.keys() == method.parameters.model_fields.keys()
    assert None not in first.dump.values()


@pytest.mark.parametrize("name", METHODS)
def test_a_jobs_parameters_are_read_back_as_they_were(name, tiny):
    resolved = settled(tiny, name)
    read = methods.get(name).complete(json.loads(json.dumps(resolved.dump)))
    assert read == resolved.parameters and read.model_dump_json() == resolved.parameters.model_dump_json()


def test_keys_of_macos_jobs_change_only_on_purpose():
    """A change of this number makes every picture that was ever rendered with MACO's defaults unfindable."""
    method = methods.get("maco")
    resolved = method.resolve(method.parameters(), model_with(PREPROCESSING), Path())
    key = "a6ac6dbb21f7d0ca23c0f81a8cebb4d7c0c8f271fe5fa0cc1518a8a8c737e6b6"
    assert job(parameters=resolved.dump, version=method.version).key == key


@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_pictures_are_finite_in_range_and_raise_their_objective(name, kind, tiny):
    parameters = PARAMETERS | {"steps": 40, "crops": 8} | EASIER.get(name, {})
    for one in render(tiny, name, targets_of(kind, name)[:4], parameters):
        assert one.status == "done"
        assert one.image.shape == (3, 32, 32) and one.image.dtype == np.float32
        assert np.isfinite(one.image).all() and one.image.min() >= 0 and one.image.max() <= 1
        assert one.alpha.shape == (32, 32) and np.isfinite(one.alpha).all() and one.alpha.min() >= 0
        assert len(one.trace) == 40
        assert np.mean(one.trace[-8:]) > np.mean(one.trace[:4])


@pytest.mark.parametrize("name", METHODS)
def test_the_seed_decides_the_picture(name, tiny):
    first, again, other = (render(tiny, name, some_targets(name, 1), seeds=[seed])[0] for seed in (5, 5, 6))
    assert np.array_equal(first.image, again.image) and first.trace == again.trace
    assert np.allclose(first.image, other.image, atol=0.005) != methods.get(name).seeded


@pytest.mark.parametrize("name", METHODS)
def test_a_picture_does_not_depend_on_its_batch(name, tiny):
    same_in_every_batch(name, tiny, some_targets(name, 8), PARAMETERS | {"steps": 30})


@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_that_holds_for_every_kind(name, kind, tiny):
    together = same_in_every_batch(name, tiny, targets_of(kind, name)[:4], PARAMETERS)
    assert not np.allclose(together[0].image, together[1].image, atol=0.01)


def same_in_every_batch(name, model, targets, parameters):
    """Compare a picture made alone with itself in batches of two, three and as many as a thread makes; return these."""
    method = methods.get(name)
    given = settled(model, name, parameters).parameters
    most = min(len(targets), method.in_a_thread(targets[0].kind, given))
    with one_thread():
        alone = render(model, name, targets[:1], parameters)[0]
        for count in sorted({2, min(3, most), most}):
            some = render(model, name, targets[:count], parameters)
            assert some[0].trace == alone.trace
            assert np.array_equal(some[0].image, alone.image)
            assert np.array_equal(some[0].alpha, alone.alpha)
    return some


@pytest.mark.parametrize("name", [name for name, kind in KINDS if kind == "direction"])
def test_a_bad_direction_is_said_to_be_one(name, tiny):
    short, zero = list(VECTORS)[-2:]
    good = targets_of("direction", name)[0]
    with pytest.raises(ModelError, match=r'5 values, but layer "body" has 16 units'):
        render(tiny, name, [good, good.model_copy(update={"direction": short})])
    with pytest.raises(ModelError, match="is no direction"):
        render(tiny, name, [good.model_copy(update={"direction": zero})])


@pytest.mark.parametrize("name", METHODS)
def test_a_lone_view_is_as_in_a_batch(name, tiny):
    """One target with one crop makes a batch of one view, which linear layers would round differently."""
    same_in_every_batch(name, tiny, some_targets(name, 2), PARAMETERS | {"crops": 1, "steps": 30})


@pytest.mark.parametrize("name", METHODS)
def test_weights_and_hooks_are_as_before_also_after_an_error(name, tiny):
    before = {key: value.clone() for key, value in tiny.module.state_dict().items()}

    def fail(done, steps):
        raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        render(tiny, name, some_targets(name, 1), on_step=fail)
    for module in (tiny.module, tiny.network(tiny.numerics_for(LOGITS), CPU).module):
        assert [part for part in module.modules() if hooks_of(part)] == []
        assert [weight for weight in module.parameters() if weight.requires_grad or weight.grad is not None] == []
    for key, value in tiny.module.state_dict().items():
        assert torch.equal(value, before[key])


@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_a_network_that_makes_nan_gives_failures_and_never_a_picture_of_them(name, kind):
    model = load_model(ModelSpec(name="b", source="callable", architecture="tiny_networks:broken", size=32))
    targets = targets_of(kind, name)
    found = render(model, name, targets)
    method = methods.get(name)
    alone = kind in ("channel", "neuron") and not method.needs and not method.from_photo  # else all of it is NaN
    for target, one in zip(targets, found, strict=True):
        expected = "done" if alone and target.unit != 3 else "failed"
        assert one.status == expected, target
        assert expected == "done" or (one.image is None and "nan" in one.message.lower())


@pytest.mark.parametrize("name", CHANNELS)
def test_a_unit_that_nothing_excites_is_dead_and_the_rest_is_not(name):
    model = load_model(ModelSpec(name="d", source="callable", architecture="tiny_networks:with_dead_units", size=32))
    kept = targets_of("channel", name)[0].model_copy(update={"layer": "act2", "unit": 2})
    parameters = PARAMETERS | {"steps": 24} | WAKING.get(name, {})
    dead, done = render(model, name, [kept.model_copy(update={"unit": 0}), kept], parameters)
    assert (dead.status, dead.image) == ("dead", None)
    assert "within 24 steps, nor did redirected ReLU gradients in the first 16" in dead.message
    assert done.status == "done"


@pytest.mark.parametrize("name", CHANNELS)
def test_a_unit_that_only_redirected_gradients_reach_is_not_dead(name):
    model = load_model(ModelSpec(name="d", source="callable", architecture="tiny_networks:with_dead_units", size=32))
    target = targets_of("channel", name)[0].model_copy(update={"layer": "act2", "unit": 1})
    [asleep] = render(model, name, [target], PARAMETERS | {"steps": 1})
    assert asleep.status == "done"
    assert np.isfinite(asleep.alpha).all()
    [dead] = render(model, name, [target.model_copy(update={"unit": 0})], PARAMETERS | {"steps": 1})
    assert "within 1 step, nor did redirected ReLU gradients" in dead.message
    assert dead.message.endswith("gradients")


@pytest.mark.parametrize("name", METHODS)
def test_it_stops_when_asked(name, tiny):
    steps = []
    with pytest.raises(Stopped):
        render(
            tiny,
            name,
            some_targets(name, 1),
            on_step=lambda done, total: steps.append((done, total)),
            should_stop=lambda: len(steps) == 2,
        )
    assert steps == [(1, 4), (2, 4)]


@pytest.mark.parametrize("name", CHANNELS)
def test_a_job_runs_the_network_no_further_than_its_layer(name, tiny):
    reached = []
    method, target = methods.get(name), targets_of("channel", name)[0].model_copy(update={"layer": "act"})
    numerics = Jobs("m", tiny, method, settled(tiny, name).parameters, "float32").job(target, 0).numerics
    network = tiny.network(numerics, CPU)
    handles = [
        network.module.get_submodule(path).register_forward_hook(lambda *_, path=path: reached.append(path))
        for path in ("stem", "act", "body", "head")
    ]
    render(tiny, name, [target])
    for handle in handles:
        handle.remove()
    assert set(reached) == {"stem", "act"}


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_renders_logits_and_channels_independently_of_the_batch(family):
    model = load_model(ModelSpec(name=family, architecture=family, pretrained=False))
    parameters = {"steps": 2, "image_size": 64, "crops": 1}
    for targets in (
        logits(0, 7, 999),
        [
            Target(kind="channel", layer=FAMILIES[family], unit=unit, sign=sign)
            for unit, sign in [(0, 1), (5, -1), (31, 1)]
        ],
    ):
        together = same_in_every_batch("maco", model, targets, parameters)
        assert [one.status for one in together] == ["done"] * 3


FACETED = [(name, way) for name, method in methods for way in sorted(method.facets)]


@pytest.mark.parametrize(("name", "way"), FACETED)
def test_facets_change_the_picture_whatever_is_rendered_beside_it(tiny, name, way):
    target = targets_of("logit", name)[0]
    if way == "directions":
        targets = [target.model_copy(update={"facet": Facet(number=n, layer="act", strength=2.0)}) for n in (1, 2)]
    else:
        listed = [{"references": digest, "facet": Facet(number=n, strength=1.0)} for n, digest in enumerate(LOOKS, 1)]
        targets = [target.model_copy(update=fields) for fields in listed]
    both = render(tiny, name, targets, QUICK_LOOKS, seeds=[3, 3])
    (alone,) = render(tiny, name, targets[1:], QUICK_LOOKS, seeds=[3])
    (without,) = render(tiny, name, [target], QUICK_LOOKS, seeds=[3])
    assert {result.status for result in (*both, alone, without)} == {"done"}
    np.testing.assert_allclose(both[1].image, alone.image, atol=1e-4)
    pictures = [both[0].image, both[1].image, without.image]
    assert min(np.abs(one - other).mean() for one, other in itertools.combinations(pictures, 2)) > 1e-4
