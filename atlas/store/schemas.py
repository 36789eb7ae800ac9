"""JSON schemas of the store's documents, generated from the models that read them."""

from pydantic import BaseModel, JsonValue

from atlas.core.analysis import ArraysDocument, ClassConcepts, ClassFacets, Diversity, LayerStatistics, PhotoCredit
from atlas.core.attempt import Attempt
from atlas.core.finding import Finding
from atlas.core.method_card import MethodCard
from atlas.core.metric_card import MetricCard
from atlas.core.model_card import ModelCard
from atlas.core.record import Record
from atlas.core.score import Score
from atlas.core.selection import Selection
from atlas.store.marker import Marker

DOCUMENTS: dict[str, type[BaseModel]] = {
    "store": Marker,
    "record": Record,
    "arrays": ArraysDocument,
    "statistics": LayerStatistics,
    "concepts": ClassConcepts,
    "facets": ClassFacets,
    "diversity": Diversity,
    "score": Score,
    "finding": Finding,
    "attempt": Attempt,
    "model-card": ModelCard,
    "method-card": MethodCard,
    "metric-card": MetricCard,
    "photo-credit": PhotoCredit,
    "selection": Selection,
}
"""What each kind of document of a store is; :mod:`atlas.store.store` says where each lies."""

CHECKSUM: dict[str, JsonValue] = {
    "type": "string",
    "pattern": "^[0-9a-f]{64}$",
    "description": "sha256 of all bytes before the comma that precedes it",
}


def schemas() -> dict[str, dict[str, JsonValue]]:
    """Return the JSON schema of each kind of document, by name, as it lies in the store: with its checksum."""
    return {name: _stored(model) for name, model in DOCUMENTS.items()}


def _stored(model: type[BaseModel]) -> dict[str, JsonValue]:
    schema = model.model_json_schema()
    return schema | {
        "properties": schema["properties"] | {"checksum": CHECKSUM},
        "required": [*schema.get("required", ()), "checksum"],
    }
