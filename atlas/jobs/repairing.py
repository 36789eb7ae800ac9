"""Repairing: of what is damaged in a store, what a configuration can make again is removed, so that it is made."""

from collections.abc import Collection, Iterable, Sequence

from atlas.core.record import Record
from atlas.errors import PhotoError, StoreError
from atlas.jobs.cards import metric_cards
from atlas.jobs.pending import Pending
from atlas.methods import methods
from atlas.methods.outcome import as_uint8
from atlas.methods.photos import square_of
from atlas.photos.spec import LARGEST_FILE
from atlas.plan.plan import Plan
from atlas.store import Store
from atlas.store.pictures import encode_image
from atlas.store.repair import discard, discard_result
from atlas.store.snapshot import Snapshot
from atlas.store.survey import Damage
from atlas.tasks.rendering import RenderTask
from atlas.tasks.task import Task


def discard_damaged(damage: Iterable[Damage], plan: Plan, store: Store) -> None:
    """Remove what is damaged, as far as it is known to be made again.

    Concepts go with their directions and with the stages that they are made in, clusters of photos with their lists:
    making them makes these. Cards of models come from the selections of all configurations, which keep them too, those
    of methods from the methods. What a model's views take is measured again.
    """
    found = [one for one in damage if not one.other_version]
    makers = {task.key for task in (*plan.concepts, *plan.facets)}
    mine: dict[str, Collection[str]] = {
        "result": plan.keys,
        "card": {card.identity.fingerprint for card in plan.cards.values()},
        "metric": {card.name for card in metric_cards()},
        "photo": plan.photos,
        "input": {*plan.inputs, *plan.photos, *(one.key for one in found if not makers.isdisjoint(one.owners))},
        "selection": (store.selections.path(plan.configuration).stem,),
    }
    for key in _made_with(plan, store, {one.key for one in found if one.kind in ("result", "input")}):
        discard_result(store, key)
    for one in found:
        if one.kind in ("store", "folder", "derived", "footprint") or one.key in mine.get(one.kind, ()):
            discard(store, one)
    kept = store.selections.cards()
    for one in found:
        if one.kind == "card" and one.key in kept:
            discard(store, one)
            store.save_card(kept[one.key])
    known = {method.card.key: method.card for _, method in methods}
    for one in found:
        if one.kind == "method" and one.key in known:
            discard(store, one)
            store.save_method(known[one.key])


class Repair(Pending):
    """What is to do for a repair: all that is missing, but pictures that have failed before, and scores that were not
    there.

    A picture that is damaged is removed as soon as it is known that it can be made again.
    """

    def __init__(self, damage: Iterable[Damage], store: Store) -> None:
        super().__init__(store)
        self._damage = {one.key: one for one in damage if one.kind == "result" and not one.other_version}

    def sort(self, tasks: Iterable[Task], store: Store | Snapshot | None = None) -> list[Task]:
        """See :meth:`Pending.sort`."""
        wanted = []
        for task in tasks:
            if (damage := self._damage.pop(task.key, None)) is not None:
                discard(self._store, damage)
            missed = isinstance(task, RenderTask) and self._store.failure(task.key) is not None
            if damage is not None or not (task.evaluates or missed):
                wanted.append(task)
        return super().sort(wanted, store)


def prepare_repair(plan: Plan, store: Store, damage: Sequence[Damage]) -> tuple[Store, Repair]:
    """Remove what is damaged and can be made again; return the store and what is to do."""
    discard_damaged(damage, plan, store)
    store = Store(store.path, create=True)
    _show_photos_again(damage, plan, store)
    todo = Repair(damage, store)
    todo.sort(plan.with_follow_ups(store).tasks)
    return store, todo


def _show_photos_again(damage: Iterable[Damage], plan: Plan, store: Store) -> None:
    """Make photos as networks were shown them again, from the photos.

    If that does not give the same picture, all that show it and can be made again are removed.
    """
    for one in damage:
        if one.kind == "picture" and not plan.keys.isdisjoint(one.owners):
            discard(store, one)
            owners = [key for key in one.owners if key in plan.keys and store.has(key)]
            if owners and not _shown_again(store.read(owners[0]), one.key, plan, store):
                for key in owners:
                    discard_result(store, key)


def _shown_again(record: Record, name: str, plan: Plan, store: Store) -> bool:
    """Make the photo again as a record's network was shown it; tell whether it is the picture of that name."""
    asset, digest = record.asset("photo"), record.job.target.photo
    if asset is None or digest is None:
        return False
    try:
        photo = plan.photos.get(digest)
        data = store.read_input(digest) if photo is None else photo.read(LARGEST_FILE)
        square = square_of(data, digest[:12], asset.width)
    except (PhotoError, StoreError):  # the run that follows says so
        return False
    made, picture = encode_image(as_uint8(square.numpy()), "photo")
    if made.file_name != name:
        return False
    store.pictures.save(name, picture)
    return True


def _made_with(plan: Plan, store: Store, lost: set[str]) -> set[str]:
    """Return the keys of the concepts that name one of these inputs as a direction, or are made from one of these
    analyses, or are one, and of the clusters that name one as a list of photos: they are to be made again, which makes
    the others, too."""
    clusters = {task.key for task in plan.facets if not lost.isdisjoint((task.key, *task.references(store)))}
    return clusters | {
        task.key
        for task in plan.concepts
        if not lost.isdisjoint((task.key, task.factorisation.key, task.importance.key))
        or any(direction in lost for _, direction in task.directions(store))
    }
