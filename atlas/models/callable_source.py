"""Anyone's own network: ``package.module:function`` returns an ``nn.Module``."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module, invalidate_caches
from pathlib import Path
from typing import Any

from torch import nn

from atlas.core.canonical import canonical_json
from atlas.errors import ModelError, did_you_mean
from atlas.models.built import Built
from atlas.models.checkpoint import Loaded, load_checkpoint
from atlas.models.foreign import foreign_code
from atlas.models.misfit import parameters_of
from atlas.models.spec import ModelSpec


def build(spec: ModelSpec) -> Built:
    """Import and call ``package.module:function`` (a function, a class, or a module that is ready).

    Raises:
        ModelError: malformed path, failing import or call, no such name, or a result that is no ``nn.Module``.
    """
    with _current_folder():
        found = _import(spec)
        module = found if isinstance(found, nn.Module) and not spec.arguments else _call(found, spec)
    if not isinstance(module, nn.Module):
        raise ModelError(
            f'model "{spec.name}": {spec.architecture} returned {type(module).__name__}, not a torch.nn.Module',
            "return the network itself",
        )
    loaded = Loaded(spec.architecture)
    if spec.checkpoint is not None:
        loaded = load_checkpoint(module, spec, parameters_of(found))
    arguments = canonical_json(spec.arguments) if spec.arguments else ""
    return Built(
        module=module, architecture=spec.architecture + arguments, origin=loaded.origin, notices=loaded.notices
    )


def _import(spec: ModelSpec) -> Any:
    place, colon, name = spec.architecture.partition(":")
    if not (colon and place and name):
        raise ModelError(
            f'model "{spec.name}": "{spec.architecture}" does not name a callable', 'write "package.module:function"'
        )
    remedy = f'put the module beside the configuration, or install its package; python -c "import {place}" says more'
    invalidate_caches()
    with foreign_code(f'model "{spec.name}": cannot import "{place}"', remedy):
        module = import_module(place)
    if not hasattr(module, name):
        public = [known for known in vars(module) if not known.startswith("_")]
        hint = did_you_mean(name, public) or f"it has: {', '.join(public) or 'nothing'}"
        raise ModelError(f'model "{spec.name}": "{place}" has no "{name}"', hint)
    return getattr(module, name)


def _call(found: Any, spec: ModelSpec) -> Any:
    if not callable(found) or isinstance(found, nn.Module):
        raise ModelError(
            f'model "{spec.name}": {spec.architecture} is {type(found).__name__}, which takes no arguments',
            "name a function or a class that makes the network",
        )
    given = canonical_json(spec.arguments)
    remedy = "make it work in a Python session first, with the same arguments"
    with foreign_code(f'model "{spec.name}": {spec.architecture} failed with arguments {given}', remedy):
        return found(**spec.arguments)


@contextmanager
def _current_folder() -> Iterator[None]:
    """Let modules beside the configuration be imported, as ``python -m`` would; the installed command does not."""
    folder = str(Path.cwd())
    if folder in sys.path or "" in sys.path:
        yield
        return
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        if folder in sys.path:
            sys.path.remove(folder)
