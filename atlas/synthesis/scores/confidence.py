"""Enough is enough: a class's logit is raised until the network is as sure of it as of a photo."""

import math

import torch
from torch import Tensor

AMONG = 1000
"""Classes of the network that a confidence is meant for: ImageNet's."""


def sure_enough(values: Tensor, logits: Tensor, units: Tensor, signs: Tensor, confidence: float) -> Tensor:
    """Return logits of classes unchanged, with gradients that fade where the network is sure.

    Gradient ascent brings a logit far above what photos reach, by parts of the object many times over. Here the
    gradient of each view is multiplied by ``sigmoid(c - o)``, where ``o`` are the log odds that the network gives the
    class and ``c`` those of ``confidence``: whole below, half there, and next to nothing far beyond. At even odds it is
    that of the log probability, without the part that lowers the other classes.

    To be sure among a few classes takes less than among a thousand. The odds are those that the class would have among
    :data:`AMONG` classes, the others as likely each as they are on the whole here.

    Args:
        values: (B, n), the objectives of n views each. logits: (B * n, classes), that they are of.
        units: (B,), the classes. signs: (B,); what lowers a class, -1, is left as it is.
        confidence: probability in (0, 1], among a thousand classes; 1 bounds nothing.
    """
    others = logits.shape[1] - 1
    if confidence == 1 or not others:
        return values
    seen = values.detach()
    rest = logits.detach().float().nan_to_num(nan=-torch.inf).unflatten(0, (len(seen), -1))  # a broken class is none
    rest[torch.arange(len(units), device=units.device), :, units] = -torch.inf
    odds = seen - torch.logsumexp(rest, dim=2)
    bound = math.log(confidence / (1 - confidence)) + math.log((AMONG - 1) / others)
    gate = torch.where(signs[:, None] > 0, torch.sigmoid(bound - odds), 1.0)
    return seen + gate.to(values.dtype) * (values - seen)
