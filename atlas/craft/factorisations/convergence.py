"""Keeps scikit-learn quiet about convergence."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_convergence_warnings() -> Iterator[None]:
    """Keep scikit-learn quiet: the error that every factorisation states says how good it is."""
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield
