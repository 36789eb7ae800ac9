"""What photos say of a unit, in JSON."""

from pydantic import Field

from atlas.core.analysis import QUANTILES, Histogram
from atlas.site.catalog.model import Unit
from atlas.site.catalog.statistics import UnitOnPhotos
from atlas.site.documents.base import Sparse
from atlas.site.documents.photos import SpriteData, sprite_data


class StatisticsData(Sparse):
    """Activations of one unit on all views of photos."""

    key: str = Field(description="of the analysis")
    n: int = Field(description="views")
    mean: float
    deviation: float
    minimum: float
    maximum: float
    histogram: Histogram
    photo_count: int
    demonstration: str = Field(description="says so if the photos only show how it works; empty if they are real")
    quantiles: dict[str, float] = Field(description="share of the views to the activation that they stay below")
    selectivity: float | None = Field(description="(maximum - mean) / deviation; null if all views are alike")
    placed: dict[str, float] = Field(
        description="first 12 digits of a rendering's key to the share of views that activate the unit less"
    )
    top: SpriteData | None = Field(default=None, description="the views that activate it most, strongest first")


def statistics_data(seen: UnitOnPhotos, unit: Unit, root: str) -> StatisticsData:
    """Return what photos say of a unit."""
    figures, top = seen.unit, None
    if figures.sprite is not None:
        top = sprite_data(figures.sprite, figures.crops, seen.layer.photos, unit.model.photos, root)
    return StatisticsData(
        key=seen.layer.key,
        n=figures.n,
        mean=figures.mean,
        deviation=figures.deviation,
        minimum=figures.minimum,
        maximum=figures.maximum,
        histogram=figures.histogram,
        photo_count=seen.layer.photo_count,
        demonstration=unit.model.demonstration,
        quantiles={str(share): value for share, value in zip(QUANTILES, figures.quantiles, strict=False)},
        selectivity=seen.selectivity,
        placed={mark.key: seen.share_below(mark.value) for mark in seen.draw(unit.shown).marks},
        top=top,
    )
