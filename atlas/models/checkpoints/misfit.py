"""What is wrong with tensors that do not fit a network, and what to do about it."""

import inspect
import json
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

import torch
from torch import Tensor

from atlas.errors import ModelError
from atlas.models.checkpoints.state_dicts import Leaves, Match, tied
from atlas.models.checkpoints.torch_files import some
from atlas.models.spec import ModelSpec

_CLASSES = re.compile(r"(n|num|nb|number)?_?(of_)?(class(es)?|labels|outputs|categories|logits)|out_(features|dim)")


def check(
    own: Mapping[str, Tensor],
    file: Leaves,
    found: Match,
    what: str,
    spec: ModelSpec | None = None,
    accepts: Collection[str] = (),
    settled: bool = False,
) -> None:
    """Check that a network's tensors are all there, in its shapes, and that nothing else is in their tables.

    Args:
        what: the tensors' origin, for the message.
        accepts: the arguments that the network's constructor takes.
        settled: the module itself has taken the names that differ.

    Raises:
        ModelError: names the tensors that are missing, unknown, of another shape or of no use.
    """
    problems = [] if settled else _problems(own, file, found)
    problems += _unusable(own, file, found)
    if problems:
        raise ModelError(
            f"{what} does not fit the model: {'; '.join(problems)}", _remedy(own, file, found, spec, accepts)
        )


def _problems(own: Mapping[str, Tensor], file: Leaves, found: Match) -> list[str]:
    problems = [f"it lacks {some(list(found.missing))}"] if found.missing else []
    problems += [f"it has the unknown {some(list(found.unknown.values()))}"] if found.unknown else []
    unlike = [f"{name} is {_shape(file[found.taken[name]])} instead of {_shape(own[name])}" for name in found.unlike]
    return problems + ([f"other shapes: {some(unlike)}"] if unlike else [])


def _shape(tensor: Tensor) -> tuple[int, ...]:
    return tuple(tensor.shape)


def _unusable(own: Mapping[str, Tensor], file: Leaves, found: Match) -> list[str]:
    """Return what is wrong with tensors of the right name and shape: no data, no floats, or two values for one."""
    problems = []
    for name, given in found.taken.items():
        tensor = file[given]
        if tensor.is_meta:
            problems.append(f"{name} has a shape but no data")
        elif tensor.is_quantized or _sort(tensor) > _sort(own[name]) or _sort(tensor) < _sort(own[name]) == 1:
            kinds = [str(one.dtype).removeprefix("torch.") for one in (tensor, own[name])]
            problems.append(f"{name} is of {kinds[0]}, not of {kinds[1]}, as quantised weights are")
    for name, other in tied(own).items():
        if {name, other} <= found.taken.keys() and not problems:
            one, two = file[found.taken[name]], file[found.taken[other]]
            if not (one is two or torch.equal(one, two)):
                problems.append(f"{name} and {other} are one tensor in the model, but two in the file")
    return [some(problems)] if problems else []


def _sort(tensor: Tensor) -> int:
    """Return 0 for whole numbers, 1 for floats and 2 for complex numbers."""
    return 2 if tensor.is_complex() else 1 if tensor.is_floating_point() else 0


def _remedy(
    own: Mapping[str, Tensor], file: Leaves, found: Match, spec: ModelSpec | None, accepts: Collection[str]
) -> str:
    """Return the likeliest cause's cure: a head of another size, tensors that are no part of it, another network."""
    general = "check the architecture and its arguments (num_classes, img_size, in_chans)"
    if any("/" in name for name in file):
        return (
            "its names are those of a JAX archive: timm reads those of ViT, BiT and Mixer, with "
            'source = "timm" and that architecture; for others, ' + general
        )
    pairs = {(own[name].shape[:1], file[found.taken[name]].shape[:1]) for name in found.unlike}
    tails = all(own[name].shape[1:] == file[found.taken[name]].shape[1:] for name in found.unlike)
    if spec is not None and len(pairs) == 1 and tails and not found.missing:
        ((_, given),) = pairs
        name = next((name for name in accepts if _CLASSES.fullmatch(name)), "")
        if given and name:
            return f"its classifier has {given[0]} classes: {arguments_line(spec, name, given[0])}"
        if given:
            return f"its classifier has {given[0]} outputs: make the network with as many"
    sides = {tuple(file[found.taken[name]].shape[:2]) for name in found.unlike if own[name].ndim == 4}
    if spec is not None and spec.source == "timm" and len(sides) == len(found.unlike) == 1:
        ((_, channels),) = sides
        if channels in (1, 3):
            return f"its first convolution takes {channels} channels: channels = {channels}"
    if spec is not None and found.whole and found.unknown:
        used = {*found.taken, *(given[len(file.table[given]) :].lstrip(".") for given in found.taken.values())}
        patterns = list(dict.fromkeys(_pattern(name, used) for name in found.unknown.values()))
        if len(patterns) <= 5:
            line = ", ".join(json.dumps(pattern) for pattern in patterns)
            return f"if they are no part of the network, leave them out: ignore = [{line}]"
    return general


def _pattern(name: str, used: Collection[str]) -> str:
    """Return the shortest glob for a name that takes none of those in use."""
    parts = name.split(".")
    for end in range(1, len(parts)):
        head = ".".join(parts[:end]) + "."
        if not any(one.startswith(head) for one in used):
            return head + "*"
    return name


def arguments_line(spec: ModelSpec, name: str, value: object) -> str:
    """Return the line of the configuration that adds an argument to the model's."""
    given = {**spec.arguments, name: value}
    return f"arguments = {{ {', '.join(f'{key} = {json.dumps(one)}' for key, one in given.items())} }}"


def parameters_of(function: Callable[..., Any]) -> tuple[str, ...]:
    """Return the names of what a function or class can be called with; nothing if it does not say."""
    try:
        return tuple(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return ()
