import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from records import IDENTITY, PREPROCESSING, job

from atlas.core.canonical import canonical_json
from atlas.core.job import Facet, Job, Series, Target


def test_the_key_is_fixed_for_ever():
    """A change of this number makes every store's pictures unfindable: it needs a new schema version."""
    assert job().key == "b4cd9b2d36d5e1903d1b7240a58971238abfa820241a64edd98aedd84fe7d787"
    assert job().random_seed == int(job().key[:16], 16) >> 1


@pytest.mark.parametrize(
    "changes",
    [
        {"model": IDENTITY.model_copy(update={"weights": "cd" * 32})},
        {"model": IDENTITY.model_copy(update={"architecture": "other"})},
        {"model": IDENTITY.model_copy(update={"structure": "ef" * 32})},
        {"model": IDENTITY.model_copy(update={"variant": "ef" * 32})},
        {"model": IDENTITY.model_copy(update={"preprocessing": PREPROCESSING.model_copy(update={"height": 33})})},
        {"target": Target(kind="logit", layer="logits", unit=1)},
        {"target": Target(kind="logit", layer="logits", unit=0, sign=-1)},
        {"target": Target(kind="channel", layer="blocks.0", unit=0)},
        {"method": "other"},
        {"version": 2},
        {"parameters": {"steps": 4}},
        {"seed": 1},
        {"numerics": "float32-folded"},
    ],
)
def test_everything_that_decides_the_picture_changes_the_key(changes):
    assert job(**changes).key != job().key


TARGETS = st.sampled_from(
    [
        Target(kind="logit", layer="logits", unit=7, sign=-1),
        Target(kind="neuron", layer='caf\u00e9 "1"', unit=3, position=(1, 2)),
        Target(kind="direction", layer="a", direction="5" * 64, cosine_power=1e-7),
        Target(kind="inversion", layer="a", photo="6" * 64),
        Target(kind="channel", layer="a", cluster=0, references="7" * 64, facet=Facet(number=2, strength=0.1)),
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=5,
)


@given(st.lists(TARGETS, min_size=1, max_size=3), st.integers(0, 2**31), st.dictionaries(st.text(), VALUES))
def test_keys_that_a_series_hashes_together_are_those_of_its_jobs(targets, seed, parameters):
    series = Series.of(job(parameters=parameters))
    key_of = series.keys()
    for target in targets:
        made = series.job(target, seed)
        assert made == job(parameters=parameters, target=target, seed=seed)
        assert key_of(target.text, seed) == made.key
        assert Target.model_validate_json(target.text) == target


def test_a_job_survives_json_with_the_same_key():
    one = job(target=Target(kind="neuron", layer="a", unit=3, sign=-1, position=(1, 2)))
    assert Job.model_validate_json(one.model_dump_json()) == one
    assert Job.model_validate_json(one.model_dump_json()).key == one.key


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.dictionaries(st.text(), values))
def test_canonical_json_does_not_depend_on_order(value):
    assert canonical_json(dict(reversed(value.items()))) == canonical_json(value)


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "logit", "layer": "blocks.0", "unit": 0},
        {"kind": "channel", "layer": "logits", "unit": 0},
        {"kind": "channel", "layer": "a", "unit": 0, "position": (0, 0)},
        {"kind": "channel", "layer": "a", "unit": -1},
        {"kind": "channel", "layer": "a", "unit": 0, "sign": 2},
        {"kind": "cluster", "layer": "a", "unit": 0},
    ],
)
def test_an_impossible_target_is_refused(fields):
    with pytest.raises(ValidationError):
        Target(**fields)
