"""read_catalog: records and current analyses, arranged as the catalog."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property

from atlas.analyses.rows import analyses_of
from atlas.core.analysis import ClassFacets, Diversity, LayerStatistics, PhotoCredit
from atlas.core.finding import Finding
from atlas.core.job import LOGITS
from atlas.core.model_card import ModelCard
from atlas.core.record import Record
from atlas.core.selection import ModelSelection
from atlas.errors import SiteError
from atlas.site.catalog.addresses import unique_slugs
from atlas.site.catalog.catalog import Catalog
from atlas.site.catalog.channels import channels_of
from atlas.site.catalog.concepts import ClassView, DirectionKey, read_class
from atlas.site.catalog.credits import PhotoBook
from atlas.site.catalog.head import ModelHead
from atlas.site.catalog.holdings import Holdings
from atlas.site.catalog.judged import judged_pictures
from atlas.site.catalog.looks import LookBook
from atlas.site.catalog.methods import MethodBook
from atlas.site.catalog.model import Layer, Model, Unit
from atlas.site.catalog.neighbours import find_neighbours
from atlas.site.catalog.results import results_of
from atlas.site.catalog.shown import ordered
from atlas.site.catalog.studies import make_studies
from atlas.site.words.glossary import Glossary
from atlas.site.words.labels import Label
from atlas.store import Store


def read_catalog(holdings: Holdings, labels: Mapping[str, Label]) -> Catalog:
    """Arrange everything that is to be shown.

    Args:
        labels: concept key to label.

    Raises:
        StoreError: an analysis is damaged.
        SiteError: there is nothing to show.
    """
    book, models, dates, store = PhotoBook(), [], [], holdings.store
    cards, records, selections = holdings.cards, holdings.records, holdings.own.models
    used = [fingerprint for fingerprint in sorted(cards) if records.get(fingerprint) or fingerprint in selections]
    slugs = unique_slugs((fingerprint, cards[fingerprint].name) for fingerprint in used)
    for fingerprint in used:
        reader = _ModelReader(store, cards[fingerprint], slugs[fingerprint], labels, book, holdings.methods)
        model = reader.read(records.get(fingerprint, ()), selections.get(fingerprint), holdings.credits)
        reader.read_looks(model, selections.get(fingerprint), holdings.diversities.get(fingerprint, ()))
        reader.read_channels(model, selections.get(fingerprint), holdings.findings)
        if model.layers or model.studies:
            models.append(model)
            dates += reader.dates
    if not models:
        raise SiteError(f"the store at {store.path} holds no renderings yet", "run `atlas render` first")
    models.sort(key=lambda model: (model.card.name.lower(), model.slug))
    rendered = [rendering.record.provenance.created for model in models for rendering in model.renderings()]
    judged = judged_pictures(holdings.scores, holdings.metrics)
    for shown in (shown for model in models for shown in model.renderings()):
        shown.judged = judged.get(shown.record.key, ())
    results = results_of(models, holdings.scores, holdings.own.left_out, holdings.metrics)
    analyses = analyses_of(holdings.findings, holdings.metrics, cards, ())
    date, glossary = max(rendered or dates)[:10], Glossary(holdings.metrics, results.numbers)
    return Catalog(models, date, book.arrange(), holdings.methods, glossary, results, analyses)


class _ModelReader:
    """Arranges one model.

    Args:
        book: takes note of the photos that are shown.
    """

    def __init__(
        self,
        store: Store,
        card: ModelCard,
        slug: str,
        labels: Mapping[str, Label],
        book: PhotoBook,
        methods: MethodBook,
    ) -> None:
        self.dates: list[str] = []
        self._card = card
        self._slug = slug
        self._store = store
        self._labels = labels
        self._book = book
        self._methods = methods

    def read(
        self, records: Iterable[Record], selection: ModelSelection | None, credits: Mapping[str, PhotoCredit]
    ) -> Model:
        """Arrange the model's records, and the analyses that are current.

        Args:
            credits: whom photos that jobs are about are owed to, by digest.
        """
        of_photos: list[Record] = []
        units: dict[str, dict[int, list[Record]]] = defaultdict(lambda: defaultdict(list))
        directions: dict[DirectionKey, list[Record]] = defaultdict(list)
        for record in records:
            target = record.job.target
            if target.photo is not None:
                of_photos.append(record)
            elif target.direction is not None:
                directions[target.layer, target.unit, target.direction].append(record)
            else:
                units[target.layer][target.unit].append(record)
        analyses = {} if selection is None else selection.concepts
        current = {index: key for index, key in sorted(analyses.items()) if self._store.has(key)}
        for index in current:
            units[LOGITS].setdefault(index, [])
        if LOGITS in units and not units[LOGITS]:
            del units[LOGITS]
        head = ModelHead(self._card, self._slug, frozenset(units.get(LOGITS, ())), self._methods)
        model = Model(head.card, head.slug, head.class_pages, head.method_cards)
        if selection is not None:
            model.concepts = self._read_concepts(head, current, selection, directions)
        self._arrange(model, units)
        model.studies = make_studies(head, of_photos, self._positions, credits)
        if selection is not None:
            self._read_statistics(model, selection)
        return model

    def _read_concepts(
        self,
        head: ModelHead,
        current: Mapping[int, str],
        selection: ModelSelection,
        directions: Mapping[DirectionKey, list[Record]],
    ) -> dict[int, ClassView]:
        views: dict[int, ClassView] = {}
        for index, key in current.items():
            photos = self._book.photo_set(selection.photo_set)
            views[index], document = read_class(self._store, head, photos, key, directions, self._labels)
            self.dates.append(document.provenance.created)
        concepts = [concept for view in views.values() for concept in view.concepts]
        find_neighbours(concepts, self._store.read_input)
        return views

    def _read_statistics(self, model: Model, selection: ModelSelection) -> None:
        if model.concepts:
            model.photos = self._book.photo_set(selection.photo_set)
        for layer in model.layers:
            key = selection.statistics.get(layer.info.name)
            if key is not None and self._store.has(key):
                layer.statistics = key
                model.photos = self._book.photo_set(selection.photo_set)
                shown = {unit.index for unit in layer.units}
                document = self._store.document(LayerStatistics, key)
                used = {crop.photo for unit in document.units if unit.unit in shown for crop in unit.crops}
                model.photos.add(document.photos[place] for place in sorted(used))

    def read_looks(self, model: Model, selection: ModelSelection | None, diversities: Iterable[Diversity]) -> None:
        """Read what is known of the model's facets, and note the photos that stand for them."""
        current = () if selection is None else [key for key in selection.facets if self._store.has(key)]
        clusters = [self._store.document(ClassFacets, key) for key in current]
        model.looks = LookBook(clusters, diversities)
        if selection is not None and any(found.photos for found in clusters):
            model.photos = self._book.photo_set(selection.photo_set)
            for found in clusters:
                model.photos.add(found.photos)

    def read_channels(self, model: Model, selection: ModelSelection | None, findings: Iterable[Finding]) -> None:
        """Read what is known of the channels of the model's classes, and note the photos that show them."""
        model.channels = channels_of(model, findings)
        told = [shown for of_class in model.channels.values() for shown in of_class]
        if selection is not None and told:
            model.photos = self._book.photo_set(selection.photo_set)
            model.photos.add(photo for shown in told for photo in shown.finding.photos)
        for study in model.studies:
            study.channels = [shown for shown in told if shown.place_of(study.digest) is not None]

    @cached_property
    def _positions(self) -> dict[str, int]:
        """Layer to its place in the network, from 1."""
        return {info.name: place for place, info in enumerate(self._card.layers, 1)}

    def _arrange(self, model: Model, by_layer: Mapping[str, Mapping[int, list[Record]]]) -> None:
        card, known = self._card, self._positions
        slugs = unique_slugs((layer, layer) for layer in by_layer)
        for name in sorted(by_layer, key=known.__getitem__):
            folder = f"{model.folder}/classes" if name == LOGITS else f"{model.folder}/l/{slugs[name]}"
            layer = Layer(model, card.layers[known[name] - 1], known[name], folder)
            layer.units = [_unit(layer, index, group) for index, group in sorted(by_layer[name].items())]
            model.layers.append(layer)


def _unit(layer: Layer, index: int, records: list[Record]) -> Unit:
    classes = layer.model.card.classes
    label = classes[index] if layer.is_output and index < len(classes) else None
    concepts = layer.model.concepts.get(index) if layer.is_output else None
    return Unit(layer.model, layer, index, label, ordered(records, layer.model.method_cards), concepts)
