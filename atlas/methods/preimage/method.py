"""Natural pre-images: what a layer or a unit asks for, and a prior for the rest (Mahendran and Vedaldi 2016)."""

from dataclasses import replace
from typing import TYPE_CHECKING

from atlas.core.job import PHOTO_KINDS, TargetKind
from atlas.core.model_card import LayerInfo
from atlas.methods.base import IMAGENET_SPECTRUM, Method, Paper, methods
from atlas.methods.batch import RenderBatch, Result
from atlas.methods.last_scan import LastScan
from atlas.methods.preimage.settings import PHOTOS, PreimageParameters
from atlas.methods.presets import measured
from atlas.synthesis.scores.channels import channel_numbers

if TYPE_CHECKING:
    from torch import Tensor

    from atlas.methods.preimage.largest import Extremes
    from atlas.models.vision_model import VisionModel
    from atlas.synthesis.steps.evaluation import Score

AREA = 10_000.0
"""Pixels in the normalisation of activation maximisation (authors' exp_maximization.m)."""

CALM_RATE = 0.1
"""Of the learning rate, in the calm steps (authors' get_defaults.m)."""


PRESETS = {
    "draft": measured("a third of the authors' steps", 3, steps=120),
    "standard": measured("the authors' steps", 8, steps=350),
    "fine": measured("three times their steps", 25, steps=1050),
}


class Preimage(Method[PreimageParameters]):
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
    summary = (
        "Searches for pixels that give a layer the activation that a photograph gives it, or more of it, or excite "
        "one unit most, among pictures that are as bounded and smooth as photographs."
    )
    paragraphs = (
        "A layer of a network forgets part of what a photograph shows. Inversion starts from noise and searches for "
        "a picture with the same activation at the layer: what it shows as in the photograph, the layer has kept, "
        "and what differs from one random start to the next it does not tell apart. A caricature starts from the "
        "photograph and strengthens what is active in it. Activation maximisation strengthens a single class, "
        "channel or neuron.",
        "Many pictures have nearly the same activation, most of them noise. Two penalties ask for a natural one: "
        "colours must not lie far from the mean colour of photographs, and neighbouring pixels must not differ much. "
        "Colours are also kept within a fixed distance of the mean. Shifting the picture by a few pixels at each "
        "step, up to a quarter of the layer's stride, makes shapes crisper.",
        "The data term weighs 300 in the early layers, then 100, 20 and 1 in the last ones, at the same relative "
        "depths as in the paper. It can be limited to some channels, or to a window in the middle of the layer's "
        "map. HOG and dense SIFT, descriptors from before learned features, can be inverted like any network.",
    )
    limits = (
        "The picture that is shown is the one that the network sees, kept within the range of colours. The paper "
        "lets values leave that range and stretches what it prints; here pictures of units and caricatures are "
        "stretched at the end, inversions are not.",
        "The largest activation of a unit on photographs, by which the paper normalises activation maximisation, is "
        "estimated unless it is given or looked for: as the largest of any unit of the layer in pictures that have the "
        'spectrum of photographs and random phases. largest = "photos" takes the unit\'s own on the reference photos. '
        "For this normalisation and that of caricatures the authors' code is followed, as the printed ones multiply "
        "where they should divide.",
        "Its objective is minus an energy, with the penalties, and not comparable with the objectives of other "
        "methods; the error or the activation measured on the finished picture is.",
    )
    paper = Paper(
        title="Visualizing Deep Convolutional Neural Networks Using Natural Pre-Images",
        authors="Mahendran, Vedaldi",
        year=2016,
        venue="IJCV",
        url="https://arxiv.org/abs/1512.02017",
        equation="equation 1 and Algorithm 1",
    )
    kinds = frozenset({"inversion", "caricature", "logit", "channel", "neuron"})
    unit = "energy"
    parameters = PreimageParameters
    presets = PRESETS
    data = IMAGENET_SPECTRUM

    def __init__(self) -> None:
        self._last: LastScan[Extremes] = LastScan()

    def refers_to_photos(self, kind: TargetKind, parameters: PreimageParameters) -> bool:
        """See :meth:`Method.refers_to_photos`: units do whose largest activation is looked for on photos."""
        return kind not in PHOTO_KINDS and parameters.largest == PHOTOS

    def objection(self, parameters: PreimageParameters, layer: LayerInfo, model: "VisionModel") -> str:
        """See :meth:`Method.objection`: the layer must have the channels of the mask."""
        if channel_numbers(parameters.channels, layer.units)[-1] < layer.units:
            return ""
        chosen = parameters.channels
        return f'channels = "{chosen}": layer "{layer.name}" has {layer.units} channels, 0 to {layer.units - 1}'

    def render(self, batch: RenderBatch[PreimageParameters]) -> list[Result]:
        """See :meth:`Method.render`."""
        from atlas.methods.outcome import results
        from atlas.synthesis.scores.naturalness import BallPixels, JitteredViews, NaturalPrior, stretched
        from atlas.synthesis.steps.decayed_adagrad import DecayedAdaGrad
        from atlas.synthesis.steps.evaluation import mean_score
        from atlas.synthesis.steps.schedules import constant, in_parts

        given, steps, is_inversion = batch.parameters, batch.parameters.steps, batch.kind == "inversion"
        calm = round(steps * given.calm) if is_inversion else 0
        jitter = _jitter(batch)
        picture = BallPixels(_start(batch, jitter), given.bound)
        prior = NaturalPrior(picture, given.alpha, given.length, given.beta, given.slope)
        views = JitteredViews(batch.generators, steps, calm, jitter, given.side, batch.device)
        data = mean_score(_score(batch, self._last), None, views, at_once=batch.at_once)
        rate = given.learning_rate * given.side**2 * given.length**2 / given.alpha
        optimizer = DecayedAdaGrad(picture.parameters(), rate, given.momentum)
        optimizer.register_step_pre_hook(prior.add_gradient)
        optimizer.register_step_post_hook(picture.project)
        schedule = in_parts(optimizer, [steps - calm, calm], constant, [1.0, CALM_RATE])
        ascent = batch.ascend(picture, lambda images, step: data(images, step) - prior(), optimizer, steps, schedule)
        images = views.middle(ascent.images)
        if given.stretch == "always" or (given.stretch == "by kind" and not is_inversion):
            images = stretched(images)
        return results(replace(ascent, images=images, alpha=views.middle(ascent.alpha)))


def _jitter(batch: RenderBatch[PreimageParameters]) -> int:
    """Return T, in pixels: the parameter, or what the layer asks for."""
    from atlas.synthesis.scores.scales import jitter_of

    known, chosen = batch.network.preprocessing, batch.parameters.jitter
    if chosen == "stride":
        return jitter_of(batch.network.layers(), batch.layer, (known.height, known.width))
    return chosen


def _start(batch: RenderBatch[PreimageParameters], jitter: int) -> "Tensor":
    """Return what pictures start from, in the paper's unit, on the device: a caricature's photo, or noise.

    Around the photo its border is repeated, for as far as it can be shifted.
    """
    import torch.nn.functional as F

    from atlas.synthesis.scores.naturalness import mean_free, uniform_noise

    channels, side = batch.network.preprocessing.channels, batch.parameters.side + jitter - 1
    if batch.kind != "caricature":
        return uniform_noise((channels, side, side), batch.parameters.length, batch.generators).to(batch.device)
    before = (jitter - 1) // 2
    after = jitter - 1 - before
    return F.pad(mean_free(batch.photos, channels), (before, after, before, after), mode="replicate")


def _score(batch: RenderBatch[PreimageParameters], last: "LastScan[Extremes]") -> "Score":
    """Return what views are worth: minus the data term of the energy."""
    from atlas.synthesis.scores.codes import CodeDistance, CodeProduct, code_mask, reference_codes
    from atlas.synthesis.scores.scales import TOP_WEIGHT, code_weight
    from atlas.synthesis.scores.units import TargetObjective

    network, layer, targets, given = batch.network, batch.layer, batch.targets, batch.parameters
    factor = TOP_WEIGHT if given.weight == "depth" else given.weight
    if batch.kind not in PHOTO_KINDS:
        weight = factor * _unit_weights(batch, last)
        own = TargetObjective(targets, batch.device)
        return lambda views: own(network(views, layer)) * weight
    codes = reference_codes(network, layer, batch.photos)
    mask = code_mask(codes.shape[1:], layer, given.channels, given.window, batch.device)
    if batch.kind == "inversion":
        depth = code_weight(network.layers(), layer) if given.weight == "depth" else given.weight
        distance = CodeDistance(targets, codes, mask)
        return lambda views: distance(network(views, layer)) * depth
    product = CodeProduct(targets, codes, mask)
    return lambda views: product(network(views, layer)) * factor


def _unit_weights(batch: RenderBatch[PreimageParameters], last: "LastScan[Extremes]") -> "Tensor":
    """Return ``1 / Z`` of each target, (B, 1): see :class:`Preimage`."""
    import torch

    from atlas.synthesis.scores.reach import receptive_field

    side = batch.parameters.side
    reach = receptive_field(batch.network, batch.layer, side) if batch.kind == "channel" else side
    return AREA / reach**2 / torch.tensor(_largest(batch, last), device=batch.device)[:, None]


def _largest(batch: RenderBatch[PreimageParameters], last: "LastScan[Extremes]") -> list[float]:
    """Return M of each target."""
    from atlas.methods.preimage.largest import largest_on_photos
    from atlas.synthesis.scores.reach import strongest_answer

    given, side = batch.parameters.largest, batch.parameters.side
    if isinstance(given, str):
        return largest_on_photos(batch, last)
    if given:
        return [given] * len(batch.targets)
    signs = {target.sign for target in batch.targets}
    strongest = {sign: strongest_answer(batch.network, batch.layer, sign, side) for sign in signs}
    return [strongest[target.sign] for target in batch.targets]


methods.register(Preimage.name, Preimage())
