"""Lists: which models can be rendered, and which layers they have."""

from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from atlas.cli.terminal import DEFAULT_CONFIG, console, say, table
from atlas.config import load_config
from atlas.config.problems import problems_of
from atlas.core.registry import OURS
from atlas.errors import ConfigError, did_you_mean
from atlas.face.models import source_of

if TYPE_CHECKING:
    from atlas.models.spec import ModelSpec


def list_models(pattern: str) -> None:
    """Print the models that can be rendered by name.

    Raises:
        ConfigError: none matches; proposes the nearest.
    """
    with console.status("looking them up"):
        from atlas.models.sources.catalogue import list_models as matching

        found = matching(pattern)
        if not found.models:
            names = [model.name for model in matching().models]
            near = f'try "*{pattern}*"' if any(pattern in name for name in names) else did_you_mean(pattern, names)
            raise ConfigError([f'no model matches "{pattern}"'], remedy=near or 'try a glob such as "*resnet*"')
    rows = []
    for model in found.models:
        source = model.source if model.origin == OURS else f"{model.source} ({model.origin})"
        rows.append((source, model.name, model.note))
    table(("source", "model", "note"), rows)
    for problem in found.problems:
        say(f"\nLeft out: {problem}")
    say('\nYour own: source = "callable", architecture = "your_package.your_module:function"')


def list_layers(model: str, source: str | None, config_path: Path | None) -> None:
    """Print the layers of a model, in order, with unit counts and grids. No weights are fetched.

    Args:
        model: a name in the configuration, or one that the source knows.
        source: where it comes from; None looks in the configuration, and then guesses from the name.
        config_path: None takes the usual file, if it is there.

    Raises:
        ConfigError: there is no model of that name.
    """
    spec = _spec(model, source, config_path)
    with console.status("starting"):
        from atlas.models.load import load_model

        card = load_model(spec).card
    rows = []
    for layer in card.layers:
        grid = " x ".join(map(str, layer.grid)) if layer.grid else "-"
        rows.append((layer.name, layer.module, str(layer.units), grid))
    table(("layer", "module", "units", "positions"), rows)


def _spec(model: str, source: str | None, config_path: Path | None) -> "ModelSpec":
    from atlas.models.spec import ModelSpec

    path = config_path or (DEFAULT_CONFIG if source is None and DEFAULT_CONFIG.is_file() else None)
    if path:
        config = load_config(path)
        spec = config.model_spec(model)
        if spec is not None:
            # Layers do not depend on the weights, and a hub may be out of reach.
            bare = {"pretrained": False, "checkpoint": None} if spec.source == "timm" else {}
            return spec.model_copy(update=bare)
        if config_path:
            names = ", ".join(one.name for one in config.models)
            raise ConfigError([f'{path} has no model "{model}"; it has {names}'])
    source = source or source_of(model)
    try:
        return ModelSpec(name=model, source=source, architecture=model, pretrained=False if source == "timm" else None)
    except ValidationError as error:
        found = problems_of(error, {"source": source, "architecture": model, "name": model}, (), {})
        texts = dict.fromkeys(problem.text for problem in found)
        raise ConfigError(list(texts), remedy="list what there is with `atlas models`") from error
