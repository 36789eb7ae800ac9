"""ModelCard: what the site must know of a model without loading it."""

from typing import Literal

from pydantic import Field

from atlas.core.job import Frozen, ModelIdentity, Text
from atlas.core.record import SCHEMA_VERSION


class LayerInfo(Frozen):
    """One place in a network where units can be rendered.

    Attributes:
        name: module path, or ``logits``.
        module: class name of the module, e.g. ``InvertedResidual``.
        layout: ``map`` (B, C, H, W), ``map_last`` (B, H, W, C), ``tokens`` (B, N, D) or ``vector`` (B, D).
        units: number of channels, hidden dimensions or classes.
        grid: (rows, columns) of positions; None for a vector, or tokens that form no grid.
        prefix_tokens: class and register tokens before the grid, excluded from every mean.
    """

    name: str
    module: str
    layout: Literal["map", "map_last", "tokens", "vector"]
    units: int = Field(ge=1)
    grid: tuple[int, int] | None = None
    prefix_tokens: int = Field(default=0, ge=0)


class ClassLabel(Frozen):
    """Name of one class.

    Attributes:
        name: shown everywhere; any text. id: e.g. a WordNet id, or empty. synonyms: other names.
    """

    name: str
    id: str = ""
    synonyms: tuple[str, ...] = ()


class Computed(Frozen):
    """What one layer made of seeded images, so that it is noticed when the same layers come to compute another thing.

    Attributes:
        layer: its name, or what else was looked at.
        values: sums over parts of it; None stands for parts that are NaN or infinite throughout.
        within: largest relative difference (of L2 norms) that other machines and versions of torch may make.
    """

    layer: str
    values: tuple[float | None, ...]
    within: float = Field(gt=0)


class ModelCard(Frozen):
    """A model as the store and the site know it.

    Attributes:
        name: the name given to the model in the configuration.
        identity: its fingerprint names the card's file.
        source: e.g. ``timm``, ``package``, ``callable``.
        origin: where the weights came from, in words (hub name, package and version, checkpoint's file name).
        parameters: number of weights.
        licence: of the weights, or empty if the source does not say.
        layers: in the order in which they finish, the output (``logits``) last.
        classes: one label per logit; empty if the model is no classifier.
        class_names: where the names of the classes are from, in words, or empty.
        computed: what some of its layers made of seeded images; empty if that is never twice the same.
    """

    schema_version: int = SCHEMA_VERSION
    name: str
    identity: ModelIdentity
    source: str
    origin: Text
    parameters: int = Field(ge=0)
    licence: str = ""
    layers: tuple[LayerInfo, ...]
    classes: tuple[ClassLabel, ...] = ()
    class_names: str = ""
    computed: tuple[Computed, ...] = ()

    def layer(self, name: str) -> LayerInfo | None:
        """Return the layer of that name, or None."""
        return next((layer for layer in self.layers if layer.name == name), None)

    def called(self, index: int) -> str:
        """Return what a class is called; one without a name by its number, ``class 7``."""
        name = self.classes[index].name.strip() if index < len(self.classes) else ""
        return name or f"class {index}"
