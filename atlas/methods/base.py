"""What a method is: a name, a version, a paper, parameters, and a function from a batch of targets to pictures."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, cast

from pydantic import JsonValue

from atlas.core.job import PHOTO_KINDS, Target, TargetKind
from atlas.core.method_card import MethodCard, Paper, Preset
from atlas.core.model_card import LayerInfo
from atlas.core.registry import Registry
from atlas.methods.batch import P, RenderBatch, Result
from atlas.methods.describe import parameter_cards
from atlas.methods.parameters import CHOSEN, MethodParameters, Size

if TYPE_CHECKING:
    from atlas.models.vision_model import VisionModel

Need = Literal["batch norm", "attention branch", "reference photos"]
"""What a method may need that not every model offers (:attr:`atlas.models.vision_model.VisionModel.offers`); reference
photos are what the configuration's ``[photos]`` offers."""

REFERENCE_PHOTOS: Need = "reference photos"

FacetsBy = Literal["photos", "directions"]
"""What tells the looks of a target apart: clusters of its class's photos, from or after which pictures are made, or
orthogonal directions in the network's features, along which they are drawn."""

IMAGENET_SPECTRUM = (
    "ImageNet's mean magnitude spectrum, from MACO's authors by way of Xplique 2.0.2: MIT licence, IRT Antoine de "
    "Saint Exupery et Universite Paul Sabatier Toulouse III"
)
"""What the shipped spectrum is (:attr:`Method.data`); the whole notice lies beside it."""


@dataclass(frozen=True)
class Resolved(Generic[P]):
    """Parameters with nothing left to choose, and the data that they stand for.

    Attributes:
        parameters: complete: every default is spelled out, every file replaced by its sha256.
        inputs: sha256 to bytes of the files that the parameters name by digest.
    """

    parameters: P
    inputs: dict[str, bytes] = field(default_factory=dict)

    @property
    def dump(self) -> dict[str, JsonValue]:
        """The parameters as they enter a job's key."""
        return self.parameters.model_dump(mode="json")


class Method(ABC, Generic[P]):
    """A way to make pictures of targets: one file, which another package names in its entry points.

    .. code-block:: python

        class PlainParameters(MethodParameters):
            steps: int = Field(default=100, ge=1, description="steps of gradient ascent")


        class Plain(Method[PlainParameters]):
            name, version, title, summary = "plain", 1, "Plain ascent", "Climbs the gradient of pixels."
            kinds = frozenset({"logit", "channel"})
            parameters = PlainParameters

            def render(self, batch: RenderBatch[PlainParameters]) -> list[Result]:
                picture = Pixels(batch.parameters.side, 0.01, batch.generators, batch.device, True, batch.grey)
                objective = TargetObjective(batch.targets, batch.device, batch.load_input)
                value = mean_over_views(batch.network, batch.layer, objective, None, WholeView(batch.parameters.shown))
                optimizer = torch.optim.Adam(picture.parameters(), lr=0.05)
                return results(batch.ascend(picture, value, optimizer, batch.parameters.steps))


        PLAIN = Plain()  # [project.entry-points."atlas.methods"]  plain = "mypackage.plain:PLAIN"

    Picture, score and optimiser are parts of :mod:`atlas.synthesis`, or of one's own. The contract that every method
    keeps is ``tests/methods/test_contract.py``; what is declared below is what its pages and tables say.

    Attributes:
        name: as written in the configuration. version: bump by hand whenever the pictures change.
        title, summary, paragraphs, limits, paper: for people, see :class:`atlas.core.method_card.MethodCard`; pages of
            the site and tables of the documentation are made of them.
        kinds: the target kinds that it can render.
        parameters: the model of what a configuration may ask for.
        presets: names among :data:`atlas.methods.presets.NAMES` to parameters that go well together.
        resolved: a subclass of it in which nothing is left open, where the sizes are not all that may be.
        signs: of the targets that it can render; 1 raises a unit, -1 lowers it.
        needs: what a model must offer; a plan refuses any other, naming the methods that do work.
        from_photo: its pictures start from a photo, whatever their kind: every target names one.
        perturbs: its pictures differ from their photo by what cannot be seen unless it is made stronger.
        seeded: whether its pictures depend on their seed.
        facets: how it can spread the pictures of one target over its looks: by ``directions`` if it shows the network
            views through :meth:`RenderBatch.drawn`, by ``photos`` if it begins with :meth:`RenderBatch.begun`, or
            takes the references of its targets; empty if it cannot.
        together: its score looks at all views of a picture at once, so that they make one pass through the network.
        data: what data it brings, from whom, and under which licence; empty if none.
        unit: of its objective; "activation" is the unit's own.
    """

    name: ClassVar[str]
    version: ClassVar[int]
    title: ClassVar[str] = ""
    summary: ClassVar[str] = ""
    paragraphs: ClassVar[tuple[str, ...]] = ()
    limits: ClassVar[tuple[str, ...]] = ()
    paper: ClassVar[Paper | None] = None
    kinds: ClassVar[frozenset[TargetKind]]
    parameters: ClassVar[type[MethodParameters]]
    presets: ClassVar[Mapping[str, Preset]] = MappingProxyType({})
    resolved: ClassVar[type[MethodParameters] | None] = None
    signs: ClassVar[frozenset[int]] = frozenset({1, -1})
    needs: ClassVar[frozenset[Need]] = frozenset()
    from_photo: ClassVar[bool] = False
    perturbs: ClassVar[bool] = False
    seeded: ClassVar[bool] = True
    facets: ClassVar[frozenset[FacetsBy]] = frozenset()
    together: ClassVar[bool] = False
    data: ClassVar[str] = ""
    unit: ClassVar[str] = "activation"

    @property
    def card(self) -> MethodCard:
        """What people are told of it: what is declared here, and on the fields of its parameters."""
        return MethodCard(
            name=self.name,
            version=self.version,
            title=self.title or self.name,
            summary=self.summary or f"Renderings made with the method {self.name}.",
            paragraphs=self.paragraphs,
            limits=self.limits,
            paper=self.paper,
            kinds=tuple(sorted(self.kinds)),
            signs=tuple(sorted(self.signs, reverse=True)),
            needs=tuple(sorted(self.needs)),
            from_photo=self.from_photo,
            perturbs=self.perturbs,
            seeded=self.seeded,
            data=self.data,
            unit=self.unit,
            parameters=parameter_cards(self.parameters),
            presets=dict(self.presets),
        )

    @abstractmethod
    def render(self, batch: RenderBatch[P]) -> list[Result]:
        """Render the targets of a batch; each result is independent of the rest of the batch.

        Raises:
            Stopped: ``batch.should_stop`` said so.
        """

    def resolve(self, asked: MethodParameters, model: "VisionModel", folder: Path) -> Resolved[P]:
        """Return the parameters with nothing left to choose for a model: its sizes, or more where a method says so.

        Args:
            asked: an instance of ``self.parameters``.
            folder: what relative paths among the parameters are relative to.

        Raises:
            AtlasError: a file they name cannot be used, or they do not fit the model.
        """
        return Resolved(self.filled(asked, model))

    def filled(self, asked: MethodParameters, model: "VisionModel", **chosen: object) -> P:
        """Return what was asked with sizes that the model takes where none are given, and with what was chosen."""
        return self.complete(asked.sized(model.card.identity.preprocessing).model_dump() | chosen)

    def complete(self, values: Mapping[str, object]) -> P:
        """Return resolved parameters from their values by name, such as those of a job."""
        return cast(P, (self.resolved or self.parameters).model_validate(values, context=CHOSEN))

    def objection(self, parameters: P, layer: LayerInfo, model: "VisionModel") -> str:
        """Return why targets on a layer cannot be rendered with these parameters, beginning with one; or nothing."""
        return ""

    def reads(self, parameters: P) -> tuple[str, ...]:
        """Return the layers that it looks at besides the target's, so that none of them is folded away."""
        return ()

    def keeps_norms(self, kind: TargetKind, parameters: P) -> bool:
        """Tell whether batch norms must not be folded into convolutions for targets of a kind."""
        return "batch norm" in self.needs

    def samples(self, kind: TargetKind, parameters: P) -> int:
        """Return how many views of a picture the objective of one step is the mean of, for targets of a kind."""
        return 1

    def in_a_thread(self, kind: TargetKind, parameters: P) -> int:
        """Return how many pictures one thread of a CPU makes together.

        So few that they do not decide how many views the network is shown at once, for its rounding depends on that.
        """
        from atlas.models.network.passes import ITEMS_PER_THREAD, VIEWS_PER_PASS

        return max(1, VIEWS_PER_PASS["cpu"] // self.samples(kind, parameters)) if self.together else ITEMS_PER_THREAD

    def sizes(self, parameters: P) -> dict[str, Size]:
        """Return the (height, width) of what the network will be shown, by the words of the setting that decides it."""
        height, width = parameters.shown
        setting = "resolution" if "resolution" in type(parameters).model_fields else "image_size"
        return {f"{setting} = {height if height == width else [height, width]}": (height, width)}

    def takes_photo(self, kind: TargetKind) -> bool:
        """Tell whether targets of a kind must name a photo."""
        return self.from_photo or kind in PHOTO_KINDS

    def refers_to_photos(self, kind: TargetKind, parameters: P) -> bool:
        """Tell whether targets of a kind list reference photos, on which their pictures then depend.

        Args:
            parameters: as asked for or resolved.
        """
        return REFERENCE_PHOTOS in self.needs

    def expanded(self, target: Target, parameters: P) -> Sequence[Target]:
        """Return the targets that one target of the configuration stands for: itself, or several clusters of it."""
        return (target,)


AnyMethod = Method[Any]
"""A method whose parameters only it knows."""

methods: Registry[AnyMethod] = Registry("method", "atlas.methods", Method)
