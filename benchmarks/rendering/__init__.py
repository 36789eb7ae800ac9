"""Parts of ``benchmarks/render.py``: what is measured, how it is timed, and how it is told."""
