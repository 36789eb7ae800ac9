"""Ctrl-C and SIGTERM on the command line: they end it at once, but for runs (:mod:`atlas.face.stopping`)."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, current_thread, main_thread

INTERRUPTED = 130
"""Exit status after Ctrl-C or SIGTERM, as shells have it (128 + SIGINT)."""


@contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGTERM interrupt the body as Ctrl-C does, so that it ends in order; where one is ignored, it stays so.

    Raises:
        KeyboardInterrupt: also where it was turned into another error on its way, as compiled code does that imports.
    """
    came = Event()
    previous = {}

    def on_signal(number: int, frame: object) -> None:
        came.set()
        raise KeyboardInterrupt

    if current_thread() is main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(number) != signal.SIG_IGN:
                previous[number] = signal.signal(number, on_signal)
    try:
        yield
    except Exception as error:
        if came.is_set():
            raise KeyboardInterrupt from error
        raise
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
