"""From a ModelSpec to a VisionModel: the one way in for every source."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import nn

from atlas.core.canonical import canonical_json
from atlas.core.job import LOGITS, ModelIdentity, Preprocessing
from atlas.core.model_card import Computed, ModelCard
from atlas.errors import ModelError
from atlas.models.checkpoints.weights import check_finite, digest_weights, freeze, is_lazy, named_tensors
from atlas.models.code.foreign import foreign_code, quiet
from atlas.models.identity.gradient import image_gradient
from atlas.models.identity.probe import probe
from atlas.models.identity.structure import digest_structure
from atlas.models.names.class_names import class_names
from atlas.models.network.examine import DRY_BATCH, Examination, Observation, dry_input, examine, observe, run
from atlas.models.network.output import select_logits
from atlas.models.network.preprocess import resolve_preprocessing, stem_channels
from atlas.models.sources.built import Built
from atlas.models.spec import SOURCES, ModelSpec
from atlas.models.vision_model import VisionModel

__all__ = ["VisionModel", "load_built", "load_model"]


def load_model(spec: ModelSpec) -> VisionModel:
    """Build the model, check it and find its layers and class names.

    Weights that a constructor or a first forward pass draws at random are the same every time.

    Raises:
        ModelError: whatever is wrong with it; each message says what to do.
    """
    return _checked(spec, lambda: _built(spec))


def load_built(spec: ModelSpec, built: Built) -> VisionModel:
    """Check a network that is there already, which is changed by that, and find its layers and class names.

    Args:
        spec: what it is called and expects; nothing is built from it.

    Raises:
        ModelError: whatever is wrong with it; each message says what to do.
    """
    return _checked(spec, lambda: built)


def _checked(spec: ModelSpec, build: Callable[[], Built]) -> VisionModel:
    with quiet(), _seeded(), torch.enable_grad():
        built = build()
        module = built.module
        preprocessing = resolve_preprocessing(spec, built)
        try:
            seen = _settle(module, preprocessing)
            examination = examine(module, seen, preprocessing, spec.output, built.classifier)
            check_finite(module)
            computed = _computed(module, preprocessing, seen, examination, spec.output)
        except ModelError as error:
            raise _explained(error, module, preprocessing, spec) from error
        card = _card(spec, built, preprocessing, examination, digest_structure(seen.ran), computed)
    return VisionModel(card, module, examination, spec.output, built.notices)


def _built(spec: ModelSpec) -> Built:
    """Return what the source of a spec builds; one of another package may raise, or return, anything."""
    source = SOURCES.get(spec.source)
    whose = f'model "{spec.name}": the source "{spec.source}" of {SOURCES.origin(spec.source)}'
    remedy = "correct the model's keys; if they are right, report it to that package"
    with foreign_code(f"{whose} failed", remedy):
        built = source.build(spec)
    if not isinstance(built, Built):
        raise ModelError(f"{whose} returned {type(built).__name__}, not what it built", remedy)
    return built


def _computed(
    module: nn.Module,
    preprocessing: Preprocessing,
    seen: Observation,
    examination: Examination,
    output: str | int | None,
) -> tuple[Computed, ...]:
    """Return what is kept of what a model computes.

    Raises:
        ModelError: no gradient passes through it.
    """
    layers = [layer.name for layer in examination.layers]
    logits = select_logits(seen.output, output, DRY_BATCH) if layers[-1] == LOGITS else None
    return probe(module, preprocessing, layers, output, image_gradient(module, seen, logits))


def _settle(module: nn.Module, preprocessing: Preprocessing) -> Observation:
    """Freeze the module and run it once; again if that made weights or parts, as lazy networks do."""
    if is_lazy(module):
        run(module.eval(), dry_input(preprocessing))
    freeze(module)
    before = {name for name, _ in named_tensors(module)}
    seen = observe(module, preprocessing)
    if {name for name, _ in named_tensors(module)} == before:
        return seen
    freeze(module)
    return observe(module, preprocessing)


def _explained(error: ModelError, module: nn.Module, preprocessing: Preprocessing, spec: ModelSpec) -> ModelError:
    """Name the model, and the likely cause where its first convolution takes other channels."""
    message = f'model "{spec.name}": {error.message}'
    channels = stem_channels(module)
    if channels not in (None, preprocessing.channels):
        message += f" (its first convolution takes {channels} channels, the input has {preprocessing.channels})"
    return ModelError(message, error.remedy)


def _card(
    spec: ModelSpec,
    built: Built,
    preprocessing: Preprocessing,
    examination: Examination,
    structure: str,
    computed: tuple[Computed, ...],
) -> ModelCard:
    last = examination.layers[-1]
    chosen = "" if spec.output is None else f"[{canonical_json(spec.output)}]"
    labels, names_from = class_names(spec, last.units if last.name == LOGITS else 0, built.configuration)
    return ModelCard(
        name=spec.name,
        identity=ModelIdentity(
            architecture=built.architecture + chosen,
            weights=digest_weights(built.module),
            preprocessing=preprocessing,
            structure=structure,
        ),
        source=spec.source,
        origin=built.origin,
        parameters=sum(parameter.numel() for parameter in built.module.parameters()),
        licence=spec.licence or built.licence,
        layers=examination.layers,
        classes=labels,
        class_names=names_from,
        computed=computed,
    )


@contextmanager
def _seeded() -> Iterator[None]:
    """Seed the CPU's default generator, which constructors draw from, and put its state back after.

    Without it, workers would each build another network from one spec that has no weights.
    """
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)
        yield
