"""VITAL: pictures whose activations are distributed as those of reference photos (Gorgun et al. 2025)."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atlas.core.job import Preprocessing, Target
from atlas.errors import PhotoError
from atlas.methods.base import Method, Paper, Rendering, Resolved, methods
from atlas.methods.vital_settings import VITALParameters, class_penalty, class_weights, matched_layers

if TYPE_CHECKING:
    import torch
    from torch import nn

    from atlas.methods.photos import LoadInput
    from atlas.models.network import Network
    from atlas.models.vision_model import VisionModel
    from atlas.synthesis.matching import Maps, MapsOf


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
    kinds = frozenset({"logit"})
    signs = frozenset({1})
    needs = frozenset({"reference photos"})
    unit = "squared activation"
    parameters = VITALParameters

    def resolve(self, parameters: Any, preprocessing: Preprocessing, folder: Path) -> Resolved:
        """See :meth:`Method.resolve`: the picture's side and the learning rate become numbers."""
        values = parameters.model_dump(mode="json")
        values["image_size"] = parameters.image_size or max(preprocessing.height, preprocessing.width)
        values["learning_rate"] = parameters.learning_rate or (1.0 if parameters.parametrization == "pixels" else 0.05)
        return Resolved(values)

    def fitted(self, parameters: dict[str, Any], model: "VisionModel") -> dict[str, Any]:
        """See :meth:`Method.fitted`: layers and their weights are spelled out."""
        import torch

        from atlas.models.stages import stage_layers

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

    def sizes(self, parameters: dict[str, Any]) -> dict[str, tuple[int, int]]:
        """See :meth:`Method.sizes`: the whole picture."""
        side = parameters["image_size"]
        return {f"image_size = {side}": (side, side)}

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
        from atlas.synthesis.ascent import ascend
        from atlas.synthesis.evaluation import mean_score
        from atlas.synthesis.matching import MatchScore, StageMaps
        from atlas.synthesis.parametrization import BoundedPixels
        from atlas.synthesis.rolled import RolledViews
        from atlas.synthesis.schedules import in_parts, warm_cosine

        steps, layers = parameters["steps"], parameters["layers"]
        maps_of = StageMaps(network, layers)
        goals = class_goals(targets, maps_of, parameters, network.device, load_input, should_stop)
        weights = dict(zip(layers, parameters["class_weights"], strict=True))
        score = MatchScore(network, maps_of, goals, weights, parameters["class_penalty"])
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


def start(parameters: dict[str, Any], network: "Network", generators: "Sequence[torch.Generator]") -> "nn.Module":
    """Return one picture per generator: normal noise in the network's normalised input, or a faint spectrum."""
    import torch

    from atlas.synthesis.parametrization import BoundedPixels, FourierSpectrum

    side, known = parameters["image_size"], network.preprocessing
    if parameters["parametrization"] == "pixels":
        noise = torch.stack([torch.randn(known.channels, side, side, generator=one) for one in generators])
        return BoundedPixels(noise.to(network.device), known.mean, known.std)
    grey = known.channels == 1
    return FourierSpectrum(side, parameters["decay"], False, 0.01, generators, network.device, True, grey)


def class_goals(
    targets: Sequence[Target],
    maps_of: "MapsOf",
    parameters: dict[str, Any],
    device: "torch.device",
    load_input: "LoadInput",
    should_stop: Callable[[], bool],
) -> "Maps":
    """Return what to match of each target: layer to (B, C, P), from the first of its photos that can be decoded.

    Raises:
        PhotoError: none of a target's photos can be decoded.
        Stopped: ``should_stop`` said so, between two photos.
    """
    import torch

    from atlas.methods.photos import reference_digests, reference_photos
    from atlas.synthesis.matching import mean_sorted

    known: dict[str, Maps] = {}
    for target in targets:
        listed = target.references or ""
        if listed not in known:
            found = reference_photos(reference_digests(target, load_input), parameters["image_size"], load_input)
            known[listed] = mean_sorted(maps_of, some(found, parameters["references"], target, should_stop), device)
    each = [known[target.references or ""] for target in targets]
    return {layer: torch.cat([maps[layer] for maps in each]) for layer in each[0]}


def some(
    photos: "Iterator[tuple[str, torch.Tensor]]", limit: int, target: Target, should_stop: Callable[[], bool]
) -> "Iterator[torch.Tensor]":
    """Yield at most ``limit`` photos.

    Raises:
        PhotoError: there are none.
        Stopped: ``should_stop`` said so, between two of them.
    """
    from atlas.synthesis.ascent import Stopped

    count = 0
    for _, photo in islice(photos, limit):
        if should_stop():
            raise Stopped
        count += 1
        yield photo
    if not count:
        raise PhotoError(
            f"none of the reference photos of {target} can be decoded", "replace them with photos that can be opened"
        )


methods.register(VITAL.name, VITAL())
