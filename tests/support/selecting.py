"""What a sample store's configuration is about, told bit by bit."""

from collections.abc import Mapping

from atlas.core.analysis import PhotoSetCard
from atlas.core.job import ModelIdentity
from atlas.core.selection import ModelSelection, Selection
from atlas.store import Store

CONFIGURATION = "atlas.toml"


def selection_of(store: Store, configuration: str = CONFIGURATION) -> Selection:
    """Return what a configuration is about; nothing if nothing was said."""
    return store.selections.read(configuration) or Selection(configuration=configuration)


def current(store: Store, model: ModelIdentity) -> ModelSelection:
    """Return which analyses of a model are current."""
    return selection_of(store).models[model.fingerprint]


def select(
    store: Store,
    model: ModelIdentity,
    photo_set: PhotoSetCard,
    concepts: Mapping[int, str] | None = None,
    statistics: Mapping[str, str] | None = None,
) -> None:
    """Say that analyses are current, besides those of the same photo set that are."""
    selection = selection_of(store)
    known = selection.models.get(model.fingerprint)
    if known is None or known.photo_set != photo_set:
        known = ModelSelection(photo_set=photo_set)
    known = ModelSelection(
        photo_set=photo_set,
        concepts={**known.concepts, **(concepts or {})},
        statistics={**known.statistics, **(statistics or {})},
    )
    store.selections.save(selection.model_copy(update={"models": selection.models | {model.fingerprint: known}}))


def claim_all(store: Store) -> None:
    """Say that the configuration rendered everything in the store."""
    keys = tuple(key for key in store.keys() if store.has(key))
    store.selections.save(selection_of(store).model_copy(update={"keys": keys}))
