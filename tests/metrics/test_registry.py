"""The contract of every metric: a complete card, and one finite value for each picture, whatever its batch."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from atlas.core.canonical import digest_bytes
from atlas.core.job import LOGITS, PHOTO_KINDS, Target
from atlas.core.metric_card import MetricCard
from atlas.errors import StoreError
from atlas.metrics import METRICS, Finished, Metric, Seen, in_order, measure

CHANNELS, CLASSES, SIDE = 6, 5, 12
VECTOR = np.arange(1, CHANNELS + 1, dtype="<f4").tobytes()
DIRECTION = digest_bytes(VECTOR)
PHOTO = "a" * 64
ALL = [name for name, _ in METRICS]
TODAY = {
    "logit": ["objective", "activation", "probability"],
    "channel": ["objective", "activation"],
    "neuron": ["objective", "activation"],
    "direction": ["objective", "activation", "cosine"],
    "inversion": ["objective", "error", "psnr", "fft2d", "perturbation"],
    "caricature": ["objective", "exaggeration", "psnr", "fft2d", "perturbation"],
}
"""What is measured of a target of each kind, in the order of the record."""


def target(kind, number=0, photo=None, sign=1):
    """A target of a kind; those of a photo kind name one in any case."""
    about_photo = kind in PHOTO_KINDS
    return Target(
        kind=kind,
        layer=LOGITS if kind == "logit" else "body",
        unit=0 if about_photo else number,
        sign=1 if about_photo else sign,
        direction=DIRECTION if kind == "direction" else None,
        cosine_power=2.0 if kind == "direction" else None,
        photo=PHOTO if about_photo else photo,
    )


def seen(random, count, kind):
    """Random pictures, and what a network might make of them."""
    shape = (count, CLASSES) if kind == "logit" else (count, CHANNELS, 4, 4)
    return Seen(
        torch.from_numpy(random.integers(0, 256, (count, 3, SIDE, SIDE)) / 255).float(),
        torch.from_numpy(random.normal(1, 2, shape)).float(),
        torch.from_numpy(random.dirichlet(np.ones(CLASSES), count)).float(),
    )


def finished(kind, count=3, photo=None, sign=1):
    """A batch of finished pictures of targets of a kind."""
    random = np.random.default_rng(3)
    targets = [target(kind, number, photo, sign) for number in range(count)]
    return Finished(
        targets,
        [[0.0, 1.5 + number] for number in range(count)],
        seen(random, count, kind),
        seen(random, count, kind) if targets[0].photo else None,
        objective_unit="nat",
        views=16,
        load_input=lambda digest: {DIRECTION: VECTOR}[digest],
    )


EVERY = [finished(kind, photo=photo, sign=sign) for kind in TODAY for photo in (None, PHOTO) for sign in (1, -1)]


@pytest.mark.parametrize("name", ALL)
def test_a_card_says_everything(name):
    card = METRICS.get(name).card
    assert card.name == name
    assert card.meaning and card.definition.endswith(".") and card.n
    assert all(text.endswith(".") for text in (*card.meaning, *card.limits))
    assert MetricCard.model_validate_json(card.model_dump_json()) == card
    if card.form == "percent":
        assert (card.lowest, card.highest, card.unit) == (0, 1, "1")


@pytest.mark.parametrize("name", ALL)
def test_what_it_applies_to_it_measures_within_its_range(name):
    metric, applied = METRICS.get(name), 0
    for batch in EVERY:
        if not all(metric.applies(each) for each in batch.targets):
            continue
        applied += 1
        values = metric.measure(batch)
        assert values.shape == (len(batch.targets),)
        assert bool(values.isfinite().all())
        low, high = metric.card.lowest, metric.card.highest
        assert (low is None or values.min() >= low - 1e-6) and (high is None or values.max() <= high + 1e-6)
        alone = [float(metric.measure(batch.only([place]))) for place in range(len(batch.targets))]
        assert alone == values.tolist()
    assert applied


@pytest.mark.parametrize("name", ALL)
def test_its_direction_is_its_cards(name):
    for batch in EVERY:
        for one, result in zip(batch.targets, measure(batch, [METRICS.get(name)]), strict=True):
            expected = METRICS.get(name).card.direction(one)
            assert [value.direction for value in result.values] in ([], [expected])


@pytest.mark.parametrize("kind", TODAY)
def test_every_kind_has_the_measurements_that_it_always_had(kind):
    for result in measure(finished(kind)):
        assert [value.name for value in result.values if METRICS.get(value.name).place < Metric.place] == TODAY[kind]
        assert result.notices == []


def test_a_picture_from_a_photo_is_compared_with_it():
    names = [value.name for value in measure(finished("logit", photo=PHOTO))[0].values]
    compared = ["probability_before", "psnr", "fft2d", "perturbation"]
    assert [name for name in names if METRICS.get(name).place < Metric.place] == [*TODAY["logit"], *compared]


def test_units_samples_and_directions_are_those_that_records_always_had():
    raised = {value.name: value for value in measure(finished("logit", photo=PHOTO))[0].values}
    lowered = {value.name: value for value in measure(finished("logit", photo=PHOTO, sign=-1))[0].values}
    assert (raised["objective"].unit, raised["objective"].n, raised["objective"].direction) == ("nat", 16, "higher")
    assert (raised["activation"].unit, raised["activation"].direction) == ("activation", "none")
    assert (raised["probability"].direction, lowered["probability"].direction) == ("higher", "lower")
    assert raised["probability_before"].direction == "none"
    assert [raised[name].direction for name in ("psnr", "fft2d", "perturbation")] == ["higher", "lower", "lower"]
    assert raised["psnr"].unit == "dB" and {value.n for name, value in raised.items() if name != "objective"} == {1}
    assert raised["activation"].value == lowered["activation"].value  # the sign is the target's, not the unit's


def test_activations_of_photos_against_a_slow_derivation():
    inverted, caricatured, directed = finished("inversion"), finished("caricature"), finished("direction")
    found = {kind: measure(batch) for kind, batch in zip("icd", (inverted, caricatured, directed), strict=True)}
    value = {
        kind: [{each.name: each.value for each in one.values} for one in results] for kind, results in found.items()
    }
    for item in range(3):
        own, aim = (one.activation[item].double().numpy().ravel() for one in (inverted.seen, inverted.photos))
        assert value["i"][item]["error"] == pytest.approx(np.linalg.norm(own - aim) / np.linalg.norm(aim), rel=1e-5)
        own, aim = (one.activation[item].double().numpy().ravel() for one in (caricatured.seen, caricatured.photos))
        aim = np.maximum(aim, 0)
        assert value["c"][item]["exaggeration"] == pytest.approx(own @ aim / (aim @ aim), rel=1e-5)
        mean, vector = directed.seen.activation[item].double().numpy().mean((1, 2)), np.arange(1, CHANNELS + 1)
        assert value["d"][item]["activation"] == pytest.approx(mean @ vector / np.linalg.norm(vector), rel=1e-5)
        cosine = mean @ vector / np.linalg.norm(mean) / np.linalg.norm(vector)
        assert value["d"][item]["cosine"] == pytest.approx(cosine, rel=1e-5)


def test_what_is_nan_or_infinite_is_left_out():
    batch = finished("channel")
    broken = batch.seen.activation.clone()
    broken[0], broken[1] = math.nan, math.inf
    results = measure(replace(batch, seen=replace(batch.seen, activation=broken)))
    assert [[value.name for value in one.values] for one in results] == [["objective"], ["objective"], TODAY["channel"]]
    assert all(one.notices == [] for one in results)


def test_a_model_without_classes_has_no_probabilities():
    batch = finished("logit")
    results = measure(replace(batch, seen=replace(batch.seen, probabilities=None)))
    assert [value.name for value in results[0].values] == ["objective", "activation"]


class Rude(Metric):
    """Measures the first class only, and does worse to the others."""

    card = METRICS.get("activation").card.model_copy(update={"name": "rude"})

    def __init__(self, does):
        self.does = does

    def applies(self, target):
        return True

    def measure(self, finished):
        if any(one.unit for one in finished.targets):
            return self.does()
        return torch.zeros(len(finished.targets))


def raising(error):
    def does():
        raise error

    return does


@pytest.mark.parametrize(
    ("does", "words"),
    [
        (raising(ValueError("it is odd")), "it is odd"),
        (raising(SystemExit(3)), "SystemExit"),
        (lambda: torch.zeros(7), "shape (7,)"),
        (lambda: torch.zeros(()), "shape ()"),
        (lambda: None, "is kept without its rude"),
    ],
)
def test_a_metric_that_fails_costs_its_own_value_of_that_picture_alone(does, words):
    results = measure(finished("logit"), [*in_order(), Rude(does)])
    usual = TODAY["logit"]
    assert [[value.name for value in one.values] for one in results] == [[*usual, "rude"], usual, usual]
    assert results[0].notices == []
    for number in (1, 2):
        assert results[number].notices[0].startswith(f"logit {number} is kept without its rude: ")
        assert words in results[number].notices[0]


@pytest.mark.parametrize("error", [StoreError("the disk is gone"), KeyboardInterrupt()])
def test_what_ends_a_run_ends_it_here_too(error):
    with pytest.raises(type(error)):
        measure(finished("logit"), [Rude(raising(error))])


class OfOdd(Rude):
    """Applies to some of a batch."""

    def applies(self, target):
        return target.unit == 1

    def measure(self, finished):
        return torch.tensor([float(one.unit) for one in finished.targets])


def test_a_metric_may_apply_to_some_of_a_batch():
    results = measure(finished("logit"), [OfOdd(None)])
    assert [[value.value for value in one.values] for one in results] == [[], [1.0], []]
