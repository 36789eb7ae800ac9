"""Pictures of directions: what is planned of them before they are found, and what comes of it once they are."""

from collections.abc import Iterable, Sequence

from atlas.tasks.rendering import RenderTask


def pictures_of(found: Iterable[tuple[str, str]], planned: Sequence[RenderTask]) -> list[RenderTask]:
    """Return the pictures of directions.

    Args:
        found: layer and digest of each direction.
        planned: the pictures of one direction of each layer; which direction is a stand-in.
    """
    return [
        picture.aimed_at(picture.target.model_copy(update={"direction": direction}))
        for layer, direction in dict.fromkeys(found)
        for picture in planned
        if picture.target.layer == layer
    ]
