"""Dispatch: batches are handed to actors, and what comes of them, or of their workers, is sorted."""

from collections.abc import Iterator
from contextlib import suppress
from time import monotonic
from typing import Any

from atlas.errors import AtlasError, DeviceError, ExecutorError
from atlas.jobs.executors.actor import Place, outcomes_of
from atlas.jobs.executors.base import LOOK, WAITING, Monitor
from atlas.jobs.executors.pool import Held, Member, Pool
from atlas.jobs.executors.session import Death, Gauges, cause_of
from atlas.jobs.pace import Pace
from atlas.jobs.walk import Walk
from atlas.tasks.batch import Batch
from atlas.tasks.task import Outcome

IN_HAND = 2
"""Batches that an actor has: one on the device, and one that waits for it, or is being stored."""
HOW: dict[Death, str] = {
    "node": "was lost with its node",
    "memory": "was ended for lack of memory",
    "died": "died",
}
"""What is said of a worker that is gone."""
TICK = 0.5
"""Seconds for which outcomes are waited for at a time."""


class Dispatcher:
    """Hands out batches until the walk is over.

    Args:
        patience: seconds for which there may be no place for a worker.
        gauges: where numbers about the run are shown; Ray's unless given.
    """

    def __init__(
        self, ray: Any, pool: Pool, walk: Walk, monitor: Monitor, patience: float, gauges: Gauges | None = None
    ) -> None:
        self._ray = ray
        self._pool = pool
        self._walk = walk
        self._monitor = monitor
        self._patience = patience
        self._pace = Pace()
        self._gauges = gauges or Gauges()
        self._looked = 0.0
        self._said = False

    def outcomes(self) -> Iterator[Outcome]:
        """Yield the outcome of every task; end early if told to stop.

        Raises:
            AtlasError: nobody can work any more; says why.
        """
        while not self._walk.is_over:
            if self._monitor.stop.is_set():
                yield from self._stopped()
                return
            self._pool.grow(self._walk.breadth + sum(len(member.batches) for member in self._pool.members))
            self._pool.check(self._patience)
            for reference in self._ready():
                yield from self._collect(reference)
            if monotonic() - self._looked > LOOK:
                self._looked = monotonic()
                yield from self._walk.look()
                self._watch()
                self._say_what_is_waited_for()
            self._hand_out()

    def _ready(self) -> list[Any]:
        """Wait a moment; return the references of what has come."""
        references = [*self._pool.reports, *(one for member in self._pool.members for one in member.hand)]
        if not references:
            self._monitor.stop.wait(TICK)
            return []
        found, _ = self._ray.wait(references, num_returns=len(references), timeout=0)
        return found or self._ray.wait(references, num_returns=1, timeout=TICK)[0]

    # --- what is handed out ------------------------------------------------------------------------------------

    def _hand_out(self) -> None:
        """Give every worker a batch, and one more that waits where there are enough for all."""
        for already in range(IN_HAND):
            for member in self._pool.working:
                if len(member.hand) == already and (already == 0 or self._may_wait_behind(member)):
                    batch = self._walk.next(member.model)
                    if batch is None:
                        return
                    member.model = batch.model
                    member.hand[member.actor.run.remote(batch)] = Held(batch, monotonic())

    def _may_wait_behind(self, member: Member) -> bool:
        """Tell whether a batch may wait behind what a worker makes: nothing does beside what a worker died of."""
        suspects = any(self._walk.is_suspect(held.batch) for held in member.hand.values())
        return not suspects and not self._walk.has_suspects and len(self._walk.ready) >= len(self._pool.members)

    # --- what comes back ---------------------------------------------------------------------------------------

    def _collect(self, reference: Any) -> Iterator[Outcome]:
        reporting = self._pool.reports.pop(reference, None)
        member = reporting or next((one for one in self._pool.members if reference in one.hand), None)
        if member is None:  # its actor was given up meanwhile
            return
        try:
            result = self._ray.get(reference)
        except self._ray.exceptions.RayTaskError as error:
            yield from self._refused(member, reference, error)
        except self._ray.exceptions.ActorUnavailableError:
            if reporting is None:
                member.doubt.append(member.hand.pop(reference).batch)
            if member not in self._pool.reports.values():
                self._pool.ask(member)  # which tells what has become of it
        except self._ray.exceptions.RayError as error:
            yield from self._lost(member, error)
        else:
            if reporting is not None:
                yield from self._placed(member, result)
            else:
                yield from self._made(member, member.hand.pop(reference), result)

    def _made(self, member: Member, held: Held, told: Any) -> Iterator[Outcome]:
        now = monotonic()
        self._pace.note(held.batch, now - held.since)
        for reference, other in member.hand.items():
            member.hand[reference] = Held(other.batch, now)  # it waited until now
        for outcome in outcomes_of(held.batch, told):
            self._gauges.count(outcome.status)
            yield from self._walk.take(outcome)

    def _placed(self, member: Member, place: Place) -> Iterator[Outcome]:
        """Note where an actor is; if its device fails its test, it keeps that from others of this run."""
        if member.doubt:  # it was out of reach and is not gone: what it had in hand may still run there
            yield from self._ended(member)
            return
        if place.fault:
            error = ExecutorError(
                f"{place.device} is left out of this run: {place.fault}",
                'test the device; to place workers by GPU that compute on the CPU, set executor.device = "cpu"',
            )
            self._pool.leave_out(place.device, error)
            self._monitor.on_notice(error.message)
        self._pool.placed(member, place)

    def _refused(self, member: Member, reference: Any, error: Any) -> Iterator[Outcome]:
        """Sort what a worker raised: the device's fault, or what makes its node useless.

        Raises:
            Exception: it is neither.
        """
        cause = error.cause if isinstance(error.cause, Exception) else error
        if not isinstance(cause, AtlasError) or member.place is None:
            raise cause from None
        if not isinstance(cause, DeviceError):
            self._pool.leave_out(member.place.node, cause)
            self._monitor.on_notice(f"{member.place.host} is left out of this run: {cause.sentence}")
            for one in [one for one in self._pool.working if one.place and one.place.node == member.place.node]:
                yield from self._ended(one)
            return
        blamed = member.hand.pop(reference).batch
        if cause.by_target:
            yield from self._walk.lost(blamed)
        else:
            left_out = self._pool.blame(member.place.device, cause)
            what = "it is left out of this run" if left_out else "it is tested, and its jobs are tried again"
            self._monitor.on_notice(f"{cause.message.partition(';')[0]}; {what}")
            yield from self._walk.give_back(blamed, member.place.device)
        yield from self._ended(member)

    def _lost(self, member: Member, death: BaseException) -> Iterator[Outcome]:
        """Sort what a dead worker had in hand: a lost node is nobody's fault."""
        cause = cause_of(death, member.place.pid if member.place else None)
        self._pool.gone(member, death)
        self._gauges.count_loss(cause)
        several = len(member.batches) > 1
        for place, batch in enumerate(member.batches):
            how = "did not go on, and was ended," if member.hung else HOW[cause]
            waiting = len(self._walk.ready)
            if cause == "node" or (member.hung and place > 0):
                ended = self._walk.give_back(batch)
            else:
                ended = self._walk.lost(batch, "hung" if member.hung else cause, several and not member.hung)
            again = "; its jobs are tried again" if len(self._walk.ready) > waiting else ""
            self._monitor.on_notice(f"a worker {how} while it made {batch.title}{again}")
            yield from ended

    def _ended(self, member: Member) -> Iterator[Outcome]:
        """End an actor, and put back what it had in hand, which is not to blame."""
        self._pool.end(member)
        for batch in member.batches:
            yield from self._walk.give_back(batch)

    # --- what goes on ------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        """Hear how far each worker is, and end those that do not go on."""
        now = monotonic()
        for member in self._pool.working:
            if not member.hand or member.hung:
                continue
            if member.asked is None:
                member.asked = member.actor.steps.remote()
            else:
                self._hear(member)
            held = next(iter(member.hand.values()))
            done, steps = member.steps[1:] if member.steps[0] in _keys(held.batch) else (0, 1)
            self._monitor.on_step(held.batch, done, steps)
            if now - held.since > self._pace.deadline(held.batch, done, steps, max(0.0, member.stepped - held.since)):
                member.hung = True
                self._ray.kill(member.actor)
        self._gauges.show(
            working=len([member for member in self._pool.working if member.hand]),
            idle=len([member for member in self._pool.working if not member.hand]),
            waiting=self._pool.waiting,
        )

    def _say_what_is_waited_for(self) -> None:
        idle = not any(member.hand for member in self._pool.members)
        if idle and self._walk.only_waits and not self._said:
            self._said = True
            self._monitor.on_notice(WAITING)

    def _hear(self, member: Member) -> None:
        ready, _ = self._ray.wait([member.asked], timeout=0)
        if not ready:
            return
        with suppress(self._ray.exceptions.RayError):  # its end is heard of elsewhere
            *said, memory = self._ray.get(member.asked)
            key, done, steps = said
            if (key, done, steps) != member.steps:
                before = member.steps[1] if member.steps[0] == key else 0
                held = [one.batch for one in member.hand.values() if key in _keys(one.batch)]
                views = sum(task.views for batch in held for task in batch.tasks) * (done - before)
                self._gauges.progress(views, memory, member.place.device if member.place else "")
                member.steps, member.stepped = (key, done, steps), monotonic()
        member.asked = None

    def _stopped(self) -> Iterator[Outcome]:
        """End what is in flight; yield the outcomes of what had just ended."""
        for member in self._pool.members:
            member.actor.stop.remote()
        held = {reference: one.batch for member in self._pool.members for reference, one in member.hand.items()}
        ready = self._ray.wait(list(held), num_returns=len(held), timeout=5.0)[0] if held else []
        for reference in ready:
            with suppress(self._ray.exceptions.RayError):  # its worker has ended
                for outcome in outcomes_of(held[reference], self._ray.get(reference)):
                    yield from self._walk.take(outcome)


def _keys(batch: Batch) -> set[str]:
    return {task.key for task in batch.tasks}
