"""Lanes: calls in threads of their own, and what of them is seen outside."""

import threading
import time

import pytest
import torch

from atlas.jobs.lanes import Progress, in_lanes, one_thread


def never():
    return False


@pytest.mark.parametrize("lanes", [1, 2, 3, 9])
def test_results_come_in_order_and_no_lane_has_two_calls_at_once(lanes):
    busy, seen = set(), []

    def call(place):
        def work(lane, should_stop):
            assert lane not in busy and 0 <= lane < lanes
            busy.add(lane)
            time.sleep(0.001 * (5 - place % 5))
            seen.append(torch.get_num_threads())
            busy.discard(lane)
            return place

        return work

    with one_thread():
        assert in_lanes([call(place) for place in range(12)], lanes, never) == list(range(12))
    assert set(seen) == {1}


def test_two_calls_run_side_by_side():
    meet = threading.Barrier(2, timeout=60)
    assert in_lanes([lambda lane, stop: meet.wait() >= 0] * 2, 2, never) == [True, True]


def test_the_first_error_is_raised_once_the_others_were_told_to_stop():
    told, begun = [], threading.Event()

    def fails(lane, should_stop):
        begun.wait(60)
        raise KeyError("this one")

    def waits(lane, should_stop):
        begun.set()
        while not should_stop():
            time.sleep(0.001)
        told.append(lane)

    def later(lane, should_stop):
        raise AssertionError("nothing begins after an error")

    with pytest.raises(KeyError, match="this one"):
        in_lanes([fails, waits, later, later], 2, never)
    assert len(told) == 1


@pytest.mark.parametrize("threads", [1, 2])
def test_the_callers_threads_come_back(threads):
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with pytest.raises(ZeroDivisionError), one_thread():
            1 // (torch.get_num_threads() - 1)
        assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)


def test_steps_of_parts_are_told_as_steps_of_the_whole():
    told = []
    progress = Progress([3, 1], lambda done, steps: told.append((done, steps)))
    first, second = progress.of(0), progress.of(1)
    for step in range(1, 9):
        first(step, 8)
    assert told == [(done, 8) for done in range(1, 7)]  # three of four pictures are done
    for step in range(1, 9):
        second(step, 8)
    assert told == [(done, 8) for done in range(1, 9)]
    alone = []
    Progress([4], lambda done, steps: alone.append(done)).of(0)(5, 8)
    assert alone == [5]


def test_parts_of_other_lengths_are_told_in_steps_of_the_first_that_tells_any():
    told = []
    progress = Progress([1, 1], lambda done, steps: told.append((done, steps)))
    first, second = progress.of(0), progress.of(1)
    for step in range(1, 5):
        first(step, 4)
        second(10 * step, 40)
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
