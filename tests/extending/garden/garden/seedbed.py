"""A model source: small random networks, by the name of their seed."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from atlas.errors import ModelError
from atlas.models.spec import Offer, Source

if TYPE_CHECKING:
    from atlas.models.sources.built import Built
    from atlas.models.spec import ModelSpec


class Seedbed(Source):
    """``seedling-0`` to ``seedling-99``."""

    title = "seedbed"
    summary = "Small convolutional networks with random weights, one for each seed from 0 to 99."
    example = "seedling-7"

    def build(self, spec: "ModelSpec") -> "Built":
        """Return the network of a spec.

        Raises:
            ModelError: there is no such seedling.
        """
        import torch
        from torch import nn

        from atlas.models.sources.built import Built, InputDefaults

        found = re.fullmatch(r"seedling-(\d{1,2})", spec.architecture)
        if found is None:
            raise ModelError(f'there is no seedling "{spec.architecture}"', "write seedling-0 to seedling-99")
        torch.manual_seed(int(found[1]))
        module = nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(8, 12, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(12, 4),
        )
        inputs = InputDefaults(size=(32, 32), channels=3, mean=(0.5,) * 3, std=(0.5,) * 3)
        names = {"label_names": ["moss", "fern", "rose", "oak"]}
        return Built(module, spec.architecture, "random weights of the seedbed", "CC0-1.0", inputs, configuration=names)

    def offers(self) -> Iterable[Offer]:
        """Return the models that can be asked for by name."""
        return [Offer(f"seedling-{seed}", "random weights") for seed in range(100)]


SEEDBED = Seedbed()
