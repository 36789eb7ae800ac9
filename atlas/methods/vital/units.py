"""VITAL's intermediate, concept and polysemantic units: relevance x activation of patches that excite them.

Torch is needed to import this, so it is imported when something is rendered.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from atlas.activations.clusters import clusters as clustered
from atlas.attribution.relevance import relevance
from atlas.attribution.starts import Start, channel_start, direction_start, neuron_start
from atlas.core.job import Target
from atlas.errors import PhotoError
from atlas.methods.batch import RenderBatch
from atlas.methods.last_scan import LastScan
from atlas.methods.photos import reference_digests
from atlas.methods.vital.patches import Cut, Found, channel_means, patches_of, scan, values_at
from atlas.methods.vital.settings import ResolvedVITAL
from atlas.models.network.examine import find_layer
from atlas.models.network.network import Network
from atlas.photos.views import PatchGrid
from atlas.synthesis.scores.matching import Maps, channel_values, mean_sorted
from atlas.synthesis.scores.units import EPSILON, Directions
from atlas.synthesis.steps.evaluation import activation_of

if TYPE_CHECKING:
    from atlas.methods.photos import LoadInput


class UnitMaps:
    """Relevance times activation at some layers, for the units of some targets: VITAL's matched maps inside a network.

    Relevance is that of the views themselves, detached, and brought to 0 to 1 in each channel of each view, where 0 is
    what is irrelevant or speaks against the unit.

    Args:
        targets: B targets of one kind on one layer.
        at: layers that have finished when theirs has, itself among them or not.
        rule: of relevance, see :data:`atlas.attribution.relevance.RULES`.
        load_input: digest to the bytes of a direction.
    """

    def __init__(
        self, network: Network, targets: Sequence[Target], at: Sequence[str], rule: str, load_input: "LoadInput"
    ) -> None:
        self._network, self._targets, self._at, self._rule = network, targets, at, rule
        self._infos = {layer: find_layer(network.layers(), layer) for layer in at}
        self._vectors: Tensor | None = None
        self._starts: dict[int, Start] = {}  # kept, so that no step waits for a copy to the device
        if targets[0].kind == "direction":
            units = find_layer(network.layers(), targets[0].layer).units
            self._vectors = Directions(targets, network.device, load_input).vectors(units)

    def __call__(self, views: Tensor) -> Maps:
        """Return the maps of views (B * n, 3, H, W), all n of the first target first: layer to (B * n, C, P)."""
        layer = self._targets[0].layer
        count = len(views) // len(self._targets)
        if count not in self._starts:
            self._starts[count] = self._start(count)
        found = relevance(self._network, views, layer, self._starts[count], self._at, self._rule).relevances
        raw = self._network.raw_taps(self._network.inputs(views), self._at)
        return {
            name: channel_values(raw[name].float(), info) * between_0_and_1(channel_values(found[name], info))
            for name, info in self._infos.items()
        }

    def _start(self, count: int) -> Start:
        if self._vectors is not None:
            return direction_start(self._vectors.repeat_interleave(count, dim=0))
        units = torch.tensor(
            [target.unit for target in self._targets for _ in range(count)], device=self._network.device
        )
        if self._targets[0].kind == "neuron":
            return neuron_start(units, [target.position for target in self._targets for _ in range(count)])
        return channel_start(units)


def between_0_and_1(maps: Tensor) -> Tensor:
    """Return relevances (N, C, P) as weights: what is above 0 as a share of each channel's largest, and 0 for the rest.

    The authors' code moves and scales each channel by its smallest and its largest value. Where no relevance is below 0
    and some is 0, as in networks of rectified activations, that is the same. Where it has both signs, as in ConvNeXt
    and transformers, it would give what is irrelevant, a relevance of 0, a weight in the middle; and a negative weight
    for what speaks against a unit would be met by activations of the wrong sign.
    """
    positive = maps.clamp_min(0)
    largest = positive.amax(dim=2, keepdim=True)
    return torch.where(largest > 0, positive / largest.clamp_min(torch.finfo(maps.dtype).tiny), 0.0)


@dataclass(frozen=True)
class UnitReferences:
    """Finds the reference patches of units and concepts, and what to match of them.

    Attributes:
        batch: gives the network and the photos. at: the layers to match. last: the scan made last.
    """

    batch: RenderBatch[ResolvedVITAL]
    at: Sequence[str]
    last: LastScan[Found]

    @property
    def network(self) -> Network:
        """The network to ask."""
        return self.batch.network

    @property
    def parameters(self) -> ResolvedVITAL:
        """How patches are cut and chosen."""
        return self.batch.parameters

    @property
    def cut(self) -> Cut:
        """How photos are cut."""
        given, known = self.parameters, self.network.preprocessing
        side = max(known.height, known.width)
        return Cut(PatchGrid(side, given.patch_size, given.patch_stride), given.shown)

    def goals(self, targets: Sequence[Target]) -> Maps:
        """Return what to match of each target of one kind on one layer: layer to (B, C, P).

        Raises:
            PhotoError: no photo can be decoded, or there are fewer patches than clusters.
            Stopped: ``should_stop`` said so.
        """
        chosen = self.chosen(targets)
        each = []
        for target, patches in zip(targets, chosen, strict=True):
            maps_of = UnitMaps(self.network, [target], self.at, self.parameters.relevance, self.batch.load_input)
            views = patches_of(patches, self.cut, self.batch.load_input, self.batch.should_stop)
            each.append(mean_sorted(maps_of, views, self.network.device, self.batch.at_once(self.cut.size)))
        return {layer: torch.cat([maps[layer] for maps in each]) for layer in self.at}

    def chosen(self, targets: Sequence[Target]) -> list[list[tuple[str, int]]]:
        """Return the reference patches of each target, by photo and box."""
        return [
            self._of_cluster(target, found, column) if target.cluster is not None else self._best(found, column)
            for target, (found, column) in zip(targets, self._scans(targets), strict=True)
        ]

    def _best(self, found: Found, column: int) -> list[tuple[str, int]]:
        return found.of(column, self.parameters.references)

    def _scans(self, targets: Sequence[Target]) -> list[tuple[Found, int]]:
        """Return the scan in which each target's patches are, and its column there."""
        first = targets[0]
        if first.kind != "direction":
            return [(self._of_channels(target), target.unit) for target in targets]
        groups = {
            target.references: [one for one in targets if one.references == target.references] for target in targets
        }
        scans = {listed: self._of_directions(members) for listed, members in groups.items()}
        return [(scans[target.references], groups[target.references].index(target)) for target in targets]

    def _of_channels(self, target: Target) -> Found:
        keep = self.parameters.references
        if self.parameters.clusters > 1:
            keep = max(keep, self.parameters.cluster_patches)
        score = values_at(target.position) if target.kind == "neuron" else channel_means
        key = (target.layer, target.kind, target.position, target.references, self.cut, keep)
        return self.last.get(self.network, key, lambda: self._scanned(target, score, keep))

    def _of_directions(self, targets: Sequence[Target]) -> Found:
        units = find_layer(self.network.layers(), targets[0].layer).units
        vectors = Directions(targets, self.network.device, self.batch.load_input).vectors(units)

        def cosines(activation: Tensor) -> Tensor:
            return F.cosine_similarity(channel_means(activation)[:, None], vectors[None], dim=2, eps=EPSILON)

        return self._scanned(targets[0], cosines, self.parameters.references)

    def _scanned(self, target: Target, score: Callable[[Tensor], Tensor], keep: int) -> Found:
        digests = reference_digests(target, self.batch.load_input)
        arguments = (digests, self.cut, score, keep, self.batch.load_input, self.batch.should_stop)
        return scan(self.network, target.layer, *arguments)

    def _of_cluster(self, target: Target, found: Found, column: int) -> list[tuple[str, int]]:
        """Return the patches of a cluster that are nearest to its centre."""
        best = found.of(column, self.parameters.cluster_patches)
        members = clusters(self._means(target.layer, best), self.parameters.clusters, str(target))
        return [best[place] for place in members[target.cluster or 0][: self.parameters.references]]

    @torch.no_grad()
    def _means(self, layer: str, patches: Sequence[tuple[str, int]]) -> Tensor:
        """Return the mean activation of patches, (K, C)."""
        size = self.network.views_at_once([layer], self.cut.size)
        means = []
        for start in range(0, len(patches), size):
            part = patches_of(patches[start : start + size], self.cut, self.batch.load_input, self.batch.should_stop)
            views = torch.stack(list(part)).to(self.network.device)
            means.append(channel_means(activation_of(self.network, views, layer)).cpu())
        return torch.cat(means)


def clusters(means: Tensor, count: int, what: str) -> list[list[int]]:
    """Return the members of each cluster, nearest to its centre first; the largest cluster first.

    Args:
        means: (K, C). what: for a message.

    Raises:
        PhotoError: there are fewer patches than clusters.
    """
    if len(means) < count:
        raise PhotoError(f"{what}: {len(means)} reference patches make no {count} clusters", "add photos")
    return clustered(means.double().numpy(), count)


def matched_at(layers: Sequence[str], layer: str, order: Sequence[str]) -> list[str]:
    """Return which of some layers have finished before one of them, and that one."""
    place = order.index(layer)
    return [*(each for each in layers if order.index(each) < place), layer]
