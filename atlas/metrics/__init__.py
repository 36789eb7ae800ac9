"""Scores of pictures; one file for each kind."""
