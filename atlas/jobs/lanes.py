"""Lanes: a worker's threads, each making pictures of its own with a network of its own, whose weights they share.

A picture is computed by one thread, because kernels that several threads share add in an order that depends on how many
there are, and a climb of a hundred steps turns that into another picture. So a machine's cores take different pictures.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import torch

ResultT = TypeVar("ResultT")
OnStep = Callable[[int, int], None]
ShouldStop = Callable[[], bool]


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute in this thread alone, as long as inside; the caller's number of threads comes back."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def in_lanes(
    work: Sequence[Callable[[int, ShouldStop], ResultT]], lanes: int, should_stop: ShouldStop
) -> list[ResultT]:
    """Return the results of calls, in their order, as many at a time as there are lanes.

    Args:
        work: each is given the number of its lane, from 0, and what says that it is to stop.

    Raises:
        BaseException: the first that a call raised, once all have ended; the others are told to stop.
    """
    if min(lanes, len(work)) < 2:
        return [call(0, should_stop) for call in work]
    ended, free, waiting = threading.Event(), threading.Lock(), iter(enumerate(work))
    results: dict[int, ResultT] = {}

    def told_to_stop() -> bool:
        return ended.is_set() or should_stop()

    def lane(number: int) -> None:
        torch.set_num_threads(1)  # a setting of each thread
        while not ended.is_set():
            with free:
                place, call = next(waiting, (-1, None))
            if call is None:
                return
            try:
                results[place] = call(number, told_to_stop)
            except BaseException:
                ended.set()
                raise

    with ThreadPoolExecutor(min(lanes, len(work)), "lane") as pool:
        running = [pool.submit(lane, number) for number in range(min(lanes, len(work)))]
        try:
            for each in running:
                each.result()
        except BaseException:  # Ctrl-C comes to this thread alone
            ended.set()
            raise
    return [results[place] for place in range(len(work))]


class Progress:
    """Steps of parts of a batch, told as steps of the whole.

    Args:
        sizes: tasks in each part.
        on_step: told (finished steps, all steps), when another is finished by all on average.
    """

    def __init__(self, sizes: Sequence[int], on_step: OnStep) -> None:
        self._sizes, self._on_step = sizes, on_step
        self._shares = [0.0] * len(sizes)
        self._told = self._steps = 0
        self._lock = threading.Lock()

    def of(self, part: int) -> OnStep:
        """Return what a part tells its steps."""
        if len(self._sizes) == 1:
            return self._on_step

        def on_step(done: int, steps: int) -> None:
            with self._lock:
                self._shares[part] = done / steps
                self._steps = self._steps or steps  # parts of other lengths are told in those of the first
                done_by_all = sum(size * share for size, share in zip(self._sizes, self._shares, strict=True))
                finished = int(done_by_all / sum(self._sizes) * self._steps + 1e-6)
                if finished > self._told:
                    self._told = finished
                    self._on_step(finished, self._steps)

        return on_step
