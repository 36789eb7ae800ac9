"""Executors: where batches run. Both walk the same graph and give the same results."""
