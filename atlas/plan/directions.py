"""Pictures of concepts. What their directions are is known only once they are found; all else is planned before."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from atlas.config import ConceptsBlock
from atlas.core.canonical import digest_bytes
from atlas.core.job import Target
from atlas.craft.document import direction_bytes
from atlas.methods import methods
from atlas.methods.presets import spelled_out
from atlas.models.load import VisionModel
from atlas.photos import Photo
from atlas.plan.jobs import Jobs
from atlas.plan.photos import references
from atlas.tasks.rendering import RenderTask


@dataclass(frozen=True)
class Pictures:
    """The pictures of one direction of each layer; which direction is a stand-in.

    Attributes:
        inputs: sha256 to bytes of what they name. stand_ins: of the stand-in directions.
    """

    tasks: tuple[RenderTask, ...]
    inputs: dict[str, bytes]
    stand_ins: dict[str, bytes]


class DirectionPictures:
    """How a ``[[concepts]]`` block renders what it finds with a model.

    Args:
        folder: what relative paths among the parameters are relative to.

    Raises:
        AtlasError: the parameters do not fit.
    """

    def __init__(self, block: ConceptsBlock, name: str, model: VisionModel, folder: Path) -> None:
        self._block, self._model = block, model
        self._method = method = methods.get(block.method)
        asked = method.parameters.model_validate(spelled_out(method, block.parameters, block.preset))
        resolved = method.resolve(asked, model, folder)
        self._parameters, self._inputs = resolved.parameters, resolved.inputs
        self._jobs = Jobs(name, model, method, resolved.parameters, block.precision)

    def of_class(self, index: int, layers: Sequence[str], photos: Sequence[Photo], concepts: str) -> Pictures:
        """Return the pictures of the concepts of a class.

        Args:
            layers: of the concepts, and of their parts if there are any.
            photos: of the class. concepts: key of what finds them.
        """
        listed = references(photos) if self._method.refers_to_photos("direction", self._parameters) else None
        inputs = self._inputs | ({listed.digest: listed.data} if listed else {})
        vectors = {layer: self._stand_in(layer) for layer in layers}
        tasks = [
            task
            for layer, vector in vectors.items()
            for target in self._targets(index, layer, digest_bytes(vector), listed.digest if listed else None)
            for task in self._jobs.pictures(target, self._block.seeds, listed.photos if listed else (), (concepts,))
        ]
        return Pictures(tuple(tasks), inputs, {digest_bytes(vector): vector for vector in vectors.values()})

    def _targets(self, index: int, layer: str, direction: str, listed: str | None) -> Iterator[Target]:
        target = Target(
            kind="direction",
            layer=layer,
            unit=index,
            direction=direction,
            cosine_power=self._block.cosine_power,
            references=listed,
        )
        yield from self._method.expanded(target, self._parameters)

    def _stand_in(self, layer: str) -> bytes:
        info = self._model.card.layer(layer)
        return direction_bytes(np.ones(info.units if info else 1, dtype=np.float32))
