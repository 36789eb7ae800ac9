"""Every method on a pretend accelerator: what a card would do without a word is an error here, or counted."""

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pytest
import torch
from method_runs import CPU
from method_targets import LOOKS, NAMED, seed_of, settled, targets_of
from pretend import DEVICE, UNSTEADY, Pretend
from small_runs import PARAMETERS

from atlas.core.job import Facet
from atlas.methods import RenderBatch, methods
from atlas.models.load import load_model
from atlas.models.spec import ModelSpec
from atlas.plan.jobs import Jobs
from atlas.synthesis.steps import ascent

KINDS = [(name, kind) for name, method in methods for kind in sorted(method.kinds)]
ONE_KIND = {name: "channel" if "channel" in method.kinds else min(method.kinds) for name, method in methods}
LOOKED = 1
"""Steps of these short runs in which blocked gradients are looked for: in longer ones there are sixteen."""
MOVING = PARAMETERS | {"steps": 3, "image_size": 40, "jitter": 3, "half_resolution": 0.4, "shift": 2}
"""Pictures larger than what the network is shown, and all that is moved, moves: every part of a step is tried."""
FAMILIES = {
    "test_efficientnet": ("timm", "blocks.2"),
    "test_resnet": ("timm", "layer2"),
    "test_convnext": ("timm", "stages.1"),
    "test_vit": ("timm", "blocks.3"),
    "tiny_networks:swin": ("callable", "layers.0"),
}
"""A small network of each family of the contract tests, its source and a layer in its middle."""


@dataclass(frozen=True)
class Step:
    """What one step did on the device; see :class:`pretend.Pretend`."""

    kernels: Counter
    waits: Counter
    made: set
    multiplied: set


@pytest.fixture(autouse=True)
def short_look(monkeypatch):
    monkeypatch.setattr(ascent, "REDIRECT_STEPS", LOOKED)


@pytest.fixture(scope="module")
def tiny():
    return load_model(ModelSpec(name="tiny", source="callable", architecture="tiny_networks:tiny", size=32))


def render(model, name, targets, device, precision="float32", parameters=MOVING):
    """Return the results of a batch, and what each step after those with a look did if the device is pretended."""
    method, resolved = methods.get(name), settled(model, name, parameters)
    planned = Jobs("m", model, method, resolved.parameters, precision)
    jobs = [planned.job(target, 0) for target in targets]
    load_input, seeds = (resolved.inputs | NAMED).__getitem__, [seed_of(job) for job in jobs]
    steps = []
    with Pretend() as there:

        def on_step(done, _):
            steps.append(Step(there.kernels, there.waits, there.made, there.multiplied))
            there.forget()

        network = model.network(jobs[0].numerics, device)
        batch = RenderBatch(network, targets, seeds, resolved.parameters, load_input, on_step=on_step)
        return method.render(batch), steps[LOOKED:]


def check_steps(steps, multiplied):
    """Check that no step waits, makes other numbers than it should, or adds up in any order."""
    assert len(steps) == 2
    for step in steps:
        assert step.waits == {}
        assert step.made <= {torch.float32, torch.complex64} | multiplied
        assert step.multiplied == multiplied
        assert {name.split(".")[1] for name in step.kernels} & UNSTEADY == set()


@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_a_step_waits_for_nothing_and_has_as_many_kernels_in_any_batch(name, kind, tiny):
    targets = targets_of(kind, name)[:4]
    _, few = render(tiny, name, targets[:2], DEVICE)
    there, more = render(tiny, name, targets, DEVICE)
    check_steps(more, {torch.float32})
    assert [step.kernels for step in more] == [step.kernels for step in few]
    here, _ = render(tiny, name, targets, CPU)
    for one, other in zip(there, here, strict=True):
        assert (one.status, one.message) == (other.status, other.message)
        assert one.trace[0] == pytest.approx(other.trace[0], rel=1e-4, abs=1e-6)
        assert np.abs(one.image - other.image).mean() < 1e-2


@pytest.mark.parametrize("name", ONE_KIND)
def test_in_bfloat16_products_of_the_network_alone_are_halves(name, tiny):
    found, steps = render(tiny, name, targets_of(ONE_KIND[name], name)[:2], DEVICE, "bfloat16")
    outside = {torch.float32} & set.union(*(step.multiplied for step in steps))  # colours, crops and blurs
    check_steps(steps, {torch.bfloat16} | outside)
    assert all(one.image.dtype == np.float32 for one in found)


@pytest.mark.parametrize("name", [name for name, method in methods if "directions" in method.facets])
def test_so_it_is_with_facets(name, tiny):
    target = targets_of("logit", name)[0]
    facets = [target.model_copy(update={"facet": Facet(number=n, layer="act", strength=2.0)}) for n in (1, 2, 3)]
    _, few = render(tiny, name, facets[:2], DEVICE)
    _, more = render(tiny, name, facets, DEVICE)
    check_steps(more, {torch.float32})
    assert [step.kernels for step in more] == [step.kernels for step in few]


@pytest.mark.parametrize("name", [name for name, method in methods if "photos" in method.facets])
def test_pictures_begin_with_photos_on_the_device(name, tiny):
    target = targets_of("logit", name)[0]
    facet = {"references": next(iter(LOOKS)), "facet": Facet(number=1, strength=1.0)}
    found, _ = render(tiny, name, [target.model_copy(update=facet)], DEVICE)
    assert [one.status for one in found] == ["done"]


@lru_cache
def loaded(family):
    spec = {"pretrained": False} if FAMILIES[family][0] == "timm" else {}
    return load_model(ModelSpec(name="m", source=FAMILIES[family][0], architecture=family, size=32, **spec))


@pytest.mark.parametrize(
    ("family", "name"),
    [(family, name) for family in FAMILIES for name in ("maco", "natural", "vital", "vit_inversion")],
)
def test_so_it_is_with_every_family_of_models(family, name):
    model, layer = loaded(family), FAMILIES[family][1]
    targets = targets_of(ONE_KIND[name], name, layer)[:2]
    found, steps = render(model, name, targets, DEVICE, parameters=PARAMETERS | {"steps": 3})
    assert all(one.status != "failed" for one in found)
    assert [step.waits for step in steps] == [{}, {}]
    assert {dtype for step in steps for dtype in step.multiplied} == {torch.float32}
