"""What `scale.py` measures, and what it measures it on."""
