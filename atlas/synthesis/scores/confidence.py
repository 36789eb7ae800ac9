"""Enough is enough: a class's logit is raised until the network is as sure of it as of a photo."""

import torch
from torch import Tensor


def sure_enough(values: Tensor, logits: Tensor, signs: Tensor, confidence: float) -> Tensor:
    """Return logits of classes unchanged, with gradients that fade where the network is sure.

    Gradient ascent brings a logit far above what photos reach, by parts of the object many times over. Here the
    gradient of each view is multiplied by ``sigmoid(c - o)``, where ``o`` are the log odds that the network gives the
    class and ``c`` those of ``confidence``: whole below, half there, and next to nothing far beyond. At even odds it is
    that of the log probability, without the part that lowers the other classes.

    Args:
        values: (B, n), the objectives of n views each. logits: (B * n, classes), that they are of.
        signs: (B,); what lowers a class, -1, is left as it is.
        confidence: probability in (0, 1]; 1 bounds nothing.
    """
    if confidence == 1:
        return values
    seen, sound = values.detach(), logits.detach().float()
    sound = sound.nan_to_num(nan=-torch.inf)  # another class that is broken must not cost this one its picture
    rest = torch.logsumexp(sound, dim=1).view(seen.shape)
    log_p = (seen - rest).clamp(max=-torch.finfo(torch.float32).eps)
    odds = log_p - torch.log(-torch.expm1(log_p))
    bound = torch.logit(torch.tensor(confidence, dtype=torch.float64)).float()
    gate = torch.where(signs[:, None] > 0, torch.sigmoid(bound - odds), 1.0)
    return seen + gate * (values - seen)
