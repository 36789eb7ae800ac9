"""Tasks: what a run makes and a store keeps under a key, and what they are made with."""
