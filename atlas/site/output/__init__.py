"""The output folder: written beside its place, checked, and put there whole."""
