"""Why a module of the user's cannot be imported, or its function called, and what to do about it."""

import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PureWindowsPath
from typing import Any

from atlas.errors import did_you_mean
from atlas.models.code.foreign import text_of
from atlas.models.code.own_modules import is_installed, is_library

Remedy = Callable[[BaseException], str]


def import_remedy(place: str, name: str, folders: Sequence[Path]) -> Remedy:
    """Return what tells, of an exception of importing ``place``, what to do about it.

    Args:
        place: dotted name of the module.
        name: what is wanted of it.
        folders: where it is looked for.
    """

    def remedy(error: BaseException) -> str:
        if isinstance(error, SyntaxError):
            where = f"line {error.lineno} of {Path(error.filename).name}" if error.filename else "the file"
            return f"correct {where}; it must be Python 3, in UTF-8"
        if isinstance(error, EOFError):
            return _INPUT
        if isinstance(error, FileNotFoundError):
            return f"relative paths begin in {folders[0]}; correct the path, or put the file there"
        if isinstance(error, ModuleNotFoundError):
            return _missing(place, name, folders, error.name or "")
        if isinstance(error, ImportError):
            return _unimportable(place, folders, error)
        return _try_it(place, folders)

    return remedy


_INPUT = 'it asks for input; put that under `if __name__ == "__main__":`'


def _missing(place: str, name: str, folders: Sequence[Path], absent: str) -> str:
    """Return what to do about a module that is not there: the one that was asked for, or one that it imports."""
    top, own = absent.partition(".")[0], place.partition(".")[0]
    if not folders[0].is_dir():
        return f'there is no folder "{folders[0]}"; correct the model\'s folder'
    if is_library(top) and any((folder / f"{top}.py").is_file() for folder in folders):
        return f"{top}.py beside it has the name of a module of Python's own; rename it"
    if elsewhere := next(_elsewhere(place, top, folders), None):
        folder, module = elsewhere
        return f'"{top}" is in {folder}: folder = "{folder.as_posix()}" and architecture = "{module}:{name}"'
    if top != own:
        if "." in absent and is_installed(top):
            return (
                f'the "{top}" that is installed has no "{absent}"; install the version that the module was written for'
            )
        return f'install "{top}" where atlas is installed, or put it beside the module'
    if notebook := next((file for folder in folders if (file := folder / f"{own}.ipynb").is_file()), None):
        return f"{notebook.name} is a notebook; make a module of it: jupyter nbconvert --to script {notebook.name}"
    beside = sorted({path.stem for folder in folders for path in folder.glob("*.py") if path.is_file()})
    hint = did_you_mean(place, beside)
    remedy = f"put {place.replace('.', '/')}.py into {folders[0]}, or install its package where atlas is installed"
    return f"{hint} Else {remedy}" if hint else remedy


def _elsewhere(place: str, top: str, folders: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    """Yield other folders from which a module would find ``top``, and the module's own name from there."""
    parts = place.split(".")
    for folder in folders:
        for depth in range(1, len(parts)):
            inner = folder.joinpath(*parts[:depth])
            if _holds(inner, top):
                yield inner, ".".join(parts[depth:])
        if top == parts[0] and folder.is_dir():
            yield from ((inner, place) for inner in sorted(folder.iterdir()) if inner.is_dir() and _holds(inner, top))


def _holds(folder: Path, top: str) -> bool:
    return (folder / f"{top}.py").is_file() or (folder / top).is_dir()


def _unimportable(place: str, folders: Sequence[Path], error: ImportError) -> str:
    """Return what to do about a module that is there, but not what is wanted of it."""
    said, top = text_of(error), (error.name or "").partition(".")[0]
    if "circular import" in said:
        return "two modules import each other: let one of them do so inside the function that needs it"
    if "relative import" in said:
        return f"import without the dots; {folders[0]} is where modules are looked for"
    if any((folder / f"{top}.py").is_file() or (folder / top).is_dir() for folder in folders):
        return f"correct that import, or what {top} defines"
    if top and is_installed(top):
        return f'install the version of "{top}" that {place} was written for'
    return _try_it(place, folders)


def _try_it(place: str, folders: Sequence[Path]) -> str:
    return f"""it fails in Python too: see python -c "__import__('{place}')" in {folders[0]}"""


def spelling_remedy(architecture: str) -> str:
    """Return how to write an architecture that is no ``package.module:function``; nothing if it is one."""
    place, colon, name = architecture.rpartition(":") if ":" in architecture[2:] else (architecture, "", "")
    if re.search(r"[/\\]|\.py$|\.ipynb$", place):
        text = re.sub(r"\\+", "/", place).removesuffix(".py").removesuffix(".ipynb")
        path = PureWindowsPath(text) if re.match("[A-Za-z]:/", text) else Path(text)
        module = path.name if path.is_absolute() else ".".join(part for part in path.parts if part != ".")
        folder = f'folder = "{path.parent.as_posix()}" and ' if path.is_absolute() else ""
        return (
            f'modules are named with dots and without an ending: {folder}architecture = "{module}:{name or "function"}"'
        )
    if colon and place and name and not place.startswith("."):
        return ""
    before, dot, last = architecture.strip(":.").rpartition(".")
    return f'write "{before}:{last}"' if dot and not colon else 'write "package.module:function"'


def call_remedy(function: Callable[..., Any], given: dict[str, Any], folder: Path) -> Remedy:
    """Return what tells, of an exception of ``function(**given)``, what to do about it.

    Args:
        folder: where it runs.
    """

    def remedy(error: BaseException) -> str:
        if isinstance(error, TypeError) and (wanted := _unbound(function, given)):
            return wanted
        if isinstance(error, EOFError):
            return "it asks for input, which there is none of; take it from its arguments"
        if isinstance(error, FileNotFoundError):
            return f"relative paths begin in {folder}; correct the path, or put the file there"
        if re.search("CUDA|NVIDIA|cuda", text_of(error)):
            return (
                "build it on the CPU, without .cuda(), and load with map_location='cpu'; atlas moves the network itself"
            )
        return "make it work in a Python session first, with the same arguments"

    return remedy


def _unbound(function: Callable[..., Any], given: dict[str, Any]) -> str:
    """Return how to call a function that does not take the arguments; nothing if it does, or does not say."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return ""
    try:
        signature.bind(**given)
    except TypeError:
        takes = ", ".join(map(str, signature.parameters.values()))
        unknown = [key for key in given if key not in signature.parameters]
        hint = "".join(f"; {said}" for key in unknown if (said := did_you_mean(key, signature.parameters)))
        needed = [
            one.name
            for one in signature.parameters.values()
            if one.default is one.empty
            and one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
            and one.name not in given
        ]
        if needed:
            filled = ", ".join(f"{key} = ..." for key in needed)
            hint += f"; add to the model: arguments = {{ {filled} }}, or name a function that takes none"
        return f"it takes ({takes}){hint}"
    return ""
