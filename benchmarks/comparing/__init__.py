"""Parts of ``methods.py``: methods on the same targets, and what is measured of their pictures."""
