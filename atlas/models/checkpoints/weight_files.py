"""Weight files of every kind: only regular files are opened, their size is checked first, and no code is ever run."""

import shlex
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from atlas.core.data_files import read_json
from atlas.errors import ModelError
from atlas.models.checkpoints.file_kinds import SAVE_WEIGHTS, kind_of_archive, kind_of_file
from atlas.models.checkpoints.torch_files import DAMAGED, LEGACY_MAGIC, extraction, read_torch, tensors_file
from atlas.models.code.foreign import foreign_code

HEAD = 512
"""Bytes that a file's kind is told from."""

INFLATION = 20, 2**28
"""An archive may hold this many times its own size, or this many bytes: weights hardly shrink, bombs grow a
thousandfold. What torch writes is not compressed at all."""

_WHOLE = ("model.safetensors", "pytorch_model.bin")
_INDEX = ("model.safetensors.index.json", "pytorch_model.bin.index.json")


def read_weights(path: Path) -> Any:
    """Return what a weight file holds: tensors by name, or whatever a training script put around them.

    Args:
        path: a safetensors or torch file, a numpy archive, a folder as Hugging Face's libraries write it, or its index.

    Raises:
        ModelError: it is missing, no regular file, damaged, of another kind, or needs code to be run; says which.
    """
    size = _size_of(path)
    if size is None:
        return _read_folder(path)
    if path.name.endswith(".index.json"):
        return _read_shards(path)
    with foreign_code(f'checkpoint "{path}" cannot be read', DAMAGED), path.open("rb") as file:
        head = file.read(HEAD)
    if head[8:9] == b"{" and b"\0" in head[:8]:  # after eight bytes of length, which may begin like another format
        return _read_safetensors(path)
    if head.startswith(b"PK"):
        return _read_archive(path, size)
    if head.startswith(b"\x80") and LEGACY_MAGIC in head[:64]:
        return read_torch(path)
    kind = kind_of_file(head, path.name, size)
    raise ModelError(f'checkpoint "{path}" {kind.what}', kind.remedy)


def _size_of(path: Path) -> int | None:
    """Return a regular file's size in bytes, or None of a folder."""
    try:
        found = path.stat()
    except (OSError, ValueError) as error:
        dangling = isinstance(error, FileNotFoundError) and path.is_symlink()
        reason = f'it is a link to "{path.readlink()}", which is not there' if dangling else ""
        reason = reason or getattr(error, "strerror", "") or str(error)
        raise ModelError(f'checkpoint "{path}" cannot be read: {reason}', "check the path") from error
    if stat.S_ISDIR(found.st_mode):
        return None
    if not stat.S_ISREG(found.st_mode):
        raise ModelError(f'checkpoint "{path}" is no regular file', "give a file of weights")
    return found.st_size


def _read_safetensors(path: Path) -> Mapping[str, Tensor]:
    with foreign_code(f'checkpoint "{path}" cannot be read', DAMAGED):
        return load_file(path)


def _read_archive(path: Path, size: int) -> Any:
    """Read a zip archive: what torch or numpy wrote, or neither."""
    with foreign_code(f'checkpoint "{path}" cannot be read', DAMAGED), ZipFile(path) as archive:
        entries = archive.infolist()
        names = [entry.filename for entry in entries]
        inflated = sum(entry.file_size for entry in entries)
    if inflated > max(size * INFLATION[0], INFLATION[1]):
        raise ModelError(
            f'checkpoint "{path}" would take {inflated / 1e9:.1f} GB unpacked, though the file has {size / 1e6:.1f} MB',
            "no weights shrink that much; save them again with torch.save or safetensors",
        )
    if names and all(name.endswith(".npy") for name in names):
        return _read_numpy(path)
    if any(name.endswith("constants.pkl") for name in names):
        raise ModelError(
            f'checkpoint "{path}" is TorchScript: a program with its weights, and atlas never runs code from a weight '
            "file",
            "if you trust the file, write its tensors alone to another: "
            + extraction(path, "torch.jit.load(PATH, map_location='cpu')"),
        )
    if any(name.endswith("data.pkl") for name in names):
        return read_torch(path)
    kind = kind_of_archive(names)
    raise ModelError(f'checkpoint "{path}" {kind.what}', kind.remedy)


def _read_numpy(path: Path) -> Mapping[str, Any]:
    """Return the arrays of numbers as tensors, in this machine's order of bytes; of others, what they hold."""
    with (
        foreign_code(f'checkpoint "{path}", a numpy archive, cannot be read', DAMAGED),
        np.load(path, allow_pickle=False) as archive,
    ):
        kinds = {name: _type_of(archive, name) for name in archive.files}
        return {
            name: torch.from_numpy(np.ascontiguousarray(archive[name], kind.newbyteorder("=")))
            if kind.kind in "biufc"
            else str(kind)
            for name, kind in kinds.items()
        }


def _type_of(archive: Any, name: str) -> "np.dtype[Any]":
    """Return the type of an array from its header; one of objects cannot be read without running code."""
    entry = f"{name}.npy"
    with archive.zip.open(entry if entry in archive.zip.namelist() else name) as member:
        read = np.lib.format.read_array_header_1_0
        if np.lib.format.read_magic(member) != (1, 0):
            read = np.lib.format.read_array_header_2_0
        return read(member)[2]


def _read_folder(folder: Path) -> Any:
    """Read the weight file or the shards in a folder of Hugging Face's libraries."""
    for name in (*_WHOLE, *_INDEX):
        if (folder / name).is_file():
            return read_weights(folder / name)
    if (folder / ".metadata").is_file():
        files = shlex.join([str(folder), tensors_file(folder)])
        command = f"python -m torch.distributed.checkpoint.format_utils dcp_to_torch {files}"
        raise ModelError(f'checkpoint "{folder}" is a folder of a distributed checkpoint', f"join it: {command}")
    raise ModelError(
        f'checkpoint "{folder}" is a folder without {" or ".join(_WHOLE)}', "give the file of weights, not its folder"
    )


def _read_shards(index: Path) -> dict[str, Tensor]:
    """Read all files that an index of shards names, each of which must lie beside it."""
    content = read_json(index, "index of shards")
    table = content.get("weight_map") if isinstance(content, dict) else None
    if not isinstance(table, dict) or not all(isinstance(shard, str) for shard in table.values()):
        raise ModelError(f'checkpoint "{index}" is no index of shards: it has no table "weight_map"', SAVE_WEIGHTS)
    tensors: dict[str, Tensor] = {}
    for shard in sorted(set(table.values())):
        if Path(shard).name != shard:
            raise ModelError(f'checkpoint "{index}" names the shard {shard!r}, which is not beside it', DAMAGED)
        tensors |= read_weights(index.parent / shard)
    return tensors
