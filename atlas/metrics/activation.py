"""Activation: what the unit itself answers to the finished picture."""

from torch import Tensor

from atlas.core.job import PHOTO_KINDS, Target
from atlas.core.metric_card import MetricCard
from atlas.metrics.base import METRICS, Finished, Metric
from atlas.synthesis.scores.units import Directions, TargetObjective


class Activation(Metric):
    """The unit's own activation, or the dot product with a direction."""

    card = MetricCard(
        name="activation",
        title="activation",
        title_of_class="logit",
        summary="the unit's own, on the whole stored picture: measured alike for every method, so comparable",
        meaning=(
            "How strongly the network's unit answers to the picture that you see, all of it, resized to the network's "
            "input. A class's activation is its logit, the score before probabilities are made of all of them.",
            "It has no common scale: compare it with what photos reach in the same unit, or with other pictures of the "
            "same unit, never between units, layers or models.",
        ),
        definition="Of a class its logit; of a channel or dimension the mean over positions; of a neuron the value at "
        "its position; of a direction its dot product, at unit norm, with the mean over positions.",
        unit="activation",
        n="one value, of the whole picture",
        limits=(
            "A high activation does not show that the unit looks for what a person sees in the picture.",
            "Pictures made by ascent reach values that no photo reaches.",
        ),
        compared=True,
    )
    place = 10

    def applies(self, target: Target) -> bool:
        """See :meth:`Metric.applies`: whatever is about one unit or direction."""
        return target.kind not in PHOTO_KINDS

    def measure(self, finished: Finished) -> Tensor:
        """See :meth:`Metric.measure`."""
        activation, targets = finished.seen.activation, finished.targets
        if targets[0].kind == "direction":
            dots, _ = Directions(targets, activation.device, finished.load_input).project(activation)
            return dots[:, 0]
        signed = TargetObjective(targets, activation.device)(activation)[:, 0]
        return signed * signed.new_tensor([target.sign for target in targets])


METRICS.register(Activation.card.name, Activation())
