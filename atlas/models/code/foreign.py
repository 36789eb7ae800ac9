"""The boundary to code that is not ours: constructors, imports and forward passes of anyone's models."""

import logging
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from atlas.errors import AtlasError, ModelError

_MAIN_GUARD = 'put what is for running it as a script under `if __name__ == "__main__":`, and leave it without exit()'
_LOGGERS = ("timm", "huggingface_hub", "torch", "httpx", "urllib3")


def text_of(error: BaseException) -> str:
    """Return an exception's message, also of one whose own code cannot tell it."""
    return str(traceback.TracebackException(type(error), error, None, lookup_lines=False)).strip()


def first_line(error: BaseException) -> str:
    """Return ``Type: first line of the message``, at most 300 characters."""
    lines = text_of(error).splitlines()
    return f"{type(error).__name__}: {lines[0][:300]}" if lines else type(error).__name__


class foreign_code:  # noqa: N801 - used as a function, like contextlib's
    """Context in which any exception becomes a ModelError; a model's author may raise whatever they like.

    That they end the program (``SystemExit``) is an error too: it would end atlas with whatever status they chose. So
    is what derives from ``BaseException`` itself, as skipped tests, cancelled tasks and panics of Rust do.

    Args:
        message: what failed; the reason is appended.
        remedy: what the user can do, or what says it of an exception.
        reason: what says of an exception why, in one line.

    Raises:
        ModelError: in place of any other exception, with that one as its cause. Errors of atlas pass unchanged.
    """

    def __init__(
        self,
        message: str,
        remedy: str | Callable[[BaseException], str] = "",
        reason: Callable[[BaseException], str] = first_line,
    ) -> None:
        self.message = message
        self.remedy = remedy
        self.reason = reason

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if isinstance(error, SystemExit):
            raise ModelError(f"{self.message}: {_ending(error)}", _MAIN_GUARD) from error
        if error is not None and not isinstance(error, AtlasError | KeyboardInterrupt):
            remedy = self.remedy if isinstance(self.remedy, str) else self.remedy(error)
            raise ModelError(f"{self.message}: {self.reason(error)}", remedy) from error


def _ending(error: SystemExit) -> str:
    """Say how code that is not ours ended the program, and whether it did so over its arguments."""
    code = error.code if isinstance(error.code, int) else 0 if error.code is None else 1
    said = f', saying "{error.code[:200]}"' if isinstance(error.code, str) else ""
    frames = (frame.filename for frame in traceback.extract_tb(error.__traceback__))
    parsing = any(Path(name).name == "argparse.py" for name in frames)
    why = "; it reads arguments of the command line" if parsing else ""
    return f"it ended the program (exit status {code}{said}){why}"


@contextmanager
def quiet() -> Iterator[None]:
    """Keep warnings and log lines of the model libraries off the user's terminal; restores all settings after."""
    levels = {name: logging.getLogger(name).level for name in _LOGGERS}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in levels:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        try:
            yield
        finally:
            for name, level in levels.items():
                logging.getLogger(name).setLevel(level)
