"""Interrupted: how a call ends that Ctrl-C stopped in order."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from atlas.picture import Picture


class Interrupted(KeyboardInterrupt):
    """Ctrl-C ended a call after its current step; nothing that was finished is lost.

    A ``KeyboardInterrupt``, so that a loop or a notebook's "run all" ends with it.

    Attributes:
        finished: the pictures that were finished, in the order in which they were asked for.
    """

    def __init__(self, message: str, finished: "Sequence[Picture]" = ()) -> None:
        super().__init__(message)
        self.finished = tuple(finished)
