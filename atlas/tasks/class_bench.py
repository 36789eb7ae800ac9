"""A class on the bench: its photos, and what the network makes of them, looked at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from atlas.activations.cache import ActivationCache
from atlas.activations.class_photos import ClassPhotos, PhotoActivations, gather
from atlas.activations.views import Viewer
from atlas.core.analysis import Analysis
from atlas.craft.check import check_activations
from atlas.craft.factorisations.base import FACTORISATIONS, Factorisation
from atlas.craft.settings import ConceptSettings
from atlas.errors import ConceptError
from atlas.models.network.network import Network
from atlas.photos import Photo
from atlas.photos.views import central_square
from atlas.tasks.analysis import view_parameters
from atlas.tasks.bench import Bench

Floats = NDArray[np.float32]


@dataclass
class ClassBench:
    """What the concepts of one class are made from.

    Attributes:
        bench: what every task works with. on_photo: to be called for each photo.
        analysis: the last stage; it says which model, layer, class and numerics.
        photos: of the class. viewer: cuts them into views.
        settings: of all stages, with nothing left to choose.
        problem: why the photos cannot be factorised, once that was checked; empty if they can.
    """

    bench: Bench
    on_photo: Callable[[], None]
    analysis: Analysis
    photos: tuple[Photo, ...]
    viewer: Viewer
    settings: ConceptSettings
    problem: str = field(default="", init=False)

    @property
    def index(self) -> int:
        """The class."""
        assert self.analysis.class_index is not None  # concepts are those of a class
        return self.analysis.class_index

    @property
    def layer(self) -> str:
        """The layer that they are found at."""
        return self.analysis.layers[0]

    @cached_property
    def network(self) -> Network:
        """The network in the concepts' numerics."""
        return self.bench.network(self.analysis.numerics)

    @property
    def factorisation(self) -> Factorisation:
        """How its patches are factorised."""
        return FACTORISATIONS.get(self.settings.factorisation)

    @cached_property
    def data(self) -> ClassPhotos:
        """The class's photos and their activations."""
        activations = self._activations(self.network, self.layer)
        only_predicted = self.settings.photos == "predicted"
        return gather(activations, self.photos, self.index, only_predicted, self.settings.limit)

    @property
    def patches(self) -> Floats:
        """(p * P, C) activations of all patches."""
        return self.data.patches.reshape(-1, self.data.patches.shape[-1])

    def check(self) -> bool:
        """Tell whether the photos can be factorised; if not, ``problem`` says why."""
        data = self.data
        if not data.readable:
            self.problem = f"none of {_its_photos(data.found)} could be read"
        elif not data.photos:
            self.problem = f"the model predicts none of {_its_photos(data.readable)} as this class"
        else:
            try:
                check_activations(self.patches, self.settings.count, self.factorisation.card)
            except ConceptError as error:
                self.problem = error.sentence
        return not self.problem

    @cached_property
    def part_means(self) -> Floats:
        """(p, P, C') activations of all patches at the layer of the parts."""
        layer = self.settings.part_layer
        assert layer is not None  # asked for with depth = 1 only
        network = self.bench.network(self.bench.model.numerics_for(layer))
        found = dict(self._activations(network, layer).patches(self.data.photos))
        return np.stack([found[photo]["means"].astype(np.float32) for photo in self.data.photos])

    def images(self, photos: Sequence[Photo]) -> Tensor:
        """Return whole photos as the network sees them, (n, 3, H, W) on its device.

        Raises:
            PhotoError: one went away since its activations were cached.
        """
        viewer, source = self.viewer, self.bench.photos
        views = [viewer.whole(central_square(source.image(photo), viewer.side)) for photo in photos]
        return torch.stack(views).to(self.network.device)

    def _activations(self, network: Network, layer: str) -> PhotoActivations:
        analysis, viewer = self.analysis, self.viewer
        views = view_parameters(viewer, self.bench.photos.spec)
        identity = [analysis.model.fingerprint, layer, analysis.numerics, views]
        cache = ActivationCache(self.bench.photos.spec.cache, identity)
        return PhotoActivations(network, layer, self.bench.photos, viewer, cache, self.on_photo)


def _its_photos(count: int) -> str:
    return "its photos, of which there is one," if count == 1 else f"its {count} photos"
