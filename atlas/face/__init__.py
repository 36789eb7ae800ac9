"""What stands behind :mod:`atlas.api`: from what a person says to models, targets and photos, and words back."""
