"""Every error a user can meet: one tree, each with the value, what is allowed and what to do."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

DOCUMENTATION = "https://lens-atlas.github.io/lens-atlas"
"""Where remedies send those who want to read on."""

MAX_LISTED = 50
"""Problems that are written out; a list of thousands of wrong values is one mistake."""


class AtlasError(Exception):
    """Base of all errors that atlas reports without a traceback.

    Attributes:
        exit_code: process exit status that the command line uses (1 or 2).
    """

    exit_code = 1

    def __init__(self, message: str, remedy: str = "") -> None:
        self.message = message
        self.remedy = remedy
        super().__init__(message)

    def __str__(self) -> str:
        return f"{self.message}\n  -> {self.remedy}" if self.remedy else self.message

    @property
    def sentence(self) -> str:
        """The message and what to do about it, on one line."""
        return f"{self.message}; {self.remedy}" if self.remedy else self.message


class ConfigError(AtlasError):
    """The configuration, or a value on the command line, cannot be used. Lists all problems at once."""

    exit_code = 2

    def __init__(self, problems: Sequence[str], source: str = "", remedy: str = "") -> None:
        self.problems = list(problems)
        head = f"{source}: " if source else ""
        if len(self.problems) == 1:
            message = head + self.problems[0]
        else:
            more = [f"and {len(self.problems) - MAX_LISTED} more"] if len(self.problems) > MAX_LISTED else []
            lines = "\n".join(f"  - {problem}" for problem in [*self.problems[:MAX_LISTED], *more])
            message = f"{head}{len(self.problems)} problems\n{lines}"
        super().__init__(message, remedy)


class DataFileError(ConfigError):
    """A TOML, JSON, CSV or text file is missing, damaged, or beyond what is read; one problem, and the file's name."""


class ModelError(AtlasError):
    """A model, a checkpoint or a layer cannot be used."""

    exit_code = 2


class PhotoError(AtlasError):
    """A photo cannot be read. Callers with many photos name it, skip it and go on."""

    exit_code = 2


class PhotoGoneError(PhotoError):
    """A photo cannot be read any more, or is another one than when the photos were listed. What came of it would be
    wrong for the photos that were listed, so callers do not skip it."""


class SpectrumError(AtlasError):
    """A magnitude spectrum, or the photos to make one from, cannot be used."""

    exit_code = 2


class ConceptError(AtlasError):
    """Activations cannot be factorised into concepts, or concepts cannot be measured."""


class ScoreError(AtlasError):
    """Pictures cannot be scored, or a figure cannot be made of their scores."""


class StoreError(AtlasError):
    """The asset store cannot be read or written."""


class StoreSchemaError(StoreError):
    """The store was written by a version of atlas with another schema."""

    exit_code = 2


class ExecutorError(AtlasError):
    """The machines or worker processes that should render cannot be had."""


class DeviceError(ExecutorError):
    """A device computes no more. Nothing is recorded of what was being made on it.

    Attributes:
        by_target: what was being made did that itself, by an assertion of a kernel of its own; the device is sound.
    """

    def __init__(self, message: str, remedy: str = "", by_target: bool = False) -> None:
        super().__init__(message, remedy)
        self.by_target = by_target


class SiteError(AtlasError):
    """The site cannot be built."""


class PictureError(AtlasError):
    """A picture cannot be saved, or a file holds none with a recipe."""

    exit_code = 2


class TargetError(AtlasError):
    """What is to be rendered is not in the model; names what is near."""

    exit_code = 2


class RenderError(AtlasError):
    """The one picture that was asked for failed."""


class AtlasWarning(UserWarning):
    """What a person should know of a model or a call that works all the same."""


def did_you_mean(value: object, allowed: Iterable[object], limit: int = 3) -> str:
    """Return ``'did you mean "a" or "b"?'`` for the names nearest to ``value``, or an empty string."""
    by_lower = {str(name).lower(): str(name) for name in allowed}
    near = get_close_matches(str(value).lower(), list(by_lower), n=limit, cutoff=0.5)
    if not near:
        return ""
    return "did you mean " + " or ".join(f'"{by_lower[name]}"' for name in near) + "?"
