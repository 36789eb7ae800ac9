"""Repairing: of what is damaged in a store, what a configuration can make again is removed, so that it is made."""

from collections.abc import Collection, Iterable, Mapping

from atlas.metrics import in_order
from atlas.models.load import VisionModel
from atlas.plan.analyses import AnalysisPlan
from atlas.plan.directions import made_with
from atlas.plan.renderings import Plan
from atlas.store import Store
from atlas.store.repair import discard, discard_result
from atlas.store.survey import Damage


def discard_for_analyses(
    damage: Iterable[Damage],
    plan: Plan,
    analyses: AnalysisPlan,
    models: Mapping[str, VisionModel],
    store: Store,
    selection: str,
) -> None:
    """Remove what is damaged, but renderings, as far as it is made again before them.

    Concepts go with their directions and with the stages that they are made in: making them makes these. Cards come
    from the selections of all configurations, which keep them too.

    Args:
        plan: need not have the renderings of concepts. selection: the name of the configuration's own.
    """
    found = [one for one in damage if not one.other_version]
    concepts = {each.job.key for each in analyses.concepts}
    cards = {card.identity.fingerprint for card in plan.cards.values()}
    mine: dict[str, Collection[str]] = {
        "result": analyses.keys,
        "card": cards | {models[job.model].card.identity.fingerprint for job in analyses.jobs},
        "metric": {metric.card.name for metric in in_order()},
        "photo": plan.photos,
        "input": {*plan.inputs, *plan.photos, *(one.key for one in found if not concepts.isdisjoint(one.owners))},
        "selection": (selection,),
    }
    for key in made_with(analyses, store, {one.key for one in found if one.kind in ("result", "input")}):
        discard_result(store, key)
    for one in found:
        if one.kind in ("store", "folder", "derived") or one.key in mine.get(one.kind, ()):
            discard(store, one)
    kept = store.selections.cards()
    for one in found:
        if one.kind == "card" and one.key in kept:
            discard(store, one)
            store.save_card(kept[one.key])


def discard_for_renderings(damage: Iterable[Damage], plan: Plan, store: Store) -> None:
    """Remove what is damaged of renderings that a plan has, those of concepts among them, and what they name."""
    mine: dict[str, Collection[str]] = {"result": {job.key for job in plan.jobs}, "input": plan.inputs}
    for one in damage:
        if not one.other_version and one.key in mine.get(one.kind, ()):
            discard(store, one)
