"""Drawings: figures of the catalog's numbers: bars, strips, sheets of patches, plots."""
