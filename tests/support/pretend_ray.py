"""A pretend Ray: nodes with devices, actors on them that do what a test says, and losses when the test says so.

It has no processes and no clock: what an actor is handed is done at once, or never.
"""

from types import SimpleNamespace

from atlas.jobs.executors.actor import Place, Told


class RayError(Exception):
    """What Ray raises in place of a result."""


class RayTaskError(RayError):
    """A method raised."""

    def __init__(self, cause):
        super().__init__(str(cause))
        self.cause = cause


class ActorDiedError(RayError):
    """An actor is gone."""

    preempted = False


class ActorUnavailableError(RayError):
    """An actor cannot be reached."""


class Gone(Exception):
    """What a test raises to end an actor's process."""


HANGS = object()
"""What a test returns for a batch that never ends."""


class Ref:
    """What will come of a call."""

    def __init__(self):
        self.value, self.error, self.is_there = None, None, False

    def resolve(self, value=None, error=None):
        if not self.is_there:
            self.value, self.error, self.is_there = value, error, True


class Method:
    """A method of an actor."""

    def __init__(self, call):
        self.remote = call


class PretendActor:
    """An actor: it has a place, or waits for one."""

    def __init__(self, ray):
        self.ray, self.node, self.number, self.is_gone, self.refs, self.reports = ray, None, None, False, [], []
        self.report, self.run = Method(self._report), Method(self._run)
        self.steps, self.stop = Method(self._steps), Method(Ref)

    def place(self, node, number):
        self.node, self.number = node, number
        for ref in self.reports:
            ref.resolve(self._place())

    def end(self, text, **said):
        self.is_gone = True
        self.death = ActorDiedError(text)
        vars(self.death).update(said)
        for ref in (*self.refs, *self.reports):
            ref.resolve(error=self.death)

    def _place(self):
        device = f"GPU {self.number} of {self.node}"
        return Place(self.node, self.node, id(self), device, self.ray.faults.get(device, ""))

    def _report(self):
        ref = Ref()
        if self.is_gone:
            ref.resolve(error=self.death)
        self.reports.append(ref)
        if self.node is not None:
            ref.resolve(self._place())
        return ref

    def _steps(self):
        ref = Ref()
        ref.resolve(("", 0, 1, 0))
        return ref

    def _run(self, batch):
        ref = Ref()
        if self.is_gone:  # which nobody has heard of yet
            ref.resolve(error=self.death)
            return ref
        self.refs.append(ref)
        self.ray.handed.append((self.node, self.number, "".join(task.name for task in batch.tasks)))
        try:
            told = self.ray.behave(self, batch)
            if told is not HANGS:
                ref.resolve(told)
        except Gone as error:
            self.ray.leave(self)
            self.end(*error.args)
        except ActorUnavailableError as error:
            ref.resolve(error=error)
        except Exception as error:  # noqa: BLE001 - whatever a worker raises travels
            ref.resolve(error=RayTaskError(error))
        return ref


class PretendRay:
    """A cluster.

    Args:
        behave: what an actor makes of a batch: called with both, returns what it tells, or raises.
        nodes: how many devices each has, by name.
    """

    exceptions = SimpleNamespace(
        RayError=RayError, RayTaskError=RayTaskError, ActorUnavailableError=ActorUnavailableError
    )

    def __init__(self, behave, **nodes):
        self.behave, self.faults, self.handed, self.actors = behave, {}, [], []
        self._free = {name: list(range(number)) for name, number in nodes.items()}
        self._nodes = dict(nodes)

    def start(self):
        actor = PretendActor(self)
        self.actors.append(actor)
        self._place_all()
        return actor

    def add_node(self, name, devices):
        self._nodes[name], self._free[name] = devices, list(range(devices))
        self._place_all()

    def lose_node(self, name, text="The actor died because its node has died.", **said):
        del self._nodes[name], self._free[name]
        for actor in [actor for actor in self.actors if actor.node == name]:
            self.actors.remove(actor)
            actor.end(text, **said)

    def leave(self, actor):
        if actor in self.actors:
            self.actors.remove(actor)
            if actor.node in self._free:
                self._free[actor.node].append(actor.number)
            self._place_all()

    def nodes(self):
        return [{"NodeID": name, "Alive": True, "Resources": {"GPU": float(n)}} for name, n in self._nodes.items()]

    def kill(self, actor):
        self.leave(actor)
        actor.end("The actor is dead because it was killed by `ray.kill`.")

    def wait(self, refs, num_returns=1, timeout=None):
        ready = [ref for ref in refs if ref.is_there][:num_returns]
        return ready, [ref for ref in refs if ref not in ready]

    def get(self, ref):
        if ref.error is not None:
            raise ref.error
        return ref.value

    def _place_all(self):
        for actor in self.actors:
            free = next((name for name, numbers in self._free.items() if numbers), None)
            if actor.node is None and free is not None:
                actor.place(free, self._free[free].pop(0))


def told(batch, status="done"):
    """What an actor tells of a batch of which all ended so."""
    return [Told(task.key, status, "", False) for task in batch.tasks]


class Silent:
    """Gauges that nobody reads."""

    def __getattr__(self, name):
        return lambda *given, **named: None
