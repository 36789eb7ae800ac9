"""The sample site, for the tests in this folder."""

from sample_site import own_store, sample

__all__ = ["own_store", "sample"]
