"""RenderBatch: what a method renders at once; Result: what it made of each of its targets."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, cast

from atlas.core.job import Target, TargetKind
from atlas.methods.parameters import MethodParameters

if TYPE_CHECKING:
    import numpy as np
    import torch
    from torch import nn

    from atlas.methods.photos import LoadInput
    from atlas.models.network.network import Network
    from atlas.synthesis.steps.ascent import Ascent, Evaluate, Penalty
    from atlas.synthesis.steps.evaluation import Score

PictureT = TypeVar("PictureT", bound=Any)
P = TypeVar("P", bound=MethodParameters)


@dataclass(frozen=True)
class Result:
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
class RenderBatch(Generic[P]):
    """Targets of one kind on one layer, which share all but their seeds.

    Attributes:
        network: shows what the layers of a model make of pictures; on the device to render on.
        seeds: one per target, below 2**63; all randomness comes from them.
        parameters: as resolved.
        load_input: gives what parameters and targets name by digest.
        on_step: told (finished steps, all steps).
        should_stop: asked at each step; if so, :class:`atlas.synthesis.steps.ascent.Stopped` is raised.
    """

    network: "Network"
    targets: Sequence[Target]
    seeds: Sequence[int]
    parameters: P
    load_input: "LoadInput"
    on_step: Callable[[int, int], None] = lambda done, steps: None
    should_stop: Callable[[], bool] = lambda: False

    @property
    def device(self) -> "torch.device":
        """Where to compute."""
        return self.network.device

    @property
    def layer(self) -> str:
        """The layer that all targets are on."""
        return self.targets[0].layer

    @property
    def kind(self) -> TargetKind:
        """The kind of all targets."""
        return self.targets[0].kind

    def at_once(self, size: tuple[int, int]) -> int:
        """Return how many views of a (height, width) go through the network at once: what its memory holds."""
        return self.network.views_at_once([self.layer], size)

    @property
    def units(self) -> list[int]:
        """The unit of each target."""
        return [target.unit for target in self.targets]

    @property
    def grey(self) -> bool:
        """Whether the network takes one channel, so that pictures are to be grey."""
        return self.network.preprocessing.channels == 1

    @cached_property
    def generators(self) -> "list[torch.Generator]":
        """One generator per target, on the CPU: what is random is the same on every device."""
        import torch

        return [torch.Generator().manual_seed(seed) for seed in self.seeds]

    @cached_property
    def photos(self) -> "torch.Tensor":
        """The photo of each target, (B, 3, side, side) in [0, 1] on the device.

        Raises:
            PhotoError: one cannot be decoded.
        """
        from atlas.methods.photos import photos_of

        return photos_of(self.targets, self.parameters.side, self.load_input).to(self.device)

    def begun(self, picture: PictureT) -> PictureT:
        """Return pictures that have begun with the photos of their targets' facets; as they were if they have none.

        Raises:
            PhotoError: one cannot be decoded.
        """
        facet = self.targets[0].facet
        if facet is None or facet.layer is not None:
            return picture
        from atlas.methods.photos import facet_photos
        from atlas.synthesis.pictures.begun import Begins, low_frequencies

        side = self.parameters.side
        photos = facet_photos(self.targets, side, self.load_input).to(self.device)
        cast(Begins, picture).begin(photos, low_frequencies(side, side, facet.strength))
        return picture

    def drawn(self, score: "Score") -> "Score":
        """Return a score drawn along the directions of its targets' facets; as it was if they have none.

        Args:
            score: what each view is worth; it runs the network once, at least up to the facets' layer.
        """
        facet = self.targets[0].facet
        if facet is None or facet.layer is None:
            return score
        from atlas.synthesis.scores.drawn import DrawnScore

        return DrawnScore(score, self.network, self.targets)

    def ascend(
        self,
        picture: "nn.Module",
        evaluate: "Evaluate",
        optimizer: "torch.optim.Optimizer",
        steps: int,
        schedule: "torch.optim.lr_scheduler.LRScheduler | None" = None,
        penalty: "Penalty | None" = None,
    ) -> "Ascent":
        """Climb: see :func:`atlas.synthesis.steps.ascent.ascend`.

        Raises:
            Stopped: ``should_stop`` said so.
        """
        from atlas.synthesis.steps.ascent import ascend

        return ascend(
            picture,
            evaluate,
            optimizer,
            steps,
            schedule=schedule,
            penalty=penalty,
            on_step=lambda done: self.on_step(done, steps),
            should_stop=self.should_stop,
        )
