"""One pass over photos that tallies every unit of several layers at once."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from atlas.activations.tally import Tally
from atlas.activations.views import Photos, Viewer, squares
from atlas.errors import ModelError
from atlas.models.network.network import Network
from atlas.photos import Photo


def unit_means(activation: Tensor) -> Tensor:
    """Return (N, U): every unit's mean over positions, of a canonical activation (N, U, h, w) or (N, U)."""
    return activation.flatten(2).mean(dim=2) if activation.dim() > 2 else activation


@torch.no_grad()
def tally_layers(
    network: Network,
    layers: Sequence[str],
    photos: Sequence[Photo],
    source: Photos,
    viewer: Viewer,
    keep: int,
    on_photo: Callable[[int], None] = lambda done: None,
) -> tuple[dict[str, Tally], list[str]]:
    """Show every view of every photo to the network once, and tally all units of the layers.

    Args:
        keep: strongest views kept of each unit, one per photo.
        on_photo: told how many photos are done; may raise to stop.

    Returns:
        Layer to tally (empty if no photo could be decoded), and a sentence for each photo that was skipped.

    Raises:
        ModelError: an activation is NaN or infinite.
    """
    tallies: dict[str, Tally] = {}
    skipped: list[str] = []
    places = {photo: place for place, photo in enumerate(photos)}
    per_pass = max(1, network.views_at_once(layers, viewer.size) // len(viewer.boxes))
    waiting: list[tuple[Photo, Tensor]] = []

    def flush() -> None:
        if not waiting:
            return
        views = torch.cat([views for _, views in waiting]).to(network.device)
        for layer, activation in network.taps(views, layers).items():
            means = unit_means(activation).float()
            if not bool(means.isfinite().all()):
                raise ModelError(f'layer "{layer}" gives NaN or infinity on photos', "leave it out, or mend the model")
            values = means.unflatten(0, (len(waiting), -1)).cpu().numpy()  # (photos, views, U)
            tally = tallies.setdefault(layer, Tally.empty(values.shape[2], keep))
            for (photo, _), each in zip(waiting, values, strict=True):
                tally.add(places[photo], each)
        waiting.clear()

    for photo, square in squares(photos, source, viewer.side, lambda photo, why: skipped.append(why)):
        waiting.append((photo, viewer.views(square)))
        if len(waiting) == per_pass:
            flush()
        on_photo(places[photo] + 1)
    flush()
    return tallies, skipped
