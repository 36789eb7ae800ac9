"""Places of targets: layers by one word, and at other sizes than the model's own."""

from pathlib import Path
from typing import get_args

import pytest

from atlas.config import Config
from atlas.config.render import LayerSet
from atlas.errors import ConfigError
from atlas.models.anatomy.stages import LAYER_SETS
from atlas.models.load import load_model
from atlas.plan.make import make_plan

NAME = "test_resnet"


def configuration(tmp_path, name=NAME, **block):
    """The configuration of one block of a small network."""
    return Config.model_validate(
        {
            "file": tmp_path / "atlas.toml",
            "store": {"path": tmp_path / "store"},
            "models": ({"name": name, "architecture": name, "pretrained": False, "size": 64},),
            "render": ({"units": "0-1", "method": "maco", "parameters": {"steps": 2, "image_size": 64}} | block,),
        }
    )


@pytest.fixture(scope="module")
def models():
    """The loaded networks by name."""
    names = (NAME, "test_vit")
    configs = [configuration(Path("unused"), name, layers=["**"]) for name in names]
    return {config.models[0].name: load_model(config.models[0]) for config in configs}


def layers_of(config, models):
    """The layers of a plan's pictures, each once."""
    return list(dict.fromkeys(task.target.layer for task in make_plan(config, models).jobs))


def test_every_word_is_known_to_the_configuration():
    assert get_args(LayerSet) == tuple(LAYER_SETS)


@pytest.mark.parametrize("word", LAYER_SETS)
def test_a_word_plans_what_its_layers_by_name_do(tmp_path, models, word):
    plan = make_plan(configuration(tmp_path, layers=word), models)
    named = layers_of(configuration(tmp_path, layers=word), models)
    card = models[NAME].card
    assert named == [layer.name for layer in card.layers if layer.name in named]
    assert 3 <= len(named) < len(card.layers) / 2
    again = make_plan(configuration(tmp_path, layers=named), models)
    assert [task.key for task in plan.jobs] == [task.key for task in again.jobs]


def test_a_word_in_a_list_is_a_name(tmp_path, models):
    assert layers_of(configuration(tmp_path, "test_vit", layers=["blocks"]), models) == ["blocks"]
    assert "blocks.0" in layers_of(configuration(tmp_path, "test_vit", layers="blocks"), models)


def test_layers_that_are_folded_away_for_others_are_planned_at_another_size(tmp_path, models):
    model = models[NAME]
    first = next(layer.name for layer in model.card.layers if layer.module == "Conv2d")
    assert model.numerics_for(first) != model.numerics_for("logits")
    parameters = {"steps": 2, "image_size": 96, "resolution": 96}
    found = layers_of(configuration(tmp_path, layers="convolutions", parameters=parameters), models)
    assert found[0] == first
    with pytest.raises(ConfigError, match=r"position = \[90, 90\]: .* has \d+ x \d+ positions"):
        make_plan(configuration(tmp_path, layers=[first], kind="neuron", position=(90, 90)), models)


def test_a_network_without_such_layers_is_told(tmp_path, models, monkeypatch):
    monkeypatch.setattr(
        "atlas.models.anatomy.stages.isinstance", lambda *_: False, raising=False
    )  # so that no module is a convolution
    with pytest.raises(ConfigError, match='layers = "convolutions": the model has no convolutions; name layers yours'):
        make_plan(configuration(tmp_path, layers="convolutions"), models)
