"""A store's models and those that are loaded: the same, or another that is said to be; never silently the old one."""

import re
import socket

import pytest
import tiny_networks
import torch
from small_runs import configuration, made, prepared
from torch import nn
from torch.nn import functional as F

from atlas.core.job import ModelIdentity
from atlas.errors import ConfigError, ExecutorError
from atlas.jobs.known_models import settle
from atlas.jobs.repairing import discard_damaged
from atlas.jobs.run import keep_inputs
from atlas.jobs.worker import Work, Worker
from atlas.plan.make import make_plan
from atlas.store.integrity import verify
from atlas.tasks.batch import batches
from atlas.tasks.machine import Machine


class Net(tiny_networks.Tiny):
    """The tiny network with a function in its code."""

    def __init__(self, code):
        super().__init__()
        self._code = [code]

    def forward(self, images):
        return super().forward(self._code[0](images))


@pytest.fixture
def rendered(tmp_path, monkeypatch):
    """Return a function that renders what a function makes into one and the same store: (report, plan, store, said)."""

    def rendered(make):
        monkeypatch.setattr(tiny_networks, "current", make, raising=False)
        config = configuration(tmp_path, "current", classes=(0, 1))
        plan, store = prepared(config)
        model = settle(plan.models["tiny"], store)
        plan = make_plan(config, {"tiny": model})
        report, _, _ = made(plan, store, config)
        return report, plan, store, list(model.notices)

    return rendered


def plain(images):
    return images


def twice(images):
    return F.relu(images) * 2


def other_module(make=tiny_networks.Tiny):
    network = make()
    network.act2 = nn.Tanh()
    return network


def other_weights():
    network = tiny_networks.Tiny()
    with torch.no_grad():
        network.head.weight[0, 0] += 0.01
    return network


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (tiny_networks.Tiny, other_module, "its modules, their settings or their order"),
        (tiny_networks.Tiny, other_weights, "its weights"),
        (lambda: Net(plain), lambda: Net(twice), "what it computes"),
        (lambda: Net(plain), lambda: Net(lambda images: images * 1.001), "what it computes"),
    ],
)
def test_changed_code_is_another_model_and_turned_back_the_old_one(rendered, before, after, says):
    first, old, store, said = rendered(before)
    assert (first.done, said) == (2, [])
    changed, new, _, said = rendered(after)
    assert changed.done == 2 and {job.key for job in old.jobs}.isdisjoint(job.key for job in new.jobs)
    assert len(said) == 1 and says in said[0] and 'model "tiny" is another' in said[0]
    for make, plan in ((after, new), (before, old), (after, new)):  # each is known now, and nothing is rendered
        report, again, _, said = rendered(make)
        assert (report.finished, said) == (0, [])
        assert [job.key for job in again.jobs] == [job.key for job in plan.jobs]
    assert len(store.model_cards.names()) == 2 and len(list(store.records())) == 4


def test_a_third_model_of_the_same_modules_is_neither_of_the_two(rendered):
    keys = set()
    for scale in (1.0, 1.1, 1.2):
        report, plan, store, _ = rendered(lambda scale=scale: Net(lambda images: images * scale))
        assert report.done == 2
        keys |= {job.key for job in plan.jobs}
    assert len(keys) == 6 and len(store.model_cards.names()) == 3


def test_the_first_outputs_stay_on_the_card_so_that_small_changes_do_not_add_up(rendered):
    store = rendered(lambda: Net(plain))[2]
    [key] = store.model_cards.names()
    first = store.card(key).computed
    for step in range(1, 30):  # each less than the tolerance, all together more
        report, _, _, said = rendered(lambda step=step: Net(lambda images: images * (1 + 1e-6 * step)))
        if report.done:
            break
        assert store.card(key).computed == first
    assert 3 < step < 29 and len(said) == 1


@pytest.mark.parametrize("lost", ["its own", "the other's", "both"])
def test_a_model_whose_card_is_lost_keeps_its_keys(rendered, lost):
    rendered(lambda: Net(plain))
    _, planned, store, _ = rendered(lambda: Net(twice))
    variant = planned.jobs[0].job.model
    assert variant.variant
    for key in store.model_cards.names():
        if lost == "both" or (key == variant.fingerprint) == (lost == "its own"):
            store.model_cards.path(key).write_text("{")
    report, again, _, said = rendered(lambda: Net(twice))
    assert (report.finished, said) == (0, [])
    assert [job.key for job in again.jobs] == [job.key for job in planned.jobs]
    assert store.card(variant.fingerprint).identity == variant
    if lost == "its own":  # and the other is known, too
        assert rendered(lambda: Net(plain))[0].finished == 0


@pytest.mark.parametrize("harm", [lambda path: path.unlink(), lambda path: path.write_text("{")])
def test_repairing_gives_back_the_card_of_another_configurations_model(rendered, harm):
    store = rendered(lambda: Net(plain))[2]
    [name] = store.selections.names()
    selection = store.selections.read_named(name)
    [key] = selection.cards
    store.selections.save(selection.model_copy(update={"configuration": "../other.toml"}))
    _, plan, _, _ = rendered(lambda: Net(twice))
    assert key not in store.selections.read_named(name).cards
    before = store.card(key)
    harm(store.model_cards.path(key))
    damage = list(verify(store))
    assert [(one.kind, one.key) for one in damage] == [("card", key)]
    discard_damaged(damage, plan, store)
    assert list(verify(store)) == [] and store.card(key) == before


def test_a_model_of_an_earlier_version_is_another_and_the_reason_is_said(rendered):
    _, _, store, _ = rendered(tiny_networks.Tiny)
    [key] = store.model_cards.names()
    card = store.card(key)
    store.model_cards.path(key).unlink()
    for name in store.selections.names():
        store.selections.file(name).unlink()
    fields = card.identity.model_dump() | {"structure": None}
    store.save_card(card.model_copy(update={"identity": ModelIdentity(**fields), "computed": ()}))
    report, _, _, said = rendered(tiny_networks.Tiny)
    assert "an earlier version of atlas" in said[0]
    assert report.finished == 0  # its own records are there: only the card of another was looked at


def test_random_networks_are_said_to_be_and_are_one(rendered):
    def noisy():
        return Net(lambda images: images + 0.01 * torch.randn_like(images))

    assert rendered(noisy)[0].done == 2
    report, _, _, said = rendered(noisy)
    assert report.finished == 0
    assert len(said) == 1 and "each time" in said[0]


@pytest.mark.parametrize(
    ("before", "after", "says", "cause"),
    [
        (tiny_networks.Tiny, other_module, "its modules", "version of its code, or of the library"),
        (tiny_networks.Tiny, other_weights, "its weights", "another checkpoint, or another revision"),
        (lambda: Net(plain), lambda: Net(twice), "what it computes", "version of its code, or of torch"),
    ],
)
def test_a_worker_that_loads_another_model_stores_nothing(tmp_path, monkeypatch, before, after, says, cause):
    monkeypatch.setattr(tiny_networks, "current", before, raising=False)
    config = configuration(tmp_path, "current", classes=(0, 1))
    plan, store = prepared(config)
    store.save_card(plan.cards["tiny"])
    keep_inputs(plan, store)
    work = Work(store.path, {spec.name: spec for spec in config.models}, "cpu", 1)
    [batch] = batches(plan.jobs, Machine("cpu", 8))
    monkeypatch.setattr(tiny_networks, "current", after)
    with pytest.raises(ExecutorError, match=f"not the one that was planned.*{says}") as caught:
        Worker(work).run(batch)
    digests = re.search(r"([0-9a-f]{16}) and not ([0-9a-f]{16})", caught.value.message)
    assert digests[1] != digests[2] and socket.gethostname() in caught.value.message and cause in caught.value.message
    if says != "what it computes":
        assert plan.cards["tiny"].identity.fingerprint.startswith(digests[2])
    assert not any(store.has(job.key) or store.failure(job.key) for job in plan.jobs)
    monkeypatch.setattr(tiny_networks, "current", before)
    assert {outcome.status for outcome in Worker(work).run(batch)} == {"done"}


def test_a_layer_that_no_gradient_leaves_is_refused_when_planning(tmp_path, monkeypatch):
    class Aside(tiny_networks.Tiny):
        def __init__(self):
            super().__init__()
            self.aside = nn.Conv2d(3, 4, 1)

        def forward(self, images):
            with torch.no_grad():
                shift = self.aside(images).mean()
            return super().forward(images) + shift

    monkeypatch.setattr(tiny_networks, "current", Aside, raising=False)
    with pytest.raises(ConfigError, match='layers: no gradient passes from "aside" to the image'):
        prepared(configuration(tmp_path, "current", layers=("*",), units=((0, 0),)))
    assert len(prepared(configuration(tmp_path, "current", layers=("act",), units=((0, 0),)))[0].jobs) == 1
