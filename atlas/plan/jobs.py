"""From a method and targets to the pictures of a block."""

from collections.abc import Callable, Iterable, Iterator

from atlas.core.job import Job, Series, Target
from atlas.methods import AnyMethod, MethodParameters
from atlas.models.load import VisionModel
from atlas.photos import Photo
from atlas.tasks.rendering import RenderTask


class Jobs:
    """The jobs of a method with one choice of parameters, in the fastest numerics that have all layers that it reads.

    Args:
        name: of the model. parameters: as resolved for it. precision: of its arithmetic.
    """

    def __init__(
        self, name: str, model: VisionModel, method: AnyMethod, parameters: MethodParameters, precision: str
    ) -> None:
        self._name, self._model, self._method = name, model, method
        self._parameters, self._precision = parameters, precision
        self._read = method.reads(parameters)
        self._numerics: dict[tuple[str, str, str | None], str] = {}
        self._series: dict[str, tuple[Series, Callable[[str, int], str]]] = {}

    def job(self, target: Target, seed: int) -> Job:
        """Return the job of one picture.

        Raises:
            ModelError: the model does not have a layer.
        """
        series, _ = self._series_of(target)
        return series.job(target, seed)

    def pictures(
        self, target: Target, seeds: Iterable[int], references: tuple[Photo, ...] = (), needs: tuple[str, ...] = ()
    ) -> Iterator[RenderTask]:
        """Yield the pictures of a target, one for each seed.

        Raises:
            ModelError: the model does not have a layer.
        """
        series, key_of = self._series_of(target)
        text = target.text
        for seed in seeds:
            yield RenderTask(self._name, series, text, seed, key_of(text, seed), references, needs)

    def _series_of(self, target: Target) -> tuple[Series, Callable[[str, int], str]]:
        drawn = None if target.facet is None else target.facet.layer
        place = target.kind, target.layer, drawn
        if place not in self._numerics:
            keep = self._method.keeps_norms(target.kind, self._parameters)
            layers = filter(None, (target.layer, *self._read, drawn))
            self._numerics[place] = min(
                (self._model.numerics_for(layer, self._precision, keep) for layer in layers), key=len
            )
        numerics = self._numerics[place]
        if numerics not in self._series:
            series = Series(
                model=self._model.card.identity,
                method=self._method.name,
                version=self._method.version,
                parameters=self._parameters.model_dump(mode="json"),
                numerics=numerics,
            )
            self._series[numerics] = series, series.keys()
        return self._series[numerics]
