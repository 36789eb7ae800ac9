"""The search index: what ``search.js`` hands over, short enough for ten thousand units."""

from pydantic import Field

from atlas.site.documents.base import Document


class ModelIndex(Document):
    """What can be found of one model. Classes, layers, concepts and labels are spelled out by the script."""

    name: str
    folder: str
    classes: list[tuple[int | str, ...]] = Field(default=[], description="[index, name, other names ...]")
    layers: list[tuple[str, str, list[int]]] = Field(
        default=[], description="[name, folder, flat pairs of first and last unit]"
    )
    concepts: list[tuple[int, int]] = Field(default=[], description="[index of the class, number of concepts]")
    labels: list[tuple[int, int, str, str]] = Field(
        default=[], description="[index of the class, number of the concept, text, author]"
    )
    pages: list[tuple[str, ...]] = Field(default=[], description="[title, what it is, address, other names]")


class SearchIndex(Document):
    """What can be found, model by model, and pages of no model."""

    models: list[ModelIndex]
    pages: list[tuple[str, ...]] = Field(description="[title, what it is, address, other names]")
