"""VITAL: pictures whose activations are distributed as those of reference photos (Gorgun et al. 2025)."""
