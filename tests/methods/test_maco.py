"""What maco does with its own parameters; common rules are in test_contract.py."""

from itertools import pairwise

import numpy as np
import pytest
from method_runs import rendered, resolved

from atlas.core.job import Target
from atlas.methods import methods
from atlas.models.load import load_model
from atlas.models.spec import ModelSpec

MACO = methods.get("maco")
LIKE_THE_CODES = {"standardise_phase": True, "schedule": "constant"}
SMALL = {"image_size": 32, "crops": 2, "crop_mean": 0.8}


@pytest.fixture(scope="module")
def tiny():
    return load_model(ModelSpec(name="tiny", source="callable", architecture="tiny_networks:tiny", size=32))


def targets(count):
    return [Target(kind="channel", layer="body", unit=unit) for unit in range(count)]


def moves(monkeypatch, tiny, **parameters):
    """Return by how much each step turns the phases that the picture is made of, root mean square, radians."""
    from atlas.synthesis.pictures.parametrization import InverseFourier

    seen, apply = [], InverseFourier.apply
    monkeypatch.setattr(
        InverseFourier, "apply", lambda phase, *rest: (seen.append(phase.detach().clone()), apply(phase, *rest))[1]
    )
    rendered(MACO, tiny, targets(1), steps=60, **SMALL, **parameters)
    return [float((after - before).pow(2).mean().sqrt()) for before, after in pairwise(seen)]


def test_at_a_constant_rate_a_standardised_phase_moves_less_and_less(tiny, monkeypatch):
    free = moves(monkeypatch, tiny, schedule="constant")
    monkeypatch.undo()
    standard = moves(monkeypatch, tiny, **LIKE_THE_CODES)
    assert np.mean(standard[40:58]) < 0.5 * np.mean(standard[2:8])
    assert np.mean(standard[40:58]) < 0.5 * np.mean(free[40:58])


def test_a_standardised_picture_rises_and_does_not_depend_on_its_batch(tiny):
    together = rendered(MACO, tiny, targets(3), [5, 6, 7], steps=12, **SMALL, **LIKE_THE_CODES)
    (alone,) = rendered(MACO, tiny, targets(2)[1:], [6], steps=12, **SMALL, **LIKE_THE_CODES)
    np.testing.assert_allclose(together[1].trace, alone.trace, rtol=1e-4, atol=1e-5)
    assert np.abs(together[1].image - alone.image).mean() < 0.005
    assert all(np.mean(one.trace[-4:]) > np.mean(one.trace[:2]) for one in together)


def test_the_phase_is_maco_s_alone_to_standardise(tiny):
    """Those that share its picture are methods of their own, and their keys do not hold what they do not do."""
    for name in methods.names():
        found = methods.get(name).parameters
        assert ("standardise_phase" in found.model_fields) == (name == "maco")
    assert resolved(MACO, tiny).standardise_phase is False
