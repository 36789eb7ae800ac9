"""The boundary to code that is not ours: constructors, imports and forward passes of anyone's models."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from atlas.errors import AtlasError, ModelError

_LOGGERS = ("timm", "huggingface_hub", "torch", "httpx", "urllib3")


def first_line(error: BaseException) -> str:
    """Return ``Type: first line of the message``, at most 300 characters."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:300]}" if lines else type(error).__name__


class foreign_code:  # noqa: N801 - used as a function, like contextlib's
    """Context in which any exception becomes a ModelError; a model's author may raise whatever they like.

    Args:
        message: what failed; the exception's type and first line are appended.
        remedy: what the user can do.

    Raises:
        ModelError: in place of any other exception, with that one as its cause. Errors of atlas pass unchanged.
    """

    def __init__(self, message: str, remedy: str = "") -> None:
        self.message = message
        self.remedy = remedy

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if isinstance(error, Exception) and not isinstance(error, AtlasError):
            raise ModelError(f"{self.message}: {first_line(error)}", self.remedy) from error


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
