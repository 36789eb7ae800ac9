"""Patience: a store whose disk may be busy, full or away for a moment is written again before anything is given up."""

import errno
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

from pydantic import BaseModel

from atlas.core.attempt import Attempt
from atlas.core.method_card import MethodCard
from atlas.errors import StoreError
from atlas.store import Store

ResultT = TypeVar("ResultT")
WAITS = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds before each further attempt."""
PASSING = frozenset(
    {errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EAGAIN, errno.EBUSY, errno.ESTALE, errno.ETIMEDOUT}
    | {errno.ENETDOWN, errno.ENETUNREACH, errno.ECONNRESET, errno.EHOSTUNREACH, errno.EMFILE, errno.ENFILE}
)
"""What a disk, or a network's, may say of now alone; whatever else is wrong with a store, it will be in a moment."""


class PatientStore(Store):
    """A store whose results, failures and inputs are written again, with growing waits, where that may help."""

    def commit(self, key: str, document: BaseModel, files: Mapping[str, bytes]) -> None:
        """See :meth:`Store.commit`."""
        patiently(lambda: super(PatientStore, self).commit(key, document, files))

    def record_failure(self, attempt: Attempt) -> None:
        """See :meth:`Store.record_failure`."""
        patiently(lambda: super(PatientStore, self).record_failure(attempt))

    def save_input(self, data: bytes) -> str:
        """See :meth:`Store.save_input`."""
        return patiently(lambda: super(PatientStore, self).save_input(data))

    def save_method(self, card: MethodCard) -> None:
        """See :meth:`Store.save_method`."""
        patiently(lambda: super(PatientStore, self).save_method(card))


def patiently(write: Callable[[], ResultT]) -> ResultT:
    """Return what a call gives, made again after each wait while the store says what may pass.

    Raises:
        StoreError: it did not pass, or cannot.
    """
    for wait in WAITS:
        try:
            return write()
        except StoreError as error:
            if getattr(error.__cause__, "errno", None) not in PASSING:
                raise
            time.sleep(wait)
    return write()
