"""atlas: render what a vision model has learned and publish it as a static site."""

__version__ = "0.1.0"
