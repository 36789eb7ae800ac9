"""Isolation: whatever a model's or a method's own code raises is a task's problem, and not the run's end."""

import logging
import socket
from collections.abc import Callable
from typing import NamedTuple, TypeVar

import torch

from atlas.errors import AtlasError, DeviceError, ExecutorError, StoreError
from atlas.models.code.faults import ASSERTION, fault_in
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
    """Return the result, or None and what was wrong with the target, or with the memory, if it raises.

    Raises:
        Stopped, StoreError, ExecutorError: a stop, a store that fails, a model that is not the planned one: no fault of
            the target's.
        DeviceError: the device computes no more, and nothing may be said of the target.
    """
    try:
        return function(), Problem("")
    except (Stopped, StoreError, ExecutorError, KeyboardInterrupt):
        raise
    except BaseException as error:  # a model's or a method's own code may raise anything, or end the program
        logger.debug("a task failed", exc_info=True)
        if fault := fault_in(error):
            raise device_error(device, fault, fault == ASSERTION) from error
        problem = Problem(_said(error)[:LONGEST], is_shortage(error))
    if problem.of_memory:  # here, where the error no longer holds what was computed
        release(device)
    return None, problem


def device_error(device: torch.device, fault: str, by_target: bool = False) -> DeviceError:
    """Return the error of a device that computes no more.

    Args:
        by_target: what was being made is to blame, so that here, where the process ends with it, the next run would
            end so again.
    """
    return DeviceError(
        f'the device "{device}" of {socket.gethostname()} failed ({fault}); nothing is recorded of what it was making',
        'one of these is to blame: set executor.kind = "ray", which puts it in quarantine and makes the others'
        if by_target
        else "run the same command again; if it fails again, test that device, or leave it out",
        by_target,
    )


def _said(error: BaseException) -> str:
    if isinstance(error, AtlasError):
        return error.sentence
    text = f"{type(error).__name__}: {text_of(error)}"
    return f"not enough memory, even alone; {REMEDY} ({text})" if is_shortage(error) else text
