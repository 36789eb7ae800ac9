"""Stored pictures: which of some planned pictures a store has, and how large they are."""

from collections.abc import Iterable
from contextlib import suppress

from atlas.errors import StoreError
from atlas.store import Store
from atlas.tasks.rendering import RenderTask

Size = tuple[int, int]
"""Width and height of a picture, pixels."""


class StoredPictures:
    """Sizes of pictures that a store has; each is read once, for what is done stays as it is."""

    def __init__(self) -> None:
        self._sizes: dict[str, Size] = {}

    def size(self, task: RenderTask, store: Store | None) -> Size | None:
        """Return the size of a picture; None of one that is not there, of a dead unit, or of what is damaged."""
        if store is None or not store.has(task.key):
            return None
        if task.key not in self._sizes:
            with suppress(StoreError):  # which is repair's to tell
                if (asset := store.read(task.key).asset("image")) is not None:
                    self._sizes[task.key] = (asset.width, asset.height)
        return self._sizes.get(task.key)

    def there(self, tasks: Iterable[RenderTask], store: Store | None) -> list[tuple[RenderTask, Size]]:
        """Return those of some pictures that a store has, with their sizes."""
        sizes = ((task, self.size(task, store)) for task in tasks)
        return [(task, size) for task, size in sizes if size is not None]
