"""Presets: those of each method are ones that it takes, give way to what is given, and leave no trace in keys."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

import pytest
from pydantic import ValidationError

from atlas.core.method_card import MethodCard, Preset
from atlas.errors import ConfigError
from atlas.methods import MACO, Method, methods
from atlas.methods.presets import NAMES, spelled_out

WITH = [name for name, method in methods if method.presets]


class Worn(MACO):
    """A method as another package may declare it, whose parameters were renamed since."""

    name = "worn"
    presets: ClassVar[Mapping[str, Preset]] = {
        "draft": Preset(summary="few steps", parameters={"stpes": 3}),
        "standard": Preset(summary="as many as none", parameters={"steps": 0}),
        "fine": Preset(summary="nothing"),
    }


def refused(method: Method) -> list[str]:
    """Return the presets of a method that it would not take, or that fill nothing."""
    found = []
    for name, preset in method.presets.items():
        try:
            method.parameters.model_validate_json(json.dumps(spelled_out(method, {}, name)), strict=True)
        except ValidationError:
            found.append(name)
        if not preset.parameters:
            found.append(name)
    return found


@pytest.mark.parametrize("name", methods.names())
def test_a_methods_presets_are_ones_that_it_takes(name):
    method = methods.get(name)
    assert refused(method) == []
    assert [it for it in NAMES if it in method.presets] == [*method.presets]
    for preset in method.presets.values():
        assert preset.summary and not preset.summary.endswith(".")
        assert "resolution" not in preset.parameters  # which many transformers would refuse: it is chosen for the model


def test_that_test_sees_what_another_package_got_wrong():
    assert refused(Worn()) == ["draft", "standard", "fine"]


@pytest.mark.parametrize("name", WITH)
def test_a_method_says_of_its_presets_what_they_fill(name):
    card = methods.get(name).card
    assert card.presets == methods.get(name).presets
    assert {key for preset in card.presets.values() for key in preset.parameters} <= {it.name for it in card.parameters}
    assert MethodCard.model_validate_json(card.model_dump_json()) == card
    assert [*MethodCard.model_validate_json(card.model_dump_json()).presets] == [*card.presets]


def test_cards_that_were_stored_before_there_were_presets_are_read():
    stored = MACO().card.model_dump(mode="json")
    del stored["presets"]
    assert MethodCard.model_validate_json(json.dumps(stored)).presets == {}


def test_what_is_given_goes_over_what_a_preset_fills():
    method, given = methods.get("maco"), {"steps": 7, "noise": 0.2}
    preset = method.presets["draft"].parameters
    asked = spelled_out(method, given, "draft")
    assert asked == {**preset, "steps": 7, "noise": 0.2} and preset["steps"] != 7
    assert spelled_out(method, given) == given == {"steps": 7, "noise": 0.2}


@pytest.mark.parametrize(("preset", "says"), [("drfat", 'did you mean "draft"'), ("xyz", "draft, standard, fine")])
def test_a_preset_that_is_none_is_refused_with_those_that_are(preset, says):
    with pytest.raises(ConfigError) as caught:
        spelled_out(methods.get("maco"), {}, preset)
    assert f'preset: maco has no preset "{preset}"' in str(caught.value) and says in str(caught.value)


def test_a_method_without_presets_says_so():
    class Bare(Worn):
        presets = MappingProxyType({})

    with pytest.raises(ConfigError, match='worn has no preset "draft", nor any other; leave it out'):
        spelled_out(Bare(), {}, "draft")
