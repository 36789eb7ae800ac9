"""Analyses as jobs: planned from a configuration and its photos, run by any executor, stored under their keys."""
