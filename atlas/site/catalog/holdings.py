"""Holdings: what of a store one configuration's site shows.

All renderings in the store, also those of earlier blocks and of other configurations; but of photos (statistics,
concepts, and pictures that are made from photos) only what this configuration asked for. What is damaged stops the
build if this configuration rendered it, for then it can be made again; the rest is left out, and the owner is told.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from atlas.core.analysis import OF_PICTURES, Diversity, PhotoCredit
from atlas.core.finding import Finding
from atlas.core.method_card import MethodCard
from atlas.core.metric_card import MetricCard
from atlas.core.model_card import ModelCard
from atlas.core.record import Record
from atlas.core.score import Score
from atlas.core.selection import Selection
from atlas.errors import StoreError, StoreSchemaError
from atlas.site.catalog.methods import MethodBook, method_book
from atlas.store import Store
from atlas.store.keyed import AnyDocument, kind_of


@dataclass
class Holdings:
    """What a site is made of.

    Attributes:
        own: what its configuration is about; nothing if it was never rendered into this store.
        records: by the fingerprint of their model; every model has a card.
        cards: fingerprint to card; as the configuration has it, of its own models.
        metrics: what numbers say, by name.
        credits: whom photos that jobs are about are owed to, by digest.
        diversities: how far pictures lie apart, by the fingerprint of their model.
        scores, findings: those of the configuration.
        notices: sentences on what is left out.
        methods: what is known of the methods that records were made with.
    """

    store: Store
    own: Selection
    records: dict[str, list[Record]] = field(default_factory=lambda: defaultdict(list))
    cards: dict[str, ModelCard] = field(default_factory=dict)
    metrics: dict[str, MetricCard] = field(default_factory=dict)
    credits: dict[str, PhotoCredit] = field(default_factory=dict)
    diversities: dict[str, list[Diversity]] = field(default_factory=lambda: defaultdict(list))
    scores: list[Score] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    methods: MethodBook = field(default_factory=MethodBook)

    @cached_property
    def own_keys(self) -> frozenset[str]:
        """Keys of what the configuration made itself."""
        return frozenset(self.own.keys)


def read_holdings(store: Store, configuration: str, left_out: Collection[str] = ()) -> Holdings:
    """Return what of a store the site of a configuration shows.

    Args:
        configuration: its name, see :func:`atlas.store.selections.configuration_name`.
        left_out: keys of records whose pictures are known to be damaged.

    Raises:
        StoreError: something that the configuration rendered is damaged, or belongs to a model or layer that no card
            describes.
        StoreSchemaError: another version of atlas wrote something.
    """
    own, others = store.selections.read(configuration), _others(store, configuration)
    found = Holdings(store, own or Selection(configuration=configuration))
    _read_cards(found)
    found.methods = method_book(_method_cards(store))
    _read_metrics(found)
    uncredited = _read_credits(found)
    foreign = {photo.digest for each in others for photo in each.photos} - {photo.digest for photo in found.own.photos}
    damaged, analysed = len(left_out), False
    for key in store.keys():
        try:
            document = None if key in left_out else _document(store, key)
            if isinstance(document, Record):
                _check(found, document, uncredited)
        except StoreSchemaError:
            raise
        except StoreError:
            if key in found.own_keys:
                raise
            damaged += 1
        else:
            if isinstance(document, Diversity):
                found.diversities[document.analysis.model.fingerprint].append(document)
            elif isinstance(document, Finding):
                if key in found.own.findings:
                    found.findings.append(document)
            elif isinstance(document, Score):
                if key in found.own.scores:  # others are of earlier judges, photos or pictures
                    found.scores.append(document)
            elif not isinstance(document, Record):
                analysed = analysed or (document is not None and kind_of(document) not in OF_PICTURES)
            elif document.job.target.photo not in foreign:
                found.records[document.job.model.fingerprint].append(document)
    if own is None:
        found.notices += _unknown(configuration, others, analysed)
    found.notices += _said(found, damaged)
    return found


def _document(store: Store, key: str) -> AnyDocument | None:
    """Return the document of a key, or the failed attempt at a record; None if there is neither."""
    if store.has(key):
        return store.any_document(key)
    attempt = store.failure(key)
    return None if attempt is None else attempt.record()


def _check(found: Holdings, record: Record, uncredited: Collection[str]) -> None:
    """Look whether a record can be shown.

    Args:
        uncredited: photos whose credits are damaged.

    Raises:
        StoreError: it is about such a photo, or of a model or layer that no card describes.
    """
    if (photo := record.job.target.photo) is not None and photo in uncredited:
        found.store.photo_credit(photo)
    fingerprint, layer = record.job.model.fingerprint, record.job.target.layer
    card = found.cards.get(fingerprint)
    if card is None:
        raise StoreError(
            f"{found.store.path / 'models'} has no card {fingerprint[:12]}..., "
            f"the model of record {record.key[:12]}...",
            "run `atlas render` again with that model in the configuration: it writes the card",
        )
    if card.layer(layer) is None:
        raise StoreError(
            f'the card of model "{card.name}" does not list the layer "{layer}" that records belong to',
            "run `atlas render` again: it writes the card anew",
        )


def _others(store: Store, configuration: str) -> list[Selection]:
    """Return what the other configurations of a store are about, as far as that can be read."""
    found = []
    for name in store.selections.names():
        try:
            selection = store.selections.read_named(name)
        except StoreError:  # its own site will say so, as `status --verify` does
            continue
        if selection.configuration != configuration:
            found.append(selection)
    return found


def _unknown(configuration: str, others: list[Selection], analysed: bool) -> Iterator[str]:
    """Say that nothing is known of a configuration, where that leaves something out."""
    names = [other.configuration for other in others if other.models or other.photos]
    if names:
        there = f"it holds {', '.join(names[:3])}" + (", ..." if names[3:] else "")
    elif analysed:
        there = "which ones did is lost"
    else:
        return
    yield (
        f"no configuration at {configuration} (seen from the store; {there}) rendered into this store, so the site "
        "shows nothing of photos; if yours was renamed or moved, run `atlas render` once: it makes only what is missing"
    )


def _read_cards(found: Holdings) -> None:
    for fingerprint in found.store.model_cards.names():
        try:
            found.cards[fingerprint] = found.store.card(fingerprint)
        except StoreSchemaError:
            raise
        except StoreError:  # then its records have none, which decides what follows
            continue
    found.cards |= found.own.cards


def _method_cards(store: Store) -> Iterator[MethodCard]:
    for name in store.method_cards.names():
        try:
            yield store.method_cards.read(name)
        except StoreSchemaError:
            raise
        except StoreError:  # then its page says that there is none, and `status --verify` why
            continue


def _read_metrics(found: Holdings) -> None:
    for name in found.store.metric_cards.names():
        try:
            found.metrics[name] = found.store.metric_cards.read(name)
        except StoreSchemaError:
            raise
        except StoreError:  # words about a number, without which the number is still right
            found.notices.append(
                f'what "{name}" says is damaged in the store, so pages show that number without a description; '
                "`atlas status --verify --repair` writes it again"
            )


def _read_credits(found: Holdings) -> set[str]:
    """Read whom photos are owed to; return those of which that is damaged."""
    found.credits |= {photo.digest: photo for photo in found.own.photos}
    damaged = set()
    for digest in set(found.store.credits.names()) - found.credits.keys():
        try:
            found.credits[digest] = found.store.photo_credit(digest)
        except StoreSchemaError:
            raise
        except StoreError:
            damaged.add(digest)
    return damaged


def _said(found: Holdings, damaged: int) -> Iterator[str]:
    """Say what is left out."""
    if damaged:
        what = "1 damaged record is" if damaged == 1 else f"{damaged} damaged records are"
        yield (
            f"{what} left out, which this configuration does not render; `atlas status --verify` says what is wrong, "
            "and `atlas status --repair --drop` removes them"
        )
    lost = sum(not found.store.has(key) for key in found.own.keys)
    if lost:
        what = "1 result of this configuration is" if lost == 1 else f"{lost} results of this configuration are"
        yield f"{what} lost from the store, and not shown; `atlas status --repair` makes what is lost again"
