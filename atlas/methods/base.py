"""What a method is: a name, a version, a paper, parameters, and a function from a batch of targets to pictures."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from atlas.core.job import PHOTO_KINDS, Preprocessing, Target, TargetKind
from atlas.core.model_card import LayerInfo
from atlas.core.registry import Registry

if TYPE_CHECKING:
    import numpy as np

    from atlas.models.network.network import Network
    from atlas.models.vision_model import VisionModel

Need = Literal["batch norm", "attention branch", "reference photos"]
"""What a method may need that not every model offers (:attr:`atlas.models.vision_model.VisionModel.offers`); reference
photos are what the configuration's ``[photos]`` offers."""

REFERENCE_PHOTOS: Need = "reference photos"

IMAGENET_SPECTRUM = (
    "ImageNet's mean magnitude spectrum, from MACO's authors by way of Xplique 2.0.2: MIT licence, IRT Antoine de "
    "Saint Exupery et Universite Paul Sabatier Toulouse III"
)
"""What the shipped spectrum is (:attr:`Method.data`); the whole notice lies beside it."""


class MethodParameters(BaseModel):
    """Base of every method's parameters: immutable, unknown names refused, the paper's values as defaults."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


@dataclass(frozen=True)
class Paper:
    """Where a method comes from. ``equation`` names the definition or algorithm that the code follows."""

    title: str
    authors: str
    year: int
    url: str
    equation: str


@dataclass(frozen=True)
class Rendering:
    """What a method made of one target.

    Attributes:
        status: ``done``, ``dead`` (no gradient reached the image within its steps) or ``failed`` (it diverged).
        trace: the objective at every step, up to the last finite one.
        image: (3, H, W) float32 sRGB in [0, 1]; None unless done. It is stored rounded to 8 bits.
        alpha: (H, W) float32, non-negative, any scale; None unless done.
        message: what went wrong, for a person; empty if done.
    """

    status: Literal["done", "dead", "failed"]
    trace: list[float]
    image: "np.ndarray | None" = None
    alpha: "np.ndarray | None" = None
    message: str = ""


@dataclass(frozen=True)
class Resolved:
    """Parameters as they enter a job's key, and the data that they stand for.

    Attributes:
        parameters: JSON values, complete: every default is spelled out, every file replaced by its sha256.
        inputs: sha256 to bytes of the files that the parameters name by digest.
    """

    parameters: dict[str, Any]
    inputs: dict[str, bytes] = field(default_factory=dict)


class Method(ABC):
    """A way to make pictures of targets. Subclass, then ``methods.register(name, instance)``.

    Attributes:
        name: as written in the configuration. version: bump by hand whenever the pictures change.
        title, summary: for people. kinds: the target kinds that it can render. parameters: its parameter model.
        signs: of the targets that it can render; 1 raises a unit, -1 lowers it.
        needs: what a model must offer; a plan refuses any other, naming the methods that do work.
        from_photo: its pictures start from a photo, whatever their kind: every target names one.
        perturbs: its pictures differ from their photo by what cannot be seen unless it is made stronger.
        seeded: whether its pictures depend on their seed.
        data: what data it brings, from whom, and under which licence; empty if none.
        unit: of its objective; "activation" is the unit's own.
    """

    name: ClassVar[str]
    version: ClassVar[int]
    title: ClassVar[str]
    summary: ClassVar[str]
    paper: ClassVar[Paper]
    kinds: ClassVar[frozenset[TargetKind]]
    parameters: ClassVar[type[MethodParameters]]
    signs: ClassVar[frozenset[int]] = frozenset({1, -1})
    needs: ClassVar[frozenset[Need]] = frozenset()
    from_photo: ClassVar[bool] = False
    perturbs: ClassVar[bool] = False
    seeded: ClassVar[bool] = True
    data: ClassVar[str] = ""
    unit: ClassVar[str] = "activation"

    def resolve(self, parameters: Any, preprocessing: Preprocessing, folder: Path) -> Resolved:
        """Return the parameters with nothing left to choose, for a model with that preprocessing.

        An ``image_size`` that is left open becomes the larger side of the model's input; a ``resolution`` becomes
        (height, width), by default the input's.

        Args:
            parameters: an instance of ``self.parameters``.
            folder: what relative paths among the parameters are relative to.

        Raises:
            AtlasError: a file they name cannot be used, or they do not fit the model.
        """
        values = parameters.model_dump(mode="json")
        input_size = [preprocessing.height, preprocessing.width]
        if "image_size" in values:
            values["image_size"] = values["image_size"] or max(input_size)
        if "resolution" in values:
            values["resolution"] = 2 * [values["resolution"]] if values["resolution"] else input_size
        return Resolved(values)

    def fitted(self, parameters: dict[str, Any], model: "VisionModel") -> dict[str, Any]:
        """Return resolved parameters with what depends on the model's layers spelled out, such as which to match.

        Raises:
            AtlasError: they do not fit the model.
        """
        return parameters

    def objection(self, parameters: dict[str, Any], layer: LayerInfo, model: "VisionModel") -> str:
        """Return why targets on a layer cannot be rendered with these parameters, beginning with one; or nothing.

        Args:
            parameters: as fitted.
        """
        return ""

    def reads(self, parameters: dict[str, Any]) -> tuple[str, ...]:
        """Return the layers that it looks at besides the target's, so that none of them is folded away.

        Args:
            parameters: as fitted.
        """
        return ()

    def keeps_norms(self, kind: TargetKind, parameters: dict[str, Any]) -> bool:
        """Tell whether batch norms must not be folded into convolutions for targets of a kind.

        Args:
            parameters: as fitted.
        """
        return "batch norm" in self.needs

    def sizes(self, parameters: dict[str, Any]) -> dict[str, tuple[int, int]]:
        """Return the (height, width) of what the network will be shown, by the words of the setting that decides it.

        That is the ``resolution`` of views, or where there is no such parameter the whole picture.

        Args:
            parameters: as resolved.
        """
        if "resolution" in parameters:
            height, width = parameters["resolution"]
            return {f"resolution = {height}": (height, width)}
        side = parameters.get("image_size")
        return {} if side is None else {f"image_size = {side}": (side, side)}

    def takes_photo(self, kind: TargetKind) -> bool:
        """Tell whether targets of a kind must name a photo."""
        return self.from_photo or kind in PHOTO_KINDS

    def expanded(self, target: Target, parameters: dict[str, Any]) -> Sequence[Target]:
        """Return the targets that one target of the configuration stands for: itself, or several clusters of it.

        Args:
            parameters: as resolved.
        """
        return (target,)

    @abstractmethod
    def render(
        self,
        network: "Network",
        targets: Sequence[Target],
        seeds: Sequence[int],
        parameters: dict[str, Any],
        load_input: Callable[[str], bytes],
        *,
        on_step: Callable[[int, int], None],
        should_stop: Callable[[], bool],
    ) -> list[Rendering]:
        """Render a batch of targets of one kind on one layer; each result is independent of the rest of the batch.

        Args:
            seeds: one per target, below 2**63; all randomness comes from them.
            parameters: as fitted.
            load_input: sha256 to the bytes of what a parameter or a target names: a spectrum, a direction, the file of
                a photo, a list of reference photos (:func:`atlas.methods.photos.reference_digests`) or one of these.
            on_step: told (finished steps, all steps).
            should_stop: asked at each step.

        Raises:
            Stopped: ``should_stop`` said so.
        """


methods: Registry[Method] = Registry("method", "atlas.methods")
