"""HOG and dense SIFT as differentiable networks, to be inverted like any other: ``atlas.descriptors:hog``."""

from atlas.descriptors.networks import dsift, hog, hogb

__all__ = ["dsift", "hog", "hogb"]
