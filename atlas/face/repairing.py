"""Repairing the store of a project: what is damaged or lost and can be made again is made again."""

from atlas.face.project import Project
from atlas.jobs.pending import Pending
from atlas.jobs.repairing import prepare_repair
from atlas.store import Store
from atlas.store.integrity import verify
from atlas.store.repair import discard, discard_result, sweep
from atlas.store.survey import Damage

DROPS = 3
"""Rounds of dropping: what is dropped may have been what something else needs."""


class Repair:
    """A repair of a project's store: found out, prepared, made by running what is to do, and concluded.

    Attributes:
        damage: what was wrong before. dropped, left: what of it, or of what came of it, is gone or still there; both
            are empty before it is concluded.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self._store = Store(project.config.store.path, damaged=True)
        sweep(self._store.path)
        self.damage = list(verify(self._store))
        self.dropped: list[Damage] = []
        self.left: list[Damage] = []

    def prepare(self) -> Pending:
        """Remove what is damaged and can be made again by the configuration; return what is to do."""
        self._store, todo = prepare_repair(self._project.plan, self._store, self.damage)
        return todo

    def conclude(self, drop: bool = False) -> None:
        """Look what is still damaged.

        Args:
            drop: remove it, and what refers to what is lost.
        """
        after = list(verify(self._store))
        self.dropped = self._drop(after) if drop else []
        self.left = [one for one in after if one not in self.dropped]

    def _drop(self, left: list[Damage]) -> list[Damage]:
        """Remove what is damaged or refers to what is lost; return what is gone thereby, of what was left."""
        remaining = list(left)
        for _ in range(DROPS):
            for one in remaining:
                if not one.other_version:
                    discard(self._store, one)
                    for owner in one.owners:
                        discard_result(self._store, owner)
            remaining = list(verify(self._store))
        return [one for one in left if (one.kind, one.key) not in {(other.kind, other.key) for other in remaining}]
