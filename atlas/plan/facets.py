"""Facets: a block's pictures spread over the looks of their targets, told apart by photos or by directions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from atlas.config.seeds import Facets
from atlas.core.analysis import Analysis
from atlas.core.job import PHOTO_KINDS, Facet, Target, TargetKind
from atlas.errors import ConfigError
from atlas.methods import AnyMethod, MethodParameters, methods
from atlas.models.anatomy.features import drawing_layer, feature_layer
from atlas.models.load import VisionModel
from atlas.photos import Photo, PhotoSet
from atlas.plan.jobs import Jobs
from atlas.plan.photos import References, references
from atlas.tasks.analysis import credits_digest, photos_digest, view_parameters, viewer_for
from atlas.tasks.facets import FacetsTask
from atlas.tasks.rendering import RenderTask

FACETS_VERSION = 1
"""Raise it whenever the clusters of the same photos change."""
LIMIT = 256
"""Photos of a class that are looked at, by digest: more do not change its looks."""
PHOTO_STRENGTH = 1.0
"""Share of the photo in the lowest frequencies of the start."""
DIRECTION_STRENGTH = 2.0
"""What the cosine with a facet's direction adds, in multiples of the objective."""


def check_facets(facets: Facets, kind: TargetKind, method: AnyMethod) -> None:
    """Look whether a method can spread pictures over looks.

    Raises:
        ConfigError: it cannot; names the methods that can.
    """
    if kind in PHOTO_KINDS or method.from_photo:
        raise ConfigError(
            [f'seeds = "facets:{facets.count}": a picture of a photo has one look, that photo\'s; write seeds = [0, 1]']
        )
    if not method.facets:
        able = [name for name, other in methods if other.facets and kind in other.kinds]
        raise ConfigError(
            [f'seeds = "facets:{facets.count}": method "{method.name}" has no facets; {", ".join(able)} have']
        )


@dataclass(frozen=True)
class FacetPlanner:
    """Plans the facets of one block's targets for one model.

    Attributes:
        name: of the model. parameters: of the method, as resolved.
        photo_set: the photos, if there are any. photos_of: class index to its photos.
        wide: whether targets that cannot be told apart are left out, because they were not named one by one.
    """

    facets: Facets
    name: str
    model: VisionModel
    method: AnyMethod
    parameters: MethodParameters
    precision: str
    photo_set: PhotoSet | None
    photos_of: Callable[[int], Sequence[Photo]]
    wide: bool

    def tasks(self, targets: Sequence[Target], inputs: dict[str, bytes]) -> list[RenderTask | FacetsTask]:
        """Return what makes the facets of targets.

        Args:
            inputs: gets what the pictures name by digest.

        Raises:
            ConfigError: they can be told apart neither by photos nor by directions.
        """
        found: list[RenderTask | FacetsTask] = []
        for target in targets:
            photos = self._photos(target)
            if photos is not None:
                listed = references(photos)
                inputs[listed.digest] = listed.data
                found.append(self._by_photos(target, listed))
            elif "directions" in self.method.facets:
                found += self.by_directions(target)
            elif not self.wide:
                raise ConfigError([self._lacking(target)])
        if not found:
            raise ConfigError([self._lacking(targets[0])])
        return found

    def by_directions(self, target: Target) -> list[RenderTask]:
        """Return the pictures of a target that are drawn apart by directions.

        Raises:
            ConfigError: the layer has too few units for so many.
        """
        layer = drawing_layer(self.model, target.layer)
        info = self.model.card.layer(layer)
        if info is not None and self.facets.count >= info.units:
            raise ConfigError(
                [
                    f'seeds = "facets:{self.facets.count}": layer "{layer}" of {info.units} units has directions for '
                    f"{info.units - 1} facets at most"
                ]
            )
        return [
            self._picture(target, Facet(number=number, layer=layer, strength=DIRECTION_STRENGTH))
            for number in range(1, self.facets.count + 1)
        ]

    def _photos(self, target: Target) -> Sequence[Photo] | None:
        """Return the photos whose clusters are a target's looks; None if it has none."""
        if self.photo_set is None or target.kind != "logit" or target.sign < 0 or "photos" not in self.method.facets:
            return None
        return self.photos_of(target.unit) or None

    def _by_photos(self, target: Target, listed: References) -> FacetsTask:
        photo_set, photos = self.photo_set, listed.photos
        assert photo_set is not None  # there are photos
        layer = feature_layer(self.model)
        viewer = viewer_for(photo_set, self.model.card.identity.preprocessing)
        views = view_parameters(viewer, photo_set.spec)
        analysis = Analysis(
            kind="facets",
            version=FACETS_VERSION,
            model=self.model.card.identity,
            layers=(layer,),
            class_index=target.unit,
            photos=photos_digest(photos),
            parameters={**views, "count": self.facets.count, "limit": LIMIT, "credits": credits_digest(photos)},
            numerics=self.model.numerics_for(layer),
        )
        stand_in = target.model_copy(update={"references": listed.digest})
        picture = self._picture(stand_in, Facet(number=1, strength=PHOTO_STRENGTH))
        picture = replace(picture, references=photos, needs=(analysis.key,))
        otherwise = self.by_directions(target) if "directions" in self.method.facets else []
        return FacetsTask(
            model=self.name,
            analysis=analysis,
            photos=photos,
            name=self.model.card.called(target.unit),
            viewer=viewer,
            count=self.facets.count,
            limit=LIMIT,
            pictures=(picture,),
            otherwise=tuple(otherwise),
        )

    def _picture(self, target: Target, facet: Facet) -> RenderTask:
        of_facet = target.model_copy(update={"facet": facet})
        jobs = Jobs(self.name, self.model, self.method, self.parameters, self.precision)
        return next(jobs.pictures(of_facet, [0]))

    def _lacking(self, target: Target) -> str:
        what = f'seeds = "facets:{self.facets.count}": {self.method.name} tells looks apart by photos of a class'
        if target.kind != "logit":
            return f"{what}, and {target} is none; parameters = {{ clusters = {self.facets.count} }} renders several"
        return f"{what}, and there are none of class {target.unit}"
