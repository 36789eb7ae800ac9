"""Networks that take less than anyone may ask for: what is left open becomes their own size, and stays it in a job."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from atlas.methods import methods
from atlas.models.load import load_model
from atlas.models.spec import ModelSpec


@pytest.fixture(scope="module", params=[28, 12])
def small(request):
    """A classifier of grey images of that side."""
    spec = {"name": "small", "source": "callable", "architecture": "tiny_networks:grey", "size": request.param}
    return load_model(ModelSpec.model_validate(spec))


@pytest.mark.parametrize("name", methods.names())
def test_what_is_resolved_for_a_model_is_read_again_from_a_job(small, name):
    method = methods.get(name)
    resolved = method.resolve(method.parameters(), small, Path()).parameters
    stored = json.loads(json.dumps(resolved.model_dump(mode="json")))
    assert method.complete(stored) == resolved
    asked = method.parameters.model_fields["image_size"].default
    assert resolved.side == (asked or small.card.identity.preprocessing.height)


@pytest.mark.parametrize("name", methods.names())
def test_nobody_may_ask_for_less_than_the_bound(name):
    with pytest.raises(ValidationError, match="greater than or equal to 32"):
        methods.get(name).parameters(image_size=16)
