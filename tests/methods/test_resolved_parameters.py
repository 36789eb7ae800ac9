"""Parameters as they enter keys: whatever else changes, their JSON is what it was when pictures were first made."""

import json
from pathlib import Path

import pytest
from method_runs import resolved

from atlas.core.canonical import canonical_json
from atlas.core.registry import OURS
from atlas.methods import methods
from atlas.models.load import load_model
from atlas.models.spec import ModelSpec

MODELS = {
    "colours": {"source": "callable", "architecture": "tiny_networks:colours", "size": 32},
    "test_resnet": {"architecture": "test_resnet", "pretrained": False, "size": 64},
    "test_vit": {"architecture": "test_vit", "pretrained": False, "size": 64},
    "densenet121": {"architecture": "densenet121", "pretrained": False, "size": 64},
}
"""Networks by the names that they have in the file: with and without batch norm and attention, and one whose weights
VITAL's paper gives, in whole numbers."""

KNOWN = json.loads(Path(__file__).with_name("resolved_parameters.json").read_text())
"""Method to network to the default parameters, resolved, as they were when they first entered keys."""


@pytest.fixture(scope="module", params=MODELS)
def model(request):
    return load_model(ModelSpec(name=request.param, **MODELS[request.param]))


def test_every_method_of_ours_is_there():
    assert sorted(KNOWN) == [name for name in methods.names() if methods.origin(name) == OURS]


@pytest.mark.parametrize("name", KNOWN)
def test_a_change_of_these_makes_every_picture_that_was_ever_rendered_unfindable(name, model):
    known = KNOWN[name].get(model.card.name)
    if known is not None:
        dump = resolved(methods.get(name), model).model_dump(mode="json")
        assert canonical_json(dump) == canonical_json(known)


def test_weights_of_the_paper_stay_whole_numbers_in_keys():
    model = load_model(ModelSpec(name="densenet121", **MODELS["densenet121"]))
    dump = resolved(methods.get("vital"), model, class_weights="paper").model_dump(mode="json")
    assert '"class_weights":[1,1,1,1,100]' in canonical_json(dump)
