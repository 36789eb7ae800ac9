"""From a ModelSpec to a VisionModel: the one way in for every source."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from atlas.core.canonical import canonical_json
from atlas.core.job import LOGITS, ModelIdentity, Preprocessing
from atlas.core.model_card import ModelCard
from atlas.errors import ModelError
from atlas.models.built import Built
from atlas.models.class_names import class_names
from atlas.models.foreign import quiet
from atlas.models.layers import Examination, Observation, examine, observe
from atlas.models.preprocess import resolve_preprocessing, stem_channels
from atlas.models.sources import SOURCES
from atlas.models.spec import ModelSpec
from atlas.models.vision_model import VisionModel
from atlas.models.weights import check_finite, digest_weights, freeze, is_lazy, named_tensors

__all__ = ["VisionModel", "load_model"]


def load_model(spec: ModelSpec) -> VisionModel:
    """Build the model, check it and find its layers and class names.

    Weights that a constructor or a first forward pass draws at random are the same every time.

    Raises:
        ModelError: whatever is wrong with it; each message says what to do.
    """
    with quiet(), _seeded():
        built = SOURCES.get(spec.source)(spec)
        module = built.module
        preprocessing = resolve_preprocessing(spec, built)
        try:
            seen = _settle(module, preprocessing)
            examination = examine(module, seen, preprocessing, spec.output, built.classifier)
        except ModelError as error:
            raise _explained(error, module, preprocessing, spec) from error
        check_finite(module, spec.name)
    return VisionModel(_card(spec, built, preprocessing, examination), module, examination, spec.output, built.notices)


def _settle(module: nn.Module, preprocessing: Preprocessing) -> Observation:
    """Freeze the module and run it once; again if that made weights or parts, as lazy networks do."""
    if is_lazy(module):
        observe(module.eval(), preprocessing)
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


def _card(spec: ModelSpec, built: Built, preprocessing: Preprocessing, examination: Examination) -> ModelCard:
    last = examination.layers[-1]
    chosen = "" if spec.output is None else f"[{canonical_json(spec.output)}]"
    labels, names_from = class_names(spec, last.units if last.name == LOGITS else 0, built.configuration)
    return ModelCard(
        name=spec.name,
        identity=ModelIdentity(
            architecture=built.architecture + chosen, weights=digest_weights(built.module), preprocessing=preprocessing
        ),
        source=spec.source,
        origin=built.origin,
        parameters=sum(parameter.numel() for parameter in built.module.parameters()),
        licence=spec.licence or built.licence,
        layers=examination.layers,
        classes=labels,
        class_names=names_from,
    )


@contextmanager
def _seeded() -> Iterator[None]:
    """Seed the CPU's default generator, which constructors draw from, and put its state back after.

    Without it, workers would each build another network from one spec that has no weights.
    """
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)
        yield
