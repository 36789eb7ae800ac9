"""Parts of ``pictures.py``, ``search.py`` and ``units.py``: which targets tune and which report, who judges, and how
sure the figures are."""
