"""Serving: looking at a built site on this machine."""
