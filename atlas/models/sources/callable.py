"""Anyone's own network: ``package.module:function`` returns an ``nn.Module``."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import nn

from atlas.core.canonical import canonical_json
from atlas.errors import ModelError, did_you_mean
from atlas.models.checkpoints.checkpoint import Loaded, load_checkpoint
from atlas.models.checkpoints.misfit import parameters_of
from atlas.models.code.foreign import foreign_code
from atlas.models.code.own_errors import call_remedy, import_remedy, spelling_remedy
from atlas.models.code.own_modules import import_own
from atlas.models.code.returned import network_in
from atlas.models.code.surroundings import undisturbed
from atlas.models.sources.built import Built
from atlas.models.spec import ModelSpec, Source


class OwnCode(Source):
    """Whatever a function of somebody's own returns."""

    title = "your own code"
    summary = (
        "What a function or a class of yours returns, or a module that is ready; with a checkpoint if one is named."
    )
    example = "your_package.your_module:function"

    def build(self, spec: ModelSpec) -> Built:
        """Import and call ``package.module:function`` (a function, a class, or a module that is ready).

        The user's code runs in the folder of the configuration, or in that of atlas if the module is there, so that
        the relative paths of the files that it opens mean what they mean beside it. What it changes of the process is
        undone.

        Raises:
            ModelError: malformed path, failing import or call, no such name, or a result that is no ``nn.Module``.
        """
        if remedy := spelling_remedy(spec.architecture):
            raise ModelError(f'model "{spec.name}": "{spec.architecture}" does not name a callable', remedy)
        place, _, name = (part.strip() for part in spec.architecture.partition(":"))
        here = Path.cwd()
        folders = [spec.folder or here, here]
        with undisturbed(_folder_of(place, folders)):
            found = _import(spec, place, name, folders)
            ready = isinstance(found, nn.Module) and not spec.arguments
            what = f'model "{spec.name}": {spec.architecture}'
            module = network_in(found if ready else _call(found, spec), what)
        loaded = Loaded(spec.architecture)
        if spec.checkpoint is not None:
            loaded = load_checkpoint(module, spec, parameters_of(found))
        arguments = canonical_json(spec.arguments) if spec.arguments else ""
        return Built(
            module=module, architecture=spec.architecture + arguments, origin=loaded.origin, notices=loaded.notices
        )


CALLABLE = OwnCode()


def _folder_of(place: str, folders: Sequence[Path]) -> Path:
    """Return the folder that holds the module, else the first."""
    top = place.partition(".")[0]
    return next((one for one in folders if (one / f"{top}.py").is_file() or (one / top).is_dir()), folders[0])


def _import(spec: ModelSpec, place: str, name: str, folders: Sequence[Path]) -> Any:
    with foreign_code(f'model "{spec.name}": cannot import "{place}"', import_remedy(place, name, folders)):
        module = import_own(place, folders)
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
    failed = f'model "{spec.name}": {spec.architecture} failed with arguments {given}'
    with foreign_code(failed, call_remedy(found, spec.arguments, Path.cwd())):
        return found(**spec.arguments)
