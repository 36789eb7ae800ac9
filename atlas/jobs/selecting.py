"""Selecting: the store is told what a configuration is about, before a run and after it."""

from atlas.core.selection import Selection
from atlas.errors import StoreError
from atlas.jobs.awaiting import with_evaluated
from atlas.plan.plan import Plan
from atlas.store import Store


def select(plan: Plan, store: Store, analysed: bool = True) -> None:
    """Store what a configuration is about, and what of that is complete by now; nothing if there is none.

    What yesterday's photos told is thereby shown no more, even if the run that follows is ended.

    Args:
        analysed: whether the run makes the analyses too; if not, those that were current stay so.

    Raises:
        StoreError: the store cannot be written.
    """
    if not plan.configuration:
        return
    earlier = None if analysed and not plan.awaits else _known(store, plan.configuration)
    known, there = plan.with_follow_ups(store), store.snapshot()
    selection = Selection(
        configuration=plan.configuration,
        models=dict(plan.current) if analysed or earlier is None else earlier.models,
        cards={card.identity.fingerprint: card for card in plan.cards.values()},
        photos=tuple(photo.credit for _, photo in sorted(plan.photos.items())),
        keys=tuple(sorted(there.complete(known.keys))),
        scores=tuple(sorted(task.key for task in known.scores if there.has(task.key))),
        findings=tuple(sorted(task.key for task in known.found if there.has(task.key))),
        left_out=(*plan.evaluations.left_out, *plan.findings.left_out),
        split=None if plan.split is None else plan.split.record,
    )
    store.selections.save(with_evaluated(selection, earlier, known, store) if plan.awaits else selection)


def _known(store: Store, name: str) -> Selection | None:
    try:
        return store.selections.read(name)
    except StoreError:  # damaged: what is current is known, so it is written anew
        return None
