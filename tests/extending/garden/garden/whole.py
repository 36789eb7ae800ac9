"""A method: gradient ascent on the whole picture, as it is, without a random view."""

from typing import TYPE_CHECKING

from pydantic import Field

from atlas.methods.base import Method, Preset
from atlas.methods.parameters import MethodParameters

if TYPE_CHECKING:
    from atlas.methods.batch import RenderBatch, Result


class WholeParameters(MethodParameters):
    """What a configuration may say under ``parameters``; ``image_size`` comes with the base."""

    steps: int = Field(default=64, ge=1, le=10_000, description="steps of Adam")
    learning_rate: float = Field(default=0.05, gt=0, description="step size of Adam, on pixels before the sigmoid")


PRESETS = {"draft": Preset(summary="a first look, in a quarter of the steps", parameters={"steps": 16})}


class Whole(Method[WholeParameters]):
    """Pixels in decorrelated colours, climbed by Adam; what is random is the start, drawn from each target's seed."""

    name = "whole"
    version = 1
    title = "Whole picture"
    summary = "Climbs the gradient of a unit in the pixels of a picture that the network always sees as a whole."
    paragraphs = ("Each pixel moves with the gradient. No view is cropped, turned or blurred.",)
    limits = ("Without random views the picture fills with fine patterns that people do not see in photos.",)
    kinds = frozenset({"logit", "channel", "neuron", "direction"})
    parameters = WholeParameters
    presets = PRESETS

    def render(self, batch: "RenderBatch[WholeParameters]") -> "list[Result]":
        """Return one result for each target of the batch."""
        import torch  # here, so that reading a configuration loads no torch

        from atlas.methods.outcome import results
        from atlas.synthesis.pictures.parametrization import Pixels
        from atlas.synthesis.scores.units import TargetObjective
        from atlas.synthesis.steps.evaluation import WholeView, mean_over_views

        given = batch.parameters
        preprocessing = batch.network.preprocessing
        picture = Pixels(given.side, 0.01, batch.generators, batch.device, True, batch.grey)
        objective = TargetObjective(batch.targets, batch.device, batch.load_input)
        view = WholeView((preprocessing.height, preprocessing.width))
        evaluate = mean_over_views(batch.network, batch.layer, objective, None, view)
        optimizer = torch.optim.Adam(picture.parameters(), lr=given.learning_rate)
        return results(batch.ascend(picture, evaluate, optimizer, given.steps))


WHOLE = Whole()
