"""Isolation: whatever a model's or a method's own code raises is a task's problem, and not the run's end."""

import logging
from collections.abc import Callable
from typing import NamedTuple, TypeVar

import torch

from atlas.errors import AtlasError, ExecutorError, StoreError
from atlas.models.code.foreign import text_of
from atlas.synthesis.steps.ascent import Stopped
from atlas.tasks.shortage import REMEDY, is_shortage, release

T = TypeVar("T")
LONGEST = 2000
"""Characters that are kept of a message."""
logger = logging.getLogger(__name__)


class Problem(NamedTuple):
    """What was wrong, and whether that was a shortage of memory."""

    text: str
    of_memory: bool = False


def isolated(function: Callable[[], T], device: torch.device) -> tuple[T | None, Problem]:
    """Return the result, or None and what was wrong if it raises.

    A stop, a store that fails and a model that is not the planned one end the run.
    """
    try:
        return function(), Problem("")
    except (Stopped, StoreError, ExecutorError, KeyboardInterrupt):
        raise
    except BaseException as error:  # a model's or a method's own code may raise anything, or end the program
        logger.debug("a task failed", exc_info=True)
        problem = Problem(_said(error)[:LONGEST], is_shortage(error))
    if problem.of_memory:  # here, where the error no longer holds what was computed
        release(device)
    return None, problem


def _said(error: BaseException) -> str:
    if isinstance(error, AtlasError):
        return error.sentence
    text = f"{type(error).__name__}: {text_of(error)}"
    return f"not enough memory, even alone; {REMEDY} ({text})" if is_shortage(error) else text
