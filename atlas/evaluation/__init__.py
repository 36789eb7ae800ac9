"""Evaluation: scores of pictures. Functions of arrays, one file for each score; ``scores`` is how a run asks them."""
