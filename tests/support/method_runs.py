"""Methods as tests run them: parameters resolved for a model, and batches rendered on the CPU."""

from pathlib import Path
from types import SimpleNamespace

import torch

from atlas.methods import RenderBatch

CPU = torch.device("cpu")


def model_with(preprocessing):
    """Return a stand-in for a model, of which nothing but its preprocessing is known."""
    return SimpleNamespace(card=SimpleNamespace(identity=SimpleNamespace(preprocessing=preprocessing)))


def resolved(method, model, **parameters):
    """Return a method's parameters, with nothing left to choose for the model."""
    return method.resolve(method.parameters(**parameters), model, Path()).parameters


def batch_of(parameters, *seeds, channels=3):
    """Return a batch whose network knows its channels alone, for what methods make before they ask it."""
    network = SimpleNamespace(device=CPU, preprocessing=SimpleNamespace(channels=channels))
    return RenderBatch(network, [], seeds, parameters, {}.__getitem__)


def rendered(
    method, model, targets, seeds=None, load_input=None, numerics=None, should_stop=lambda: False, **parameters
):
    """Return what a method makes of targets; without seeds they are 0, 1, 2, ...

    Args:
        load_input: for what targets name; what the parameters name is known.
    """
    given = method.resolve(method.parameters(**parameters), model, Path())
    network = model.network(numerics or model.numerics_for(targets[0].layer), CPU)

    def load(digest):
        return given.inputs[digest] if digest in given.inputs else load_input(digest)

    seeds = list(range(len(targets))) if seeds is None else seeds
    return method.render(RenderBatch(network, targets, seeds, given.parameters, load, should_stop=should_stop))
