"""Ctrl-C and SIGTERM during a run: the first ends it after the current step, the second at once."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, current_thread, main_thread

STOPPING = b"\nStopping after this step; press Ctrl-C again to stop at once.\n"


@contextmanager
def stop_on_interrupt() -> Iterator[Event]:
    """Turn the first Ctrl-C (or SIGTERM) into a wish to stop after the current step; a second one ends at once."""
    stop = Event()
    if current_thread() is not main_thread():
        yield stop
        return

    def on_signal(number: int, frame: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        os.write(2, STOPPING)  # a signal may come in the middle of a print, which cannot be entered twice

    previous = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
