"""The pool: as many actors as are of use and have room, made anew where one is gone, and as nodes join."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, NamedTuple

from atlas.errors import AtlasError, ExecutorError
from atlas.jobs.executors.actor import Place
from atlas.jobs.executors.placement import Needs
from atlas.jobs.quarantine import MAX_ATTEMPTS
from atlas.tasks.batch import Batch

MAX_FAULTS = 3
"""Faults of a device after which it is left out of the run."""


class Held(NamedTuple):
    """A batch that an actor has in hand, and since when it could be at work on it."""

    batch: Batch
    since: float


@dataclass(eq=False)
class Member:
    """An actor of the pool.

    Attributes:
        place: where it is; None while it waits for a place.
        model: that it has loaded.
        hand: what it has in hand, by the reference to what will come of it, in the order in which it was handed in.
        doubt: what it had in hand when it could not be reached any more.
        idle: held back, for its device or node is left out of the run: it keeps others of this run from it.
        hung: it is ended by us, since it did not go on.
        steps: what it said last of its steps: (key, done, all), and when it said so first.
    """

    actor: Any
    place: Place | None = None
    model: str | None = None
    hand: dict[Any, Held] = field(default_factory=dict)
    doubt: list[Batch] = field(default_factory=list)
    idle: bool = False
    hung: bool = False
    steps: tuple[str, int, int] = ("", 0, 1)
    stepped: float = 0.0
    asked: Any = None

    @property
    def batches(self) -> list[Batch]:
        """All that is lost with it."""
        return [*self.doubt, *(held.batch for held in self.hand.values())]


class Pool:
    """Starts actors, and knows which there are.

    Args:
        ray: the session's. start: makes an actor.
        needs: of each. workers: how many; None for as many as have room.
        grows: whether nodes may join: it is a cluster's, and no session of this machine's own.
    """

    def __init__(self, ray: Any, start: Callable[[], Any], needs: Needs, workers: int | None, grows: bool) -> None:
        self._ray = ray
        self._start = start
        self._needs = needs
        self._workers = workers
        self._grows = grows
        self._faults: Counter[str] = Counter()
        self._left_out: set[str] = set()
        self._stillborn = 0
        self._without = monotonic()
        self.members: list[Member] = []
        self.reports: dict[Any, Member] = {}
        self.reason: AtlasError | None = None

    @property
    def room(self) -> int:
        """How many workers have room on what is not left out."""
        nodes = [node for name, node in self._nodes().items() if name not in self._left_out]
        return max(0, self._needs.room(nodes) - sum(member.idle for member in self.members if self._is_on(member)))

    @property
    def working(self) -> list[Member]:
        """Those that have a place, and may work."""
        return [member for member in self.members if member.place is not None and not member.idle]

    @property
    def waiting(self) -> int:
        """How many wait for a place: a cluster that scales by demand sees them."""
        return sum(member.place is None for member in self.members)

    def grow(self, useful: int) -> None:
        """Start as many actors as are missing of those that are of use.

        On a cluster one is started even if there is no room, so that demand is seen, and all that are asked for.
        """
        room = self.room
        most = room if self._workers is None or not self._grows else self._workers
        wanted = min(self._workers or most, most, useful)
        if self._grows and room == 0 and self.reason is None:
            wanted = max(wanted, 1)
        for _ in range(wanted - sum(not member.idle for member in self.members)):
            member = Member(self._start())
            self.members.append(member)
            self.ask(member)

    def ask(self, member: Member) -> None:
        """Ask an actor where it is."""
        self.reports[member.actor.report.remote()] = member

    def placed(self, member: Member, place: Place) -> None:
        """Note where an actor is, and whether it may work: what is left out of the run stays so."""
        self._stillborn = 0
        member.place = place
        member.idle = not {place.node, place.device}.isdisjoint(self._left_out)

    def gone(self, member: Member, death: BaseException) -> None:
        """Forget an actor that has ended.

        Raises:
            ExecutorError: none can start.
        """
        self.members.remove(member)
        self.reports = {reference: one for reference, one in self.reports.items() if one is not member}
        self._stillborn += member.place is None
        if self._stillborn >= MAX_ATTEMPTS * (len(self.members) + 1):
            why = " ".join(str(death).split())[-300:]
            raise ExecutorError(
                f"{self._stillborn} workers ended before they could start, which is often for lack of memory: {why}",
                "free some memory, or lower executor.workers, and run the same command again",
            )

    def end(self, member: Member) -> None:
        """End an actor, and forget it."""
        self._ray.kill(member.actor)
        self.reports = {reference: one for reference, one in self.reports.items() if one is not member}
        if member in self.members:
            self.members.remove(member)

    def blame(self, device: str, error: AtlasError) -> bool:
        """Count a fault of a device; tell whether it is left out from now on."""
        self._faults[device] += 1
        if self._faults[device] < MAX_FAULTS:
            return False
        self.leave_out(device, error)
        return True

    def leave_out(self, place: str, error: AtlasError) -> None:
        """Leave a node or a device out of the run."""
        self._left_out.add(place)
        self.reason = error

    def check(self, patience: float) -> None:
        """Give up where nobody can work.

        Args:
            patience: seconds for which a cluster may have no place.

        Raises:
            AtlasError: why what there is was left out, or what is missing.
        """
        if self.working:
            self._without = monotonic()
        elif self.reason is not None and self.room == 0:
            raise self.reason
        elif not self._grows and self.room == 0:
            raise self._missing("")
        elif monotonic() - self._without > patience:
            raise self.reason or self._missing(f" within {patience:.0f} s")

    def _missing(self, when: str) -> ExecutorError:
        has: Counter[str] = Counter()
        for node in self._nodes().values():
            has.update({name: int(number) for name, number in node.items() if name in ("CPU", "GPU")})
        found = ", ".join(f"{has[name]} {name}s" for name in ("CPU", "GPU"))
        remedy = (
            "add nodes" if self._grows else 'set executor.device = "cpu"' if self._needs.gpu else "free some memory"
        )
        return ExecutorError(
            f"no worker found a place{when}: each needs {self._needs.words}; there are {found} on "
            f"{len(self._nodes())} nodes",
            f"{remedy}, or change executor.device or executor.resources; then run the same command again",
        )

    def _nodes(self) -> dict[str, Mapping[str, float]]:
        return {node["NodeID"]: node["Resources"] for node in self._ray.nodes() if node["Alive"]}

    def _is_on(self, member: Member) -> bool:
        """Tell whether an actor takes room of a node that is not left out as a whole."""
        return member.place is not None and member.place.node not in self._left_out
