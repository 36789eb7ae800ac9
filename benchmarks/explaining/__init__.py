"""What ``benchmarks/concepts.py`` measures, and how."""
