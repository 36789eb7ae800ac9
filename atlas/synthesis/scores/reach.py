"""What a unit can see and how strongly it answers: the scales by which pre-images weigh an activation."""

import torch
from torch import Tensor

from atlas.models.network.network import Network
from atlas.synthesis.pictures.parametrization import FourierPhase
from atlas.synthesis.pictures.spectrum import natural_spectrum
from atlas.synthesis.steps.evaluation import activation_of

PICTURES = 16
"""Pictures by which the strongest answer of a layer's units is estimated."""


def random_phases(network: Network, side: int, count: int) -> Tensor:
    """Return pictures (count, 3, side, side) with the mean spectrum of photos and random phases, ever the same."""
    generators = [torch.Generator().manual_seed(seed) for seed in range(count)]
    grey = network.preprocessing.channels == 1
    with torch.no_grad():
        pictures: Tensor = FourierPhase(natural_spectrum(side, side), side, generators, network.device, grey)()
    return pictures


def strongest_answer(network: Network, layer: str, sign: int, side: int) -> float:
    """Estimate the largest activation that units of a layer reach on photos, without photos.

    It is the largest of any unit at any position in pictures with the spectrum of photos and random phases; 1 if none
    is positive. Most single units of efficientnet-lite0 reach 0.7 to 1.4 times this on photos, logits up to 2.7 times.

    Args:
        sign: -1 for the largest of minus the activation.
    """
    with torch.no_grad():
        activation = activation_of(network, random_phases(network, side, PICTURES), layer)
    return max(0.0, float((activation * sign).amax())) or 1.0


def receptive_field(network: Network, layer: str, side: int) -> int:
    """Return the side in pixels of what a layer's central position sees of a picture of that side.

    It is the larger side of the box around all pixels that have a gradient.
    """
    picture = random_phases(network, side, 1).requires_grad_()
    activation = activation_of(network, picture, layer)
    if activation.dim() == 2:
        return side
    rows, columns = activation.shape[2:]
    (gradient,) = torch.autograd.grad(activation[:, :, rows // 2, columns // 2].sum(), picture)
    seen = gradient[0].abs().sum(dim=0) > 0
    places = [line.nonzero() for line in (seen.any(dim=0), seen.any(dim=1))]
    return max((int(one.max() - one.min()) + 1 for one in places if len(one)), default=side)
