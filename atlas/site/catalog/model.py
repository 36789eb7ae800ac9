"""A model, its layers and their units, with everything that was rendered of them."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from atlas.core.job import LOGITS
from atlas.core.model_card import ClassLabel, LayerInfo
from atlas.core.record import ClassScore
from atlas.site.catalog.channels import ClassChannels
from atlas.site.catalog.concepts import ClassView
from atlas.site.catalog.credits import Credits
from atlas.site.catalog.head import ModelHead
from atlas.site.catalog.looks import LookBook, Looks
from atlas.site.catalog.numbers import Numbers
from atlas.site.catalog.shown import Shown
from atlas.site.catalog.studies import FAMILIES, Family, Study

Status = Literal["done", "dead", "failed", "none"]
OF_UNITS: tuple[Family, ...] = ("accentuation", "adversarial")
"""Families whose pictures are about one class or unit; the others are about a whole layer."""


@dataclass
class Unit:
    """One class or one unit of a layer, with everything that was rendered of it, the leading rendering first."""

    model: "Model"
    layer: "Layer"
    index: int
    label: ClassLabel | None
    renderings: list[Shown]
    concepts: ClassView | None = None

    @cached_property
    def address(self) -> str:
        """The page's address."""
        if self.layer.is_output:
            return self.model.class_address(self.index)
        return f"{self.layer.folder}/{self.index}.html"

    @cached_property
    def shown(self) -> list[Shown]:
        """The renderings that have a picture."""
        return [rendering for rendering in self.renderings if rendering.picture is not None]

    @cached_property
    def by_method(self) -> list[Shown]:
        """Of each method the first picture of what raises the unit, the leading one first."""
        first: dict[str, Shown] = {}
        for rendering in self.shown:
            target = rendering.record.job.target
            if target.sign > 0 and target.kind != "neuron":
                first.setdefault(rendering.record.job.method, rendering)
        return list(first.values())

    @cached_property
    def looks(self) -> list[Looks]:
        """Its facets, by each method that told some apart."""
        return self.model.looks.of(self.renderings)

    @cached_property
    def status(self) -> Status:
        """``done`` if there is any picture, else ``dead`` if any job was, else ``failed``; ``none`` without a job.

        A class has no job of its own if only its concepts were asked for.
        """
        states = {rendering.record.status for rendering in self.renderings}
        if not states:
            return "none"
        return "done" if "done" in states else "dead" if "dead" in states else "failed"

    @property
    def lead(self) -> Shown | None:
        """The rendering that stands for the unit."""
        return self.renderings[0] if self.renderings else None

    @property
    def reached(self) -> float | None:
        """The activation that the leading rendering reaches."""
        return self.lead.reached if self.lead else None

    @property
    def top_classes(self) -> tuple[ClassScore, ...]:
        """The classes that the model sees in the leading rendering, strongest first."""
        return self.lead.record.top_classes if self.lead else ()

    @property
    def own_class(self) -> int | None:
        """The class that it is, if it is one."""
        return self.index if self.layer.is_output else None

    @cached_property
    def title(self) -> str:
        """Name for people: the class's name, or e.g. ``unit 17``."""
        if self.label is not None and self.label.name.strip():
            return self.label.name
        return f"class {self.index}" if self.layer.is_output else f"unit {self.index}"

    @cached_property
    def probability(self) -> float | None:
        """Probability of this class on the leading rendering, if it was measured."""
        if not self.layer.is_output or self.lead is None:
            return None
        measured = self.lead.measured("probability")
        scores = {score.index: score.probability for score in self.top_classes}
        return measured if measured is not None else scores.get(self.index)

    @cached_property
    def rivals(self) -> list[ClassScore]:
        """The classes that the model sees most in the leading rendering, other than this class itself."""
        return [score for score in self.top_classes if score.index != self.own_class]

    @property
    def image(self) -> str:
        """The path of the picture that stands for it, or an empty string."""
        return self.shown[0].picture.raw[-1].path if self.shown and self.shown[0].picture else ""

    def alt(self, rendering: Shown) -> str:
        """Describe a picture for those who cannot see it."""
        job = rendering.record.job
        verb = "lowers" if job.target.sign < 0 else "raises"
        what = f"class {self.index}"
        if not self.layer.is_output:
            what = f"{self.layer.info.name} {job.target.kind} {self.index}"
        name = f"{self.title}, {what}" if self.layer.is_output and self.title != what else what
        which = f"seed {job.seed}" if job.target.facet is None else f"facet {job.target.facet.number}"
        return f"{self.model.method_cards.title(job.method)} rendering of what {verb} {name}; {which}"


@dataclass
class Layer:
    """A layer with at least one record. ``position`` counts from 1 in the model's order.

    ``statistics`` is the key of what photos say of it; empty if they were not asked.
    """

    model: "Model"
    info: LayerInfo
    position: int
    folder: str
    units: list[Unit] = field(default_factory=list)
    statistics: str = ""

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


@dataclass(eq=False)
class Model(ModelHead):
    """A model: its layers in the order in which they finish, its classes' concepts, the photos that these are of.

    Attributes:
        studies: what was made of photos.
        looks: what is known of facets.
        channels: class index to what is known of its channels, layer by layer.
    """

    layers: list[Layer] = field(default_factory=list)
    concepts: dict[int, ClassView] = field(default_factory=dict)
    photos: Credits | None = None
    studies: list[Study] = field(default_factory=list)
    looks: LookBook = field(default_factory=LookBook)
    channels: dict[int, list[ClassChannels]] = field(default_factory=dict)

    @cached_property
    def classes(self) -> Layer | None:
        """The output layer, if any class was rendered."""
        return next((layer for layer in self.layers if layer.is_output), None)

    @cached_property
    def hidden(self) -> list[Layer]:
        """The layers before the output."""
        return [layer for layer in self.layers if not layer.is_output]

    @cached_property
    def network_layers(self) -> list[LayerInfo]:
        """All layers of the network before its output, rendered or not."""
        return [info for info in self.card.layers if info.name != LOGITS]

    @property
    def demonstration(self) -> str:
        """What must stand beside all that its photos tell, if they are only a demonstration; else empty."""
        return self.photos.demonstration if self.photos else ""

    @cached_property
    def numbers(self) -> Numbers:
        """How much of it there is."""
        return Numbers(
            classes=Counter(unit.status for unit in self.classes.units) if self.classes else Counter(),
            units=Counter(unit.status for layer in self.hidden for unit in layer.units),
            layers=sum(layer.counts["done"] > 0 for layer in self.hidden),
            all_layers=len(self.network_layers),
            renderings=Counter({shown.record.key: shown.record.status for shown in self.renderings()}.values()),
            concepts=sum(len(view.concepts) for view in self.concepts.values()),
            explained=sum(bool(view.concepts) for view in self.concepts.values()),
            photos=len(self.studies),
        )

    def lost(self, status: Status) -> list[Unit]:
        """Return its classes and units of one status: layer by layer, the output last."""
        return [unit for unit in self.units() if unit.status == status]

    @cached_property
    def methods(self) -> list[str]:
        """Names of the methods used."""
        return sorted({rendering.record.job.method for rendering in self.renderings()})

    def renderings(self) -> Iterator[Shown]:
        """Yield every rendering, those of concepts and of photos first: other pages show them too."""
        for view in self.concepts.values():
            yield from view.pictures
        for study in self.studies:
            yield from study.renderings
        for unit in self.units():
            yield from unit.renderings

    @cached_property
    def from_photos(self) -> dict[tuple[str, int], list[tuple[Study, Shown]]]:
        """(layer, unit) to the pictures that were made of photos for it: accentuations and adversarial examples."""
        found: dict[tuple[str, int], list[tuple[Study, Shown]]] = {}
        for study in self.studies:
            for rendering in (it for family in OF_UNITS for it in study.families.get(family, ())):
                target = rendering.record.job.target
                if target.direction is None:  # a direction's unit is the class that it belongs to
                    found.setdefault((target.layer, target.unit), []).append((study, rendering))
        return found

    @cached_property
    def families(self) -> dict[Family, list[Study]]:
        """The studies that each gallery shows."""
        found: dict[Family, list[Study]] = {}
        for family in FAMILIES:
            studies = [study for study in self.studies if family in study.families]
            if studies:
                found[family] = studies
        return found

    def units(self) -> Iterator[Unit]:
        """Yield every unit, layer by layer."""
        for layer in self.layers:
            yield from layer.units
