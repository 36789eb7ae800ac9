"""CRAFT: the concepts of a class, found in photos, weighed by importance and described (Fel et al. 2023)."""
