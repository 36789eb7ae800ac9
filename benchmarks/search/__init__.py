"""Parts of ``search.py``: the declared space, and successive halving over it."""
