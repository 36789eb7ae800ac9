"""VITAL: pictures whose activations are distributed as those of reference photos (Gorgun et al. 2025)."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from atlas.core.job import Target, TargetKind
from atlas.methods.base import Method, Paper, Resolved, methods
from atlas.methods.batch import RenderBatch, Result
from atlas.methods.last_scan import LastScan
from atlas.methods.parameters import MethodParameters
from atlas.methods.presets import measured
from atlas.methods.shown import shown_size
from atlas.methods.vital.settings import (
    BALANCED,
    LONGEST,
    PATCH_STRIDE,
    SPECTRAL_RATE,
    ResolvedVITAL,
    VITALParameters,
    class_penalty,
    class_weights,
    matched_layers,
)
from atlas.photos.views import patch_side, patch_stride

if TYPE_CHECKING:
    from torch import nn

    from atlas.methods.vital.patches import Found
    from atlas.models.vision_model import VisionModel
    from atlas.synthesis.scores.matching import MapsOf, MatchScore
    from atlas.synthesis.steps.evaluation import Views

SMALLEST = 0.05
"""Smallest side of a crop, of the picture's (MACO's codes)."""


START = 0.01
"""Standard deviation of a spectrum's first draws (Lucid's ``sd``)."""

PRESETS = {
    "draft": measured("few steps", 4.5, "33 of 52 pictures", steps=100),
    "standard": measured("three times the steps", 13, "45 of 52 pictures", steps=300),
    "fine": measured("more steps, and a second crop", 39, "11 of 15 pictures", steps=800, crops=2),
}


class VITAL(Method[ResolvedVITAL]):
    """Algorithm 1 at the stem and the stages of a network; the class's logit is no part of the objective.

    Of a batch, each picture matches the photos of its own target, and by itself. The authors' code matches the mean of
    the batch.
    """

    name = "vital"
    version = 3
    title = "VITAL"
    summary = (
        "Searches for a picture whose activations, channel by channel and stage by stage, are distributed as those "
        "of real photographs of the class, or of patches of photographs that excite a unit."
    )
    paragraphs = (
        "Most methods ask for more of a class's score. VITAL asks for none of it: it takes reference photographs of "
        "the class, drawn among those that the network recognises, looks at what the network makes of them at its "
        "stem and after each of its stages, and searches for a picture of which it makes the same.",
        "What is compared are distributions. The values that a channel has at all positions are sorted, for every "
        "photograph, and averaged over the photographs; the picture's own sorted values are pulled towards them "
        "(sort matching). So each channel shall be as strong, over as much of the picture, as it is in photographs "
        "of the class, but nothing says where. Layers count alike, whatever the scale of their activations: what "
        "each misses is taken as a share of the variance of what it should have.",
        "For a unit inside the network all photographs are cut into patches, and those that excite it most, one of "
        "each photograph, are the references. Because most of a patch has nothing to do with the unit, activations "
        "are multiplied by their relevance for it, found on the way back through the network, before they are sorted "
        "and compared; layers up to the unit's own are matched. For a concept the patches are those whose activation "
        "points most nearly in its direction. A unit that answers to several things can be rendered once for each: "
        "its best patches are grouped by k-means, and each cluster has its own picture.",
        "The picture is described by its Fourier spectrum, starts as faint noise, and has at most the contrast of a "
        "photograph. At each step it is shifted around its edges by up to 30 pixels, the network sees it whole and, "
        "for classes, a random crop of about seven tenths of its side, and it is changed by the optimiser Adam, whose "
        "rate rises at first and then falls along a cosine.",
        "The paper optimises pixels, shows the network the whole picture alone, at its input's size, and gives all "
        'layers the weight 1 but for some networks: parametrization = "pixels", crops = 0, resolution as large as '
        'the picture, class_weights = "paper", values = 0, steps = 2000.',
    )
    limits = (
        "It shows what the reference photographs have in common as the network sees them, so it can only be as good "
        "as they are: what is in many of them, such as a background, becomes part of the picture.",
        "Where things are is not compared, so parts may be repeated, or lie in the wrong place.",
        "What looks different in every photograph has no common distribution: of garments and instruments it shows "
        "materials and parts rather than one whole thing.",
        "For units inside networks without rectified activations (ConvNeXt, transformers) relevance has both signs: "
        "what speaks against the unit has no weight, and what the picture holds of it is not held against the photos.",
        "Its objective is minus a squared distance between activations, summed over layers, and not comparable with "
        "the objectives of other methods; the activation measured on the finished picture is. The class's logit is no "
        "part of it: with it, pictures please the network more, and other networks and people less.",
    )
    paper = Paper(
        title="VITAL: More Understandable Feature Visualization through Distribution Alignment and Relevant "
        "Information Flow",
        authors="Gorgun, Schiele, Fischer",
        year=2025,
        venue="ICCV",
        url="https://arxiv.org/abs/2503.22399",
        equation="algorithm 1 and section 1.1 of the supplement",
    )
    kinds = frozenset({"logit", "channel", "neuron", "direction"})
    signs = frozenset({1})
    needs = frozenset({"reference photos"})
    facets = frozenset({"photos"})
    unit = "squared activation"
    parameters = VITALParameters
    presets = PRESETS
    resolved = ResolvedVITAL

    def __init__(self) -> None:
        self._last: LastScan[Found] = LastScan()

    def resolve(self, asked: MethodParameters, model: "VisionModel", folder: Path) -> Resolved[ResolvedVITAL]:
        """See :meth:`Method.resolve`: sides, the learning rate, layers and their weights are spelled out.

        Raises:
            ModelError: layers or weights do not fit the model.
            ConfigError: patches are larger than its input.
        """
        import torch

        from atlas.models.anatomy.stages import stage_layers

        assert isinstance(asked, VITALParameters)
        known, architecture = model.card.identity.preprocessing, model.card.identity.architecture
        side = max(known.height, known.width)
        patch = patch_side(side, asked.patch_size, "parameters.patch_size")
        by_stages = isinstance(asked.layers, str)
        stages = stage_layers(model.network("float32", torch.device("cpu"))) if by_stages else ()
        asked = asked.model_copy(update={"resolution": asked.resolution or shown_size(model, LONGEST)})
        layers = matched_layers(asked.layers, stages, model.card)
        return Resolved(
            self.filled(
                asked,
                model,
                learning_rate=asked.learning_rate or (1.0 if asked.parametrization == "pixels" else SPECTRAL_RATE),
                layers=layers,
                class_weights=class_weights(asked.class_weights, layers, architecture),
                class_penalty=class_penalty(asked.class_penalty, architecture),
                patch_size=patch,
                patch_stride=asked.patch_stride or patch_stride(patch, PATCH_STRIDE, "nearest"),
            )
        )

    def samples(self, kind: TargetKind, parameters: ResolvedVITAL) -> int:
        """See :meth:`Method.samples`: crops are for classes."""
        return 1 + (parameters.crops if kind == "logit" else 0)

    def reads(self, parameters: ResolvedVITAL) -> tuple[str, ...]:
        """See :meth:`Method.reads`."""
        return parameters.layers

    def keeps_norms(self, kind: TargetKind, parameters: ResolvedVITAL) -> bool:
        """See :meth:`Method.keeps_norms`: relevance passes through them, and ends in the biases that they fold into."""
        return kind != "logit" or parameters.class_relevance != "none"

    def expanded(self, target: Target, parameters: ResolvedVITAL) -> Sequence[Target]:
        """See :meth:`Method.expanded`: one target for each cluster of a channel's or neuron's patches."""
        if target.kind not in ("channel", "neuron") or parameters.clusters == 1:
            return (target,)
        return [target.model_copy(update={"cluster": number}) for number in range(parameters.clusters)]

    def render(self, batch: RenderBatch[ResolvedVITAL]) -> list[Result]:
        """See :meth:`Method.render`."""
        import torch

        from atlas.methods.outcome import results
        from atlas.synthesis.pictures.parametrization import BoundedPixels
        from atlas.synthesis.steps.evaluation import mean_score
        from atlas.synthesis.steps.schedules import in_parts, warm_cosine

        given, steps = batch.parameters, batch.parameters.steps
        score = _of_classes(batch) if batch.kind == "logit" else self._of_units(batch)
        picture = start(batch)
        views = views_of(batch)
        optimizer = torch.optim.Adam(picture.parameters(), lr=given.learning_rate, betas=(0.5, 0.9))
        if isinstance(picture, BoundedPixels):
            optimizer.register_step_post_hook(picture.project)
        schedule = in_parts(optimizer, [steps], warm_cosine(given.warmup))
        value = mean_score(score, None, views, at_once=batch.at_once)
        return results(batch.ascend(picture, value, optimizer, steps, schedule))

    def _of_units(self, batch: RenderBatch[ResolvedVITAL]) -> "MatchScore":
        """Return the score of units inside the network: what is relevant in their patches, up to their layer."""
        from atlas.methods.vital.units import UnitMaps, UnitReferences, matched_at
        from atlas.synthesis.scores.matching import MatchScore

        given, network = batch.parameters, batch.network
        order = [layer.name for layer in network.layers()]
        at = matched_at(given.layers, batch.layer, order)
        goals = UnitReferences(batch, at, self._last).goals(batch.targets)
        weights = dict.fromkeys(at, 1.0)
        if len(at) > 1 and at[0] == given.layers[0]:
            weights[at[0]] = given.unit_stem_weight
        maps_of = UnitMaps(network, batch.targets, at, given.relevance, batch.load_input)
        return MatchScore(network, maps_of, goals, weights, given.unit_penalty, given.values)


def _of_classes(batch: RenderBatch[ResolvedVITAL]) -> "MatchScore":
    """Return the score of classes: what the whole of their photos shows, at all layers."""
    from atlas.methods.vital.classes import class_goals
    from atlas.methods.vital.units import UnitMaps
    from atlas.synthesis.scores.matching import MatchScore, StageMaps, balance

    network, layers, rule = batch.network, batch.parameters.layers, batch.parameters.class_relevance

    def maps_for(some: Sequence[Target]) -> "MapsOf":
        return StageMaps(network, layers) if rule == "none" else UnitMaps(network, some, layers, rule, batch.load_input)

    given, goals = batch.parameters, class_goals(batch, maps_for)
    chosen = given.class_weights
    weights = balance(goals) if chosen == BALANCED else dict(zip(layers, chosen, strict=True))
    return MatchScore(network, maps_for(batch.targets), goals, weights, given.class_penalty, given.values)


def views_of(batch: RenderBatch[ResolvedVITAL]) -> "Views":
    """Return what the network sees: the picture rolled, as a whole, and for classes crops of it."""
    from atlas.synthesis.views.crops import RandomCrops, Sides
    from atlas.synthesis.views.rolled import RolledParts, RolledViews

    given, generators = batch.parameters, batch.generators
    rolled = RolledViews(generators, given.steps, given.jitter, flip=False, halved=0, device=batch.device)
    crops = None
    if given.crops and batch.kind == "logit":
        sides = Sides(given.crops, given.crop_mean, given.crop_std, SMALLEST)
        crops = RandomCrops(generators, given.steps, [sides], given.shown, batch.device)
    return RolledParts(rolled, given.shown, crops)


def start(batch: RenderBatch[ResolvedVITAL]) -> "nn.Module":
    """Return one picture per target: normal noise in the network's normalised input, or a faint spectrum."""
    import torch

    from atlas.synthesis.pictures.parametrization import BoundedPixels, FourierSpectrum

    side, known, generators = batch.parameters.side, batch.network.preprocessing, batch.generators
    if batch.parameters.parametrization == "pixels":
        shape = (known.channels, side, side)
        noise = torch.stack([torch.randn(shape, generator=generator) for generator in generators])
        return BoundedPixels(noise.to(batch.device), known.mean, known.std)
    scaling = (batch.parameters.decay, False, START, generators, batch.device)
    contrast = batch.parameters.contrast or None
    return FourierSpectrum(side, *scaling, decorrelate=True, grey=batch.grey, contrast=contrast)


methods.register(VITAL.name, VITAL())
