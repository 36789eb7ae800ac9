"""From a target and a method to the job of one picture."""

from atlas.core.job import Job, Target
from atlas.methods import AnyMethod, MethodParameters
from atlas.models.load import VisionModel


def job_of(
    method: AnyMethod, target: Target, parameters: MethodParameters, model: VisionModel, seed: int, precision: str
) -> Job:
    """Return the job of one picture, in the fastest numerics in which every layer that the method reads exists.

    Args:
        parameters: as resolved for the model.

    Raises:
        ModelError: the model does not have a layer.
    """
    drawn = () if target.facet is None or target.facet.layer is None else (target.facet.layer,)
    layers = (target.layer, *method.reads(parameters), *drawn)
    keep = method.keeps_norms(target.kind, parameters)
    numerics = min((model.numerics_for(layer, precision, keep) for layer in layers), key=len)
    return Job(
        model=model.card.identity,
        target=target,
        method=method.name,
        version=method.version,
        parameters=parameters.model_dump(mode="json"),
        seed=seed,
        numerics=numerics,
    )
