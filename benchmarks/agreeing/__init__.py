"""Parts of ``benchmarks/device.py``: what is rendered on two devices, and how the two compare."""
