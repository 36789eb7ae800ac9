"""Checkpoints: the weights in a file, fitted into a network by name and shape."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

import torch
from torch import Tensor, nn

from atlas.errors import ModelError, did_you_mean
from atlas.models.checkpoints import misfit
from atlas.models.checkpoints.state_dicts import Leaves, Match, leaves, match
from atlas.models.checkpoints.torch_files import some
from atlas.models.checkpoints.weight_files import read_weights
from atlas.models.code.foreign import foreign_code, quiet
from atlas.models.spec import ModelSpec

Convert = Callable[[dict[str, Tensor]], Mapping[str, Tensor]]
"""Brings a checkpoint of another layout or size to the network's, as its library does for published weights."""

_COUNTERS = ("num_batches_tracked", "n_averaged")
_SHAPES_AND_NAMES = "check the architecture and its arguments"


@dataclass(frozen=True)
class Loaded:
    """What was loaded from a checkpoint.

    Attributes:
        origin: where the weights came from, in words.
        notices: what a person should know about the choice, in sentences.
    """

    origin: str
    notices: tuple[str, ...] = ()


def load_checkpoint(
    module: nn.Module, spec: ModelSpec, accepts: Collection[str] = (), convert: Convert | None = None
) -> Loaded:
    """Read the spec's weight file and put its tensors into ``module``.

    Args:
        accepts: the arguments that the network's constructor takes, for advice.
        convert: tried where the tensors do not fit as they are.

    Raises:
        ModelError: the file is missing, damaged, needs code to be run, or does not fit; names the tensors.
    """
    path = (spec.checkpoint or Path()).expanduser()
    file = _under_key(_named(read_weights(path), path), spec.checkpoint_key, path)
    own = _tensors(module)
    left = {name for name in own if _ignored(spec.ignore, name)}
    _check_patterns(spec.ignore, own, file)
    found = _without(match(own, file, _optional(own, left)), file, spec.ignore)
    if convert is not None and not (found.whole and not found.unknown):
        file, found = _converted(convert, own, file, found, _optional(own, left), spec.ignore)
    what = f'checkpoint "{path}"'
    misfit.check(own, file, found, what, spec, accepts, _settled_by_hooks(module, own, file, found, left))
    _put(module, {name: file[given] for name, given in found.taken.items() if name not in left}, what)
    return Loaded(*_told(found, file, path, sorted(left), spec))


def read_checkpoint(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a weight file by dotted name, in the file's order.

    Raises:
        ModelError: as of :func:`atlas.models.checkpoints.weight_files.read_weights`, or it holds no tensors by name.
    """
    return dict(_named(read_weights(path), path))


def fit(module: nn.Module, tensors: Mapping[str, Tensor], what: str) -> None:
    """Load ``tensors`` into ``module``; names and shapes must agree (batch counters may be absent).

    Args:
        what: the tensors' origin, for the message.

    Raises:
        ModelError: names the tensors that are missing, unknown or of another shape.
    """
    own, file = _tensors(module), leaves(tensors)
    found = _without(match(own, file, _optional(own, ())), file, ())
    misfit.check(own, file, found, what)
    _put(module, {name: file[given] for name, given in found.taken.items()}, what)


def _tensors(module: nn.Module) -> dict[str, Tensor]:
    return {name: value for name, value in module.state_dict().items() if isinstance(value, Tensor)}


def _named(content: object, path: Path) -> Leaves:
    found = leaves(content)
    if found:
        return found
    if found.nameless:
        held = f"{found.nameless} without names, in lists"
        remedy = "averages that are kept as a list belong into the model first: save its state_dict() then"
    else:
        held = f"but the keys {some(found.outermost)}" if found.outermost else f"but {type(content).__name__}"
        remedy = "save a model's state_dict()"
    raise ModelError(f'checkpoint "{path}" holds no tensors by name, {held}', remedy)


def _under_key(file: Leaves, key: str | None, path: Path) -> Leaves:
    if key is None:
        return file
    below = file.below(key)
    if below:
        return below
    keys = dict.fromkeys(name[:place] for name in file for place, sign in enumerate(name) if sign == ".")
    listed = [one for one in keys if one.count(".") < 2]
    hint = did_you_mean(key, listed) or "tensors are under: " + some(listed or ["no key; leave it out"])
    raise ModelError(f'checkpoint "{path}" holds no tensors under checkpoint_key = "{key}"', hint)


def _optional(own: Mapping[str, Tensor], left: Collection[str]) -> frozenset[str]:
    """Return the network's names that a file need not have: batch counters, and those that are left as they are."""
    counters = {name for name in own if name.rpartition(".")[2] in _COUNTERS}
    return frozenset(counters | set(left))


def _ignored(patterns: Iterable[str], *spellings: str) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns for name in spellings)


def _check_patterns(patterns: Iterable[str], own: Mapping[str, Tensor], file: Leaves) -> None:
    inside = [name[len(file.table[name]) :].lstrip(".") for name in file]
    for pattern in patterns:
        if not any(_ignored([pattern], name) for name in (*own, *file, *inside)):
            hint = did_you_mean(pattern, {*own, *inside}) or f"the file has {some(inside)}"
            raise ModelError(f'ignore = ["{pattern}"] is no tensor of the checkpoint or of the model', hint)


def _without(found: Match, file: Leaves, patterns: Iterable[str]) -> Match:
    """Return the match without unknown tensors that do not matter: counters and flags, and those to be ignored."""
    unknown = {
        name: bare
        for name, bare in found.unknown.items()
        if not _is_counter(file[name]) and not _ignored(patterns, name, bare, name[len(file.table[name]) :].lstrip("."))
    }
    return replace(found, unknown=unknown)


def _is_counter(tensor: Tensor) -> bool:
    return tensor.numel() == 1 and not tensor.is_floating_point() and not tensor.is_complex()


def _converted(
    convert: Convert,
    own: Mapping[str, Tensor],
    file: Leaves,
    found: Match,
    optional: frozenset[str],
    patterns: tuple[str, ...],
) -> tuple[Leaves, Match]:
    """Return the tensors and their match after a library's conversion, if that makes them fit, else as they were."""
    spelled = {name: file[given] for name, given in found.taken.items()}
    spelled |= {bare: file[name] for name, bare in found.unknown.items()}
    try:
        with quiet(), foreign_code("converting"), torch.no_grad():
            other = leaves(dict(convert(spelled)))
    except ModelError:
        return file, found
    again = _without(match(own, other, optional), other, patterns)
    return (other, again) if _fitness(again) > _fitness(found) else (file, found)


def _fitness(found: Match) -> tuple[bool, int]:
    return found.whole, len(found.taken) - len(found.unlike) - len(found.unknown)


def _settled_by_hooks(
    module: nn.Module, own: Mapping[str, Tensor], file: Leaves, found: Match, left: Collection[str]
) -> bool:
    """Tell whether the module itself knows what to do with the names that differ, as hooks for older names do."""
    if (found.whole and not found.unknown) or found.unlike or not found.taken:
        return False
    given = {name: file[one] for name, one in found.taken.items()} | {n: file[one] for one, n in found.unknown.items()}
    try:
        with foreign_code("loading"), torch.no_grad():
            result = module.load_state_dict(given, strict=False)
            rest = {*result.missing_keys, *result.unexpected_keys}
    except ModelError:
        return False
    return rest <= _optional(own, left)


def _put(module: nn.Module, tensors: Mapping[str, Tensor], what: str) -> None:
    with foreign_code(f"{what} cannot be loaded into the model", _SHAPES_AND_NAMES):
        dense = {name: one if one.layout is torch.strided else one.to_dense() for name, one in tensors.items()}
        module.load_state_dict(dense, strict=False)


def _told(found: Match, file: Leaves, path: Path, left: list[str], spec: ModelSpec) -> tuple[str, tuple[str, ...]]:
    """Return the origin in words, and what else should be known."""
    key = found.prefix.rstrip(".")
    origin = f"checkpoint {path.name}" + (f", {key}" if key else "")
    notices = []
    if others := [other.prefix.rstrip(".") for other in found.others if _differ(found, other, file)]:
        taken = f'"{key}"' if key else "the tensors without a prefix"
        named = some([f'"{other}"' for other in others if other])
        notices.append(
            f"{path.name} holds several sets of weights that fit; {taken} is taken, not {named or 'those without'}; "
            "`checkpoint_key` chooses"
        )
    if found.apart:
        names = [name for name, given in found.taken.items() if given.endswith(found.apart + name)]
        notices.append(f'{some(names)} are from "{found.apart.rstrip(".")}" of {path.name}, the others from "{key}"')
    if left:
        notices.append(f"{some(left)} stay as the constructor makes them, because of `ignore`")
        origin += f"; not from it: {some(left)}"
    return origin, tuple(f'model "{spec.name}": {notice}' for notice in notices)


def _differ(one: Match, other: Match, file: Leaves) -> bool:
    pairs = ((given, other.taken.get(name, given)) for name, given in one.taken.items())
    return any(a != b and not torch.equal(file[a], file[b]) for a, b in pairs)
