"""Analyses: what is measured of models themselves. One file for each: its card, and functions of arrays alone."""
