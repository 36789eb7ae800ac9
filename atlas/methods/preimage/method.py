"""Natural pre-images: what a layer or a unit asks for, and a prior for the rest (Mahendran and Vedaldi 2016)."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from atlas.core.job import PHOTO_KINDS, Target
from atlas.core.model_card import LayerInfo
from atlas.methods.base import IMAGENET_SPECTRUM, Method, Paper, Rendering, methods
from atlas.methods.preimage.settings import PreimageParameters
from atlas.synthesis.scores.channels import channel_numbers

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from atlas.models.network.network import Network
    from atlas.models.vision_model import VisionModel
    from atlas.synthesis.steps.evaluation import Score

AREA = 10_000.0
"""Pixels in the normalisation of activation maximisation (authors' exp_maximization.m)."""

CALM_RATE = 0.1
"""Of the learning rate, in the calm steps (authors' get_defaults.m)."""


class Preimage(Method):
    """Equation 1 by Algorithm 1: inversion (section 5), activation maximisation (6) and caricature (7).

    The energy is that of the paper, and the objective is minus it. Its data term is ``C`` times the relative squared
    error of a photo's code (inversion), or minus ``C`` times an inner product: with a photo's code (caricature), or a
    unit's own activation over ``Z``. For the unit the authors' code has ``Z = M rho^2 / 10000``, in pictures of about
    rho pixels, where the paper prints ``1 / (M rho^2)``, which in equation 4 would multiply by what it should divide
    by. Here rho is the receptive field for a channel, whose mean over positions is the same in pictures of any size,
    and the picture's side for a neuron or a logit.

    The initial rate is ``0.01 H W B^2 / alpha``: the paper's derivation of it leaves out the number of pixels by which
    its energy is divided, its authors' code does not.
    """

    name = "preimage"
    version = 1
    title = "Natural pre-image"
    summary = "Finds pixels with a photo's activation, or a unit's highest, among pictures as smooth as photos."
    paper = Paper(
        title="Visualizing Deep Convolutional Neural Networks Using Natural Pre-Images",
        authors="Mahendran, Vedaldi",
        year=2016,
        url="https://arxiv.org/abs/1512.02017",
        equation="equation 1 and Algorithm 1",
    )
    kinds = frozenset({"inversion", "caricature", "logit", "channel", "neuron"})
    unit = "energy"
    parameters = PreimageParameters
    data = IMAGENET_SPECTRUM

    def objection(self, parameters: dict[str, Any], layer: LayerInfo, model: "VisionModel") -> str:
        """See :meth:`Method.objection`: the layer must have the channels of the mask."""
        if channel_numbers(parameters["channels"], layer.units)[-1] < layer.units:
            return ""
        chosen = parameters["channels"]
        return f'channels = "{chosen}": layer "{layer.name}" has {layer.units} channels, 0 to {layer.units - 1}'

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
        from atlas.synthesis.scores.naturalness import BallPixels, JitteredViews, NaturalPrior, stretched
        from atlas.synthesis.steps.ascent import ascend
        from atlas.synthesis.steps.decayed_adagrad import DecayedAdaGrad
        from atlas.synthesis.steps.evaluation import mean_score
        from atlas.synthesis.steps.schedules import constant, in_parts

        steps, side = parameters["steps"], parameters["image_size"]
        calm = round(steps * parameters["calm"]) if targets[0].kind == "inversion" else 0
        jitter = _jitter(network, targets[0].layer, parameters)
        generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        photos = _photos(network, targets, side, load_input)
        picture = BallPixels(_start(network, targets, photos, jitter, parameters, generators), parameters["bound"])
        score = _score(network, targets, photos, parameters)
        lengths = (parameters[name] for name in ("alpha", "length", "beta", "slope"))
        prior = NaturalPrior(picture, *lengths)
        views = JitteredViews(generators, steps, calm, jitter, side)
        data = mean_score(score, None, views)
        rate = parameters["learning_rate"] * side**2 * parameters["length"] ** 2 / parameters["alpha"]
        optimizer = DecayedAdaGrad(picture.parameters(), rate, parameters["momentum"])
        optimizer.register_step_pre_hook(prior.add_gradient)
        optimizer.register_step_post_hook(picture.project)
        result = ascend(
            picture,
            lambda images, step: data(images, step) - prior(),
            optimizer,
            steps,
            schedule=in_parts(optimizer, [steps - calm, calm], constant, [1.0, CALM_RATE]),
            on_step=lambda done: on_step(done, steps),
            should_stop=should_stop,
        )
        images = views.middle(result.images)
        if parameters["stretch"] == "always" or (parameters["stretch"] == "by kind" and targets[0].kind != "inversion"):
            images = stretched(images)
        return renderings(replace(result, images=images, alpha=views.middle(result.alpha)))


def _jitter(network: "Network", layer: str, parameters: dict[str, Any]) -> int:
    """Return T, in pixels: the parameter, or what the layer asks for."""
    from atlas.synthesis.scores.scales import jitter_of

    known, chosen = network.preprocessing, parameters["jitter"]
    return jitter_of(network.layers(), layer, (known.height, known.width)) if chosen == "stride" else int(chosen)


def _photos(
    network: "Network", targets: Sequence[Target], side: int, load_input: Callable[[str], bytes]
) -> "Tensor | None":
    """Return the photos (B, 3, side, side) that targets are about, or None where they are about units."""
    from atlas.methods.photos import photos_of

    return photos_of(targets, side, load_input).to(network.device) if targets[0].kind in PHOTO_KINDS else None


def _start(
    network: "Network",
    targets: Sequence[Target],
    photos: "Tensor | None",
    jitter: int,
    parameters: dict[str, Any],
    generators: "Sequence[torch.Generator]",
) -> "Tensor":
    """Return what pictures start from, in the paper's unit, on the device: a caricature's photo, or noise.

    Around the photo its border is repeated, for as far as it can be shifted.
    """
    import torch.nn.functional as F

    from atlas.synthesis.scores.naturalness import mean_free, uniform_noise

    channels, side = network.preprocessing.channels, parameters["image_size"] + jitter - 1
    if photos is None or targets[0].kind != "caricature":
        return uniform_noise((channels, side, side), parameters["length"], generators).to(network.device)
    before = (jitter - 1) // 2
    after = jitter - 1 - before
    return F.pad(mean_free(photos, channels), (before, after, before, after), mode="replicate")


def _score(
    network: "Network", targets: Sequence[Target], photos: "Tensor | None", parameters: dict[str, Any]
) -> "Score":
    """Return what views are worth: minus the data term of the energy."""
    from atlas.synthesis.scores.codes import CodeDistance, CodeProduct, code_mask, reference_codes
    from atlas.synthesis.scores.scales import TOP_WEIGHT, code_weight
    from atlas.synthesis.scores.units import TargetObjective

    layer, chosen = targets[0].layer, parameters["weight"]
    if photos is None:
        weight = (TOP_WEIGHT if chosen == "depth" else chosen) * _unit_weights(network, targets, parameters)
        own = TargetObjective(targets, network.device)
        return lambda views: own(network(views, layer)) * weight
    codes = reference_codes(network, layer, photos)
    mask = code_mask(codes.shape[1:], layer, parameters["channels"], parameters["window"], network.device)
    if targets[0].kind == "inversion":
        depth = code_weight(network.layers(), layer) if chosen == "depth" else chosen
        distance = CodeDistance(targets, codes, mask)
        return lambda views: distance(network(views, layer)) * depth
    product = CodeProduct(targets, codes, mask)
    factor = TOP_WEIGHT if chosen == "depth" else chosen
    return lambda views: product(network(views, layer)) * factor


def _unit_weights(network: "Network", targets: Sequence[Target], parameters: dict[str, Any]) -> "Tensor":
    """Return ``1 / Z`` of each target, (B, 1): see :class:`Preimage`."""
    import torch

    from atlas.synthesis.scores.reach import receptive_field, strongest_answer

    layer, side, given = targets[0].layer, parameters["image_size"], parameters["largest"]
    signs = {target.sign for target in targets}
    strongest = {sign: given or strongest_answer(network, layer, sign, side) for sign in signs}
    reach = receptive_field(network, layer, side) if targets[0].kind == "channel" else side
    largest = torch.tensor([strongest[target.sign] for target in targets], device=network.device)
    return AREA / reach**2 / largest[:, None]


methods.register(Preimage.name, Preimage())
