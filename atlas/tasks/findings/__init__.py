"""Analyses of models as tasks: measurements of photos, kept as arrays, and findings from them."""
