"""The catalog: the store's records arranged as models, layers and units; plain views, computed once."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from atlas.core.job import LOGITS
from atlas.core.model_card import ClassLabel, LayerInfo, ModelCard
from atlas.core.record import ClassScore, Record
from atlas.errors import SiteError, StoreError
from atlas.site.addresses import unique_slugs
from atlas.site.method_notes import method_title
from atlas.site.pictures import Picture
from atlas.store import Store

Status = Literal["done", "dead", "failed"]


@dataclass
class Rendering:
    """One record as a page shows it. ``picture`` is None unless the record is done."""

    record: Record
    title: str = ""
    picture: Picture | None = None

    @property
    def key(self) -> str:
        """The first 12 digits of the job's key: enough to name it, and its anchor on the page."""
        return self.record.key[:12]

    @cached_property
    def reached(self) -> float | None:
        """The activation that the picture reaches: on the whole picture if that was measured, else the objective."""
        if self.record.status != "done":
            return None
        for name in ("activation", "objective"):
            measured = self.record.measurement(name)
            if measured is not None:
                return measured.value
        return self.record.trace[-1] if self.record.trace else None


@dataclass
class Unit:
    """One class or one unit of a layer, with everything that was rendered of it, the leading rendering first."""

    model: "Model"
    layer: "Layer"
    index: int
    label: ClassLabel | None
    renderings: list[Rendering]

    @cached_property
    def address(self) -> str:
        """The page's address."""
        folder = f"{self.model.folder}/c" if self.layer.is_output else self.layer.folder
        return f"{folder}/{self.index}.html"

    @cached_property
    def shown(self) -> list[Rendering]:
        """The renderings that have a picture."""
        return [rendering for rendering in self.renderings if rendering.picture is not None]

    @cached_property
    def status(self) -> Status:
        """``done`` if there is any picture, else ``dead`` if any job was, else ``failed``."""
        states = {rendering.record.status for rendering in self.renderings}
        return "done" if "done" in states else "dead" if "dead" in states else "failed"

    @property
    def lead(self) -> Rendering:
        """The rendering that stands for the unit."""
        return self.renderings[0]

    @cached_property
    def title(self) -> str:
        """Name for people: the class's name, or e.g. ``unit 17``."""
        if self.label is not None and self.label.name.strip():
            return self.label.name
        return f"class {self.index}" if self.layer.is_output else f"unit {self.index}"

    @cached_property
    def probability(self) -> float | None:
        """Probability of this class on the leading rendering, if it was measured."""
        if not self.layer.is_output:
            return None
        measured = self.lead.record.measurement("probability")
        scores = {score.index: score.probability for score in self.lead.record.top_classes}
        return measured.value if measured is not None else scores.get(self.index)

    @cached_property
    def rivals(self) -> list[ClassScore]:
        """The classes that the model sees most in the leading rendering, other than this class itself."""
        own = self.index if self.layer.is_output else -1
        return [score for score in self.lead.record.top_classes if score.index != own]


@dataclass
class Layer:
    """A layer with at least one record. ``position`` counts from 1 in the model's order."""

    model: "Model"
    info: LayerInfo
    position: int
    folder: str
    units: list[Unit] = field(default_factory=list)

    @property
    def is_output(self) -> bool:
        """Whether its units are the classes."""
        return self.info.name == LOGITS

    @property
    def address(self) -> str:
        """Address of its first page."""
        return f"{self.folder}/index.html"

    @cached_property
    def counts(self) -> Counter[str]:
        """Units by status; missing ones count 0."""
        return Counter(unit.status for unit in self.units)


@dataclass
class Model:
    """A model and its layers, in the order in which they finish."""

    card: ModelCard
    slug: str
    layers: list[Layer] = field(default_factory=list)

    @property
    def folder(self) -> str:
        """Folder of its pages."""
        return f"m/{self.slug}"

    @property
    def address(self) -> str:
        """Address of its page."""
        return f"{self.folder}/index.html"

    @property
    def weights(self) -> str:
        """The weights' digest."""
        return self.card.identity.weights

    @cached_property
    def classes(self) -> Layer | None:
        """The output layer, if any class was rendered."""
        return next((layer for layer in self.layers if layer.is_output), None)

    @cached_property
    def hidden(self) -> list[Layer]:
        """The layers before the output."""
        return [layer for layer in self.layers if not layer.is_output]

    @cached_property
    def counts(self) -> Counter[str]:
        """Units by status over all layers."""
        return sum((layer.counts for layer in self.layers), Counter())

    @cached_property
    def methods(self) -> list[str]:
        """Names of the methods used."""
        return sorted({rendering.record.job.method for unit in self.units() for rendering in unit.renderings})

    def units(self) -> Iterator[Unit]:
        """Yield every unit, layer by layer."""
        for layer in self.layers:
            yield from layer.units

    def label(self, index: int) -> str:
        """Return a class's name."""
        names = self.card.classes
        name = names[index].name.strip() if index < len(names) else ""
        return name or f"class {index}"

    def unit_address(self, index: int) -> str | None:
        """Return the address of a class's page, or None if it has none."""
        return self._class_pages.get(index)

    @cached_property
    def _class_pages(self) -> dict[int, str]:
        return {unit.index: unit.address for unit in self.classes.units} if self.classes else {}


@dataclass
class Catalog:
    """Everything the pages show. ``date`` is the newest record's, so that the same store gives the same bytes."""

    models: list[Model]
    date: str

    def units(self) -> Iterator[Unit]:
        """Yield every unit of every model."""
        for model in self.models:
            yield from model.units()

    def renderings(self) -> Iterator[Rendering]:
        """Yield every rendering."""
        for unit in self.units():
            yield from unit.renderings

    @cached_property
    def counts(self) -> Counter[str]:
        """Units by status over all models."""
        return sum((model.counts for model in self.models), Counter())

    @cached_property
    def methods(self) -> dict[str, str]:
        """Method name to the address of its page."""
        names = sorted({name for model in self.models for name in model.methods})
        slugs = unique_slugs((name, name) for name in names)
        return {name: f"methods/{slugs[name]}.html" for name in names}


def read_catalog(store: Store) -> Catalog:
    """Arrange everything in the store.

    Raises:
        StoreError: a record is damaged, or belongs to a model or layer that no card describes.
        SiteError: there is nothing to show.
    """
    records = [*store.records(), *store.failures()]
    if not records:
        raise SiteError(f"the store at {store.path} holds no renderings yet", "run `atlas render` first")
    by_model: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        by_model[record.job.model.fingerprint].append(record)
    cards = store.cards()
    for fingerprint, orphans in by_model.items():
        if fingerprint not in cards:
            raise StoreError(
                f"{store.path / 'models'} has no card {fingerprint[:12]}..., the model of {len(orphans)} records",
                "run `atlas render` again with that model in the configuration: it writes the card",
            )
    used = [(fingerprint, cards[fingerprint].name) for fingerprint in sorted(by_model)]
    slugs = unique_slugs(used)
    models = [_model(cards[print_], slugs[print_], by_model[print_]) for print_, _ in used]
    models.sort(key=lambda model: (model.card.name.lower(), model.slug))
    return Catalog(models, max(record.provenance.created for record in records)[:10])


def _model(card: ModelCard, name: str, records: list[Record]) -> Model:
    model = Model(card, name)
    by_layer: dict[str, dict[int, list[Record]]] = defaultdict(lambda: defaultdict(list))
    for record in records:
        by_layer[record.job.target.layer][record.job.target.unit].append(record)
    known = {info.name: place for place, info in enumerate(card.layers, 1)}
    for unknown in by_layer.keys() - known.keys():
        raise StoreError(
            f'the card of model "{card.name}" does not list the layer "{unknown}" that records belong to',
            "run `atlas render` again: it writes the card anew",
        )
    slugs = unique_slugs((layer, layer) for layer in by_layer)
    for layer_name in sorted(by_layer, key=known.__getitem__):
        folder = f"{model.folder}/classes" if layer_name == LOGITS else f"{model.folder}/l/{slugs[layer_name]}"
        layer = Layer(model, card.layers[known[layer_name] - 1], known[layer_name], folder)
        layer.units = [_unit(layer, index, group) for index, group in sorted(by_layer[layer_name].items())]
        model.layers.append(layer)
    return model


def _unit(layer: Layer, index: int, records: list[Record]) -> Unit:
    classes = layer.model.card.classes
    label = classes[index] if layer.is_output and index < len(classes) else None
    renderings = [Rendering(record) for record in sorted(records, key=_rank)]
    for rendering, title in zip(renderings, titles([rendering.record for rendering in renderings]), strict=True):
        rendering.title = title
    return Unit(layer.model, layer, index, label, renderings)


STATUS_ORDER = {"done": 0, "dead": 1, "failed": 2}
KIND_ORDER = {"logit": 0, "channel": 0, "neuron": 1}


def _rank(record: Record) -> tuple[object, ...]:
    """Sort pictures before none, what raises the unit before what lowers it, whole channels before neurons."""
    job = record.job
    return (
        STATUS_ORDER[record.status],
        -job.target.sign,
        KIND_ORDER[job.target.kind],
        job.method != "maco",
        job.method,
        job.seed,
        job.target.position or (-1, -1),
        record.key,
    )


def titles(records: list[Record]) -> list[str]:
    """Name the renderings of one unit, shortly, so that no two that differ in a parameter have the same name."""
    short = [_short_title(record) for record in records]
    repeated = {title for title, count in Counter(short).items() if count > 1}
    result = []
    for title, record in zip(short, records, strict=True):
        if title in repeated:
            twins = [other for other, name in zip(records, short, strict=True) if name == title]
            differing = [
                f"{name.replace('_', ' ')} {value}"
                for name, value in sorted(record.job.parameters.items())
                if any(other.job.parameters.get(name) != value for other in twins)
                and not isinstance(value, (dict, list))
            ]
            title = " · ".join([title, *differing[:2]])
        result.append(title)
    return result


def _short_title(record: Record) -> str:
    target = record.job.target
    words = [method_title(record.job.method)]
    if target.sign < 0:
        words.append("negative")
    if target.kind == "neuron":
        words.append("central neuron" if target.position is None else "neuron {},{}".format(*target.position))
    return " · ".join([*words, f"seed {record.job.seed}"])
