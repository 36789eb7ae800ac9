"""Known models: a loaded model under the identity by which the store knows it.

What a model's modules and weights do not tell, its outputs do: where a store holds a card of the same modules and
weights, the model that was loaded is that one only if it computes the same. If not it is another, with keys of its own.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress

from atlas.core.canonical import digest
from atlas.core.job import ModelIdentity
from atlas.core.model_card import ModelCard
from atlas.core.sameness import computes_otherwise, differences
from atlas.errors import ExecutorError, StoreError
from atlas.models.load import VisionModel
from atlas.store import Store
from atlas.tasks.task import Task
from atlas.version import __version__

SHOWN = 16
"""Digits of a digest that a message shows."""


def settle(model: VisionModel, store: Store | None) -> VisionModel:
    """Return a loaded model as the store knows it, or as a new one, with what a person should know of that.

    Args:
        store: None if there is none yet.
    """
    notices = [_random(model.card.name)] if model.is_random else []
    known = list(_cards(store)) if store is not None else []
    card = _settled(model.card, known)
    if all(card.identity != other.identity for other in known):
        namesakes = [other for other in known if other.name == card.name]
        if namesakes:
            nearest = min((differences(other, model.card) for other in namesakes), key=len)
            notices.append(_another(card.name, nearest))
    return model.known_as(card, notices)


def check_planned(planned: ModelCard, loaded: ModelCard, place: str) -> None:
    """Check that the model that a worker loaded is the planned one: its files or its code may have changed since.

    Args:
        place: whose it is, with the name of its node.

    Raises:
        ExecutorError: it is not; says both digests, what differs and what is likely the cause.
    """
    if reasons := differences(planned, loaded):
        digests = [card.identity.fingerprint[:SHOWN] for card in (planned, loaded)]
        if digests[0] == digests[1]:  # it is told from the other by what it computes alone
            digests = [
                digest([one.model_dump(mode="json") for one in card.computed])[:SHOWN] for card in (planned, loaded)
            ]
        raise ExecutorError(
            f'model "{loaded.name}", as {place} loads it, is not the one that was planned: {digests[1]} and not '
            f"{digests[0]}; what differs: {', '.join(reasons)}; likely there is {likely_cause(planned, loaded)} there",
            "let its code and files be the same everywhere, and as they are until the run ends; then run it again",
        )


def likely_cause(planned: ModelCard, loaded: ModelCard) -> str:
    """Return in words what makes two cards of one model differ, most often."""
    known, found = planned.identity, loaded.identity
    if known.architecture != found.architecture or known.preprocessing != found.preprocessing:
        return "another version of the library that builds it (timm?)"
    if known.structure != found.structure:
        return "another version of its code, or of the library that builds it (timm?)"
    if known.weights != found.weights:
        return "another checkpoint, or another revision of it on the hub"
    return "another version of its code, or of torch"


def check_versions(planned: str, tasks: Iterable[Task], place: str) -> None:
    """Check that a worker's product and methods are those that tasks were planned with.

    Args:
        planned: version of the product that planned.

    Raises:
        ExecutorError: they are not.
    """
    remedy = "install the same versions on every node, then run it again"
    if planned != __version__:
        raise ExecutorError(f"{place} has lens-atlas {__version__}, and {planned} planned the run", remedy)
    for task in tasks:
        if unlike := task.unlike():
            raise ExecutorError(f"{place} has other versions than planned the run: {unlike}", remedy)


def _settled(card: ModelCard, known: list[ModelCard]) -> ModelCard:
    """Return a card with the identity of the known model that it is, or of a new one."""
    alike = [other for other in known if _with_variant(other, None).identity == card.identity]
    for other in sorted(alike, key=lambda one: one.identity.variant or ""):
        if not computes_otherwise(other.computed, card.computed):
            # What was noted first stays, lest small changes add up.
            known_card = _with_variant(card, other.identity.variant)
            return known_card.model_copy(update={"computed": other.computed or card.computed})
    if not alike:
        return card
    return _with_variant(card, digest([one.model_dump(mode="json") for one in card.computed]))


def _with_variant(card: ModelCard, variant: str | None) -> ModelCard:
    # Built anew: a copy would keep the fingerprint that it has computed.
    identity = ModelIdentity.model_validate(card.identity.model_dump() | {"variant": variant})
    return card.model_copy(update={"identity": identity})


def _cards(store: Store) -> Iterator[ModelCard]:
    """Yield the models of a store, each once; what is damaged is left out, which verifying reports.

    Configurations keep the cards of their models too. So one that is lost is known all the same, with what it computed.
    """
    found = store.selections.cards()
    with suppress(StoreError):  # of a folder that cannot be listed
        for fingerprint in store.model_cards.names():
            with suppress(StoreError):
                found[fingerprint] = store.card(fingerprint)
    yield from found.values()


def _random(name: str) -> str:
    return (
        f'model "{name}" makes something else of the same picture each time (dropout or noise in its forward?): its '
        "renderings cannot be repeated exactly, and a change of its code is noticed only by its modules"
    )


def _another(name: str, reasons: list[str]) -> str:
    return (
        f'model "{name}" is another than the one of this name in the store, and is rendered anew beside it; what '
        f"differs: {', '.join(reasons)}"
    )
