"""Passes: how many views a network is shown at once, so that what it makes of one does not depend on the others.

Matrix products and convolutions of another size may add in another order, and a climb of a hundred steps turns such a
last bit into another picture. On a CPU, with one thread, kernels agree to the bit for 2 to 15 views (tried with ten
architectures, from VGG to Swin) where products of few rows, as a classifier's, are filled up to one number; without it
they do from 4 rows on, or from 9, by the processor. Kernels that several threads share agree less, so that threads take
pictures, not parts of one.
"""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

VIEWS_PER_PASS = {"cpu": 12, "cuda": 512}
"""Views that go through the network at once. It bounds memory; on a CPU from sixteen on other kernels are taken, and
smaller passes are no slower."""

ITEMS_PER_THREAD = 8
"""Pictures that one thread of a CPU makes together: it gains nothing beyond, and one view of each fits a pass."""

FEWEST_ROWS = VIEWS_PER_PASS["cpu"]
"""Rows that matrix products on a CPU have at least: as many as a whole pass's, so that all passes take one kernel."""

_PRODUCTS = frozenset({F.linear, torch.matmul, torch.mm, Tensor.matmul, Tensor.mm, Tensor.__matmul__})


def views_per_pass(device: torch.device) -> int:
    """Return how many views go through a network on a device at once."""
    return VIEWS_PER_PASS.get(device.type, 64)


def never_alone(views: Tensor) -> Tensor:
    """Return views (N, 3, h, w), a lone one twice: some convolutions take another kernel for it."""
    return views if len(views) > 1 else views.expand(2, -1, -1, -1)


class FilledRows(TorchFunctionMode):
    """While active, products of a matrix of few rows, as a classifier's, are made with rows of zeros below them."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Replace products of few rows; let all others through."""
        if func in _PRODUCTS and args and isinstance(args[0], Tensor):
            rows = args[0]
            if rows.dim() == 2 and 0 < len(rows) < FEWEST_ROWS:
                return func(_filled(rows), *args[1:], **(kwargs or {}))[: len(rows)]
            if func is F.linear and rows.dim() > 2 and 0 < rows.shape[:-1].numel() < FEWEST_ROWS:
                flat = rows.flatten(0, -2)  # as of class tokens, (N, 1, D)
                made: Tensor = func(_filled(flat), *args[1:], **(kwargs or {}))[: len(flat)]
                return made.unflatten(0, rows.shape[:-1])
        return func(*args, **(kwargs or {}))


def _filled(rows: Tensor) -> Tensor:
    return F.pad(rows, (0, 0, 0, FEWEST_ROWS - len(rows)))
