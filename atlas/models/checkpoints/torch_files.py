"""Files of ``torch.save``, read without ever running code from them."""

import pickletools
import re
import shlex
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any
from zipfile import ZipFile

import torch

from atlas.errors import ModelError
from atlas.models.checkpoints.stand_ins import is_harmless, stand_ins
from atlas.models.code.foreign import foreign_code, quiet

LEGACY_MAGIC = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
"""The number with which torch's files began before they were zip archives, as a pickle holds it."""

DAMAGED = "the file is damaged or truncated; copy or download it again"

# What torch reads by itself: tensors and how they are put together.
_TORCH = re.compile(
    r"torch\.\w+|torch\.storage\.\w+|torch\._utils\._rebuild\w+|torch\._tensor\.\w+|torch\.nn\.parameter\.Parameter|"
    r"torch\.serialization\._get_layout|collections\.(OrderedDict|Counter)|_codecs\.encode|"
    r"(builtins|__builtin__)\.(bytearray|set|complex)"
)
_LISTED = 5


def read_torch(path: Path) -> Any:
    """Return what a torch file holds, with stand-ins for objects that are no weights.

    Raises:
        ModelError: the file is damaged, or needs code to be run.
    """
    try:
        return _load(path, [])
    except ModelError as error:
        names = sorted(set(_globals(path)))
        failure = error
    if any(map(is_harmless, names)):
        try:
            return _load(path, stand_ins(names))
        except ModelError as error:
            failure = error
    code = [name for name in names if not is_harmless(name) and not _TORCH.fullmatch(name)]
    if code or _is_of_newer_protocol(path):
        named = code + [name for name in names if is_harmless(name)]
        run = f"code to be run when it is loaded ({some(named)})"
        needs = run if code else "a pickle newer than torch reads safely"
        remedy = f"if you trust the file, write its tensors alone to another: {extraction(path)}"
        if script := next((name for name in code if name.startswith("__main__.")), ""):
            remedy = (
                f"{script.removeprefix('__main__.')} is defined in the script that saved it, which alone can load it: "
                f"there, torch.save(model.state_dict(), {tensors_file(path)!r})"
            )
        message = f'checkpoint "{path}" needs {needs}, and atlas never runs code from a weight file'
        raise ModelError(message, remedy) from failure
    raise failure


def _load(path: Path, allowed: list[Any]) -> Any:
    with (
        quiet(),
        foreign_code(f'checkpoint "{path}" cannot be read', DAMAGED, _reason),
        torch.serialization.safe_globals(allowed),
        path.open("rb") as file,
    ):
        return torch.load(file, map_location="cpu", weights_only=True)  # by content; a path's suffix would count


def _reason(error: BaseException) -> str:
    """Return the one line of torch's long messages that says what is wrong."""
    text = str(error)
    found = re.search(r"WeightsUnpickler error:\s*(\S.*)", text)
    line = found.group(1) if found else next(iter(text.strip().splitlines()), "").partition(". ")[0]
    return f"{type(error).__name__}: {line[:200]}" if line else type(error).__name__


def extraction(path: Path, load: str = "torch.load(PATH, map_location='cpu', weights_only=False)") -> str:
    """Return a command that writes the tensors of a file to another, whatever lies around them.

    Args:
        load: Python that loads the file ``PATH``; it runs code from the file.
    """
    code = (
        "import torch; plain = lambda x: plain(x.state_dict()) if isinstance(x, torch.nn.Module) else "
        "{str(k): plain(v) for k, v in x.items()} if isinstance(x, dict) else "
        "[plain(v) for v in x] if isinstance(x, (list, tuple)) else "
        "x.data if isinstance(x, torch.Tensor) else None; "
        f"torch.save(plain({load.replace('PATH', repr(str(path)))}), {tensors_file(path)!r})"
    )
    return f"python -c {shlex.quote(code)}"


def tensors_file(path: Path) -> str:
    """Return the name of a file for the tensors of another; never that one's own, which would be overwritten."""
    return f"{path.stem}-tensors.pt"


def some(names: list[str]) -> str:
    """Return the first names, and how many more there are."""
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more


def _globals(path: Path) -> Iterator[str]:
    """Yield the dotted names of what a torch file would import, as far as it can be followed."""
    try:
        with foreign_code("the pickle cannot be followed"):
            for operation, argument in _operations(path):
                if operation == "GLOBAL":
                    yield str(argument).replace(" ", ".", 1).replace("__builtin__.", "builtins.", 1)
    except ModelError:
        return


def _is_of_newer_protocol(path: Path) -> bool:
    """Tell whether a pickle can be taken apart whole, so that it is not damaged, only newer than torch reads."""
    try:
        with foreign_code("the pickle is damaged"):
            return max(int(argument) for operation, argument in _operations(path) if operation == "PROTO") > 2
    except ModelError:
        return False


def _operations(path: Path) -> Iterator[tuple[str, Any]]:
    """Yield (name, argument) of each operation in a torch file's pickles, which are taken apart, not loaded."""
    with ExitStack() as stack:
        file: IO[bytes] = stack.enter_context(path.open("rb"))
        pickles = 4  # before torch's files were archives: magic number, protocol, system, content
        if file.read(2) == b"PK":
            archive = stack.enter_context(ZipFile(path))
            file = stack.enter_context(archive.open(next(n for n in archive.namelist() if n.endswith("data.pkl"))))
            pickles = 1
        else:
            file.seek(0)
        for _ in range(pickles):
            for operation, argument, _ in pickletools.genops(file):
                yield operation.name, argument
