"""The walk through a plan's graph: what is ready when, what fails with what, what follows, and what is tried again."""

import random

import pytest
from steps import MACHINE, Made, key, step, walk_of

from atlas.jobs.pending import Pending
from atlas.jobs.quarantine import MAX_ATTEMPTS, MAX_MEMORY_ATTEMPTS
from atlas.jobs.walk import Walk
from atlas.store.leases import Leases
from atlas.tasks.task import Outcome


@pytest.fixture
def store(tmp_path):
    return Made(tmp_path)


def done(walk, store, task):
    store.made.add(task.key)
    return walk.take(Outcome(task, "done"))


def names(outcomes):
    return [outcome.task.name for outcome in outcomes]


def names_of(batch):
    return "".join(task.name for task in batch.tasks)


def walked(walk, store, failing="", model=None):
    """Walk to the end as one worker does; return the names in the order of their making, and all outcomes."""
    order, outcomes = [], list(walk.begun)
    while (batch := walk.ready.take(model)) is not None:
        for task in batch.tasks:
            assert all(store.has(need) for need in task.needs), "what a task needs is there before it is made"
            order.append(task.name)
            if task.name in failing:
                outcomes += walk.take(Outcome(task, "failed", "broken"))
            else:
                outcomes += done(walk, store, task)
    assert walk.is_over
    return order, outcomes


def test_what_is_needed_is_made_before_and_else_the_plan_s_order_is_kept(store):
    walk = walk_of(store, step("d", "c"), step("a"), step("c", "a", "b"), step("e"), step("b"))
    assert walk.total == 5
    order, outcomes = walked(walk, store)
    assert order == ["a", "e", "b", "c", "d"]
    assert all(outcome.status == "done" for outcome in outcomes)


@pytest.mark.parametrize("seed", range(20))
def test_any_graph_is_walked_to_its_end_whatever_fails(store, seed):
    """Against a second, slow way to say what fails: everything that can reach what failed."""
    draw = random.Random(seed)
    alphabet = "abcdefghijklmnop"
    needs = {name: draw.sample(alphabet[:place], min(place, draw.randint(0, 3))) for place, name in enumerate(alphabet)}
    failing = set(draw.sample(alphabet, 3))
    steps = [step(name, *needs[name]) for name in alphabet]
    draw.shuffle(steps)
    _, outcomes = walked(walk_of(store, *steps), store, failing)
    assert sorted(names(outcomes)) == list(alphabet), "each ends once"
    lost = set(failing)
    for name in alphabet:
        lost |= {name} if lost & set(needs[name]) else set()
    assert {outcome.task.name for outcome in outcomes if outcome.status == "failed"} == lost


def test_a_failure_is_passed_on_with_its_reason_to_what_needs_it_only(store):
    walk = walk_of(store, step("a"), step("b", "a"), step("c", "b"), step("d"), step("e", "d"))
    order, outcomes = walked(walk, store, failing="a")
    assert order == ["a", "d", "e"]
    messages = {outcome.task.name: outcome.message for outcome in outcomes if outcome.status == "failed"}
    assert messages == {
        "a": "broken",
        "b": "needs step a, which failed: broken",
        "c": "needs step b, which failed: needs step a, which failed: broken",
    }
    assert {one: error.message for one, error in store.errors.items()} == {key(name): messages[name] for name in "bc"}


def test_what_needs_something_that_is_stored_waits_for_nothing(store):
    store.made.add(key("a"))
    walk = walk_of(store, step("a"), step("b", "a"))
    assert walked(walk, store)[0] == ["b"]


def test_what_needs_something_in_quarantine_or_nowhere_says_so(store):
    todo = Pending(store)
    todo.quarantined.append(step("a"))
    todo.sort([step("b", "a"), step("c", "x"), step("d")])
    walk = Walk(todo, store, MACHINE)
    order, outcomes = walked(walk, store)
    assert order == ["d"]
    assert [outcome.message for outcome in outcomes[:2]] == [
        "needs step a, which is in quarantine",
        f"needs {key('x')[:12]}, which is neither in the store nor to be made",
    ]


def test_what_follows_from_a_task_is_counted_before_and_made_after(store):
    last = step("d")
    walk = walk_of(store, step("a", following=[step("b", following=[last]), step("c")]), step("e", following=[]))
    assert walk.total == 4, "what may follow from what may follow is not known yet"
    order, _ = walked(walk, store)
    assert order == ["a", "e", "b", "c", "d"] and walk.total == 5


def test_what_would_have_followed_from_what_failed_is_said(store):
    walk = walk_of(store, step("a", following=[step("b"), step("c")]))
    _, outcomes = walked(walk, store, failing="a")
    assert names(outcomes) == ["a"] and walk.total == 1
    assert walk.notices == ["step a: it failed, so up to 2 that follow from it are left out"]


def test_what_follows_twice_is_made_once(store):
    shared = step("c")
    walk = walk_of(store, step("a", following=[shared]), step("b", following=[shared]))
    assert walked(walk, store)[0] == ["a", "b", "c"]


def test_tasks_that_share_are_batched_evenly_and_across_models_never(store):
    walk = walk_of(
        store,
        *(step(name, shares="s", most=4) for name in "abcde"),
        *(step(name, shares="s", most=None, model="n") for name in "fghijk"),
    )
    batches = []
    while (batch := walk.ready.take()) is not None:
        batches.append(names_of(batch))
    assert batches == ["ab", "cde", "fghijk"]


def test_a_worker_goes_on_with_the_model_that_it_has_loaded(store):
    steps = [step("a", model="m"), step("b", model="n"), step("c", model="m"), step("d", model="n")]
    assert walked(walk_of(store, *steps), store)[0] == ["a", "b", "c", "d"]
    store.made.clear()
    assert walked(walk_of(store, *steps), store, model="n")[0] == ["b", "d", "a", "c"]


def alone(walk, culprit):
    """Take what is next until the culprit is alone in a batch, and lose every batch that it is in; return the sizes."""
    sizes = []
    while (batch := walk.ready.take()) is not None:
        if culprit in names_of(batch):
            sizes.append(len(batch.tasks))
            if len(batch.tasks) == 1:
                return sizes, batch
            walk.lost(batch)
    raise AssertionError("it was never alone")


def test_the_first_loss_of_a_batch_requeues_it_whole_and_each_further_one_halves_it(store):
    walk = walk_of(store, *(step(name, shares="s", most=8) for name in "abcdefgh"))
    sizes, batch = alone(walk, "d")
    assert sizes == [8, 8, 4, 2, 1]
    assert walk.lost(batch) == [], "those with others are one attempt, and this is the second"
    (outcome,) = walk.lost(walk.ready.take())
    assert (outcome.task.name, outcome.quarantined) == ("d", True)
    assert outcome.message.startswith("its worker process died 3 times")
    assert set(store.errors) == {key("d")}


@pytest.mark.parametrize(
    ("cause", "attempts", "says"),
    [
        ("died", MAX_ATTEMPTS, "its worker process died 3 times"),
        ("memory", MAX_MEMORY_ATTEMPTS, "its worker process was ended 2 times for lack of memory"),
        ("hung", MAX_ATTEMPTS, "it was ended 3 times while working on it, the last time since it did not go on"),
    ],
)
def test_what_ends_its_worker_alone_is_tried_first_and_then_quarantined(store, cause, attempts, says):
    walk = walk_of(store, step("b"), step("d"), step("e", "b"))
    outcomes = []
    for _ in range(attempts):
        assert outcomes == []
        batch = walk.ready.take()
        assert names_of(batch) == "b", "what is tried again comes first"
        outcomes = walk.lost(batch, cause)
    assert [(outcome.task.name, outcome.quarantined) for outcome in outcomes] == [("b", True), ("e", False)]
    assert store.errors[key("b")].kind == "quarantined" and outcomes[0].message.startswith(says)
    assert f"needs step b, which failed: {says}" in outcomes[1].message
    assert walked(walk, store)[0] == ["d"]


def test_lack_of_memory_halves_a_batch_at_once_and_what_was_stored_is_done(store):
    walk = walk_of(store, *(step(name, shares="s", most=5) for name in "abcde"))
    batch = walk.ready.take()
    store.made.add(key("a"))  # it was stored before the worker was ended
    assert names(walk.lost(batch, "memory")) == ["a"]
    assert [names_of(walk.ready.take()) for _ in range(2)] == ["bc", "de"]


def test_what_is_given_back_is_never_counted(store):
    walk = walk_of(store, step("a"))
    for _ in range(10):
        assert walk.give_back(walk.ready.take()) == []
    assert walked(walk, store)[0] == ["a"] and store.errors == {}


def test_devices_that_fail_are_no_batch_s_fault_unless_several_fail_on_it(store):
    walk = walk_of(store, step("a"))
    for _ in range(10):
        assert walk.give_back(walk.ready.take(), "gpu 0") == []
    outcomes = []
    for number in range(1, MAX_ATTEMPTS + 1):
        assert outcomes == []
        outcomes = walk.give_back(walk.ready.take(), f"gpu {number}")
    assert outcomes[0].quarantined


def test_what_is_there_but_made_again_is_waited_for(store):
    todo = Pending(store)
    todo.sort([step("a"), step("b", "a")])
    store.made.add(key("a"))  # as a dead picture is, which is rendered again on demand
    walk = Walk(todo, store, MACHINE)
    assert [names_of(walk.ready.take()), walk.ready.take()] == ["a", None]
    done(walk, store, step("a"))
    assert names_of(walk.ready.take()) == "b"


def test_what_was_there_at_its_turn_and_is_to_do_afterwards_is_made_by_this_run(store):
    todo = Pending(store)
    todo.sort([step("a")])
    with Leases(store.path) as leases:
        walk = Walk(todo, store, MACHINE, leases)
        store.made.add(key("a"))
        assert walk.next() is None and walk.waits
        store.made.remove(key("a"))
        assert walk.look() == [] and names_of(walk.next()) == "a"


def test_what_another_run_makes_is_left_to_it_and_taken_over_when_it_dies(store):
    def shared(run):
        todo = Pending(store)
        todo.sort([step("a"), step("b"), step("c"), step("d", "a")])
        return Walk(todo, store, MACHINE, run)

    with Leases(store.path) as one, Leases(store.path) as two:
        walk, other = shared(one), shared(two)
        assert [names_of(walk.next()), names_of(other.next()), names_of(walk.next())] == ["a", "b", "c"]
        assert other.next() is None and other.waits and other.look() == []
        done(walk, store, step("a"))
        assert names(other.look()) == ["a"]
        assert names_of(other.next()) == "d"
        walk.take(Outcome(step("c"), "failed", "broken"))  # nothing is recorded: it may be made again
        assert other.look() == []
        assert names_of(other.next()) == "c" and not other.waits
