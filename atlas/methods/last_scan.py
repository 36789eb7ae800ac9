"""LastScan: what a look at all photos found last, so that further units of a layer do not look at them again."""

import threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from atlas.models.network.network import Network

FoundT = TypeVar("FoundT")


class LastScan(threading.local, Generic[FoundT]):
    """The scan that this thread made last, of a network and whatever else it depends on."""

    def __init__(self) -> None:
        self._network: weakref.ref[Network] | None = None  # it must not keep a model alive
        self._key: object = None
        self._found: FoundT | None = None

    def get(self, network: "Network", key: object, make: Callable[[], FoundT]) -> FoundT:
        """Return the scan of a network and a key, made unless it was the last."""
        same = self._network is not None and self._network() is network and self._key == key
        if not same or self._found is None:
            self._found = make()
            self._network, self._key = weakref.ref(network), key
        return self._found
