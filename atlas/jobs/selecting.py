"""Selecting: the store is told what a configuration is about, before a run and after it."""

from collections.abc import Mapping

from atlas.config import Config
from atlas.core.selection import Selection
from atlas.errors import StoreError
from atlas.models.load import VisionModel
from atlas.plan.analyses import AnalysisPlan
from atlas.plan.renderings import Plan
from atlas.store import Store
from atlas.store.selections import configuration_name


def select(
    config: Config,
    models: Mapping[str, VisionModel],
    plan: Plan,
    analyses: AnalysisPlan,
    store: Store,
    analysed: bool = True,
) -> None:
    """Store what a configuration is about, and what of that is complete by now.

    What yesterday's photos told is thereby shown no more, even if the run that follows is ended.

    Args:
        plan: with the renderings of concepts, as far as these are found.
        analysed: whether the run makes the analyses too; if not, those that were current stay so.

    Raises:
        StoreError: the store cannot be written.
    """
    name = configuration_name(config.file, config.store.path)
    current = analyses.selections
    if not analysed:
        known = _known(store, name)
        current = current if known is None else known.models
    cards = [*plan.cards.values(), *(models[job.model].card for job in analyses.jobs)]
    store.selections.save(
        Selection(
            configuration=name,
            models=current,
            cards={card.identity.fingerprint: card for card in cards},
            photos=tuple(photo.credit for _, photo in sorted(plan.photos.items())),
            keys=tuple(sorted(key for key in {*analyses.keys, *(job.key for job in plan.jobs)} if store.has(key))),
        )
    )


def _known(store: Store, name: str) -> Selection | None:
    try:
        return store.selections.read(name)
    except StoreError:  # damaged: what is current is known, so it is written anew
        return None
