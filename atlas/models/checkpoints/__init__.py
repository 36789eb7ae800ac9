"""Files of weights: read without running code from them, and fitted into a network."""
