"""Luggage: what travels to the nodes of a cluster, where nothing but the product is installed."""

import io
import shutil
import sysconfig
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

from atlas.core.canonical import canonical_json
from atlas.core.job import LOGITS
from atlas.errors import ExecutorError
from atlas.models.code.own_modules import import_own
from atlas.models.load import VisionModel, load_built
from atlas.models.sources.built import Built
from atlas.models.spec import ModelSpec
from atlas.store.files import is_gone, new_writer

MODULES = "modules"
"""The folder, in the luggage, of modules that are found elsewhere than beside the configuration."""
PREFIX = "atlas-luggage-"
"""Of the names of folders on nodes; the rest tells whose each is."""
LARGEST_FILE = 64 * 2**20
"""Bytes; weights travel by the object store, and are read by no node."""
LARGEST = 256 * 2**20
MOST = 10_000
"""Bytes and files of the whole."""
OWN_CODE = "callable"
ELSEWHERE = "put the configuration and the module that makes the model into a folder of their own"
_NOT_CODE = {"store.json": "a store", "pyvenv.cfg": "an environment", "atlas.json": "a site"}
"""Files that tell that a folder holds something else than a project's code."""


def pack(specs: Iterable[ModelSpec], luggage: Path) -> dict[str, ModelSpec]:
    """Copy the folders and modules of the user's own into a folder; return the models, by name, as they are there.

    Hidden files, stores, sites, environments and files of more than 64 MiB stay.

    Raises:
        ExecutorError: it is too much, or cannot be read.
    """
    folders: dict[Path, str] = {}
    packed: dict[str, ModelSpec] = {}
    for spec in specs:
        packed[spec.name] = spec
        if spec.source != OWN_CODE:
            continue
        folder = (spec.folder or Path.cwd()).resolve()
        try:
            if folder not in folders:
                folders[folder] = str(len(folders))
                _copy(folder, luggage / folders[folder])
            _copy_module(spec.architecture.partition(":")[0].partition(".")[0].strip(), folder, luggage / MODULES)
        except OSError as error:
            raise ExecutorError(
                f"{error.filename or folder} cannot travel to the nodes of a cluster: {error.strerror or error}",
                f"let it be readable, or {ELSEWHERE}",
            ) from error
        packed[spec.name] = spec.model_copy(update={"folder": Path(folders[folder])})
    return packed


def as_bytes(luggage: Path) -> bytes:
    """Return the luggage as it travels."""
    data = io.BytesIO()
    with ZipFile(data, "w", ZIP_DEFLATED) as archive:
        for file in sorted(luggage.rglob("*")):
            archive.write(file, file.relative_to(luggage))
    return data.getvalue()


def laid_out(data: bytes) -> Path:
    """Return a new folder on a node that holds the luggage; this user's alone.

    Each worker has its own: Ray's would be shared by the nodes of a host, and go when one of them is lost. What workers
    left that were killed there is removed.
    """
    place = Path(tempfile.gettempdir())
    for left in place.glob(f"{PREFIX}*"):
        if is_gone(left.name.removeprefix(PREFIX)):
            shutil.rmtree(left, ignore_errors=True)
    folder = place / f"{PREFIX}{new_writer()}"
    folder.mkdir(mode=0o700)
    with ZipFile(io.BytesIO(data)) as archive:
        archive.extractall(folder)
    return folder


def unpack(specs: dict[str, ModelSpec], luggage: Path) -> dict[str, ModelSpec]:
    """Return models as they are on a node.

    Args:
        luggage: the folder there.
    """
    own = {name: spec for name, spec in specs.items() if spec.source == OWN_CODE and spec.folder is not None}
    return specs | {name: spec.model_copy(update={"folder": luggage / str(spec.folder)}) for name, spec in own.items()}


def _copy(source: Path, target: Path) -> None:
    size = 0
    for number, file in enumerate(_files(source)):
        size += file.stat().st_size
        if size > LARGEST or number > MOST:
            raise ExecutorError(
                f"{source} holds more than {LARGEST // 2**20} MiB or {MOST} files, which is too much to travel to the "
                "nodes of a cluster",
                ELSEWHERE,
            )
        place = target / file.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, place)
    target.mkdir(parents=True, exist_ok=True)


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder that may be a project's code, or what that reads."""
    if any((folder / name).exists() for name in _NOT_CODE):
        return
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith(".") or entry.name == "__pycache__" or entry.is_symlink():
            continue
        if entry.is_dir():
            yield from _files(entry)
        elif entry.is_file() and entry.stat().st_size <= LARGEST_FILE:
            yield entry


def _copy_module(name: str, beside: Path, target: Path) -> None:
    """Copy a module that is neither beside the configuration nor installed, as one on PYTHONPATH is."""
    if (beside / f"{name}.py").exists() or (beside / name).is_dir():
        return
    found = find_spec(name)
    origin = Path(found.origin).resolve() if found is not None and found.origin else None
    if origin is None or not origin.is_file() or any(origin.is_relative_to(place) for place in _installed()):
        return
    target.mkdir(exist_ok=True)
    if origin.name == "__init__.py":
        _copy(origin.parent, target / name)
    else:
        shutil.copyfile(origin, target / origin.name)


def _installed() -> set[Path]:
    return {Path(place).resolve() for place in sysconfig.get_paths().values()}


@dataclass(frozen=True)
class Parcel:
    """A loaded model on its way: its module with its weights, which no node has to read, and what is known of it."""

    spec: ModelSpec
    built: Built


def parcel(model: VisionModel, spec: ModelSpec) -> Parcel:
    """Return a model as it travels."""
    card = model.card
    known = card.identity.preprocessing
    chosen = "" if spec.output is None else f"[{canonical_json(spec.output)}]"
    built = Built(
        module=model.module,
        architecture=card.identity.architecture.removesuffix(chosen),
        origin=card.origin,
        licence=card.licence,
        classifier=card.layers[-1].name == LOGITS,
    )
    size = {"size": (known.height, known.width), "channels": known.channels, "mean": known.mean, "std": known.std}
    return Parcel(spec.model_copy(update=size | {"class_names": None}), built)


def delivered(sent: Parcel) -> VisionModel:
    """Return the model that a parcel holds, examined where it is now; whoever asked for it compares it."""
    return load_built(sent.spec, replace(sent.built))


def known_here(spec: ModelSpec) -> None:
    """Import the module of a model's own code, whose classes its parcel names."""
    if spec.source == OWN_CODE:
        import_own(spec.architecture.partition(":")[0].strip(), [spec.folder or Path.cwd(), Path.cwd()])
