"""VITAL: pictures whose activations are distributed as those of reference photos (Gorgun et al. 2025)."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atlas.core.job import Preprocessing, Target, TargetKind
from atlas.errors import ModelError
from atlas.methods.base import Method, Paper, Rendering, Resolved, methods
from atlas.methods.vital.settings import (
    PATCH_STRIDE,
    VITALParameters,
    class_penalty,
    class_weights,
    matched_layers,
)
from atlas.photos.views import PATCH_SHARE, SMALLEST_PATCH

if TYPE_CHECKING:
    import torch
    from torch import nn

    from atlas.methods.photos import LoadInput
    from atlas.methods.vital.patches import LastScan
    from atlas.models.network.network import Network
    from atlas.models.vision_model import VisionModel
    from atlas.synthesis.scores.matching import MapsOf, MatchScore


class VITAL(Method):
    """Algorithm 1 at the stem and the stages of a network; the class's logit is no part of the objective.

    Of a batch, each picture matches the photos of its own target, and by itself. The authors' code matches the mean of
    the batch.
    """

    name = "vital"
    version = 1
    title = "VITAL"
    summary = "Finds a picture whose activations, channel by channel, are distributed as those of reference photos."
    paper = Paper(
        title="VITAL: More Understandable Feature Visualization through Distribution Alignment and Relevant "
        "Information Flow",
        authors="Gorgun, Schiele, Fischer",
        year=2025,
        url="https://arxiv.org/abs/2503.22399",
        equation="algorithm 1 and section 1.1 of the supplement",
    )
    kinds = frozenset({"logit", "channel", "neuron", "direction"})
    signs = frozenset({1})
    needs = frozenset({"reference photos"})
    unit = "squared activation"
    parameters = VITALParameters

    def __init__(self) -> None:
        self._last: LastScan | None = None

    def resolve(self, parameters: Any, preprocessing: Preprocessing, folder: Path) -> Resolved:
        """See :meth:`Method.resolve`: sides and the learning rate become numbers.

        Raises:
            ModelError: patches are larger than the model's input.
        """
        side = max(preprocessing.height, preprocessing.width)
        patch = parameters.patch_size or min(side, max(SMALLEST_PATCH, round(PATCH_SHARE * side)))
        if patch > side:
            raise ModelError(
                f"patch_size: {patch} pixels are more than the model's input of {side}",
                f"write {round(PATCH_SHARE * side)}, or leave it out",
            )
        rate = 1.0 if parameters.parametrization == "pixels" else 0.05
        resolved = super().resolve(parameters, preprocessing, folder)
        chosen = {
            "learning_rate": parameters.learning_rate or rate,
            "patch_size": patch,
            "patch_stride": parameters.patch_stride or max(1, round(PATCH_STRIDE * patch)),
        }
        return replace(resolved, parameters=resolved.parameters | chosen)

    def fitted(self, parameters: dict[str, Any], model: "VisionModel") -> dict[str, Any]:
        """See :meth:`Method.fitted`: layers and their weights are spelled out."""
        import torch

        from atlas.models.anatomy.stages import stage_layers

        given, architecture = parameters["layers"], model.card.identity.architecture
        stages = stage_layers(model.network("float32", torch.device("cpu"))) if isinstance(given, str) else ()
        layers = matched_layers(given, stages, model.card)
        return parameters | {
            "layers": layers,
            "class_weights": class_weights(parameters["class_weights"], layers, architecture),
            "class_penalty": class_penalty(parameters["class_penalty"], architecture),
        }

    def reads(self, parameters: dict[str, Any]) -> tuple[str, ...]:
        """See :meth:`Method.reads`."""
        return tuple(parameters["layers"])

    def keeps_norms(self, kind: TargetKind, parameters: dict[str, Any]) -> bool:
        """See :meth:`Method.keeps_norms`: relevance passes through them, and ends in the biases that they fold into."""
        return kind != "logit" or parameters["class_relevance"] != "none"

    def expanded(self, target: Target, parameters: dict[str, Any]) -> Sequence[Target]:
        """See :meth:`Method.expanded`: one target for each cluster of a channel's or neuron's patches."""
        if target.kind not in ("channel", "neuron") or parameters["clusters"] == 1:
            return (target,)
        return [target.model_copy(update={"cluster": number}) for number in range(parameters["clusters"])]

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
        """See :meth:`Method.render`."""
        import torch

        from atlas.methods.outcome import renderings
        from atlas.synthesis.pictures.parametrization import BoundedPixels
        from atlas.synthesis.steps.ascent import ascend
        from atlas.synthesis.steps.evaluation import mean_score
        from atlas.synthesis.steps.schedules import in_parts, warm_cosine
        from atlas.synthesis.views.rolled import RolledViews

        steps = parameters["steps"]
        score_of = self._of_classes if targets[0].kind == "logit" else self._of_units
        score = score_of(network, targets, parameters, load_input, should_stop)
        generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        picture = start(parameters, network, generators)
        views = RolledViews(generators, steps, parameters["jitter"], flip=False, halved=0)
        optimizer = torch.optim.Adam(picture.parameters(), lr=parameters["learning_rate"], betas=(0.5, 0.9))
        if isinstance(picture, BoundedPixels):
            optimizer.register_step_post_hook(picture.project)
        result = ascend(
            picture,
            mean_score(score, None, views),
            optimizer,
            steps,
            schedule=in_parts(optimizer, [steps], warm_cosine(parameters["warmup"])),
            on_step=lambda done: on_step(done, steps),
            should_stop=should_stop,
        )
        return renderings(result)

    def _of_classes(
        self,
        network: "Network",
        targets: Sequence[Target],
        parameters: dict[str, Any],
        load_input: "LoadInput",
        should_stop: Callable[[], bool],
    ) -> "MatchScore":
        """Return the score of classes: what the whole of their photos shows, at all layers."""
        from atlas.methods.vital.classes import class_goals
        from atlas.methods.vital.units import UnitMaps
        from atlas.synthesis.scores.matching import MatchScore, StageMaps

        layers, rule = parameters["layers"], parameters["class_relevance"]

        def maps_for(some: Sequence[Target]) -> "MapsOf":
            return StageMaps(network, layers) if rule == "none" else UnitMaps(network, some, layers, rule, load_input)

        goals = class_goals(targets, maps_for, parameters, network.device, load_input, should_stop)
        weights = dict(zip(layers, parameters["class_weights"], strict=True))
        return MatchScore(network, maps_for(targets), goals, weights, parameters["class_penalty"])

    def _of_units(
        self,
        network: "Network",
        targets: Sequence[Target],
        parameters: dict[str, Any],
        load_input: "LoadInput",
        should_stop: Callable[[], bool],
    ) -> "MatchScore":
        """Return the score of units inside the network: what is relevant in their patches, up to their layer."""
        from atlas.methods.vital.patches import LastScan
        from atlas.methods.vital.units import UnitMaps, UnitReferences, matched_at
        from atlas.synthesis.scores.matching import MatchScore

        self._last = self._last or LastScan()
        order = [layer.name for layer in network.layers()]
        at = matched_at(parameters["layers"], targets[0].layer, order)
        goals = UnitReferences(network, parameters, at, load_input, should_stop, self._last).goals(targets)
        weights = dict.fromkeys(at, 1.0)
        if len(at) > 1 and at[0] == parameters["layers"][0]:
            weights[at[0]] = parameters["unit_stem_weight"]
        maps_of = UnitMaps(network, targets, at, parameters["relevance"], load_input)
        return MatchScore(network, maps_of, goals, weights, parameters["unit_penalty"])


def start(parameters: dict[str, Any], network: "Network", generators: "Sequence[torch.Generator]") -> "nn.Module":
    """Return one picture per generator: normal noise in the network's normalised input, or a faint spectrum."""
    import torch

    from atlas.synthesis.pictures.parametrization import BoundedPixels, FourierSpectrum

    side, known = parameters["image_size"], network.preprocessing
    if parameters["parametrization"] == "pixels":
        noise = torch.stack([torch.randn(known.channels, side, side, generator=one) for one in generators])
        return BoundedPixels(noise.to(network.device), known.mean, known.std)
    grey = known.channels == 1
    return FourierSpectrum(side, parameters["decay"], False, 0.01, generators, network.device, True, grey)


methods.register(VITAL.name, VITAL())
