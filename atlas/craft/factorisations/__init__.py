"""Factorisations: ways to find directions in activations. One file for each, with its card."""
