"""Scores as parts of a run: what each needs, what is looked at for it, and its numbers of what was seen."""
