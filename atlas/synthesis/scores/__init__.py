"""Scores: what a view is worth to a target."""
