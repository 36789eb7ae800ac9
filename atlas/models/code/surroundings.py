"""What code that is not ours may change of this process (a network's, Ray's); all of it is put back."""

import os
import random
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))

# What a script may set for itself, and would change what is computed here, or how: read and set.
_SETTINGS: tuple[tuple[Callable[[], Any], Callable[[Any], Any]], ...] = (
    (torch.get_default_dtype, torch.set_default_dtype),
    (torch.is_grad_enabled, torch.set_grad_enabled),
    (torch.get_default_device, lambda device: torch.set_default_device(None if device.type == "cpu" else device)),
    (torch.get_float32_matmul_precision, torch.set_float32_matmul_precision),
    (torch.get_num_threads, torch.set_num_threads),
    (torch.are_deterministic_algorithms_enabled, torch.use_deterministic_algorithms),
    (torch.is_anomaly_enabled, torch.autograd.set_detect_anomaly),
    (lambda: torch.backends.cudnn.benchmark, lambda value: setattr(torch.backends.cudnn, "benchmark", value)),
    (lambda: torch.backends.cudnn.deterministic, lambda value: setattr(torch.backends.cudnn, "deterministic", value)),
    (lambda: torch.backends.cudnn.allow_tf32, lambda value: setattr(torch.backends.cudnn, "allow_tf32", value)),
    (lambda: sys.argv, lambda value: setattr(sys, "argv", value)),
    (lambda: sys.stdin, lambda value: setattr(sys, "stdin", value)),
    (random.getstate, random.setstate),
)


@contextmanager
def undisturbed(folder: Path) -> Iterator[None]:
    """Let code run as a script in ``folder`` would, without arguments and input, and undo what it sets.

    Random numbers of Python and numpy are the same every time; torch's are the caller's.
    """
    before = [read() for read, _ in _SETTINGS]
    paths = list(sys.path)
    with ExitStack() as stack:
        stack.callback(_restore, before, paths)
        stack.enter_context(_numpy_numbers())
        stack.enter_context(signals_kept())
        stack.enter_context(working_in(folder))
        sys.argv = sys.argv[:1]
        sys.stdin = stack.enter_context(open(os.devnull, encoding="utf-8"))
        random.seed(0)
        yield


def _restore(before: list[Any], paths: list[str]) -> None:
    for (read, put), value in zip(_SETTINGS, before, strict=True):
        if read() != value:
            put(value)
    # What was put in front of Python's library would shadow it from now on; it is still needed for later imports.
    sys.path[:] = [*paths, *(path for path in sys.path if path not in paths)]


@contextmanager
def working_in(folder: Path) -> Iterator[None]:
    """Have a folder, if it is there, as the current one."""
    here = os.getcwd()
    if folder.is_dir():
        os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(here)


@contextmanager
def _numpy_numbers() -> Iterator[None]:
    """Seed numpy's global generator, which constructors of others draw from."""
    state = np.random.get_state()  # noqa: NPY002 - this very generator is meant
    np.random.seed(0)  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(state)  # noqa: NPY002


@contextmanager
def signals_kept() -> Iterator[None]:
    """Put handlers of signals back, without which Ctrl-C would no longer stop a render."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            if handler is not None:  # also where it seems unchanged: libraries set their own beneath Python's
                signal.signal(number, handler)
