"""Looks: the facets of one thing as a page shows them, with what each is and how far they lie apart."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from atlas.core.analysis import ClassFacets, Diversity
from atlas.core.canonical import canonical_json
from atlas.site.catalog.shown import Shown

MOST = 12
"""Looks that a page shows of one method; its JSON has them all."""


@dataclass(frozen=True)
class Look:
    """One facet. ``words`` say what it is; ``place`` is that of its photo among the clusters', if it has one."""

    rendering: Shown
    number: int
    words: str
    place: int | None = None


@dataclass(frozen=True)
class Looks:
    """The facets of one thing by one method.

    Attributes:
        method: its name. looks: in order, those with a picture.
        clusters: of the photos that they are of; None where they are told apart by directions.
        layer: of the directions; empty where they are of photos.
        apart: how far they lie apart. seeds: the same of the method's seeds; None where it was not measured.
    """

    method: str
    looks: tuple[Look, ...]
    clusters: ClassFacets | None
    layer: str
    apart: Diversity | None
    seeds: Diversity | None

    @property
    def shown(self) -> tuple[Look, ...]:
        """Those that a page shows."""
        return self.looks[:MOST]

    @cached_property
    def measured(self) -> list[tuple[str, str, Diversity]]:
        """What was compared and measured: words, a list's name, numbers."""
        pairs = (("these looks", "looks", self.apart), ("seeds alone", "seeds", self.seeds))
        return [(words, name, found) for words, name, found in pairs if found is not None]


class LookBook:
    """What is known of the facets of a model: clusters of photos, and distances between pictures.

    Args:
        clusters: that are current, of all classes.
        diversities: of all pictures.
    """

    def __init__(self, clusters: Iterable[ClassFacets] = (), diversities: Iterable[Diversity] = ()) -> None:
        self._clusters: dict[tuple[str | None, int], list[ClassFacets]] = {}
        for found in clusters:
            for each in found.clusters:
                self._clusters.setdefault((each.references, each.number), []).append(found)
        self._diversities: dict[str, list[Diversity]] = {}
        for apart in diversities:
            if apart.features is not None:
                self._diversities.setdefault(apart.pictures[0], []).append(apart)

    def of(self, renderings: Sequence[Shown]) -> list[Looks]:
        """Return the facets among the renderings of one thing, in the order of their first one.

        A picture is among the looks of every number of facets that has its cluster of photos in its place.
        """
        groups: dict[str, tuple[ClassFacets | None, list[Shown]]] = {}
        for shown in renderings:
            job = shown.record.job
            facet = job.target.facet
            if shown.picture is None or facet is None:
                continue
            for clusters in self._clusters.get((job.target.references, facet.number), [None]):
                together = canonical_json([job.subject, facet.layer, None if clusters is None else clusters.key])
                groups.setdefault(together, (clusters, []))[1].append(shown)
        return [self._looks(*group, renderings) for group in groups.values() if len(group[1]) > 1]

    def _looks(self, clusters: ClassFacets | None, group: Sequence[Shown], renderings: Sequence[Shown]) -> Looks:
        first = group[0].record
        facet = first.job.target.facet
        seeds = [
            one.record.key
            for one in renderings
            if one.record.job.target.facet is None and one.record.job.subject == first.job.subject
        ]
        looks = [_look(shown, clusters) for shown in group]
        return Looks(
            method=first.job.method,
            looks=tuple(sorted(looks, key=lambda look: look.number)),
            clusters=clusters,
            layer=(facet.layer or "") if facet else "",
            apart=self._measured([shown.record.key for shown in group]),
            seeds=self._measured(seeds),
        )

    def _measured(self, keys: Sequence[str]) -> Diversity | None:
        """Return what was measured of the most of some pictures, and of no others."""
        found = [one for key in keys for one in self._diversities.get(key, ()) if set(one.pictures) <= set(keys)]
        return max(found, key=lambda one: (len(one.pictures), one.key), default=None)


def _look(shown: Shown, clusters: ClassFacets | None) -> Look:
    target = shown.record.job.target
    assert target.facet is not None  # it was chosen for it
    number = target.facet.number
    if clusters is None:
        return Look(shown, number, "a cluster of photos" if target.facet.layer is None else f"direction {number}")
    place = next(at for at, each in enumerate(clusters.clusters) if each.references == target.references)
    size, used = clusters.clusters[place].size, clusters.counts.used
    return Look(shown, number, f"{size} of {used} photos, {100 * size / used:.0f} %", place)


def clusters_shown(looks: Iterable[Looks]) -> Mapping[str, ClassFacets]:
    """Return the clusters of which photos are shown, by key."""
    return {each.clusters.key: each.clusters for each in looks if each.clusters is not None}
