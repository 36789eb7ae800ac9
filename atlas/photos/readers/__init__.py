"""Readers: each lists the photos of one kind of place, and tells where their bytes are."""
