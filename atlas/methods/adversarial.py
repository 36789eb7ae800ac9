"""Adversarial examples: a photo, changed by less than can be seen, that the network takes for another class."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from atlas.methods.base import Method, Paper, Resolved, methods
from atlas.methods.batch import RenderBatch, Result
from atlas.methods.parameters import RANGE, MethodParameters, Size

if TYPE_CHECKING:
    from atlas.models.vision_model import VisionModel

EPSILONS = {"cnn": 0.01, "vit": 0.05}
"""The paper's radius of the ball, by the family of the network."""

SIGN_STEPS = 5
"""Steps of signs that cross the ball: few enough to reach its edge in a sixth of 30 steps, and to turn back in time."""

GRADIENT_STEP = 0.01
"""The paper's step along the gradient. On efficientnet-lite0, whose gradients are small, 14 of 18 examples succeeded
with it, and all 18 with signs."""


class AdversarialParameters(MethodParameters):
    """Parameters of adversarial examples, in image units (0 to 1)."""

    steps: int = Field(
        default=30,
        ge=1,
        le=100_000,
        description="steps of gradient ascent (section 4.4: 30)",
    )
    epsilon: float | None = Field(
        default=None,
        ge=1 / 255,
        le=1,
        description="largest change of any value of the photo (paper: 0.01 for CNNs, 0.05 for ViTs); pictures have 8 "
        "bits, so less than 1/255 would change nothing",
        json_schema_extra=RANGE,
    )
    direction: Literal["sign", "gradient"] = Field(
        default="sign",
        description='what each step follows: the "gradient" as in the paper, or its "sign" (Kurakin et al. 2017), '
        "which moves every value by the whole step and succeeds far more often",
    )
    step_size: float | None = Field(
        default=None,
        gt=0,
        le=1e6,
        description="size of each step; a fifth of epsilon with signs, 0.01 with gradients (paper: 0.01) unless chosen",
    )
    variation: float = Field(
        default=1e-4,
        ge=0,
        description="weight of the penalty on the change's total variation (paper: 0.0001)",
    )


class ResolvedAdversarial(AdversarialParameters):
    """The same for a model: the ball of its family, and the step that goes with it."""

    epsilon: float
    step_size: float


class Adversarial(Method[ResolvedAdversarial]):
    """Section 4.4: steps up the target's logit, each projected into the ball around the photo and into [0, 1].

    What is stored has 8 bits, and is rounded so that it stays in the ball: a change of at most ``floor(255 epsilon)``
    levels. Nothing in it is random: every seed gives the same picture.
    """

    name = "adversarial"
    version = 1
    title = "Adversarial example"
    summary = "Changes a photo by less than can be seen, so that the network takes it for a class of one's choice."
    paragraphs = (
        "Starting at a photo, each step goes up the logit of the class that the network is to see, less a small "
        "penalty on roughness of the change, and is then brought back into the ball: no value of the photo may "
        "change by more than epsilon.",
        "The pages show the photo, the change made ten times as strong around middle grey, the result, and what the "
        "network says before and after. What is stored has 8 bits and lies in the ball exactly: the change is "
        "rounded towards the photo where it would leave it.",
    )
    limits = (
        "It shows how near another class is to a photo for this network, not what the network has learned of the "
        "class. Most examples mean nothing to other networks.",
        "The change is added to the photo as this network is shown it, at its input's size: saved as JPEG or "
        "resized, it is usually lost.",
    )
    paper = Paper(
        title="Representation Understanding via Activation Maximization",
        authors="Zhu, Cangelosi",
        year=2025,
        venue="arXiv:2508.07281",
        url="https://arxiv.org/abs/2508.07281",
        equation="section 4.4",
    )
    kinds = frozenset({"logit"})
    from_photo = True
    perturbs = True
    seeded = False
    parameters = AdversarialParameters
    resolved = ResolvedAdversarial

    def sizes(self, parameters: ResolvedAdversarial) -> dict[str, Size]:
        """See :meth:`Method.sizes`: pictures are resized to the model's input."""
        return {}

    def resolve(self, asked: MethodParameters, model: "VisionModel", folder: Path) -> Resolved[ResolvedAdversarial]:
        """See :meth:`Method.resolve`: the ball of the network's family, and the step that goes with it."""
        assert isinstance(asked, AdversarialParameters)
        family = "vit" if any(layer.layout == "tokens" for layer in model.card.layers) else "cnn"
        epsilon = asked.epsilon or EPSILONS[family]
        usual = epsilon / SIGN_STEPS if asked.direction == "sign" else GRADIENT_STEP
        return Resolved(self.filled(asked, model, epsilon=epsilon, step_size=asked.step_size or usual))

    def render(self, batch: RenderBatch[ResolvedAdversarial]) -> list[Result]:
        """See :meth:`Method.render`."""
        import torch

        from atlas.methods.outcome import results
        from atlas.synthesis.pictures.ball import BallAround, variation_of_change
        from atlas.synthesis.scores.units import TargetObjective
        from atlas.synthesis.steps.evaluation import WholeView, mean_over_views, penalised

        given, known, photos = batch.parameters, batch.network.preprocessing, batch.photos
        picture = BallAround(photos, given.epsilon, signs=given.direction == "sign")
        optimizer = torch.optim.SGD(picture.parameters(), lr=given.step_size)
        optimizer.register_step_post_hook(picture.project)
        objective, view = TargetObjective(batch.targets, batch.device), WholeView((known.height, known.width))
        value = penalised(
            mean_over_views(batch.network, batch.layer, objective, None, view),
            lambda images, _: given.variation * variation_of_change(images, photos),
        )
        ascent = batch.ascend(picture, value, optimizer, given.steps)
        return results(replace(ascent, images=picture.in_8_bits(ascent.images)))


methods.register(Adversarial.name, Adversarial())
