"""Models as people name them: a string, a specification, a table, or a network that is there already."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atlas.config.problems import checked
from atlas.core.job import LOGITS
from atlas.core.model_card import ClassLabel
from atlas.errors import ConfigError, ModelError
from atlas.models.spec import SOURCES, ModelSpec

if TYPE_CHECKING:
    from torch import nn

    from atlas.models.sources.built import InputDefaults
    from atlas.models.vision_model import VisionModel

_HUB = ("hf-hub:", "hf_hub:", "local-dir:")
"""How names of timm's begin that hold a colon."""
_OF_OBJECTS = ("channels", "output", "licence", "class_names")
"""Options that a network which is there already still leaves open, besides name, mean, std and size."""
_PATHS = ("checkpoint", "class_names", "folder")


def spec_of(what: object, options: Mapping[str, Any]) -> ModelSpec:
    """Return the specification of a model that is to be built.

    Args:
        what: ``"resnet18.a1_in1k"`` (timm), ``"package:efficientnet-lite0"`` (any source's name before the colon),
            ``"my_module:function"``, a specification, or a table of its fields.
        options: fields that differ from it.

    Raises:
        ConfigError: a field is unknown, with the nearest name, or has no such value.
        ModelError: it is none of these.
    """
    if isinstance(what, ModelSpec):
        table = {name: getattr(what, name) for name in what.model_fields_set}
    elif isinstance(what, Mapping):
        table = dict(what)
    elif isinstance(what, str):
        table = _named(what)
    else:
        kind = f"the class {what.__name__}" if isinstance(what, type) else f"a {type(what).__name__}"
        raise ModelError(
            f"{kind} is no model",
            'give a name such as "resnet18.a1_in1k", "package:efficientnet-lite0" or "my_module:function", a network '
            "(an object, not its class), or a table; weights in a file go with checkpoint=",
        )
    table |= {name: value for name, value in options.items() if value is not None}
    table.setdefault("name", table.get("architecture"))
    for key in _PATHS:
        if table.get(key) is not None:
            table[key] = Path(table[key]).expanduser().absolute()
    table["folder"] = table.get("folder") or Path.cwd()
    for key in ("mean", "std"):
        table[key] = _numbers(table.get(key))
    return checked(ModelSpec, table)


def source_of(name: str) -> str:
    """Return the source that a bare name looks like."""
    if ":" in name and not name.startswith(_HUB):
        return "callable"
    from atlas.models.sources.catalogue import source_offering

    return source_offering(name) or "timm"


def of_module(module: "nn.Module", options: Mapping[str, Any]) -> "VisionModel":
    """Return a model around a copy of a network; the network itself is left as it is.

    Its architecture is called after its class. What timm notes on a network about its input is taken from there.

    Raises:
        ModelError: mean, std or size are neither given nor known, or the network cannot be rendered.
        ConfigError: an option is unknown, or of models that are built.
    """
    from atlas.models.code.foreign import foreign_code
    from atlas.models.code.returned import network_in
    from atlas.models.load import load_built
    from atlas.models.sources.built import Built

    with foreign_code(f"{type(module).__name__} cannot be copied", "give a network that copy.deepcopy can copy"):
        network = network_in(copy.deepcopy(module), "what was given as a network")
    architecture = type(network).__name__
    name = options.get("name") or architecture
    given = {key: value for key, value in options.items() if value is not None}
    if foreign := sorted(set(given) & (set(ModelSpec.model_fields) - {"name", "mean", "std", "size", *_OF_OBJECTS})):
        raise ConfigError(
            [f"{key}: goes with a model that is loaded by name; this one is there already" for key in foreign],
            remedy="leave it out, or change the network before it is given to atlas.load",
        )
    known = _known_inputs(network)
    lacking = [key for key in ("mean", "std", "size") if given.get(key) is None and getattr(known, key) is None]
    if lacking:
        raise ModelError(
            f"what {name} expects of its input is not known: {', '.join(lacking)} missing",
            "pass what it was trained with; for most networks trained on ImageNet: "
            "atlas.load(network, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225), size=224)",
        )
    spec = spec_of({"source": "callable", "architecture": architecture}, given | {"name": name})
    return load_built(spec, Built(network, architecture, "an object of the program that rendered it", inputs=known))


def with_classes(model: "VisionModel", names: Sequence[str]) -> "VisionModel":
    """Return a model whose classes have these names, in the order of its output.

    Raises:
        ModelError: there are more or fewer of them than classes, or the model has none.
    """
    output = model.card.layer(LOGITS)
    number = 0 if output is None else output.units
    if number != len(names):
        has = f"has {number} classes" if number else "has no class output"
        raise ModelError(f"classes names {len(names)}, but {model.card.name} {has}", "give one name for each, in order")
    labels = tuple(ClassLabel(name=str(name)) for name in names)
    return model.known_as(model.card.model_copy(update={"classes": labels, "class_names": "given with the model"}))


def _named(text: str) -> dict[str, Any]:
    prefix, colon, rest = text.partition(":")
    if colon and rest and prefix in SOURCES.names():
        return {"source": prefix, "architecture": rest}
    return {"source": source_of(text), "architecture": text}


def _numbers(value: Any) -> Any:
    """Return numbers of any kind, one or several, as a tuple; what is none as it is, for validation to refuse."""
    values = value.tolist() if hasattr(value, "tolist") else value
    return tuple(values) if isinstance(values, list | tuple) else values


def _known_inputs(module: "nn.Module") -> "InputDefaults":
    from atlas.models.sources import timm
    from atlas.models.sources.built import InputDefaults

    if not isinstance(getattr(module, "pretrained_cfg", None), dict):
        return InputDefaults()
    return replace(timm.input_defaults(module, {}), channels=None)
