"""What is inside a network: cuts, paths, and the rest of it from a layer on. Imports ``network``, never back."""
