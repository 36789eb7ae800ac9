"""The asset store: the only meeting point between rendering and the site, between machines and between days."""

from atlas.store.schemas import schemas
from atlas.store.store import Store

__all__ = ["Store", "schemas"]
